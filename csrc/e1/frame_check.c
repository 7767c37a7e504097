/* FCS-16 and FCS-32: an octet at a time from a table, or sixteen by carry-less multiplication. */
#include "e1/frame_check.h"

#include "base/cpu_internal.h"

/* Rows of a table of remainders: each is the sum of those of its bits, given for bits 0 to 7. */
#define BIT(n, k, remainder) ((n) >> (k)&1 ? (remainder) : 0)
#define ROW(n, a, b, c, d, e, f, g, h)                                                                  \
    (BIT(n, 0, a) ^ BIT(n, 1, b) ^ BIT(n, 2, c) ^ BIT(n, 3, d) ^ BIT(n, 4, e) ^ BIT(n, 5, f) ^           \
     BIT(n, 6, g) ^ BIT(n, 7, h))
#define ROWS_4(of, n) of(n), of((n) + 1), of((n) + 2), of((n) + 3)
#define ROWS_16(of, n) ROWS_4(of, n), ROWS_4(of, (n) + 4), ROWS_4(of, (n) + 8), ROWS_4(of, (n) + 12)
#define ROWS_64(of, n) ROWS_16(of, n), ROWS_16(of, (n) + 16), ROWS_16(of, (n) + 32), ROWS_16(of, (n) + 48)
#define ROWS_256(of) ROWS_64(of, 0), ROWS_64(of, 64), ROWS_64(of, 128), ROWS_64(of, 192)

#define ROW_16(n) ROW(n, 0x1189, 0x2312, 0x4624, 0x8C48, 0x1081, 0x2102, 0x4204, 0x8408)
#define ROW_32(n)                                                                                       \
    ROW(n, 0x77073096, 0xEE0E612C, 0x076DC419, 0x0EDB8832, 0x1DB71064, 0x3B6E20C8, 0x76DC4190, 0xEDB88320)

static const uint32_t remainders_16[256] = {ROWS_256(ROW_16)};
static const uint32_t remainders_32[256] = {ROWS_256(ROW_32)};

static uint32_t add_octets(uint32_t remainder, const uint32_t *table, const uint8_t *octets, size_t count)
{
    for (size_t k = 0; k < count; k++)
        remainder = remainder >> 8 ^ table[(remainder ^ octets[k]) & 0xFF];
    return remainder;
}

#if defined(__x86_64__)
#define TARGET_PCLMUL __attribute__((target("pclmul,sse4.1")))

/*
 * Powers of x modulo the polynomial, bits reversed, times x, as carry-less products of reversed operands want them
 * (Gopal et al., "Fast CRC computation for generic polynomials using PCLMULQDQ"). FCS-16 is reckoned modulo
 * x^16 times its polynomial: its remainder stands in the low half of one of 32 bits.
 */
typedef struct {
    uint64_t x_160, x_96, x_64; /* fold 16 octets onto the next, 16 onto 8, 8 onto 4 */
    uint64_t polynomial, quotient; /* Barrett: the polynomial, x^64 divided by it */
} folding;

static const folding folding_16 = {0x8E10, 0x189AE, 0x114AA, 0x10811, 0x11C581911};
static const folding folding_32 = {0x1751997D0, 0x0CCAA009E, 0x163CD6124, 0x1DB710641, 0x1F7011641};

/* 128 bits to their remainder. */
TARGET_PCLMUL static uint32_t reduce(__m128i x, const folding *by)
{
    const __m128i low_32 = _mm_set_epi64x(0, 0xFFFFFFFF);
    const __m128i x_96 = _mm_set_epi64x(0, (long long)by->x_96), x_64 = _mm_set_epi64x(0, (long long)by->x_64);
    const __m128i barrett = _mm_set_epi64x((long long)by->quotient, (long long)by->polynomial);
    x = _mm_xor_si128(_mm_srli_si128(x, 8), _mm_clmulepi64_si128(x, x_96, 0x00));
    x = _mm_xor_si128(_mm_srli_si128(x, 4), _mm_clmulepi64_si128(_mm_and_si128(x, low_32), x_64, 0x00));
    __m128i times = _mm_and_si128(_mm_clmulepi64_si128(_mm_and_si128(x, low_32), barrett, 0x10), low_32);
    x = _mm_xor_si128(x, _mm_clmulepi64_si128(times, barrett, 0x00));
    return (uint32_t)_mm_extract_epi32(x, 1);
}

/* `octets` of them, a multiple of 16 and at least 16, after a remainder. */
TARGET_PCLMUL static uint32_t fold(uint32_t remainder, const folding *by, const uint8_t *octets, size_t count)
{
    const __m128i powers = _mm_set_epi64x((long long)by->x_96, (long long)by->x_160);
    __m128i x = _mm_xor_si128(_mm_loadu_si128((const __m128i *)octets), _mm_cvtsi32_si128((int)remainder));
    for (size_t at = 16; at < count; at += 16) {
        __m128i folded = _mm_xor_si128(_mm_clmulepi64_si128(x, powers, 0x00), _mm_clmulepi64_si128(x, powers, 0x11));
        x = _mm_xor_si128(folded, _mm_loadu_si128((const __m128i *)(octets + at)));
    }
    return reduce(x, by);
}

static size_t add_blocks(uint32_t *remainder, const folding *by, const uint8_t *octets, size_t count)
{
    size_t whole = count / 16 * 16;
    if (whole == 0 || cpu_level_in_use() == CPU_PORTABLE || !__builtin_cpu_supports("pclmul"))
        return 0;
    *remainder = fold(*remainder, by, octets, whole);
    return whole;
}
#define ADD_BLOCKS(remainder, by, octets, count) add_blocks(remainder, by, octets, count)
#else
#define ADD_BLOCKS(remainder, by, octets, count) 0
#endif

uint32_t frame_check_16(const uint8_t *octets, size_t count)
{
    uint32_t remainder = 0xFFFF;
    size_t done = ADD_BLOCKS(&remainder, &folding_16, octets, count);
    return add_octets(remainder, remainders_16, octets + done, count - done) ^ 0xFFFF;
}

uint32_t frame_check_32(const uint8_t *octets, size_t count)
{
    uint32_t remainder = 0xFFFFFFFF;
    size_t done = ADD_BLOCKS(&remainder, &folding_32, octets, count);
    return add_octets(remainder, remainders_32, octets + done, count - done) ^ 0xFFFFFFFF;
}
