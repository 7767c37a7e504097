/* Runs of spaces, and zeros in periods of 512 bits; a healthy line costs a look a word. */
#include "e1/line_state.h"

#include <string.h>

#include "base/cpu_internal.h"

enum {
    LOS_SPACES = 176,          /* between the 10 and 255 of G.775 4.2; a common framer's default */
    LOS_CLEAR_MARKS = 22,      /* one in eight of those */
    LOS_SPACES_ETS = 2048,     /* 1 ms (ETS 300 233) */
    WORD_BITS = 64,
    RUN_MAX_BETWEEN_WORDS = 2 * (WORD_BITS - 1), /* the longest run of spaces if no word is without a mark */
    AIS_PERIOD_BITS = 512,
    AIS_ZEROS_MAX = 2,
    AIS_PERIODS = 2,           /* G.775 5.2: in succession */
    AIS_PERIODS_ETS = 1,
};

line_state_options line_state_options_default(line_state_rule rule)
{
    return (line_state_options){.rule = rule,
                                .los_spaces = rule == LINE_STATE_ETS300233 ? LOS_SPACES_ETS : LOS_SPACES,
                                .los_clear_window_bits = LOS_SPACES,
                                .los_clear_marks = LOS_CLEAR_MARKS};
}

void line_state_init(line_state *state, line_state_options options)
{
    *state = (line_state){.options = options};
}

static void append(line_state_event *events, unsigned *count, uint64_t bit, line_alarm alarm, bool raised)
{
    if (*count < LINE_STATE_EVENTS_MAX)
        events[(*count)++] = (line_state_event){.bit = bit, .alarm = alarm, .raised = raised};
}

/* Loss of signal ---------------------------------------------------------------------------------------------- */

/* LOS stands: a window of bits that begins with a mark and holds enough of them clears it. True when it does. */
static bool window_put(line_state *state, bool mark)
{
    if (state->window_bits == 0 && !mark)
        return false;
    state->window_bits++;
    state->window_marks += mark;
    if (state->window_bits < state->options.los_clear_window_bits)
        return false;
    bool enough = state->window_marks >= state->options.los_clear_marks;
    state->window_bits = state->window_marks = 0;
    return enough;
}

static void mark_put(line_state *state, bool mark, line_state_event *events, unsigned *count)
{
    state->mark_bits++;
    state->spaces = mark ? 0 : state->spaces + 1;
    bool changed = state->los ? window_put(state, mark) : state->spaces == state->options.los_spaces;
    if (!changed)
        return;
    state->los = !state->los;
    state->window_bits = state->window_marks = 0;
    append(events, count, state->mark_bits, LINE_STATE_LOS, state->los);
}

static uint64_t word_at(const uint8_t *plane, unsigned word)
{
    uint64_t octets;
    memcpy(&octets, plane + 8 * word, sizeof octets);
    return octets;
}

static bool every_word_marked_portable(const line_block *marks, unsigned words)
{
    bool every = true;
    for (unsigned k = 0; k < words; k++)
        every &= (word_at(marks->positive, k) | word_at(marks->negative, k)) != 0;
    return every;
}

#if defined(__x86_64__)

/* By registers of several words; what stands in the last one beyond `words` is no word of the block's. */
TARGET_AVX2 static bool every_word_marked_avx2(const line_block *marks, unsigned words)
{
    enum { AT_ONCE = 4 };
    __m256i unmarked = _mm256_setzero_si256();
    unsigned k = 0;
    for (; k + AT_ONCE <= words; k += AT_ONCE) {
        __m256i either = _mm256_or_si256(_mm256_loadu_si256((const void *)(marks->positive + 8 * k)),
                                         _mm256_loadu_si256((const void *)(marks->negative + 8 * k)));
        unmarked = _mm256_or_si256(unmarked, _mm256_cmpeq_epi64(either, _mm256_setzero_si256()));
    }
    bool every = _mm256_testz_si256(unmarked, unmarked);
    for (; k < words; k++)
        every &= (word_at(marks->positive, k) | word_at(marks->negative, k)) != 0;
    return every;
}

TARGET_AVX512 static bool every_word_marked_avx512(const line_block *marks, unsigned words)
{
    enum { AT_ONCE = 8 };
    unsigned unmarked = 0;
    for (unsigned k = 0; k < words; k += AT_ONCE) {
        __m512i either = _mm512_or_si512(_mm512_loadu_si512(marks->positive + 8 * k),
                                         _mm512_loadu_si512(marks->negative + 8 * k));
        unsigned valid = words - k < AT_ONCE ? (1u << (words - k)) - 1 : 0xFF;
        unmarked |= _mm512_testn_epi64_mask(either, either) & valid;
    }
    return unmarked == 0;
}

#endif

/* No run of spaces in the block, nor one that began before it, can be long enough for LOS. */
static bool healthy(const line_state *state, const line_block *marks)
{
    if (state->los || state->options.los_spaces <= RUN_MAX_BETWEEN_WORDS || marks->bit_count == 0)
        return false;
    if (state->spaces + WORD_BITS > state->options.los_spaces)
        return false;
    return CPU_SELECT(every_word_marked_portable, every_word_marked_avx2, every_word_marked_avx512)(
        marks, marks->bit_count / WORD_BITS);
}

unsigned line_state_put_marks(line_state *state, const line_block *marks, line_state_event *events)
{
    unsigned count = 0, words = marks->bit_count / WORD_BITS;
    if (healthy(state, marks)) {
        uint64_t last = word_at(marks->positive, words - 1) | word_at(marks->negative, words - 1);
        state->spaces = (uint32_t)__builtin_ctzll(__builtin_bswap64(last));
        state->mark_bits += marks->bit_count;
        return 0;
    }
    for (unsigned bit = 0; bit < marks->bit_count; bit++) {
        uint8_t octet = marks->positive[bit / 8] | marks->negative[bit / 8];
        mark_put(state, octet >> (7 - bit % 8) & 1, events, &count);
    }
    return count;
}

/* Alarm indication signal --------------------------------------------------------------------------------------- */

static void period_end(line_state *state, line_state_event *events, unsigned *count)
{
    bool ones = state->period_zeros <= AIS_ZEROS_MAX;
    unsigned periods = state->options.rule == LINE_STATE_ETS300233 ? AIS_PERIODS_ETS : AIS_PERIODS;
    state->period_bits = state->period_zeros = 0;
    state->ais_periods += state->ais && ones;
    state->periods = ones != state->ais ? state->periods + 1 : 0;
    if (state->periods < periods)
        return;
    state->periods = 0;
    state->ais = ones;
    state->ais_periods += ones ? periods : 0;
    append(events, count, state->bits, LINE_STATE_AIS, ones);
}

/* More zeros than AIS has are seen in the first word of the period already, as on every line that carries a call. */
static bool no_ais(const uint8_t *bits, unsigned word)
{
    uint64_t zeros = ~word_at(bits, word);
    zeros &= zeros - 1;
    return (zeros & (zeros - 1)) != 0;
}

unsigned line_state_put_bits(line_state *state, const uint8_t *bits, unsigned bit_count, line_state_event *events)
{
    unsigned count = 0, words = bit_count / WORD_BITS;
    for (unsigned word = 0; word < words; word++) {
        bool whole = !state->ais && state->period_bits == 0 && words - word >= AIS_PERIOD_BITS / WORD_BITS;
        if (whole && no_ais(bits, word)) {
            word += AIS_PERIOD_BITS / WORD_BITS - 1;
            state->bits += AIS_PERIOD_BITS;
            state->periods = 0;
            continue;
        }
        /* Once there are too many zeros for AIS, more make no difference. */
        if (state->period_zeros <= AIS_ZEROS_MAX)
            state->period_zeros += WORD_BITS - (unsigned)__builtin_popcountll(word_at(bits, word));
        state->period_bits += WORD_BITS;
        state->bits += WORD_BITS;
        if (state->period_bits == AIS_PERIOD_BITS)
            period_end(state, events, &count);
    }
    return count;
}

bool line_state_frame_found(line_state *state)
{
    bool stood = state->ais;
    state->ais = false;
    state->periods = 0;
    return stood;
}
