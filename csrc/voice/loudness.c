/* How loud each lane has been of late. */
#include "voice/loudness.h"

#include <string.h>

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
    float sum[TILE_LANES] = {0};
    for (unsigned s = 0; s < TILE_SAMPLES; s++)
        for (unsigned lane = 0; lane < TILE_LANES; lane++) {
            float sample = (float)tile->sample[s][lane];
            sum[lane] += sample * sample;
        }
    for (unsigned lane = 0; lane < TILE_LANES; lane++) {
        float level = loudness->level[lane] + (sum[lane] / TILE_SAMPLES - loudness->level[lane]) * LEVEL_WEIGHT;
        int32_t hold = loudness->hold[lane], is_held = hold > 0;
        float held = loudness->rank[lane] * (is_held ? 1.0f : FALL);
        int32_t is_peak = level >= held;
        loudness->level[lane] = level;
        loudness->hold[lane] = is_peak ? LOUDNESS_HOLD_MS : hold - is_held;
        loudness->rank[lane] = is_peak ? level : held;
    }
}

/* Ranks as integers, which floats from 0 on compare like, with the lane in their least bits. */
static inline __attribute__((always_inline)) int32_t rank_key(const loudness *loudness, unsigned lane)
{
    int32_t bits;
    memcpy(&bits, &loudness->rank[lane], sizeof bits);
    return (bits & ~(TILE_LANES - 1)) | (int32_t)lane;
}

static inline __attribute__((always_inline)) int most_body(const loudness *loudness, uint32_t lanes)
{
    int32_t most = -1;
    for (unsigned lane = 0; lane < TILE_LANES; lane++) {
        int32_t key = rank_key(loudness, lane) | -(int32_t)(~lanes >> lane & 1); /* -1 for lanes that do not count */
        most = key > most ? key : most;
    }
    return most < 0 ? -1 : most % TILE_LANES;
}

static inline __attribute__((always_inline)) int least_body(const loudness *loudness, uint32_t lanes)
{
    int32_t least = INT32_MAX;
    for (unsigned lane = 0; lane < TILE_LANES; lane++) {
        int32_t key = rank_key(loudness, lane) | (-(int32_t)(~lanes >> lane & 1) & INT32_MAX);
        least = key < least ? key : least;
    }
    return least == INT32_MAX ? -1 : least % TILE_LANES;
}

static void hear_portable(loudness *loudness, const voice_tile *tile)
{
    hear_body(loudness, tile);
}

static int most_portable(const loudness *loudness, uint32_t lanes)
{
    return most_body(loudness, lanes);
}

static int least_portable(const loudness *loudness, uint32_t lanes)
{
    return least_body(loudness, lanes);
}

#if defined(__x86_64__)

TARGET_AVX2 static void hear_avx2(loudness *loudness, const voice_tile *tile)
{
    hear_body(loudness, tile);
}

TARGET_AVX2 static int most_avx2(const loudness *loudness, uint32_t lanes)
{
    return most_body(loudness, lanes);
}

TARGET_AVX2 static int least_avx2(const loudness *loudness, uint32_t lanes)
{
    return least_body(loudness, lanes);
}

TARGET_AVX512 static void hear_avx512(loudness *loudness, const voice_tile *tile)
{
    hear_body(loudness, tile);
}

TARGET_AVX512 static int most_avx512(const loudness *loudness, uint32_t lanes)
{
    return most_body(loudness, lanes);
}

TARGET_AVX512 static int least_avx512(const loudness *loudness, uint32_t lanes)
{
    return least_body(loudness, lanes);
}

#endif

void loudness_hear(loudness *loudness, const voice_tile *tile)
{
    CPU_SELECT(hear_portable, hear_avx2, hear_avx512)(loudness, tile);
}

int loudness_most(const loudness *loudness, uint32_t lanes)
{
    return CPU_SELECT(most_portable, most_avx2, most_avx512)(loudness, lanes);
}

int loudness_least(const loudness *loudness, uint32_t lanes)
{
    return CPU_SELECT(least_portable, least_avx2, least_avx512)(loudness, lanes);
}
