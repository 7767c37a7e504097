/* LOS and AIS: a look at whole blocks for what a healthy line has, and a walk from mark to mark where it is missing. */
#include "e1/line_state.h"

#include <string.h>

#include "base/cpu_internal.h"

enum {
    LOS_BITS_MIN = 10,      /* G.775 4.2: 10 to 255 pulse intervals */
    AIS_PERIOD_BITS = 512,  /* G.775 5.2, ETS 300 233 8.2.2.3: two frames */
    AIS_ZEROS_MAX = 2,      /* likewise */
    OCTETS_WITH_MARKS_RUN = 15, /* where every octet has a mark, fewer spaces than this come in succession */
};

line_state_options line_state_options_default(line_state_rule rule)
{
    if (rule == LINE_STATE_ETS300233)
        return (line_state_options){2048, 255, 32, 1};
    return (line_state_options){176, 176, 22, 2};
}

static uint32_t at_least(uint32_t least, uint32_t value)
{
    return value < least ? least : value;
}

void line_state_init(line_state *state, line_state_options options)
{
    options.los_spaces = at_least(LOS_BITS_MIN, options.los_spaces);
    options.los_clear_window = at_least(LOS_BITS_MIN, options.los_clear_window);
    options.los_clear_marks = at_least(1, options.los_clear_marks);
    options.ais_confirm_periods = at_least(1, options.ais_confirm_periods);
    *state = (line_state){.options = options};
}

/* ---- A look at the whole block: does every octet have a mark? ---- */

static uint64_t word_at(const uint8_t *octets)
{
    uint64_t word;
    memcpy(&word, octets, sizeof word);
    return word;
}

static bool octets_marked_portable(const line_block *marks, unsigned octets)
{
    const uint64_t ones = 0x0101010101010101ull;
    uint64_t empty = 0;
    for (unsigned k = 0; k < octets; k += 8) {
        uint64_t either = word_at(marks->positive + k) | word_at(marks->negative + k);
        empty |= (either - ones) & ~either & ones << 7; /* not 0 if an octet is 0 */
    }
    return !empty;
}

#if defined(__x86_64__)

TARGET_AVX2 static bool octets_marked_avx2(const line_block *marks, unsigned octets)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i empty = zero;
    unsigned whole = octets / 32 * 32;
    for (unsigned k = 0; k < whole; k += 32) {
        __m256i positive = _mm256_loadu_si256((const __m256i *)(marks->positive + k));
        __m256i negative = _mm256_loadu_si256((const __m256i *)(marks->negative + k));
        empty = _mm256_or_si256(empty, _mm256_cmpeq_epi8(_mm256_or_si256(positive, negative), zero));
    }
    for (unsigned k = whole; k < octets; k++)
        if (!(marks->positive[k] | marks->negative[k]))
            return false;
    return _mm256_testz_si256(empty, empty);
}

TARGET_AVX512 static bool octets_marked_avx512(const line_block *marks, unsigned octets)
{
    __mmask64 empty = 0;
    for (unsigned k = 0; k < octets; k += 64) {
        __mmask64 of_block = octets - k < 64 ? (1ull << (octets - k)) - 1 : ~0ull;
        __m512i either = _mm512_or_si512(_mm512_loadu_si512(marks->positive + k),
                                         _mm512_loadu_si512(marks->negative + k));
        empty |= of_block & _mm512_testn_epi8_mask(either, either);
    }
    return !empty;
}

#endif

static bool octets_marked(const line_block *marks, unsigned octets)
{
    return CPU_SELECT(octets_marked_portable, octets_marked_avx2, octets_marked_avx512)(marks, octets);
}

/* ---- The walk from mark to mark. ---- */

typedef struct {
    line_state *state;
    line_state_event *events;
    unsigned count;
} los_walk;

static void los_change(los_walk *walk, bool los, uint64_t bit)
{
    walk->state->los = los;
    walk->events[walk->count++] = (line_state_event){bit, LINE_STATE_LOS, los};
}

/* The window's last bit has come. */
static void window_close(los_walk *walk)
{
    line_state *state = walk->state;
    state->window_open = false;
    if (state->window_marks >= state->options.los_clear_marks)
        los_change(walk, false, state->window_end);
}

/* Takes `count` spaces in. A window that ends with the last of los_spaces spaces has had them all, and fails. */
static void spaces_put(los_walk *walk, uint64_t count)
{
    line_state *state = walk->state;
    uint64_t end = state->mark_bits + count, before = state->spaces;
    uint64_t lost_at = state->mark_bits + state->options.los_spaces - before;
    bool lost = before < state->options.los_spaces && lost_at <= end;
    if (state->window_open && lost && lost_at <= state->window_end)
        state->window_open = false;
    if (state->window_open && state->window_end <= end)
        window_close(walk);
    if (lost && !state->los)
        los_change(walk, true, lost_at);
    state->spaces += count;
    state->mark_bits = end;
}

static void mark_put(los_walk *walk)
{
    line_state *state = walk->state;
    if (state->los && !state->window_open) {
        state->window_open = true;
        state->window_end = state->mark_bits + state->options.los_clear_window;
        state->window_marks = 0;
    }
    state->spaces = 0;
    state->mark_bits++;
    state->window_marks++;
    if (state->window_open && state->window_end == state->mark_bits)
        window_close(walk);
}

/* A word with marks in which LOS cannot change: it does not stand, and a run of spaces after a mark, 63 at most, is too
 * short. */
static bool word_put_at_once(line_state *state, uint64_t marks)
{
    if (state->los || state->options.los_spaces <= 63 ||
        state->spaces + (unsigned)__builtin_clzll(marks) >= state->options.los_spaces)
        return false;
    state->spaces = (unsigned)__builtin_ctzll(marks);
    state->mark_bits += 64;
    return true;
}

/* 64 bits, the first most significant. */
static void word_put(los_walk *walk, uint64_t marks)
{
    unsigned left = 64;
    if (marks && word_put_at_once(walk->state, marks))
        return;
    while (marks) {
        unsigned spaces = (unsigned)__builtin_clzll(marks);
        if (spaces)
            spaces_put(walk, spaces);
        mark_put(walk);
        marks = marks << spaces << 1;
        left -= spaces + 1;
    }
    if (left)
        spaces_put(walk, left);
}

static uint64_t word_in_order(const uint8_t *octets)
{
    uint64_t word = 0;
    for (unsigned k = 0; k < 8; k++)
        word = word << 8 | octets[k];
    return word;
}

static unsigned block_walk(line_state *state, const line_block *marks, line_state_event *events)
{
    los_walk walk = {state, events, 0};
    for (unsigned octet = 0; octet < marks->bit_count / 8; octet += 8)
        word_put(&walk, word_in_order(marks->positive + octet) | word_in_order(marks->negative + octet));
    return walk.count;
}

/* Between the marks of neighbouring octets there are 14 spaces at most; before the first mark, 7 and those before. */
static bool block_put_at_once(line_state *state, const line_block *marks)
{
    unsigned octets = marks->bit_count / 8;
    if (state->los || state->options.los_spaces < OCTETS_WITH_MARKS_RUN ||
        state->spaces + 7 >= state->options.los_spaces || !octets_marked(marks, octets))
        return false;
    state->spaces = (unsigned)__builtin_ctz(marks->positive[octets - 1] | marks->negative[octets - 1]);
    state->mark_bits += marks->bit_count;
    return true;
}

unsigned line_state_put_marks(line_state *state, const line_block *marks, line_state_event *events)
{
    if (!marks->bit_count || block_put_at_once(state, marks))
        return 0;
    return block_walk(state, marks, events);
}

/* ---- AIS. ---- */

/* Counts the period's zeros until there are too many for AIS: on most lines its first word is enough. */
static void zeros_count(line_state *state, const uint8_t *bits, unsigned octets)
{
    for (unsigned k = 0; k < octets && state->period_zeros <= AIS_ZEROS_MAX; k += 8)
        for (uint64_t zeros = ~word_at(bits + k); zeros && state->period_zeros <= AIS_ZEROS_MAX; zeros &= zeros - 1)
            state->period_zeros++;
}

/* The period's last bit has come; returns whether AIS changes. */
static bool period_close(line_state *state)
{
    bool all_ones = state->period_zeros <= AIS_ZEROS_MAX;
    state->period_zeros = 0;
    state->ais_periods += state->ais;
    state->periods_against = all_ones != state->ais ? state->periods_against + 1 : 0;
    if (state->periods_against < state->options.ais_confirm_periods)
        return false;
    state->periods_against = 0;
    state->ais = !state->ais;
    return true;
}

unsigned line_state_put_bits(line_state *state, const uint8_t *bits, unsigned bit_count, line_state_event *events)
{
    unsigned count = 0;
    while (bit_count) {
        unsigned left = AIS_PERIOD_BITS - (unsigned)(state->bits % AIS_PERIOD_BITS);
        unsigned now = bit_count < left ? bit_count : left;
        zeros_count(state, bits, now / 8);
        state->bits += now;
        bits += now / 8;
        bit_count -= now;
        if (now == left && period_close(state))
            events[count++] = (line_state_event){state->bits, LINE_STATE_AIS, state->ais};
    }
    return count;
}

bool line_state_frame_found(line_state *state)
{
    bool stood = state->ais;
    state->ais = false;
    state->periods_against = 0;
    return stood;
}
