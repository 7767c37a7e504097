/* Mixing kernels; the portable functions are the reference of the faster levels. */
#include "voice/conference_kernels_internal.h"

#include <stdbool.h>

#include "base/cpu_internal.h"

/* All ones in the lanes of a mask. */
static inline __attribute__((always_inline)) void lanes_spread(uint32_t lanes, int32_t spread[32])
{
    for (unsigned lane = 0; lane < TILE_LANES; lane++)
        spread[lane] = -(int32_t)(lanes >> lane & 1);
}

static inline __attribute__((always_inline)) void sum_body(const voice_tile *near, const uint32_t *lanes,
                                                           uint32_t tiles, conference_sound *sum)
{
    int32_t sums[8] = {0};
    for (; tiles; tiles &= tiles - 1) {
        unsigned tile = (unsigned)__builtin_ctz(tiles);
        int32_t chosen[32];
        lanes_spread(lanes[tile], chosen);
        for (unsigned s = 0; s < TILE_SAMPLES; s++)
            for (unsigned lane = 0; lane < TILE_LANES; lane++)
                sums[s] += near[tile].sample[s][lane] & chosen[lane];
    }
    for (unsigned s = 0; s < TILE_SAMPLES; s++)
        sum->sample[s] += sums[s];
}

static inline __attribute__((always_inline)) void deliver_body(const conference_feed *feeds, unsigned count,
                                                               uint32_t own, const voice_tile *near,
                                                               const voice_tile *before, voice_tile *sent)
{
    int32_t heard[8][32], chosen[32];
    lanes_spread(own, chosen);
    for (unsigned s = 0; s < TILE_SAMPLES; s++)
        for (unsigned lane = 0; lane < TILE_LANES; lane++)
            heard[s][lane] = before->sample[s][lane] - (near->sample[s][lane] & chosen[lane]);
    for (unsigned k = 0; k < count; k++) {
        lanes_spread(feeds[k].lanes, chosen);
        for (unsigned s = 0; s < TILE_SAMPLES; s++)
            for (unsigned lane = 0; lane < TILE_LANES; lane++)
                heard[s][lane] += feeds[k].sound->sample[s] & chosen[lane];
    }
    for (unsigned s = 0; s < TILE_SAMPLES; s++)
        for (unsigned lane = 0; lane < TILE_LANES; lane++) {
            int32_t sample = heard[s][lane] < INT16_MAX ? heard[s][lane] : INT16_MAX;
            sent->sample[s][lane] = (int16_t)(sample > INT16_MIN ? sample : INT16_MIN);
        }
}

static void sum_portable(const voice_tile *near, const uint32_t *lanes, uint32_t tiles, conference_sound *sum)
{
    sum_body(near, lanes, tiles, sum);
}

static void deliver_portable(const conference_feed *feeds, unsigned count, uint32_t own, const voice_tile *near,
                             const voice_tile *before, voice_tile *sent)
{
    deliver_body(feeds, count, own, near, before, sent);
}

#if defined(__x86_64__)

TARGET_AVX2 static void sum_avx2(const voice_tile *near, const uint32_t *lanes, uint32_t tiles, conference_sound *sum)
{
    sum_body(near, lanes, tiles, sum);
}

TARGET_AVX2 static void deliver_avx2(const conference_feed *feeds, unsigned count, uint32_t own,
                                     const voice_tile *near, const voice_tile *before, voice_tile *sent)
{
    deliver_body(feeds, count, own, near, before, sent);
}

/* The sums of each of eight registers' sixteen numbers, in order. */
TARGET_AVX512 static inline __m256i sums_across(const __m512i row[8])
{
    __m512i two[4], four[2];
    for (unsigned k = 0; k < 4; k++)
        two[k] = _mm512_add_epi32(_mm512_unpacklo_epi32(row[2 * k], row[2 * k + 1]),
                                  _mm512_unpackhi_epi32(row[2 * k], row[2 * k + 1]));
    for (unsigned k = 0; k < 2; k++)
        four[k] = _mm512_add_epi32(_mm512_unpacklo_epi64(two[2 * k], two[2 * k + 1]),
                                   _mm512_unpackhi_epi64(two[2 * k], two[2 * k + 1]));
    /* Each holds four numbers in each of its four parts: the first its own, the second its own. */
    __m512i halves = _mm512_add_epi32(_mm512_shuffle_i64x2(four[0], four[1], 0x44),
                                      _mm512_shuffle_i64x2(four[0], four[1], 0xEE));
    __m512i quarters = _mm512_shuffle_i64x2(halves, halves, 0xD8);
    return _mm256_add_epi32(_mm512_castsi512_si256(quarters), _mm512_extracti64x4_epi64(quarters, 1));
}

TARGET_AVX512 static void sum_avx512(const voice_tile *near, const uint32_t *lanes, unsigned tiles,
                                     conference_sound *sum)
{
    __m512i row[TILE_SAMPLES], one = _mm512_set1_epi16(1);
    for (unsigned s = 0; s < TILE_SAMPLES; s++)
        row[s] = _mm512_setzero_si512();
    for (; tiles; tiles &= tiles - 1) {
        unsigned tile = (unsigned)__builtin_ctz(tiles);
        for (unsigned s = 0; s < TILE_SAMPLES; s++) {
            __m512i samples = _mm512_maskz_loadu_epi16(lanes[tile], near[tile].sample[s]);
            row[s] = _mm512_add_epi32(row[s], _mm512_madd_epi16(samples, one));
        }
    }
    _mm256_storeu_si256((void *)sum, _mm256_add_epi32(_mm256_loadu_si256((const void *)sum), sums_across(row)));
}

/* Lanes 0-15 and 16-31 of a row, widened. */
typedef struct {
    __m512i low, high;
} wide_row;

TARGET_AVX512 static inline wide_row row_widen(__m512i row)
{
    return (wide_row){_mm512_cvtepi16_epi32(_mm512_castsi512_si256(row)),
                      _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(row, 1))};
}

/* All of what is heard stays in registers while the feeds are added. */
TARGET_AVX512 static void deliver_avx512(const conference_feed *feeds, unsigned count, uint32_t own,
                                         const voice_tile *near, const voice_tile *before, voice_tile *sent)
{
    wide_row heard[TILE_SAMPLES];
    for (unsigned s = 0; s < TILE_SAMPLES; s++) {
        wide_row said = row_widen(_mm512_maskz_loadu_epi16(own, near->sample[s]));
        heard[s] = row_widen(_mm512_loadu_si512(before->sample[s]));
        heard[s].low = _mm512_sub_epi32(heard[s].low, said.low);
        heard[s].high = _mm512_sub_epi32(heard[s].high, said.high);
    }
    for (unsigned k = 0; k < count; k++) {
        __mmask16 low = (__mmask16)feeds[k].lanes, high = (__mmask16)(feeds[k].lanes >> 16);
        const conference_sound *heard_too = feeds[k].sound;
        for (unsigned s = 0; s < TILE_SAMPLES; s++) {
            __m512i sample = _mm512_set1_epi32(heard_too->sample[s]);
            heard[s].low = _mm512_mask_add_epi32(heard[s].low, low, heard[s].low, sample);
            heard[s].high = _mm512_mask_add_epi32(heard[s].high, high, heard[s].high, sample);
        }
    }
    for (unsigned s = 0; s < TILE_SAMPLES; s++) {
        __m512i low = _mm512_castsi256_si512(_mm512_cvtsepi32_epi16(heard[s].low));
        _mm512_storeu_si512(sent->sample[s], _mm512_inserti64x4(low, _mm512_cvtsepi32_epi16(heard[s].high), 1));
    }
}

#endif

/* A lane's samples, one by one. */
static void lane_add(const voice_tile *near, unsigned lane, conference_sound *sum)
{
    for (unsigned s = 0; s < TILE_SAMPLES; s++)
        sum->sample[s] += near->sample[s][lane];
}

/* Three at most: then lane by lane is faster than by rows. */
static bool few(uint32_t lanes)
{
    lanes &= lanes - 1;
    lanes &= lanes - 1;
    return !(lanes & (lanes - 1));
}

/* Adds the tiles of which few lanes talk; returns the others. */
static uint32_t sparse_add(const voice_tile *near, const uint32_t *lanes, uint32_t tiles, conference_sound *sum)
{
    uint32_t others = 0;
    for (; tiles; tiles &= tiles - 1) {
        unsigned tile = (unsigned)__builtin_ctz(tiles);
        if (!few(lanes[tile]))
            others |= 1u << tile;
        else
            for (uint32_t left = lanes[tile]; left; left &= left - 1)
                lane_add(&near[tile], (unsigned)__builtin_ctz(left), sum);
    }
    return others;
}

void conference_sum(const voice_tile *near, const uint32_t *lanes, uint32_t tiles, conference_sound *sum)
{
    conference_sound sparse = {{0}};
    uint32_t others = sparse_add(near, lanes, tiles, &sparse);
    *sum = sparse;
    if (others)
        CPU_SELECT(sum_portable, sum_avx2, sum_avx512)(near, lanes, others, sum);
}

void conference_deliver(const conference_feed *feeds, unsigned count, uint32_t own, const voice_tile *near,
                        const voice_tile *before, voice_tile *sent)
{
    CPU_SELECT(deliver_portable, deliver_avx2, deliver_avx512)(feeds, count, own, near, before, sent);
}
