/* Line codes: HDB3 on up to eight lines abreast, AMI one line at a time. */
#include "e1/line_code.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "base/cpu_internal.h"

enum {
    LINES_MAX = 16, /* lines in work at once */
    CHUNK_MAX = 4,  /* words of a line done together at most */
};

/* line_encoder.carried before the first bit: no zeros came before. */
static const uint64_t ENCODING_BEGINS = 0xFull << 60;

/* Blocks to be decoded at once: HDB3 only, none empty. `marks` are line_blocks. */
typedef struct {
    line_decoder *decoders[LINES_MAX];
    const uint8_t *marks[LINES_MAX];
    uint8_t *bits[LINES_MAX];
    unsigned words[LINES_MAX];          /* of 64 bits, in the block */
    bool seen[LINES_MAX], all_seen;     /* the decoder had seen a violation before; all had */
    uint64_t carried_before[LINES_MAX]; /* the decoders', before the block */
    uint64_t violations[LINES_MAX];     /* places of some, if not all had: the block's words upon one another */
} decode_batch;

typedef struct {
    line_encoder *encoders[LINES_MAX];
    const uint8_t *bits[LINES_MAX];
    uint8_t *marks[LINES_MAX];
} encode_batch;

/* For what would take registers away from a loop that seldom calls it. */
#define NOT_INLINE __attribute__((noinline))

/* Where the planes begin in a line_block. */
enum { POSITIVE = offsetof(line_block, positive), NEGATIVE = offsetof(line_block, negative) };

/*
 * Functions of three operands, bit by bit: C expressions, and with 0xF0, 0xCC and 0xAA for operands the truth tables
 * that VPTERNLOG takes. (As such also because GCC 12 makes of ~b an instruction that waits for an unrelated register.)
 */
#define ANY(a, b, c) ((a) | (b) | (c))
#define EVEN(a, b, c) (~((a) ^ (b) ^ (c)))
#define CHOOSE(a, b, c) (((a) & (b)) | (~(a) & (c)))
#define CHOOSE_NOT(a, b, c) (((a) & ~(b)) | (~(a) & (c)))
#define FIRST_ONLY(a, b, c) ((a) & ~((b) | (c)))
#define FIRST_IF_SAME(a, b, c) ((a) & ~((b) ^ (c)))
#define FIRST_IF_OTHER(a, b, c) ((a) & ((b) ^ (c)))
#define NONE_OF(a, b, c) (~((a) | (b) | (c)))
#define OR_BOTH(a, b, c) ((a) | ((b) & (c)))
#define NOT_BOTH(a, b, c) ((a) & ~((b) & (c)))
/* a: positive marks, b: negative marks, c: the last mark before was positive. */
#define VIOLATION(a, b, c) (((a) & (b)) | ((a) & (c)) | ((b) & ~(c)))

/* ---- One line: plain C, the reference of the levels below. ---- */

/* Each octet with its bits in the other order: the line's octets carry their earliest bit as the most significant. */
static uint64_t octets_reverse(uint64_t octets)
{
    const uint64_t ones = 0x5555555555555555ull, pairs = 0x3333333333333333ull, nibbles = 0x0F0F0F0F0F0F0F0Full;
    octets = (octets >> 1 & ones) | (octets & ones) << 1;
    octets = (octets >> 2 & pairs) | (octets & pairs) << 2;
    return (octets >> 4 & nibbles) | (octets & nibbles) << 4;
}

/* The word's 64 bit times, the earliest in bit 0. */
static uint64_t word_load(const uint8_t *octets)
{
    uint64_t little_endian = 0;
    for (unsigned k = 0; k < 8; k++)
        little_endian |= (uint64_t)octets[k] << 8 * k;
    return octets_reverse(little_endian);
}

static void word_store(uint8_t *octets, uint64_t bits)
{
    bits = octets_reverse(bits);
    for (unsigned k = 0; k < 8; k++)
        octets[k] = (uint8_t)(bits >> 8 * k);
}

static inline void load_octets_1(const uint8_t *const octets[], unsigned octet, uint64_t *bits)
{
    *bits = word_load(octets[0] + octet);
}

static inline void store_octets_1(uint8_t *const octets[], unsigned octet, const uint64_t *bits)
{
    word_store(octets[0] + octet, *bits);
}

static inline uint64_t count_bits_1(uint64_t bits)
{
    return bits ? (uint64_t)__builtin_popcountll(bits) : 0; /* mostly there are none */
}

static inline uint64_t sign_1(uint64_t bits)
{
    return -(bits >> 63);
}

static inline bool any_1(uint64_t bits)
{
    return bits != 0;
}

/* The parity of each bit and all before it; *parity is that before the word and then after it. */
static inline uint64_t parity_up_to_1(uint64_t bits, uint64_t *parity)
{
    for (unsigned reach = 1; reach < 64; reach *= 2)
        bits ^= bits << reach;
    bits ^= *parity;
    *parity = sign_1(bits);
    return bits;
}

#define WORDS uint64_t
#define LINES 1
#define CHUNK 1
#define NAMED(noun) noun##_1
#define TARGET
#define LOGIC(function, a, b, c) function(a, b, c)
#define FOLLOW(now, before, k) ((now) << (k) | (before) >> (64 - (k)))
#include "e1/line_code_words_internal.h"

#if defined(__x86_64__)

/* ---- Four lines: AVX2. ---- */

typedef uint64_t words_4 __attribute__((vector_size(32)));

/* Swaps rows and columns: four words of each of four lines. */
TARGET_AVX2 static inline void transpose_4(const words_4 from[4], words_4 to[4])
{
    __m256i even_low = _mm256_unpacklo_epi64((__m256i)from[0], (__m256i)from[1]);
    __m256i odd_low = _mm256_unpackhi_epi64((__m256i)from[0], (__m256i)from[1]);
    __m256i even_high = _mm256_unpacklo_epi64((__m256i)from[2], (__m256i)from[3]);
    __m256i odd_high = _mm256_unpackhi_epi64((__m256i)from[2], (__m256i)from[3]);
    to[0] = (words_4)_mm256_permute2x128_si256(even_low, even_high, 0x20);
    to[1] = (words_4)_mm256_permute2x128_si256(odd_low, odd_high, 0x20);
    to[2] = (words_4)_mm256_permute2x128_si256(even_low, even_high, 0x31);
    to[3] = (words_4)_mm256_permute2x128_si256(odd_low, odd_high, 0x31);
}

TARGET_AVX2 static inline words_4 octets_reverse_4(words_4 octets)
{
    const __m256i nibble = _mm256_set1_epi8(0x0F);
    const __m256i reversed = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0x0, 0x8, 0x4, 0xC, 0x2, 0xA, 0x6, 0xE, 0x1, 0x9, 0x5, 0xD, 0x3, 0xB, 0x7, 0xF));
    __m256i low = _mm256_and_si256((__m256i)octets, nibble);
    __m256i high = _mm256_and_si256(_mm256_srli_epi16((__m256i)octets, 4), nibble);
    low = _mm256_slli_epi16(_mm256_shuffle_epi8(reversed, low), 4);
    return (words_4)_mm256_or_si256(low, _mm256_shuffle_epi8(reversed, high));
}

TARGET_AVX2 static inline void load_octets_4(const uint8_t *const octets[], unsigned octet, words_4 bits[4])
{
    words_4 of_line[4];
    for (unsigned k = 0; k < 4; k++)
        of_line[k] = octets_reverse_4((words_4)_mm256_loadu_si256((const __m256i *)(octets[k] + octet)));
    transpose_4(of_line, bits);
}

TARGET_AVX2 static inline void store_octets_4(uint8_t *const octets[], unsigned octet, const words_4 bits[4])
{
    words_4 of_line[4];
    transpose_4(bits, of_line);
    for (unsigned k = 0; k < 4; k++)
        _mm256_storeu_si256((__m256i *)(octets[k] + octet), (__m256i)octets_reverse_4(of_line[k]));
}

TARGET_AVX2 static inline words_4 count_bits_4(words_4 bits)
{
    const __m256i nibble = _mm256_set1_epi8(0x0F);
    const __m256i weight =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    __m256i low = _mm256_shuffle_epi8(weight, _mm256_and_si256((__m256i)bits, nibble));
    __m256i high = _mm256_shuffle_epi8(weight, _mm256_and_si256(_mm256_srli_epi16((__m256i)bits, 4), nibble));
    return (words_4)_mm256_sad_epu8(_mm256_add_epi8(low, high), _mm256_setzero_si256());
}

TARGET_AVX2 static inline words_4 sign_4(words_4 bits)
{
    return (words_4)_mm256_cmpgt_epi64(_mm256_setzero_si256(), (__m256i)bits);
}

TARGET_AVX2 static inline bool any_4(words_4 bits)
{
    return !_mm256_testz_si256((__m256i)bits, (__m256i)bits);
}

TARGET_AVX2 static inline words_4 parity_up_to_4(words_4 bits, words_4 *parity)
{
    for (unsigned reach = 1; reach < 64; reach *= 2)
        bits ^= bits << reach;
    bits ^= *parity;
    *parity = sign_4(bits);
    return bits;
}

#define WORDS words_4
#define LINES 4
#define CHUNK 4
#define NAMED(noun) noun##_4
#define TARGET TARGET_AVX2
#define LOGIC(function, a, b, c) function(a, b, c)
#define FOLLOW(now, before, k) ((now) << (k) | (before) >> (64 - (k)))
#include "e1/line_code_words_internal.h"

/* ---- Eight lines: AVX-512. ---- */

typedef uint64_t words_8 __attribute__((vector_size(64)));

/* As a matrix of GF2P8AFFINEQB: bit i of each octet to bit 7 - i. */
TARGET_AVX512 static inline __m512i octets_reverse_8(__m512i octets)
{
    const __m512i matrix = _mm512_set1_epi64((long long)0x8040201008040201ull);
    return _mm512_gf2p8affine_epi64_epi8(octets, matrix, 0);
}

/*
 * Four words of eight lines: lines 0 and 2, 1 and 3, 4 and 6, 5 and 7 share a vector, so that two exchanges instead of
 * three bring each word of all lines together.
 */
TARGET_AVX512 static inline void load_octets_8(const uint8_t *const octets[], unsigned octet, words_8 bits[4])
{
    __m512i of_lines[4];
    for (unsigned k = 0; k < 4; k++) {
        unsigned line = k / 2 * 4 + k % 2;
        __m256i lower = _mm256_loadu_si256((const __m256i *)(octets[line] + octet));
        __m256i upper = _mm256_loadu_si256((const __m256i *)(octets[line + 2] + octet));
        of_lines[k] = octets_reverse_8(_mm512_inserti64x4(_mm512_castsi256_si512(lower), upper, 1));
    }
    __m512i even_first = _mm512_unpacklo_epi64(of_lines[0], of_lines[1]);
    __m512i odd_first = _mm512_unpackhi_epi64(of_lines[0], of_lines[1]);
    __m512i even_last = _mm512_unpacklo_epi64(of_lines[2], of_lines[3]);
    __m512i odd_last = _mm512_unpackhi_epi64(of_lines[2], of_lines[3]);
    bits[0] = (words_8)_mm512_shuffle_i64x2(even_first, even_last, 0x88);
    bits[1] = (words_8)_mm512_shuffle_i64x2(odd_first, odd_last, 0x88);
    bits[2] = (words_8)_mm512_shuffle_i64x2(even_first, even_last, 0xDD);
    bits[3] = (words_8)_mm512_shuffle_i64x2(odd_first, odd_last, 0xDD);
}

/* The same backwards, but for the lines that share a vector: here 0 and 4, 1 and 5, 2 and 6, 3 and 7. */
TARGET_AVX512 static inline void store_octets_8(uint8_t *const octets[], unsigned octet, const words_8 bits[4])
{
    __m512i even_early = _mm512_unpacklo_epi64((__m512i)bits[0], (__m512i)bits[1]);
    __m512i odd_early = _mm512_unpackhi_epi64((__m512i)bits[0], (__m512i)bits[1]);
    __m512i even_late = _mm512_unpacklo_epi64((__m512i)bits[2], (__m512i)bits[3]);
    __m512i odd_late = _mm512_unpackhi_epi64((__m512i)bits[2], (__m512i)bits[3]);
    __m512i of_lines[4] = {
        _mm512_mask_shuffle_i64x2(even_early, 0xCC, even_late, even_late, 0x80),
        _mm512_mask_shuffle_i64x2(odd_early, 0xCC, odd_late, odd_late, 0x80),
        _mm512_mask_shuffle_i64x2(even_late, 0x33, even_early, even_early, 0x31),
        _mm512_mask_shuffle_i64x2(odd_late, 0x33, odd_early, odd_early, 0x31),
    };
    for (unsigned line = 0; line < 4; line++) {
        __m512i reversed = octets_reverse_8(of_lines[line]);
        _mm256_storeu_si256((__m256i *)(octets[line] + octet), _mm512_castsi512_si256(reversed));
        _mm256_storeu_si256((__m256i *)(octets[line + 4] + octet), _mm512_extracti64x4_epi64(reversed, 1));
    }
}

TARGET_AVX512 static inline words_8 count_bits_8(words_8 bits)
{
    return (words_8)_mm512_popcnt_epi64((__m512i)bits);
}

TARGET_AVX512 static inline bool any_8(words_8 bits)
{
    return _mm512_test_epi64_mask((__m512i)bits, (__m512i)bits) != 0;
}

TARGET_AVX512 static inline words_8 sign_8(words_8 bits)
{
    return (words_8)_mm512_srai_epi64((__m512i)bits, 63);
}

/*
 * GF2P8AFFINEQB makes bit i of each octet the parity of that octet AND octet 7 - i of the matrix. So one multiplication
 * gives the parities within each octet; one with the word itself as the matrix gives the parity of each of its octets
 * (octet m's in bit 7 - m, in every octet alike); and one more, with these as the matrix, sums up those before.
 */
TARGET_AVX512 static inline words_8 parity_up_to_8(words_8 bits, words_8 *parity)
{
    const __m512i up_to = _mm512_set1_epi64(0x0103070F1F3F7FFFll), all = _mm512_set1_epi8(-1);
    const __m512i octets_before = _mm512_set1_epi64((long long)0xFEFCF8F0E0C08000ull);
    __m512i within = _mm512_gf2p8affine_epi64_epi8((__m512i)bits, up_to, 0);
    __m512i of_octet = _mm512_gf2p8affine_epi64_epi8(all, (__m512i)bits, 0);
    __m512i before = _mm512_gf2p8affine_epi64_epi8(octets_before, of_octet, 0);
    bits = (words_8)within ^ (words_8)before ^ *parity;
    *parity = sign_8(bits);
    return bits;
}

#define WORDS words_8
#define LINES 8
#define CHUNK 4
#define NAMED(noun) noun##_8
#define TARGET TARGET_AVX512
#define LOGIC(function, a, b, c)                                                                      \
    (words_8) _mm512_ternarylogic_epi64((__m512i)(a), (__m512i)(b), (__m512i)(c), function(0xF0, 0xCC, 0xAA) & 0xFF)
#define FOLLOW(now, before, k) (words_8) _mm512_shldi_epi64((__m512i)(now), (__m512i)(before), k)
#include "e1/line_code_words_internal.h"

#endif

/* ---- Batches of lines. ---- */

static void decode_line(decode_batch *batch, unsigned k, unsigned first_word)
{
    decoding_1 line;
    decoding_load_1(&line, &batch->decoders[k]);
    for (unsigned word = first_word; word < batch->words[k]; word++)
        decode_counting_1(batch, k, word, &line);
    decoding_save_1(&line, &batch->decoders[k]);
}

static void encode_line(encode_batch *batch, unsigned k)
{
    encoding_1 line;
    encoding_load_1(&line, &batch->encoders[k]);
    for (unsigned word = 0; word < BLOCK_BITS / 64; word++) {
        uint64_t positive, negative;
        encode_word_1(&line, word_load(batch->bits[k] + 8 * word), &positive, &negative);
        word_store(batch->marks[k] + POSITIVE + 8 * word, positive);
        word_store(batch->marks[k] + NEGATIVE + 8 * word, negative);
    }
    encoding_save_1(&line, &batch->encoders[k]);
}

#if defined(__x86_64__)

/* Fills the batch up with doubles of the first line, whose state and bits go nowhere. */
static void decode_by_vector(decode_batch *batch, unsigned count, unsigned words)
{
    line_decoder idle = *batch->decoders[0];
    uint8_t idle_bits[LINE_BLOCK_BITS_MAX / 8];
    for (unsigned k = count; k < LINES_MAX; k++) {
        batch->decoders[k] = &idle;
        batch->marks[k] = batch->marks[0];
        batch->bits[k] = idle_bits;
    }
    if (cpu_level_in_use() == CPU_AVX512)
        decode_8(batch, LINES_MAX / 8, words);
    else
        decode_4(batch, (count + 7) / 8 * 2, words);
}

static void encode_by_vector(encode_batch *batch, unsigned count)
{
    line_encoder idle = {0};
    line_block idle_marks;
    for (unsigned k = count; k < LINES_MAX; k++) {
        batch->encoders[k] = &idle;
        batch->bits[k] = batch->bits[0];
        batch->marks[k] = (uint8_t *)&idle_marks;
    }
    if (cpu_level_in_use() == CPU_AVX512)
        encode_8(batch, LINES_MAX / 8);
    else
        encode_4(batch, (count + 7) / 8 * 2);
}

#else

static void decode_by_vector(decode_batch *batch, unsigned count, unsigned words)
{
    (void)batch, (void)count, (void)words;
}

static void encode_by_vector(encode_batch *batch, unsigned count)
{
    (void)batch, (void)count;
}

#endif

/* ---- HDB3: what came before the first mark and the first violation. ---- */

enum { LAST_MARK_POSITIVE = 1 }; /* in line_decoder.carried */

/* The mark before the first is taken to be of the other polarity: the first is no violation. */
static NOT_INLINE void first_mark_look_for(line_decoder *decoder, const line_block *marks)
{
    for (unsigned word = 0; word < marks->bit_count / 64; word++) {
        uint64_t positive = word_load(marks->positive + 8 * word), negative = word_load(marks->negative + 8 * word);
        uint64_t either = positive | negative, first = either & -either;
        if (first) {
            decoder->mark_seen = true;
            decoder->carried |= positive & first ? 0 : LAST_MARK_POSITIVE;
            return;
        }
    }
}

/* The kernels take the violation before the first for a negative one, and so count a negative first: not so. */
static void first_violation_forgive(const decode_batch *batch, unsigned k)
{
    uint64_t not_positive = (batch->carried_before[k] & LAST_MARK_POSITIVE) - 1;
    for (unsigned word = 0; word < batch->words[k]; word++) {
        uint64_t positive = word_load(batch->marks[k] + POSITIVE + 8 * word);
        uint64_t negative = word_load(batch->marks[k] + NEGATIVE + 8 * word);
        uint64_t violations = find_violations_1(positive, negative, &not_positive);
        if (violations) {
            batch->decoders[k]->violation_seen = true;
            batch->decoders[k]->counters.code_violations -= !(positive & violations & -violations);
            return;
        }
    }
}

static void first_violations_forgive(const decode_batch *batch, unsigned count)
{
    for (unsigned k = 0; k < count; k++)
        if (!batch->seen[k] && batch->violations[k])
            first_violation_forgive(batch, k);
}

/* What lies beyond the whole chunks that all lines have is done line by line. */
static NOT_INLINE void decode_hdb3(decode_batch *batch, unsigned count, unsigned least_words, unsigned most_words, bool all_seen)
{
    unsigned words = cpu_level_in_use() == CPU_PORTABLE ? 0 : least_words / CHUNK_MAX * CHUNK_MAX;
    batch->all_seen = all_seen;
    if (!all_seen)
        memset(batch->violations, 0, sizeof batch->violations);
    if (words)
        decode_by_vector(batch, count, words);
    if (most_words > words)
        for (unsigned k = 0; k < count; k++)
            decode_line(batch, k, words);
    if (!batch->all_seen)
        first_violations_forgive(batch, count);
}

static NOT_INLINE void encode_hdb3(encode_batch *batch, unsigned count)
{
    if (cpu_level_in_use() != CPU_PORTABLE) {
        encode_by_vector(batch, count);
        return;
    }
    for (unsigned k = 0; k < count; k++)
        encode_line(batch, k);
}

/* ---- AMI, one line: `carried` is the last word of marks, whose earliest place makes room for the flag. ---- */

/* Places with a mark there or at one of the 15 before. */
static uint64_t marks_in_16(uint64_t marks, uint64_t marks_before)
{
    for (unsigned reach = 1; reach < 16; reach *= 2) {
        marks |= marks << reach | marks_before >> (64 - reach);
        marks_before |= marks_before << reach;
    }
    return marks;
}

static void decode_ami(line_decoder *decoder, const line_block *block, uint8_t *bits)
{
    if (!decoder->mark_seen)
        first_mark_look_for(decoder, block);
    uint64_t before = decoder->carried, not_positive = (before & LAST_MARK_POSITIVE) - 1;
    for (unsigned word = 0; word < block->bit_count / 64; word++) {
        uint64_t positive = word_load(block->positive + 8 * word), negative = word_load(block->negative + 8 * word);
        uint64_t marks = positive | negative, violations = find_violations_1(positive, negative, &not_positive);
        decoder->counters.bipolar_violations += count_bits_1(violations);
        decoder->counters.excess_zeros += count_bits_1((marks << 16 | before >> 48) & ~marks_in_16(marks, before));
        word_store(bits + 8 * word, marks);
        before = marks;
    }
    decoder->carried = (before & ~(uint64_t)LAST_MARK_POSITIVE) | (~not_positive & LAST_MARK_POSITIVE);
}

static void encode_ami(line_encoder *encoder, const uint8_t *bits, line_block *marks)
{
    for (unsigned word = 0; word < BLOCK_BITS / 64; word++) {
        uint64_t ones = word_load(bits + 8 * word);
        uint64_t is_positive = parity_up_to_1(ones, &encoder->carried);
        word_store(marks->positive + 8 * word, ones & is_positive);
        word_store(marks->negative + 8 * word, ones & ~is_positive);
    }
}

/* ---- Whatever code each line has. ---- */

void line_decoder_init(line_decoder *decoder, line_code code)
{
    *decoder = (line_decoder){.code = code};
}

void line_encoder_init(line_encoder *encoder, line_code code)
{
    *encoder = (line_encoder){.code = code, .carried = code == LINE_CODE_HDB3 ? ENCODING_BEGINS : 0};
}

static NOT_INLINE void decode_alone(line_decoder *decoder, const line_block *marks, uint8_t *bits)
{
    if (decoder->code == LINE_CODE_AMI)
        decode_ami(decoder, marks, bits);
    else
        memcpy(bits, marks->positive, marks->bit_count / 8);
}

static NOT_INLINE void encode_alone(line_encoder *encoder, const uint8_t *bits, line_block *marks)
{
    if (encoder->code == LINE_CODE_AMI) {
        encode_ami(encoder, bits, marks);
        return;
    }
    memcpy(marks->positive, bits, LINE_BLOCK_OCTETS);
    memset(marks->negative, 0, LINE_BLOCK_OCTETS);
}

static void decode_batch_put(decode_batch *batch, unsigned k, line_decoder *decoder, const line_block *marks,
                             uint8_t *bits)
{
    if (!decoder->mark_seen)
        first_mark_look_for(decoder, marks);
    batch->decoders[k] = decoder;
    batch->marks[k] = (const uint8_t *)marks;
    batch->bits[k] = bits;
    batch->words[k] = marks->bit_count / 64;
    batch->seen[k] = decoder->violation_seen;
    batch->carried_before[k] = decoder->carried;
}

static void encode_batch_put(encode_batch *batch, unsigned k, line_encoder *encoder, const uint8_t *bits,
                             line_block *marks)
{
    batch->encoders[k] = encoder;
    batch->bits[k] = bits;
    batch->marks[k] = (uint8_t *)marks;
}

/* The extremes are gathered here, in registers: this runs once a line. */
void line_decode(line_decoder *const decoders[], const line_block *const marks[], uint8_t *const bits[],
                 unsigned count)
{
    decode_batch batch;
    unsigned waiting = 0, least = UINT_MAX, most = 0;
    bool all_seen = true;
    for (unsigned k = 0; k < count; k++) {
        if (decoders[k]->code != LINE_CODE_HDB3) {
            decode_alone(decoders[k], marks[k], bits[k]);
        } else if (marks[k]->bit_count) {
            unsigned words = marks[k]->bit_count / 64;
            least = words < least ? words : least;
            most = words > most ? words : most;
            all_seen &= decoders[k]->violation_seen;
            decode_batch_put(&batch, waiting++, decoders[k], marks[k], bits[k]);
        }
        if (waiting == LINES_MAX || (waiting && k == count - 1)) {
            decode_hdb3(&batch, waiting, least, most, all_seen);
            waiting = most = 0, least = UINT_MAX, all_seen = true;
        }
    }
}

void line_encode(line_encoder *const encoders[], const uint8_t *const bits[], line_block *const marks[],
                 unsigned count)
{
    encode_batch batch;
    unsigned waiting = 0;
    for (unsigned k = 0; k < count; k++) {
        marks[k]->bit_count = BLOCK_BITS;
        if (encoders[k]->code != LINE_CODE_HDB3)
            encode_alone(encoders[k], bits[k], marks[k]);
        else
            encode_batch_put(&batch, waiting++, encoders[k], bits[k], marks[k]);
        if (waiting < LINES_MAX)
            continue;
        encode_hdb3(&batch, waiting);
        waiting = 0;
    }
    if (waiting)
        encode_hdb3(&batch, waiting);
}
