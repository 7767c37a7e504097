/* E1 frame kernels; the portable functions here are the reference of the faster levels. */
#include "e1/frame.h"

#include <string.h>

#include "base/cpu_internal.h"

static uint64_t timeslot_word(const stream_block *block, unsigned timeslot)
{
    uint64_t word;
    memcpy(&word, block->octet[timeslot], sizeof word);
    return word;
}

/* Each octet, as a polynomial of degree 7, mod x^4+x+1: x^4 = x+1 folds the high nibble onto the low. */
static uint64_t octets_mod_p(uint64_t octets)
{
    const uint64_t low = 0x0F0F0F0F0F0F0F0Full, ones = 0x0101010101010101ull;
    uint64_t high = (octets >> 4) & low;
    uint64_t carry = (high >> 3) & ones;
    return (octets & low) ^ high ^ ((high << 1) & (low - ones)) ^ carry ^ (carry << 1);
}

/* Each nibble times x^8 = x^2 + 1 (mod x^4+x+1). */
static uint64_t nibbles_times_x8(uint64_t nibbles)
{
    const uint64_t ones = 0x0101010101010101ull;
    uint64_t x4 = (nibbles >> 2) & ones, x5 = (nibbles >> 3) & ones;
    return nibbles ^ ((nibbles & (ones * 3)) << 2) ^ x4 ^ (x4 << 1) ^ (x5 << 1) ^ (x5 << 2);
}

/*
 * The remainders of eight frames abreast, one octet lane each. x has order 15 modulo x^4+x+1, and so has x^8:
 * timeslots 15 apart weigh the same and are added up before Horner's rule runs over what remains.
 */
static uint64_t block_remainders(const stream_block *block)
{
    uint64_t folded[15] = {0}, remainders = 0;
    for (unsigned timeslot = 0; timeslot < 32; timeslot++)
        folded[timeslot % 15] ^= timeslot_word(block, timeslot);
    /* Timeslot 31 (weight x^4: 8 bits from the end, times x^4 over x^8) has the least weight; 31 % 15 = 1. */
    for (unsigned k = 0; k < 15; k++)
        remainders = nibbles_times_x8(remainders) ^ octets_mod_p(folded[(k + 2) % 15]);
    /* Horner left the last octet with weight 1; the CRC wants x^4 = x+1. */
    uint64_t carry = (remainders >> 3) & 0x0101010101010101ull;
    return remainders ^ ((remainders << 1) & 0x0E0E0E0E0E0E0E0Eull) ^ carry ^ (carry << 1);
}

static uint64_t demultiplex_portable(const uint8_t *bits, unsigned bit_offset, stream_block *out)
{
    for (unsigned frame = 0; frame < 8; frame++)
        for (unsigned timeslot = 0; timeslot < 32; timeslot++) {
            const uint8_t *at = bits + 32 * frame + timeslot;
            out->octet[timeslot][frame] = (uint8_t)((at[0] << 8 | at[1]) >> (8 - bit_offset));
        }
    return block_remainders(out);
}

static uint64_t multiplex_portable(const stream_block *in, uint8_t *bits)
{
    for (unsigned frame = 0; frame < 8; frame++)
        for (unsigned timeslot = 0; timeslot < 32; timeslot++)
            bits[32 * frame + timeslot] = in->octet[timeslot][frame];
    return block_remainders(in);
}

unsigned frame_crc4_combine(uint64_t remainders)
{
    const uint64_t times_x4 = 0x2147ED8B9AFC5630ull; /* nibble h: h(x) * x^4 mod x^4+x+1 */
    /* Frame f weighs x^(7-f): those of frames 4 apart are added first (x^4 = x+1), then four octets of degree 4. */
    uint32_t first = (uint32_t)remainders, pairs = first ^ first << 1 ^ (uint32_t)(remainders >> 32);
    uint32_t sum = (pairs & 0xFF) << 3 ^ (pairs >> 8 & 0xFF) << 2 ^ (pairs >> 16 & 0xFF) << 1 ^ pairs >> 24;
    return (sum & 0xF) ^ (times_x4 >> 4 * (sum >> 4) & 0xF);
}

/* 64 bits of the line from bit position `at`, the first bit most significant; reads 9 octets. */
static uint64_t line_word(const uint8_t *bits, unsigned at)
{
    const uint8_t *octet = bits + at / 8;
    uint64_t word = 0;
    for (unsigned k = 0; k < 8; k++)
        word = word << 8 | octet[k];
    return at % 8 ? word << at % 8 | octet[8] >> (8 - at % 8) : word;
}

/* Positions (first = most significant, 57 of them valid) where bits 2-8 of a TS0 octet read 0011011. */
static uint64_t fas_matches(uint64_t word)
{
    return ~(word << 1) & ~(word << 2) & word << 3 & word << 4 & ~(word << 5) & word << 6 & word << 7;
}

static unsigned alignment_search_portable(const uint8_t *bits, unsigned from, unsigned to)
{
    enum { STEP = 56 };
    for (unsigned at = from; at < to; at += STEP) {
        uint64_t found = fas_matches(line_word(bits, at));
        if (!(found >> 8))
            continue;
        found &= line_word(bits, at + FRAME_BITS) << 1 & fas_matches(line_word(bits, at + 2 * FRAME_BITS));
        found >>= 64 - STEP;
        if (found) {
            unsigned position = at + (unsigned)__builtin_clzll(found) - (64 - STEP);
            return position < to ? position : to;
        }
    }
    return to;
}

#if defined(__x86_64__)

enum {
    LANE_OCTETS = 7,      /* the search looks at 56 positions in each 64-bit lane: a FAS ends 7 bits further on */
    NOT_FOUND = 0x7FFFFFFF,
};

/* x^e mod x^4+x+1, which repeats after 15: the nibbles of one constant, x^0 the lowest. */
#define POWER(e) (0x9DFE7A5BC638421ull >> 4 * ((e) % 15) & 0xF)

/* A nibble times x^e, and the table of it over all nibbles that a byte shuffle looks up. */
#define TIMES(nibble, e)                                                                                           \
    (((nibble)&1 ? POWER(e) : 0) ^ ((nibble)&2 ? POWER((e) + 1) : 0) ^ ((nibble)&4 ? POWER((e) + 2) : 0) ^         \
     ((nibble)&8 ? POWER((e) + 3) : 0))
#define TIMES_4(n, e) TIMES(n, e), TIMES((n) + 1, e), TIMES((n) + 2, e), TIMES((n) + 3, e)
#define TIMES_TABLE(e) {TIMES_4(0, e), TIMES_4(4, e), TIMES_4(8, e), TIMES_4(12, e)}

static const uint8_t times_power[15][16] = {
    TIMES_TABLE(0), TIMES_TABLE(1), TIMES_TABLE(2),  TIMES_TABLE(3),  TIMES_TABLE(4),  TIMES_TABLE(5),  TIMES_TABLE(6),
    TIMES_TABLE(7), TIMES_TABLE(8), TIMES_TABLE(9), TIMES_TABLE(10), TIMES_TABLE(11), TIMES_TABLE(12), TIMES_TABLE(13),
    TIMES_TABLE(14),
};

/* An octet times x^e mod x^4+x+1 as a bit matrix for gf2p8affine: the row of result bit i is octet 7-i. */
#define ROW_BIT(e, i, bit) ((POWER((e) + (bit)) >> (i)&1) << (bit))
#define ROW(e, i)                                                                                                  \
    ((ROW_BIT(e, i, 0) | ROW_BIT(e, i, 1) | ROW_BIT(e, i, 2) | ROW_BIT(e, i, 3) | ROW_BIT(e, i, 4) |               \
      ROW_BIT(e, i, 5) | ROW_BIT(e, i, 6) | ROW_BIT(e, i, 7))                                                      \
     << 8 * (7 - (i)))
#define MATRIX(e) (ROW(e, 0) | ROW(e, 1) | ROW(e, 2) | ROW(e, 3))
/* Timeslot t's octet weighs x^(8(31-t)), times the CRC's x^4: 8*31+4 = 12 mod 15, and 7 more for each timeslot. */
#define TIMESLOT_MATRIX(t) MATRIX(12 + 7 * (t))

/* Repeats after 15 timeslots; 8, 16 and 24 start at 8, 1 and 9. */
static const uint64_t timeslot_matrix[17] = {
    TIMESLOT_MATRIX(0),  TIMESLOT_MATRIX(1),  TIMESLOT_MATRIX(2),  TIMESLOT_MATRIX(3),  TIMESLOT_MATRIX(4),
    TIMESLOT_MATRIX(5),  TIMESLOT_MATRIX(6),  TIMESLOT_MATRIX(7),  TIMESLOT_MATRIX(8),  TIMESLOT_MATRIX(9),
    TIMESLOT_MATRIX(10), TIMESLOT_MATRIX(11), TIMESLOT_MATRIX(12), TIMESLOT_MATRIX(13), TIMESLOT_MATRIX(14),
    TIMESLOT_MATRIX(15), TIMESLOT_MATRIX(16),
};

/* 32 octets of the line from bit `shift` (0-7) of *at; reads 33. */
TARGET_AVX2 static inline __m256i line_octets_avx2(const uint8_t *at, unsigned shift)
{
    __m256i keep = _mm256_set1_epi8((char)(0xFF << shift));
    __m256i upper = _mm256_sll_epi16(_mm256_loadu_si256((const void *)at), _mm_cvtsi32_si128((int)shift));
    __m256i lower = _mm256_srl_epi16(_mm256_loadu_si256((const void *)(at + 1)), _mm_cvtsi32_si128(8 - (int)shift));
    return _mm256_or_si256(_mm256_and_si256(keep, upper), _mm256_andnot_si256(keep, lower));
}

/*
 * A step of the perfect shuffle. The address of an octet is its register (3 bits), then its place in the 128-bit lane
 * (4 bits); a step rotates all addresses left by one. Three steps turn frame, timeslot into timeslot, frame; four more
 * turn it back.
 */
TARGET_AVX2 static inline void addresses_rotate(__m256i r[8])
{
    __m256i low0 = _mm256_unpacklo_epi8(r[0], r[4]), high0 = _mm256_unpackhi_epi8(r[0], r[4]);
    __m256i low1 = _mm256_unpacklo_epi8(r[1], r[5]), high1 = _mm256_unpackhi_epi8(r[1], r[5]);
    __m256i low2 = _mm256_unpacklo_epi8(r[2], r[6]), high2 = _mm256_unpackhi_epi8(r[2], r[6]);
    __m256i low3 = _mm256_unpacklo_epi8(r[3], r[7]), high3 = _mm256_unpackhi_epi8(r[3], r[7]);
    r[0] = low0, r[1] = high0, r[2] = low1, r[3] = high1;
    r[4] = low2, r[5] = high2, r[6] = low3, r[7] = high3;
}

TARGET_AVX2 static inline __m256i times_table_avx2(unsigned lower_lane, unsigned upper_lane)
{
    return _mm256_loadu2_m128i((const void *)times_power[upper_lane], (const void *)times_power[lower_lane]);
}

/* Octets mod x^4+x+1, times what `times` (low nibbles) and `times_x4` (high ones: x^4 more) hold for each lane. */
TARGET_AVX2 static inline __m256i octets_times_avx2(__m256i octets, __m256i times, __m256i times_x4)
{
    const __m256i nibble = _mm256_set1_epi8(0xF);
    __m256i high = _mm256_and_si256(_mm256_srli_epi16(octets, 4), nibble);
    return _mm256_xor_si256(_mm256_shuffle_epi8(times, _mm256_and_si256(octets, nibble)),
                            _mm256_shuffle_epi8(times_x4, high));
}

/* a times x^exponent, plus b. */
TARGET_AVX2 static inline __m256i times_plus_avx2(__m256i a, unsigned exponent, __m256i b)
{
    __m256i times = times_table_avx2(exponent, exponent), times_x4 = times_table_avx2(exponent + 4, exponent + 4);
    return _mm256_xor_si256(octets_times_avx2(a, times, times_x4), b);
}

/*
 * r[j] holds timeslots 2j, 2j+1 in its lower lane and 16+2j, 17+2j in its upper one. From one j to the next the weight
 * falls by x^16 = x: halves are added up, then quarters. The four timeslots left weigh x, x^8, x^8 and 1, times the
 * CRC's x^4.
 */
TARGET_AVX2 static inline uint64_t block_remainders_avx2(const __m256i r[8])
{
    __m256i even = times_plus_avx2(times_plus_avx2(r[0], 4, r[4]), 2, times_plus_avx2(r[2], 4, r[6]));
    __m256i odd = times_plus_avx2(times_plus_avx2(r[1], 4, r[5]), 2, times_plus_avx2(r[3], 4, r[7]));
    __m256i sum = times_plus_avx2(even, 1, odd);
    __m256i first = octets_times_avx2(sum, times_table_avx2(5, 12), times_table_avx2(9, 1));
    __m256i second = octets_times_avx2(sum, times_table_avx2(12, 4), times_table_avx2(1, 8));
    sum = _mm256_xor_si256(first, _mm256_bsrli_epi128(second, 8));
    return (uint64_t)_mm256_extract_epi64(sum, 0) ^ (uint64_t)_mm256_extract_epi64(sum, 2);
}

TARGET_AVX2 static uint64_t demultiplex_avx2(const uint8_t *bits, unsigned bit_offset, stream_block *out)
{
    __m256i r[8];
    for (unsigned frame = 0; frame < 8; frame++)
        r[frame] = line_octets_avx2(bits + 32 * frame, bit_offset);
    for (unsigned step = 0; step < 3; step++)
        addresses_rotate(r);
    for (unsigned j = 0; j < 8; j++)
        _mm256_storeu2_m128i((void *)out->octet[16 + 2 * j], (void *)out->octet[2 * j], r[j]);
    return block_remainders_avx2(r);
}

TARGET_AVX2 static uint64_t multiplex_avx2(const stream_block *in, uint8_t *bits)
{
    __m256i r[8];
    for (unsigned j = 0; j < 8; j++)
        r[j] = _mm256_loadu2_m128i((const void *)in->octet[16 + 2 * j], (const void *)in->octet[2 * j]);
    uint64_t remainders = block_remainders_avx2(r);
    for (unsigned step = 0; step < 3; step++)
        addresses_rotate(r);
    for (unsigned k = 0; k < 4; k++) { /* the fourth step, straight to memory: gcc would copy r[] there by words */
        _mm256_storeu_si256((void *)(bits + 64 * k), _mm256_unpacklo_epi8(r[k], r[k + 4]));
        _mm256_storeu_si256((void *)(bits + 64 * k + 32), _mm256_unpackhi_epi8(r[k], r[k + 4]));
    }
    return remainders;
}

/*
 * The search, many positions at once. What must be 1 in both FAS, 512 bits apart, must be 1 in `both`; what must be 0,
 * 0 in `either`; bit 2 of the frame between them, which is 1 where the FAS have 0, makes a third word, `second`. The
 * tests of bits 2-8 (FAS 0011011) are shifts and ANDs then; zeros shifted in never match, so a lane's last bits are no
 * candidates. The result stands one bit further on than the candidate, as `second` does.
 *
 * The first candidate in lanes of 56 positions from `at`, not before `from`; NOT_FOUND if none.
 */
__attribute__((noinline)) /* rarely called: inlined, it costs the search's loop its registers */
static unsigned first_candidate(const uint64_t *lanes, unsigned count, unsigned at, unsigned from)
{
    for (unsigned lane = 0; lane < count; lane++, at += 8 * LANE_OCTETS) {
        uint64_t word = lanes[lane] << 1;
        if (at < from)
            word = from - at < 64 ? word & ~0ull >> (from - at) : 0;
        if (word)
            return at + (unsigned)__builtin_clzll(word);
    }
    return NOT_FOUND;
}

/* Four lanes, 7 octets apart, from `at`; reads 30 octets. */
TARGET_AVX2 static inline __m256i search_octets_avx2(const uint8_t *at)
{
    return _mm256_loadu2_m128i((const void *)(at + 2 * LANE_OCTETS), (const void *)at);
}

TARGET_AVX2 static inline __m256i candidates_avx2(const uint8_t *at)
{
    const __m256i spread = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(7, 6, 5, 4, 3, 2, 1, 0, 14, 13, 12, 11, 10, 9, 8, 7)); /* octets to lanes, first bit on top */
    __m256i first = search_octets_avx2(at), third = search_octets_avx2(at + 64);
    __m256i both = _mm256_shuffle_epi8(_mm256_and_si256(first, third), spread);
    __m256i either_octets = _mm256_or_si256(first, third);
    __m256i second = _mm256_shuffle_epi8(_mm256_andnot_si256(either_octets, search_octets_avx2(at + 32)), spread);
    __m256i either = _mm256_shuffle_epi8(either_octets, spread);
    __m256i ones = _mm256_and_si256(both, _mm256_slli_epi64(both, 1));       /* 11 */
    ones = _mm256_and_si256(ones, _mm256_slli_epi64(ones, 3));               /* 11x11 */
    __m256i zeros = _mm256_or_si256(either, _mm256_slli_epi64(either, 3));   /* 0xx0 */
    return _mm256_and_si256(_mm256_andnot_si256(_mm256_slli_epi64(zeros, 1), second), _mm256_slli_epi64(ones, 2));
}

TARGET_AVX2 static unsigned alignment_search_avx2(const uint8_t *bits, unsigned from, unsigned to)
{
    for (unsigned octet = from / 8; 8 * octet < to; octet += 4 * LANE_OCTETS) {
        __m256i found = candidates_avx2(bits + octet);
        if (_mm256_testz_si256(found, found))
            continue;
        uint64_t lanes[4];
        _mm256_storeu_si256((void *)lanes, found);
        unsigned position = first_candidate(lanes, 4, 8 * octet, from);
        if (position != NOT_FOUND)
            return position < to ? position : to;
    }
    return to;
}

/* 64 octets of the line from a bit of *at, by matrices that shift octets left and right; reads 65. */
TARGET_AVX512 static inline __m512i line_octets_avx512(const uint8_t *at, __m512i left, __m512i right)
{
    return _mm512_xor_si512(_mm512_gf2p8affine_epi64_epi8(_mm512_loadu_si512(at), left, 0),
                            _mm512_gf2p8affine_epi64_epi8(_mm512_loadu_si512(at + 1), right, 0));
}

/* z[k] holds timeslots 8k to 8k+7, a word each; each word has its matrix. */
TARGET_AVX512 static inline uint64_t block_remainders_avx512(const __m512i z[4])
{
    static const uint8_t start[4] = {0, 8, 1, 9};
    __m512i sum = _mm512_setzero_si512();
    for (unsigned k = 0; k < 4; k++) {
        __m512i matrices = _mm512_loadu_si512(timeslot_matrix + start[k]);
        sum = _mm512_xor_si512(sum, _mm512_gf2p8affine_epi64_epi8(z[k], matrices, 0));
    }
    __m256i half = _mm256_xor_si256(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1));
    __m128i quarter = _mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    return (uint64_t)_mm_cvtsi128_si64(quarter) ^ (uint64_t)_mm_extract_epi64(quarter, 1);
}

/* Of four frames side by side in two registers, those of one timeslot; of four timeslots, two and two eight on. */
#define FOUR_FRAMES(t) (t), (t) + 32, (t) + 64, (t) + 96
#define FOUR_TIMESLOTS(t) FOUR_FRAMES(t), FOUR_FRAMES((t) + 1), FOUR_FRAMES((t) + 8), FOUR_FRAMES((t) + 9)

TARGET_AVX512 static uint64_t demultiplex_avx512(const uint8_t *bits, unsigned bit_offset, stream_block *out)
{
    static const uint8_t four_frames[64] = {FOUR_TIMESLOTS(0), FOUR_TIMESLOTS(2), FOUR_TIMESLOTS(4),
                                            FOUR_TIMESLOTS(6)};
    const uint64_t identity = 0x0102040810204080ull;
    __m512i left = _mm512_set1_epi64((long long)(identity >> 8 * bit_offset));
    __m512i right = _mm512_set1_epi64((long long)(identity << 8 * (7 - bit_offset) << 8));
    __m512i index = _mm512_loadu_si512(four_frames), index16 = _mm512_add_epi8(index, _mm512_set1_epi8(16));
    __m512i frames01 = line_octets_avx512(bits, left, right), frames23 = line_octets_avx512(bits + 64, left, right);
    __m512i frames45 = line_octets_avx512(bits + 128, left, right);
    __m512i frames67 = line_octets_avx512(bits + 192, left, right);
    __m512i lower0 = _mm512_permutex2var_epi8(frames01, index, frames23);
    __m512i lower4 = _mm512_permutex2var_epi8(frames45, index, frames67);
    __m512i upper0 = _mm512_permutex2var_epi8(frames01, index16, frames23);
    __m512i upper4 = _mm512_permutex2var_epi8(frames45, index16, frames67);
    __m512i z[4] = {_mm512_unpacklo_epi32(lower0, lower4), _mm512_unpackhi_epi32(lower0, lower4),
                    _mm512_unpacklo_epi32(upper0, upper4), _mm512_unpackhi_epi32(upper0, upper4)};
    for (unsigned k = 0; k < 4; k++)
        _mm512_storeu_si512(out->octet[8 * k], z[k]);
    return block_remainders_avx512(z);
}

/* Of sixteen timeslots in two registers, the octets of one frame. */
#define FOUR_WORDS(f, t) (f) + 8 * (t), (f) + 8 * (t) + 8, (f) + 8 * (t) + 16, (f) + 8 * (t) + 24
#define ONE_FRAME(f) FOUR_WORDS(f, 0), FOUR_WORDS(f, 4), FOUR_WORDS(f, 8), FOUR_WORDS(f, 12)

TARGET_AVX512 static uint64_t multiplex_avx512(const stream_block *in, uint8_t *bits)
{
    static const uint8_t four_frames[64] = {ONE_FRAME(0), ONE_FRAME(1), ONE_FRAME(2), ONE_FRAME(3)};
    __m512i index0 = _mm512_loadu_si512(four_frames), index4 = _mm512_add_epi8(index0, _mm512_set1_epi8(4));
    __m512i frames01 = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    __m512i frames23 = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    __m512i z[4];
    for (unsigned k = 0; k < 4; k++)
        z[k] = _mm512_loadu_si512(in->octet[8 * k]);
    __m512i lower0 = _mm512_permutex2var_epi8(z[0], index0, z[1]);
    __m512i upper0 = _mm512_permutex2var_epi8(z[2], index0, z[3]);
    __m512i lower4 = _mm512_permutex2var_epi8(z[0], index4, z[1]);
    __m512i upper4 = _mm512_permutex2var_epi8(z[2], index4, z[3]);
    _mm512_storeu_si512(bits, _mm512_permutex2var_epi64(lower0, frames01, upper0));
    _mm512_storeu_si512(bits + 64, _mm512_permutex2var_epi64(lower0, frames23, upper0));
    _mm512_storeu_si512(bits + 128, _mm512_permutex2var_epi64(lower4, frames01, upper4));
    _mm512_storeu_si512(bits + 192, _mm512_permutex2var_epi64(lower4, frames23, upper4));
    return block_remainders_avx512(z);
}

/* The octets of a lane, 7 octets from the one before, the first octet on top. */
#define LANE(o) (o) + 7, (o) + 6, (o) + 5, (o) + 4, (o) + 3, (o) + 2, (o) + 1, (o)

/* Eight lanes, 7 octets apart, from `at`; reads 128 octets. As candidates_avx2. */
TARGET_AVX512 static inline __m512i candidates_avx512(const uint8_t *at)
{
    static const uint8_t lanes[64] = {LANE(0), LANE(7), LANE(14), LANE(21), LANE(28), LANE(35), LANE(42), LANE(49)};
    const __m512i spread = _mm512_loadu_si512(lanes);
    __m512i first = _mm512_loadu_si512(at), third = _mm512_loadu_si512(at + 64);
    __m512i either_octets = _mm512_or_si512(first, third);
    __m512i both = _mm512_permutexvar_epi8(spread, _mm512_and_si512(first, third));
    __m512i either = _mm512_permutexvar_epi8(spread, either_octets);
    __m512i second = _mm512_permutexvar_epi8(spread, _mm512_andnot_si512(either_octets, _mm512_loadu_si512(at + 32)));
    __m512i ones = _mm512_and_si512(both, _mm512_slli_epi64(both, 1));
    ones = _mm512_and_si512(ones, _mm512_slli_epi64(ones, 3));
    __m512i zeros = _mm512_or_si512(either, _mm512_slli_epi64(either, 3));
    return _mm512_and_si512(_mm512_andnot_si512(_mm512_slli_epi64(zeros, 1), second), _mm512_slli_epi64(ones, 2));
}

TARGET_AVX512 static unsigned alignment_search_avx512(const uint8_t *bits, unsigned from, unsigned to)
{
    for (unsigned octet = from / 8; 8 * octet < to; octet += 8 * LANE_OCTETS) {
        __m512i found = candidates_avx512(bits + octet);
        if (!_mm512_test_epi64_mask(found, found))
            continue;
        uint64_t lanes[8];
        _mm512_storeu_si512(lanes, found);
        unsigned position = first_candidate(lanes, 8, 8 * octet, from);
        if (position != NOT_FOUND)
            return position < to ? position : to;
    }
    return to;
}

#endif

uint64_t frame_demultiplex(const uint8_t *bits, unsigned bit_offset, stream_block *out)
{
    return CPU_SELECT(demultiplex_portable, demultiplex_avx2, demultiplex_avx512)(bits, bit_offset, out);
}

uint64_t frame_multiplex(const stream_block *in, uint8_t *bits)
{
    return CPU_SELECT(multiplex_portable, multiplex_avx2, multiplex_avx512)(in, bits);
}

unsigned frame_alignment_search(const uint8_t *bits, unsigned from, unsigned to)
{
    return CPU_SELECT(alignment_search_portable, alignment_search_avx2, alignment_search_avx512)(bits, from, to);
}
