/* How loud each lane has been of late. */
#include "voice/loudness.h"

#include "base/cpu_internal.h"

static const float
    LEVEL_WEIGHT = 1.0f / 16, /* of a block: 16 ms */
    FALL = 0.97f;             /* a block */

void loudness_reset(loudness *loudness, uint32_t lanes)
{
    for (; lanes; lanes &= lanes - 1) {
        unsigned lane = (unsigned)__builtin_ctz(lanes);
        loudness->level[lane] = loudness->rank[lane] = loudness->hold[lane] = 0;
    }
}

static inline __attribute__((always_inline)) void hear_body(loudness *loudness, const voice_tile *tile)
{
    for (unsigned lane = 0; lane < TILE_LANES; lane++) {
        float sum = 0;
        for (unsigned s = 0; s < TILE_SAMPLES; s++)
            sum += (float)tile->sample[s][lane] * (float)tile->sample[s][lane];
        float level = loudness->level[lane];
        level += (sum / TILE_SAMPLES - level) * LEVEL_WEIGHT;
        float held = loudness->hold[lane] > 0 ? loudness->rank[lane] : loudness->rank[lane] * FALL;
        float hold = loudness->hold[lane] > 0 ? loudness->hold[lane] - 1 : 0;
        loudness->hold[lane] = level >= held ? LOUDNESS_HOLD_MS : hold;
        loudness->rank[lane] = level >= held ? level : held;
        loudness->level[lane] = level;
    }
}

static void hear_portable(loudness *loudness, const voice_tile *tile)
{
    hear_body(loudness, tile);
}

#if defined(__x86_64__)
TARGET_AVX2 static void hear_avx2(loudness *loudness, const voice_tile *tile)
{
    hear_body(loudness, tile);
}

TARGET_AVX512 static void hear_avx512(loudness *loudness, const voice_tile *tile)
{
    hear_body(loudness, tile);
}
#endif

void loudness_hear(loudness *loudness, const voice_tile *tile)
{
    CPU_SELECT(hear_portable, hear_avx2, hear_avx512)(loudness, tile);
}
