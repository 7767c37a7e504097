/* G.711 by runs and tiles; the portable functions are the reference of the faster levels. */
#include "base/cpu_internal.h"
#include "voice/g711.h"
#include "voice/g711_tables_internal.h"

static void decode_portable(g711_law law, const uint8_t *octets, int16_t *samples, size_t count)
{
    for (size_t k = 0; k < count; k++)
        samples[k] = g711_decode_octet(law, octets[k]);
}

static void encode_portable(g711_law law, const int16_t *samples, uint8_t *octets, size_t count)
{
    for (size_t k = 0; k < count; k++)
        octets[k] = g711_encode_sample(law, samples[k]);
}

static void decode_tile_portable(g711_law law, const stream_block *block, voice_tile *tile)
{
    for (unsigned lane = 0; lane < TILE_LANES; lane++)
        for (unsigned s = 0; s < TILE_SAMPLES; s++)
            tile->sample[s][lane] = g711_decode_octet(law, block->octet[lane][s]);
}

static void encode_tile_portable(g711_law law, const voice_tile *tile, stream_block *block)
{
    for (unsigned lane = 0; lane < TILE_LANES; lane++)
        for (unsigned s = 0; s < TILE_SAMPLES; s++)
            block->octet[lane][s] = g711_encode_sample(law, tile->sample[s][lane]);
}

#if defined(__x86_64__)

/*
 * AVX2. Octets are unpacked to words and packed from them by halves of a register: 32 octets in a register stand in the
 * order 0-7, 16-23, 8-15, 24-31, and their words then in theirs.
 */
#define EACH_HALF(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)
#define BY_SEGMENT(...) EACH_HALF(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0, 0)

typedef struct {
    __m256i low, high;
} words_avx2;

/* A magnitude is ((2 * step + lead) * factor - bias) * 2^unit_bits. */
typedef struct {
    __m256i inverted, lead, factor, bias_negative;
    __m128i unit_bits;
} decoder_avx2;

TARGET_AVX2 static inline decoder_avx2 decoder_avx2_make(g711_law law)
{
    if (law == G711_ALAW)
        return (decoder_avx2){_mm256_set1_epi8(0x55), BY_SEGMENT(1, 33, 33, 33, 33, 33, 33, 33),
                              BY_SEGMENT(1, 1, 2, 4, 8, 16, 32, 64), _mm256_setzero_si256(), _mm_cvtsi32_si128(3)};
    return (decoder_avx2){_mm256_set1_epi8(0x7F), _mm256_set1_epi8(33),
                          BY_SEGMENT(1, 2, 4, 8, 16, 32, 64, (char)128), _mm256_set1_epi8(-33), _mm_cvtsi32_si128(2)};
}

TARGET_AVX2 static inline words_avx2 octets_decode_avx2(const decoder_avx2 *decoder, __m256i octets)
{
    __m256i character = _mm256_xor_si256(octets, decoder->inverted), one = _mm256_set1_epi8(1);
    __m256i segment = _mm256_and_si256(_mm256_srli_epi16(character, 4), _mm256_set1_epi8(7));
    __m256i twice_step = _mm256_and_si256(_mm256_add_epi8(character, character), _mm256_set1_epi8(0x1E));
    __m256i lead = _mm256_shuffle_epi8(decoder->lead, segment), factor = _mm256_shuffle_epi8(decoder->factor, segment);
    __m256i sign = _mm256_or_si256(_mm256_xor_si256(octets, _mm256_set1_epi8(-128)), one);
    __m256i middle = _mm256_sign_epi8(_mm256_add_epi8(twice_step, lead), sign);
    __m256i bias = _mm256_sign_epi8(decoder->bias_negative, sign);
    __m256i low = _mm256_maddubs_epi16(_mm256_unpacklo_epi8(factor, one), _mm256_unpacklo_epi8(middle, bias));
    __m256i high = _mm256_maddubs_epi16(_mm256_unpackhi_epi8(factor, one), _mm256_unpackhi_epi8(middle, bias));
    return (words_avx2){_mm256_sll_epi16(low, decoder->unit_bits), _mm256_sll_epi16(high, decoder->unit_bits)};
}

/*
 * The segment is the bit length of the magnitude's high octet, so what goes with it is looked up by the octet's two
 * digits: `factor`, 2^(10 - shift), is the least found; `base`, 16 * segment or so, the greatest.
 */
typedef struct {
    __m256i magnitude_max, bias, factor[2], base[2], inverted;
} encoder_avx2;

TARGET_AVX2 static inline encoder_avx2 encoder_avx2_make(g711_law law)
{
    const g711_encoding *encoding = &G711_ENCODINGS[law];
    char least = (char)(1 << (10 - encoding->shift_least)), base = (char)(16 * encoding->shift_least - 64);
    return (encoder_avx2){
        .magnitude_max = _mm256_set1_epi16((int16_t)encoding->magnitude_max),
        .bias = _mm256_set1_epi16((int16_t)encoding->bias),
        .factor = {EACH_HALF(least, 64, 32, 32, 16, 16, 16, 16, 8, 8, 8, 8, 8, 8, 8, 8),
                   BY_SEGMENT((char)128, 4, 2, 2, 1, 1, 1, 1)},
        .base = {EACH_HALF(base, 0, 16, 16, 32, 32, 32, 32, 48, 48, 48, 48, 48, 48, 48, 48),
                 BY_SEGMENT(-128, 64, 80, 80, 96, 96, 96, 96)},
        .inverted = _mm256_set1_epi8((char)(encoding->inverted | G711_POSITIVE)),
    };
}

TARGET_AVX2 static inline __m256i words_encode_avx2(const encoder_avx2 *encoder, __m256i low, __m256i high)
{
    __m256i digits = _mm256_set1_epi8(0xF), zero = _mm256_setzero_si256();
    __m256i low_sign = _mm256_srai_epi16(low, 15), high_sign = _mm256_srai_epi16(high, 15);
    low = _mm256_min_epi16(_mm256_xor_si256(low, low_sign), encoder->magnitude_max);
    high = _mm256_min_epi16(_mm256_xor_si256(high, high_sign), encoder->magnitude_max);
    low = _mm256_add_epi16(low, encoder->bias);
    high = _mm256_add_epi16(high, encoder->bias);
    __m256i octet = _mm256_packus_epi16(_mm256_srli_epi16(low, 8), _mm256_srli_epi16(high, 8));
    __m256i digit[2] = {_mm256_and_si256(octet, digits), _mm256_and_si256(_mm256_srli_epi16(octet, 4), digits)};
    __m256i factor = _mm256_min_epu8(_mm256_shuffle_epi8(encoder->factor[0], digit[0]),
                                     _mm256_shuffle_epi8(encoder->factor[1], digit[1]));
    __m256i base = _mm256_max_epi8(_mm256_shuffle_epi8(encoder->base[0], digit[0]),
                                   _mm256_shuffle_epi8(encoder->base[1], digit[1]));
    low = _mm256_srli_epi16(_mm256_mullo_epi16(low, _mm256_unpacklo_epi8(factor, zero)), 10);
    high = _mm256_srli_epi16(_mm256_mullo_epi16(high, _mm256_unpackhi_epi8(factor, zero)), 10);
    __m256i segment_and_step = _mm256_add_epi8(_mm256_packus_epi16(low, high), base);
    __m256i sign = _mm256_and_si256(_mm256_packs_epi16(low_sign, high_sign), _mm256_set1_epi8((char)G711_POSITIVE));
    return _mm256_xor_si256(_mm256_xor_si256(segment_and_step, sign), encoder->inverted);
}

/* From the order of 32 octets that stands above to theirs, and back: it is its own inverse. */
TARGET_AVX2 static inline __m256i octets_reorder_avx2(__m256i octets)
{
    return _mm256_permute4x64_epi64(octets, 0xD8);
}

TARGET_AVX2 static void decode_avx2(g711_law law, const uint8_t *octets, int16_t *samples, size_t count)
{
    decoder_avx2 decoder = decoder_avx2_make(law);
    size_t k = 0;
    for (; k + 32 <= count; k += 32) {
        __m256i in_order = _mm256_loadu_si256((const void *)(octets + k));
        words_avx2 row = octets_decode_avx2(&decoder, octets_reorder_avx2(in_order));
        _mm256_storeu_si256((void *)(samples + k), row.low);
        _mm256_storeu_si256((void *)(samples + k + 16), row.high);
    }
    decode_portable(law, octets + k, samples + k, count - k);
}

TARGET_AVX2 static void encode_avx2(g711_law law, const int16_t *samples, uint8_t *octets, size_t count)
{
    encoder_avx2 encoder = encoder_avx2_make(law);
    size_t k = 0;
    for (; k + 32 <= count; k += 32) {
        __m256i low = _mm256_loadu_si256((const void *)(samples + k));
        __m256i high = _mm256_loadu_si256((const void *)(samples + k + 16));
        _mm256_storeu_si256((void *)(octets + k), octets_reorder_avx2(words_encode_avx2(&encoder, low, high)));
    }
    encode_portable(law, samples + k, octets + k, count - k);
}

/* Two lanes' octets in each half, as the order above has them: lanes 0-7 and 8-15 first, then 16-23 and 24-31. */
static inline unsigned pair_lane(unsigned pair, unsigned half)
{
    return pair % 4 * 2 + pair / 4 * 16 + half * 8;
}

TARGET_AVX2 static void decode_tile_avx2(g711_law law, const stream_block *block, voice_tile *tile)
{
    const __m256i interleave = EACH_HALF(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
    decoder_avx2 decoder = decoder_avx2_make(law);
    __m256i pair[8], four[8], eight[8];
    for (unsigned k = 0; k < 8; k++)
        pair[k] = _mm256_shuffle_epi8(_mm256_loadu2_m128i((const void *)block->octet[pair_lane(k, 1)],
                                                          (const void *)block->octet[pair_lane(k, 0)]),
                                      interleave);
    for (unsigned k = 0; k < 4; k++) { /* frames 0-3, frames 4-7 */
        four[2 * k] = _mm256_unpacklo_epi16(pair[2 * k], pair[2 * k + 1]);
        four[2 * k + 1] = _mm256_unpackhi_epi16(pair[2 * k], pair[2 * k + 1]);
    }
    for (unsigned k = 0; k < 2; k++)
        for (unsigned frames = 0; frames < 2; frames++) { /* two frames each */
            eight[4 * k + 2 * frames] = _mm256_unpacklo_epi32(four[4 * k + frames], four[4 * k + 2 + frames]);
            eight[4 * k + 2 * frames + 1] = _mm256_unpackhi_epi32(four[4 * k + frames], four[4 * k + 2 + frames]);
        }
    for (unsigned s = 0; s < TILE_SAMPLES; s++) {
        __m256i octets = s % 2 ? _mm256_unpackhi_epi64(eight[s / 2], eight[4 + s / 2])
                               : _mm256_unpacklo_epi64(eight[s / 2], eight[4 + s / 2]);
        words_avx2 row = octets_decode_avx2(&decoder, octets);
        _mm256_storeu_si256((void *)tile->sample[s], row.low);
        _mm256_storeu_si256((void *)(tile->sample[s] + 16), row.high);
    }
}

TARGET_AVX2 static void encode_tile_avx2(g711_law law, const voice_tile *tile, stream_block *block)
{
    encoder_avx2 encoder = encoder_avx2_make(law);
    __m256i row[8], two[8], four[8];
    for (unsigned s = 0; s < TILE_SAMPLES; s++)
        row[s] = words_encode_avx2(&encoder, _mm256_loadu_si256((const void *)tile->sample[s]),
                                   _mm256_loadu_si256((const void *)(tile->sample[s] + 16)));
    for (unsigned k = 0; k < 4; k++) { /* two frames of lanes 0-7 and 8-15, of 16-23 and 24-31 */
        two[k] = _mm256_unpacklo_epi8(row[2 * k], row[2 * k + 1]);
        two[4 + k] = _mm256_unpackhi_epi8(row[2 * k], row[2 * k + 1]);
    }
    for (unsigned lanes = 0; lanes < 2; lanes++)
        for (unsigned k = 0; k < 2; k++) { /* four frames of four lanes in each half */
            four[4 * lanes + k] = _mm256_unpacklo_epi16(two[4 * lanes + 2 * k], two[4 * lanes + 2 * k + 1]);
            four[4 * lanes + 2 + k] = _mm256_unpackhi_epi16(two[4 * lanes + 2 * k], two[4 * lanes + 2 * k + 1]);
        }
    for (unsigned k = 0; k < 8; k++) {
        __m256i first = four[k / 2 * 2], second = four[k / 2 * 2 + 1];
        __m256i lanes = k % 2 ? _mm256_unpackhi_epi32(first, second) : _mm256_unpacklo_epi32(first, second);
        _mm_storeu_si128((void *)block->octet[pair_lane(k, 0)], _mm256_castsi256_si128(lanes));
        _mm_storeu_si128((void *)block->octet[pair_lane(k, 1)], _mm256_extracti128_si256(lanes, 1));
    }
}

/* AVX-512: magnitudes are looked up whole, 64 octets at a time. */
typedef struct {
    __m512i low[2], high[2];
} decoder_avx512;

typedef struct {
    __m512i low, high;
} words_avx512;

TARGET_AVX512 static inline decoder_avx512 decoder_avx512_make(g711_law law)
{
    const g711_magnitudes *magnitudes = &G711_MAGNITUDES[law];
    return (decoder_avx512){{_mm512_loadu_si512(magnitudes->low), _mm512_loadu_si512(magnitudes->low + 64)},
                            {_mm512_loadu_si512(magnitudes->high), _mm512_loadu_si512(magnitudes->high + 64)}};
}

/* Words in the order in which octets unpack: of each 128 bits the lower and the upper eight. */
TARGET_AVX512 static inline words_avx512 octets_decode_avx512(const decoder_avx512 *decoder, __m512i octets)
{
    const __m512i sign_bits = _mm512_set1_epi8((char)G711_POSITIVE), sign_bit = _mm512_set1_epi16(INT16_MIN);
    __m512i low = _mm512_permutex2var_epi8(decoder->low[0], octets, decoder->low[1]);
    __m512i high = _mm512_permutex2var_epi8(decoder->high[0], octets, decoder->high[1]);
    high = _mm512_ternarylogic_epi32(high, octets, sign_bits, 0xF2); /* high | (~octets & sign_bits) */
    words_avx512 words = {_mm512_unpacklo_epi8(low, high), _mm512_unpackhi_epi8(low, high)};
    /* Negative: bit 15 and the magnitude, so 2^15 less that is the magnitude negated. */
    words.low = _mm512_mask_sub_epi16(words.low, _mm512_movepi16_mask(words.low), sign_bit, words.low);
    words.high = _mm512_mask_sub_epi16(words.high, _mm512_movepi16_mask(words.high), sign_bit, words.high);
    return words;
}

typedef struct {
    __m512i magnitude_max, bias, shift[2], inverted;
} encoder_avx512;

TARGET_AVX512 static inline encoder_avx512 encoder_avx512_make(g711_law law)
{
    const g711_encoding *encoding = &G711_ENCODINGS[law];
    /* By the magnitude's high octet: its bit length and 3. */
    static const uint8_t shift[64] = {3, 4, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8,
                                      8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
                                      9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9};
    return (encoder_avx512){
        .magnitude_max = _mm512_set1_epi16((int16_t)encoding->magnitude_max),
        .bias = _mm512_set1_epi16((int16_t)encoding->bias),
        .shift = {_mm512_max_epu8(_mm512_loadu_si512(shift), _mm512_set1_epi8((char)encoding->shift_least)),
                  _mm512_set1_epi8(10)},
        .inverted = _mm512_set1_epi16((int16_t)(encoding->inverted | G711_POSITIVE)),
    };
}

/* Octets in the low halves of words; the high halves are 0. */
TARGET_AVX512 static inline __m512i words_encode_avx512(const encoder_avx512 *encoder, __m512i words)
{
    const __mmask64 low_octets = 0x5555555555555555;
    __m512i sign = _mm512_srai_epi16(words, 15);
    __m512i magnitude = _mm512_add_epi16(
        _mm512_min_epi16(_mm512_xor_si512(words, sign), encoder->magnitude_max), encoder->bias);
    __m512i shift = _mm512_maskz_permutex2var_epi8(low_octets, encoder->shift[0], _mm512_srli_epi16(magnitude, 8),
                                                   encoder->shift[1]);
    __m512i segment_and_step = _mm512_add_epi16(
        _mm512_sub_epi16(_mm512_slli_epi16(shift, 4), _mm512_set1_epi16(64)), _mm512_srlv_epi16(magnitude, shift));
    sign = _mm512_and_si512(sign, _mm512_set1_epi16(G711_POSITIVE));
    return _mm512_ternarylogic_epi32(segment_and_step, sign, encoder->inverted, 0x96); /* all three xor */
}

TARGET_AVX512 static void decode_avx512(g711_law law, const uint8_t *octets, int16_t *samples, size_t count)
{
    const __m512i halves = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
    decoder_avx512 decoder = decoder_avx512_make(law);
    size_t k = 0;
    for (; k + 64 <= count; k += 64) {
        words_avx512 words =
            octets_decode_avx512(&decoder, _mm512_permutexvar_epi64(halves, _mm512_loadu_si512(octets + k)));
        _mm512_storeu_si512(samples + k, words.low);
        _mm512_storeu_si512(samples + k + 32, words.high);
    }
    decode_portable(law, octets + k, samples + k, count - k);
}

TARGET_AVX512 static void encode_avx512(g711_law law, const int16_t *samples, uint8_t *octets, size_t count)
{
    encoder_avx512 encoder = encoder_avx512_make(law);
    size_t k = 0;
    for (; k + 32 <= count; k += 32)
        _mm256_storeu_si256((void *)(octets + k), _mm512_cvtepi16_epi8(words_encode_avx512(
                                                      &encoder, _mm512_loadu_si512(samples + k))));
    encode_portable(law, samples + k, octets + k, count - k);
}

TARGET_AVX512 static void decode_tile_avx512(g711_law law, const stream_block *block, voice_tile *tile)
{
    static const uint8_t frame_major[64] = {0, 8,  16, 24, 32, 40, 48, 56, 1, 9,  17, 25, 33, 41, 49, 57,
                                            2, 10, 18, 26, 34, 42, 50, 58, 3, 11, 19, 27, 35, 43, 51, 59,
                                            4, 12, 20, 28, 36, 44, 52, 60, 5, 13, 21, 29, 37, 45, 53, 61,
                                            6, 14, 22, 30, 38, 46, 54, 62, 7, 15, 23, 31, 39, 47, 55, 63};
    decoder_avx512 decoder = decoder_avx512_make(law);
    __m512i order = _mm512_loadu_si512(frame_major), lanes[4];
    for (unsigned k = 0; k < 4; k++) /* eight lanes, two frames in each 128 bits */
        lanes[k] = _mm512_permutexvar_epi8(order, _mm512_loadu_si512(block->octet[8 * k]));
    __m512i half[4] = {_mm512_shuffle_i64x2(lanes[0], lanes[1], 0x44), _mm512_shuffle_i64x2(lanes[2], lanes[3], 0x44),
                       _mm512_shuffle_i64x2(lanes[0], lanes[1], 0xEE), _mm512_shuffle_i64x2(lanes[2], lanes[3], 0xEE)};
    for (unsigned k = 0; k < 4; k++) { /* two frames of all lanes, eight lanes of both in each 128 bits */
        __m512i octets = k % 2 ? _mm512_shuffle_i64x2(half[k / 2 * 2], half[k / 2 * 2 + 1], 0xDD)
                               : _mm512_shuffle_i64x2(half[k / 2 * 2], half[k / 2 * 2 + 1], 0x88);
        words_avx512 frames = octets_decode_avx512(&decoder, octets);
        _mm512_storeu_si512(tile->sample[2 * k], frames.low);
        _mm512_storeu_si512(tile->sample[2 * k + 1], frames.high);
    }
}

TARGET_AVX512 static void encode_tile_avx512(g711_law law, const voice_tile *tile, stream_block *block)
{
    /* Pairs of lanes so that unpacking, which goes by 128 bits, leaves eight lanes in a row. */
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    encoder_avx512 encoder = encoder_avx512_make(law);
    __m512i two[4], four[4];
    for (unsigned k = 0; k < 4; k++) { /* two frames of each lane in a word */
        __m512i first = words_encode_avx512(&encoder, _mm512_loadu_si512(tile->sample[2 * k]));
        __m512i second = words_encode_avx512(&encoder, _mm512_loadu_si512(tile->sample[2 * k + 1]));
        two[k] = _mm512_permutexvar_epi32(order, _mm512_or_si512(first, _mm512_slli_epi16(second, 8)));
    }
    for (unsigned k = 0; k < 2; k++) {
        four[k] = _mm512_unpacklo_epi16(two[2 * k], two[2 * k + 1]);
        four[2 + k] = _mm512_unpackhi_epi16(two[2 * k], two[2 * k + 1]);
    }
    for (unsigned k = 0; k < 4; k++)
        _mm512_storeu_si512(block->octet[8 * k], k % 2 ? _mm512_unpackhi_epi32(four[k / 2 * 2], four[k / 2 * 2 + 1])
                                                       : _mm512_unpacklo_epi32(four[k / 2 * 2], four[k / 2 * 2 + 1]));
}

#endif

void g711_decode(g711_law law, const uint8_t *octets, int16_t *samples, size_t count)
{
    CPU_SELECT(decode_portable, decode_avx2, decode_avx512)(law, octets, samples, count);
}

void g711_encode(g711_law law, const int16_t *samples, uint8_t *octets, size_t count)
{
    CPU_SELECT(encode_portable, encode_avx2, encode_avx512)(law, samples, octets, count);
}

void g711_decode_tile(g711_law law, const stream_block *block, voice_tile *tile)
{
    CPU_SELECT(decode_tile_portable, decode_tile_avx2, decode_tile_avx512)(law, block, tile);
}

void g711_encode_tile(g711_law law, const voice_tile *tile, stream_block *block)
{
    CPU_SELECT(encode_tile_portable, encode_tile_avx2, encode_tile_avx512)(law, tile, block);
}
