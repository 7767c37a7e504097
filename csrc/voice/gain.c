/* Gain by lane. */
#include "voice/gain.h"

#include <math.h>

#include "base/cpu_internal.h"

/* Added and taken away again it rounds a float below 2^22 to the nearest integer, halves to even. */
static const float ROUNDING = 12582912.0f;

void lane_gain_init(lane_gain *gain)
{
    gain->lanes = 0;
    for (unsigned lane = 0; lane < TILE_LANES; lane++)
        gain->factor[lane] = 1.0f;
}

int lane_gain_set(lane_gain *gain, unsigned lane, double db)
{
    if (lane >= TILE_LANES || !(db >= GAIN_DB_MIN && db <= GAIN_DB_MAX))
        return -1;
    gain->factor[lane] = (float)pow(10.0, db / 20.0);
    gain->lanes = db ? gain->lanes | 1u << lane : gain->lanes & ~(1u << lane);
    return 0;
}

static inline __attribute__((always_inline)) void apply_body(const float factor[32], voice_tile *tile)
{
    for (unsigned s = 0; s < TILE_SAMPLES; s++)
        for (unsigned lane = 0; lane < TILE_LANES; lane++) {
            float exact = (float)tile->sample[s][lane] * factor[lane];
            int32_t sample = (int32_t)((exact + ROUNDING) - ROUNDING);
            sample = sample < INT16_MAX ? sample : INT16_MAX;
            tile->sample[s][lane] = (int16_t)(sample > INT16_MIN ? sample : INT16_MIN);
        }
}

static void apply_portable(const float factor[32], voice_tile *tile)
{
    apply_body(factor, tile);
}

#if defined(__x86_64__)
TARGET_AVX2 static void apply_avx2(const float factor[32], voice_tile *tile)
{
    apply_body(factor, tile);
}

TARGET_AVX512 static void apply_avx512(const float factor[32], voice_tile *tile)
{
    apply_body(factor, tile);
}
#endif

void lane_gain_apply(const lane_gain *gain, voice_tile *tile)
{
    if (gain->lanes)
        CPU_SELECT(apply_portable, apply_avx2, apply_avx512)(gain->factor, tile);
}
