/* A ring of bits in two planes; events of chance along it, each with the distance to its next. */
#include "ports/line_direction_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/chance.h"
#include "base/cpu_internal.h"
#include "ports/violation.h"

enum {
    ROOM_OCTETS = 1536,  /* in a ring beyond the delay: blocks under way, and slips that make the delay longer */
    LOOPED_BACKLOG_BITS_MIN = BLOCK_BITS + BLOCK_BITS / 2,
    LOOPED_BACKLOG_BITS_MAX = 4 * BLOCK_BITS,
    RATE_STEP_BITS = 64, /* blocks come in multiples of so many bits */
    DELAY_BITS_MAX = 65535,
    SLIP_BITS_MAX = 512,
    BURST_BITS_MAX = 65535,
    RUN_OVER_OCTETS = 64, /* kernels read and write so far over the end */
};

static const double PARTS_PER_BILLION = 1e-9;

/* What every millisecond looks at comes first: two cache lines. */
struct line_direction {
    _Alignas(CACHE_LINE_OCTETS) uint64_t put; /* bits */
    uint64_t taken;
    uint8_t *planes[2];
    unsigned ring_octets;        /* of each plane's ring: a power of two, small enough to stay in the cache */
    unsigned delay_bits;
    int64_t offset_ppb;
    const int64_t *steer_ppb;
    int sign;
    bool coded;
    bool ails;                   /* what comes out may not be what was put in */
    uint64_t to_slip;            /* bits until the next */
    line_counters counters;
    double ahead_bits;           /* what the rate has added up to and blocks have not yet made good */
    unsigned holders;
    chance chance;
    line_impairments impairments;
    violation_injector violations;
    uint64_t to_error, to_burst, to_burst_error, to_violation; /* bits until the next */
    unsigned burst_left;
};

static unsigned ring_octets_for(unsigned delay_bits)
{
    unsigned octets = 2048;
    while (octets < delay_bits / 8 + ROOM_OCTETS)
        octets *= 2;
    return octets;
}

/* `octets` are whole cache lines. */
static void *aligned_zeros(size_t octets)
{
    void *made = aligned_alloc(CACHE_LINE_OCTETS, octets);
    return made ? memset(made, 0, octets) : NULL;
}

line_direction *line_direction_new(const line_options *options, unsigned way, int sign)
{
    line_direction *made = aligned_zeros(sizeof *made);
    if (!made)
        return NULL;
    made->holders = 1;
    made->coded = options->coded;
    made->sign = sign;
    made->offset_ppb = options->offset_ppb;
    made->steer_ppb = options->steer_ppb;
    made->delay_bits = options->delay_bits[way];
    made->ring_octets = ring_octets_for(made->delay_bits);
    made->put = 8 * (uint64_t)made->ring_octets;
    made->taken = made->put - made->delay_bits;
    made->planes[0] = aligned_zeros(2 * made->ring_octets + RUN_OVER_OCTETS);
    made->planes[1] = made->planes[0] ? made->planes[0] + made->ring_octets : NULL;
    chance_init(&made->chance, options->seed * 2 + way);
    line_direction_impair(made, &(line_impairments){0});
    if (made->planes[0])
        return made;
    line_direction_release(made);
    return NULL;
}

void line_direction_release(line_direction *way)
{
    if (!way || --way->holders)
        return;
    free(way->planes[0]);
    free(way);
}

void line_direction_hold(line_direction *way)
{
    way->holders++;
}

bool line_direction_one_ended(const line_direction *way)
{
    return way->holders == 1;
}

const line_counters *line_direction_counters(const line_direction *way)
{
    return &way->counters;
}

static bool ratio_valid(double ratio)
{
    return ratio >= 0 && ratio <= 1;
}

static bool errs(const line_impairments *what)
{
    return what->bit_error_ratio > 0 || what->burst_ratio > 0 || what->violation_ratio > 0;
}

int line_direction_impair(line_direction *way, const line_impairments *impairments)
{
    const line_impairments *wanted = impairments;
    if (!ratio_valid(wanted->bit_error_ratio) || !ratio_valid(wanted->burst_ratio) ||
        !ratio_valid(wanted->burst_error_ratio) || !ratio_valid(wanted->violation_ratio) ||
        !ratio_valid(wanted->slip_ratio) || wanted->burst_bits > BURST_BITS_MAX ||
        wanted->slip_bits > SLIP_BITS_MAX || wanted->slip_bits < -SLIP_BITS_MAX)
        return -1;
    way->impairments = *impairments;
    way->to_error = chance_gap(&way->chance, wanted->bit_error_ratio);
    way->to_burst = chance_gap(&way->chance, wanted->burst_bits ? wanted->burst_ratio : 0);
    way->to_violation = chance_gap(&way->chance, way->coded ? wanted->violation_ratio : 0);
    way->to_slip = chance_gap(&way->chance, wanted->slip_bits ? wanted->slip_ratio : 0);
    way->burst_left = 0;
    way->ails = wanted->ais || wanted->cut || errs(wanted) || way->violations.inverted;
    return 0;
}

unsigned line_direction_backlog_bits(const line_direction *way)
{
    uint64_t fill_bits = way->put - way->taken;
    return fill_bits > way->delay_bits ? (unsigned)(fill_bits - way->delay_bits) : 0;
}

static unsigned ring_octet(const line_direction *way, uint64_t bit)
{
    return (unsigned)(bit / 8) & (way->ring_octets - 1);
}

/* What is put in is whole octets, so only taking out shifts. */
static void plane_put(const line_direction *way, unsigned plane, const uint8_t *bits, unsigned octets)
{
    uint8_t *ring = way->planes[plane];
    unsigned octet = ring_octet(way, way->put), to_end = way->ring_octets - octet;
    unsigned first = octets < to_end ? octets : to_end;
    memcpy(ring + octet, bits, first);
    if (first < octets)
        memcpy(ring, bits + first, octets - first);
}

static uint64_t room_bits(const line_direction *way)
{
    return 8 * (uint64_t)way->ring_octets - (way->put - way->taken);
}

/* A looped line may bring more than goes: what finds no room is lost, as is what nobody will take. */
void line_direction_put(line_direction *way, const line_block *block)
{
    unsigned octets = block->bit_count / 8;
    if (line_direction_one_ended(way) || room_bits(way) < block->bit_count + SLIP_BITS_MAX)
        return;
    plane_put(way, 0, block->positive, octets);
    if (way->coded)
        plane_put(way, 1, block->negative, octets);
    way->put += block->bit_count;
}

/* `octets` octets of the ring from `shift` bits (1-7) into *from on; reads one more. */
static void octets_shift_portable(const uint8_t *from, unsigned shift, unsigned octets, uint8_t *bits)
{
    for (unsigned k = 0; k < octets; k += 8) {
        uint64_t word, next;
        memcpy(&word, from + k, sizeof word);
        memcpy(&next, from + k + 1, sizeof next);
        word = __builtin_bswap64(__builtin_bswap64(word) << shift | __builtin_bswap64(next) >> (8 - shift));
        memcpy(bits + k, &word, sizeof word);
    }
}

#if defined(__x86_64__)

/* The faster levels go by whole registers: they read and write up to a register over the end (RUN_OVER_OCTETS). Shifts
 * of 16-bit pairs leave the neighbour's bits in each octet: of both shifts only the octet's own are kept. */
TARGET_AVX2 static void octets_shift_avx2(const uint8_t *from, unsigned shift, unsigned octets, uint8_t *bits)
{
    const __m128i left = _mm_cvtsi32_si128((int)shift), right = _mm_cvtsi32_si128(8 - (int)shift);
    const __m256i keep = _mm256_set1_epi8((char)(0xFF << shift));
    for (unsigned k = 0; k < octets; k += 32) {
        __m256i upper = _mm256_sll_epi16(_mm256_loadu_si256((const void *)(from + k)), left);
        __m256i lower = _mm256_srl_epi16(_mm256_loadu_si256((const void *)(from + k + 1)), right);
        upper = _mm256_or_si256(_mm256_and_si256(keep, upper), _mm256_andnot_si256(keep, lower));
        _mm256_storeu_si256((void *)(bits + k), upper);
    }
}

TARGET_AVX512 static void octets_shift_avx512(const uint8_t *from, unsigned shift, unsigned octets, uint8_t *bits)
{
    enum { FIRST_CHOOSES = 0xCA }; /* first ? second : third, bit by bit */
    const __m128i left = _mm_cvtsi32_si128((int)shift), right = _mm_cvtsi32_si128(8 - (int)shift);
    const __m512i keep = _mm512_set1_epi8((char)(0xFF << shift));
    for (unsigned k = 0; k < octets; k += 64) {
        __m512i upper = _mm512_sll_epi16(_mm512_loadu_si512(from + k), left);
        __m512i lower = _mm512_srl_epi16(_mm512_loadu_si512(from + k + 1), right);
        _mm512_storeu_si512(bits + k, _mm512_ternarylogic_epi64(keep, upper, lower, FIRST_CHOOSES));
    }
}

#endif

static void plane_take(const line_direction *way, unsigned plane, unsigned octets, uint8_t *bits)
{
    uint8_t around[LINE_BLOCK_BITS_MAX / 8 + RUN_OVER_OCTETS];
    const uint8_t *ring = way->planes[plane], *from = ring + ring_octet(way, way->taken);
    unsigned shift = way->taken % 8, to_end = (unsigned)(ring + way->ring_octets - from);
    if (octets + 1 > to_end) {
        memcpy(around, from, to_end);
        memcpy(around + to_end, ring, octets + 1 - to_end);
        from = around;
    }
    if (shift)
        CPU_SELECT(octets_shift_portable, octets_shift_avx2, octets_shift_avx512)(from, shift, octets, bits);
    else
        memcpy(bits, from, octets);
}

/* Whoever loops a line sends what comes, not what is wanted, and sends it at the rate of the end it came from: so the
 * rate follows what waits. Two to three blocks wait where blocks are sent as wanted. */
static int looped_step(const line_direction *way)
{
    unsigned backlog_bits = line_direction_backlog_bits(way);
    return backlog_bits >= LOOPED_BACKLOG_BITS_MAX                     ? RATE_STEP_BITS
           : backlog_bits && backlog_bits < LOOPED_BACKLOG_BITS_MIN ? -RATE_STEP_BITS
                                                                    : 0;
}

/* How many bits this millisecond brings, and how far behind the exact rate that leaves us. */
static unsigned bits_due(line_direction *way)
{
    int looped = looped_step(way);
    if (looped)
        return (unsigned)(BLOCK_BITS + looped);
    int64_t faster_ppb = way->sign * (way->offset_ppb - (way->steer_ppb ? *way->steer_ppb : 0));
    if (faster_ppb == 0) /* as most lines are; what is ahead is less than a step */
        return BLOCK_BITS;
    way->ahead_bits += (double)faster_ppb * PARTS_PER_BILLION * BLOCK_BITS;
    int step = way->ahead_bits >= RATE_STEP_BITS    ? RATE_STEP_BITS
               : way->ahead_bits <= -RATE_STEP_BITS ? -RATE_STEP_BITS
                                                    : 0;
    way->ahead_bits -= step;
    return (unsigned)(BLOCK_BITS + step);
}

/* A slip: bits that never arrive, or arrive twice. The line is shorter or longer by them afterwards, as if it were. */
static void slip(line_direction *way)
{
    int32_t bits = way->impairments.slip_bits;
    if (bits > 0) {
        way->counters.bits_lost += (uint64_t)bits;
    } else if (room_bits(way) >= SLIP_BITS_MAX + 2 * BLOCK_BITS) {
        way->counters.bits_repeated += (uint64_t)-bits;
    } else {
        return; /* as long as a line gets: the next slip has to be the other way */
    }
    int32_t delay_bits = (int32_t)way->delay_bits - bits;
    way->taken += (uint64_t)(int64_t)bits;
    way->delay_bits = delay_bits < 0 ? 0 : (unsigned)delay_bits;
}

/* A mark becomes a space; a space a mark of either polarity. */
static void bit_spoil(line_direction *way, line_block *block, unsigned bit)
{
    uint8_t mask = (uint8_t)(0x80 >> bit % 8), *positive = &block->positive[bit / 8], *negative = &block->negative[bit / 8];
    way->counters.bit_errors++;
    if (!way->coded)
        *positive ^= mask;
    else if ((*positive | *negative) & mask)
        *positive &= (uint8_t)~mask, *negative &= (uint8_t)~mask;
    else
        *(chance_next(&way->chance) >> 63 ? positive : negative) |= mask;
}

/* Errors of one ratio among the next `bits` bits from `first`; *distance is what is left to the next one. */
static void errors_spread(line_direction *way, line_block *block, unsigned first, unsigned bits, double ratio,
                          uint64_t *distance)
{
    while (*distance < bits) {
        first += (unsigned)*distance;
        bits -= (unsigned)*distance + 1;
        bit_spoil(way, block, first++);
        *distance = chance_gap(&way->chance, ratio);
    }
    if (*distance != UINT64_MAX)
        *distance -= bits;
}

static unsigned least(unsigned a, uint64_t b)
{
    return b < a ? (unsigned)b : a;
}

static void burst_begin(line_direction *way)
{
    way->counters.bursts++;
    way->burst_left = way->impairments.burst_bits;
    way->to_burst_error = chance_gap(&way->chance, way->impairments.burst_error_ratio);
    way->to_burst = chance_gap(&way->chance, way->impairments.burst_ratio);
}

/* A burst that is due while one goes on begins when that has ended. */
static void bursts_spread(line_direction *way, line_block *block)
{
    unsigned at = 0, left = block->bit_count;
    while (left) {
        if (!way->burst_left && way->to_burst == 0)
            burst_begin(way);
        unsigned step = way->burst_left ? least(left, way->burst_left) : least(left, way->to_burst);
        if (way->burst_left) {
            errors_spread(way, block, at, step, way->impairments.burst_error_ratio, &way->to_burst_error);
            way->burst_left -= step;
        } else if (way->to_burst != UINT64_MAX) {
            way->to_burst -= step;
        }
        at += step;
        left -= step;
    }
}

static void violations_spread(line_direction *way, line_block *block)
{
    while (way->to_violation < block->bit_count) {
        way->violations.due++;
        way->to_violation += 1 + chance_gap(&way->chance, way->impairments.violation_ratio);
    }
    if (way->to_violation != UINT64_MAX)
        way->to_violation -= block->bit_count;
    violation_injector_run(&way->violations, block);
    way->counters.violations = way->violations.made;
}

/* All ones: on a coded line marks of alternating polarity. */
static void ais_fill(line_direction *way, line_block *block)
{
    unsigned octets = block->bit_count / 8;
    memset(block->positive, way->coded ? 0xAA : 0xFF, octets);
    memset(block->negative, way->coded ? 0x55 : 0, octets);
}

static void impair(line_direction *way, line_block *block)
{
    const line_impairments *what = &way->impairments;
    if (what->ais)
        ais_fill(way, block);
    if (what->cut) {
        memset(block->positive, 0, block->bit_count / 8);
        memset(block->negative, 0, block->bit_count / 8);
    } else if (errs(what) || way->violations.inverted) {
        errors_spread(way, block, 0, block->bit_count, what->bit_error_ratio, &way->to_error);
        bursts_spread(way, block);
        violations_spread(way, block);
    }
}

/* Nobody sends any more: spaces, unless something on the way sends of itself. */
static void silence_take(line_direction *way, line_block *block)
{
    memset(block->positive, 0, block->bit_count / 8);
    memset(block->negative, 0, block->bit_count / 8);
    way->taken = way->put;
    if (way->impairments.ais)
        impair(way, block);
}

void line_direction_take(line_direction *way, line_block *block)
{
    block->bit_count = bits_due(way);
    if (line_direction_one_ended(way) && way->put - way->taken < block->bit_count) {
        silence_take(way, block);
        return;
    }
    if (way->to_slip < block->bit_count) {
        slip(way);
        way->to_slip = chance_gap(&way->chance, way->impairments.slip_ratio);
    } else if (way->to_slip != UINT64_MAX) {
        way->to_slip -= block->bit_count;
    }
    if (way->put - way->taken < block->bit_count) {
        block->bit_count = 0;
        return;
    }
    plane_take(way, 0, block->bit_count / 8, block->positive);
    if (way->coded)
        plane_take(way, 1, block->bit_count / 8, block->negative);
    else
        memset(block->negative, 0, block->bit_count / 8);
    way->taken += block->bit_count;
    way->counters.bits += block->bit_count;
    if (way->ails)
        impair(way, block);
}
