/*
 * HDLC, line to frames. The reference goes bit by bit; the fast level takes 64 bits at a time: a word with neither flag
 * nor abort loses its inserted zeros in one PEXT, others are cut at their flags and aborts.
 *
 * Both keep the same state, so the level may change at any octet. What comes after a flag is collected at once; a flag's
 * leading zero and six ones are taken off when its last bit shows what they were.
 */
#include <stdlib.h>
#include <string.h>

#include "e1/hdlc_internal.h"

/* Bits since the last flag, without inserted zeros. */
typedef struct {
    uint64_t bits;
    uint64_t word;      /* the last bits % 64 of them, the first least significant */
    uint64_t bits_kept; /* have room; a longer frame is too long in any case */
    uint8_t *octets;    /* all but `word` */
} collected;

struct hdlc_receiver {
    hdlc_options options;
    hdlc_counters counters;
    frame_queue queue;
    uint64_t octets;    /* of the line, since the start */
    uint64_t history;   /* the last 64 bits of the line, the latest most significant; zeros at the start */
    bool in_frame;      /* a flag came, and no abort since */
    collected frame;
};

hdlc_receiver *hdlc_receiver_new(hdlc_options options, size_t queue_octets)
{
    if (!hdlc_options_valid(&options, queue_octets))
        return NULL;
    hdlc_receiver *receiver = calloc(1, sizeof *receiver);
    if (!receiver)
        return NULL;
    receiver->options = options;
    receiver->frame.bits_kept = 8 * ((uint64_t)options.mru_octets + options.fcs + 8);
    receiver->frame.octets = malloc(options.mru_octets + options.fcs + HDLC_SLACK_OCTETS);
    if (!frame_queue_init(&receiver->queue, queue_octets) || !receiver->frame.octets) {
        hdlc_receiver_free(receiver);
        return NULL;
    }
    return receiver;
}

void hdlc_receiver_free(hdlc_receiver *receiver)
{
    if (!receiver)
        return;
    frame_queue_release(&receiver->queue);
    free(receiver->frame.octets);
    free(receiver);
}

void hdlc_receiver_interrupt(hdlc_receiver *receiver)
{
    receiver->history = 0;
    receiver->in_frame = false;
}

const hdlc_counters *hdlc_receiver_counters(const hdlc_receiver *receiver)
{
    return &receiver->counters;
}

/* --- What a frame turns out to be --- */

static bool fcs_correct(const hdlc_receiver *receiver, size_t count)
{
    uint32_t received = 0, fcs = receiver->options.fcs;
    memcpy(&received, receiver->frame.octets + count, fcs);
    return received == hdlc_frame_check(fcs, receiver->frame.octets, count);
}

static void judge_frame(hdlc_receiver *receiver, uint64_t bits, uint64_t end_octet)
{
    hdlc_counters *counters = &receiver->counters;
    const hdlc_options *options = &receiver->options;
    size_t count = (size_t)(bits / 8 - options->fcs);
    if (bits > 8 * ((uint64_t)options->mru_octets + options->fcs))
        counters->too_long++;
    else if (bits < 8 * ((uint64_t)HDLC_FRAME_OCTETS_MIN + options->fcs))
        counters->too_short++;
    else if (bits % 8)
        counters->non_octet++;
    else if (!fcs_correct(receiver, count))
        counters->fcs_errors++;
    else if (!frame_queue_put(&receiver->queue, receiver->frame.octets, count, end_octet))
        counters->overruns++;
    else {
        counters->frames++;
        counters->octets += count;
    }
}

/* Appends the `count` (at most 64) low bits of `bits`; the others must be 0. */
static inline void append_bits(collected *frame, uint64_t bits, unsigned count)
{
    unsigned filled = frame->bits % 64;
    uint64_t word = frame->word | bits << filled;
    if (frame->bits < frame->bits_kept)
        memcpy(frame->octets + frame->bits / 64 * 8, &word, sizeof word);
    frame->word = filled + count < 64 ? word : bits >> 1 >> (63 - filled);
    frame->bits += count;
}

/* The last bit of a flag came. `history`: the bits before it. */
static void take_flag(hdlc_receiver *receiver, uint64_t history, uint64_t end_octet)
{
    enum { LAST_BITS = 13, ONES_FLAG_WITHOUT_ITS_ZERO = 0x1FBE }; /* 0 11111 0 111111, the first bit rightmost */
    /* A zero after five ones went as an inserted one, though it was the flag's too. */
    unsigned flag_bits = history >> (64 - LAST_BITS) == ONES_FLAG_WITHOUT_ITS_ZERO ? 6 : 7;
    if (receiver->in_frame && receiver->frame.bits > flag_bits) {
        append_bits(&receiver->frame, 0, 0);
        judge_frame(receiver, receiver->frame.bits - flag_bits, end_octet);
    }
    receiver->in_frame = true;
    receiver->frame.bits = receiver->frame.word = 0;
}

/* The seventh one came; six are among the frame's bits. */
static void take_abort(hdlc_receiver *receiver)
{
    receiver->counters.aborts += receiver->in_frame && receiver->frame.bits > 6;
    receiver->in_frame = false;
}

/* --- Reference: bit by bit --- */

static void receive_bit(hdlc_receiver *receiver, uint64_t bit, uint64_t octet)
{
    uint64_t history = receiver->history;
    int ones = __builtin_clzll(~history | 1);
    if (bit && ones == 6)
        take_abort(receiver);
    else if (!bit && ones == 6)
        take_flag(receiver, history, octet);
    else if (receiver->in_frame && (bit || ones != 5))
        append_bits(&receiver->frame, bit, 1);
    receiver->history = history >> 1 | bit << 63;
}

static void put_portable(hdlc_receiver *receiver, const uint8_t *octets, size_t count)
{
    for (size_t k = 0; k < count; k++)
        for (int bit = 7; bit >= 0; bit--)
            receive_bit(receiver, octets[k] >> bit & 1, receiver->octets + k);
    receiver->octets += count;
}

/* --- 64 bits at a time; the first of the line is the least significant --- */

#if defined(__x86_64__)

enum { BLOCK_WORDS = 64 };

/* Each bit replaced by the one `by` earlier on the line. */
static inline uint64_t earlier(uint64_t word, uint64_t history, unsigned by)
{
    return word << by | history >> (64 - by);
}

typedef struct {
    uint64_t inserted; /* zeros after exactly five ones */
    uint64_t beyond;   /* where a run of ones is longer than five, or ends after more */
    uint64_t six;      /* positions after six ones or more */
} marks;

static inline marks word_marks(uint64_t word, uint64_t history)
{
    uint64_t one = earlier(word, history, 1), three = earlier(word, history, 3);
    uint64_t two_ones = one & earlier(word, history, 2), five_ones = two_ones & three & earlier(word, history, 4);
    five_ones &= earlier(word, history, 5);
    uint64_t sixth = earlier(word, history, 6);
    return (marks){five_ones & ~word & ~sixth, five_ones & (word | sixth), five_ones & sixth};
}

/* The bits below position `end`, up to 64. */
static inline uint64_t below(unsigned end)
{
    return end < 64 ? ((uint64_t)1 << end) - 1 : UINT64_MAX;
}

TARGET_AVX2 static inline void append_between(collected *frame, uint64_t word, uint64_t mask)
{
    append_bits(frame, _pext_u64(word, mask), (unsigned)__builtin_popcountll(mask));
}

/* Any word, or the first `count` bits of one. */
TARGET_AVX2 static void receive_marked(hdlc_receiver *receiver, uint64_t word, unsigned count)
{
    uint64_t history = receiver->history;
    marks found = word_marks(word, history);
    /* The seventh one of an abort, or a flag's last zero. */
    uint64_t events = found.six & ~earlier(word, history, 7) & below(count);
    unsigned from = 0;
    for (; events; events &= events - 1) {
        unsigned at = (unsigned)__builtin_ctzll(events);
        if (receiver->in_frame)
            append_between(&receiver->frame, word, below(at) & ~below(from) & ~found.inserted);
        if (word >> at & 1)
            take_abort(receiver);
        else
            take_flag(receiver, at ? earlier(word, history, 64 - at) : history, receiver->octets + at / 8);
        from = at + 1;
    }
    if (receiver->in_frame)
        append_between(&receiver->frame, word, below(count) & ~below(from) & ~found.inserted);
    receiver->history = count < 64 ? earlier(word, history, 64 - count) : word;
    receiver->octets += count / 8;
}

/* Words of a frame as long as there is neither flag nor abort; returns how many were taken. */
TARGET_AVX2 static size_t receive_plain(hdlc_receiver *receiver, const uint64_t *words, size_t count)
{
    uint64_t history = receiver->history;
    collected frame = receiver->frame;
    size_t taken = 0;
    for (; taken < count; taken++) {
        marks found = word_marks(words[taken], history);
        if (found.beyond)
            break;
        append_between(&frame, words[taken], ~found.inserted);
        history = words[taken];
    }
    receiver->history = history;
    receiver->frame = frame;
    receiver->octets += 8 * taken;
    return taken;
}

TARGET_AVX2 static void receive_words(hdlc_receiver *receiver, const uint64_t *words, size_t count)
{
    for (size_t at = 0; at < count;) {
        if (receiver->in_frame)
            at += receive_plain(receiver, words + at, count - at);
        if (at == count)
            break;
        if (words[at] == receiver->history && words[at] == (words[at] << 8 | words[at] >> 56))
            receiver->octets += 8; /* still the same octet: flags, or ones with at most one zero; nothing changes */
        else
            receive_marked(receiver, words[at], 64);
        at++;
    }
}

TARGET_AVX2 static void put_bmi2(hdlc_receiver *receiver, const uint8_t *octets, size_t count)
{
    uint64_t words[BLOCK_WORDS];
    if (count == 8) { /* a timeslot's millisecond, as most links have it */
        memcpy(words, octets, 8);
        words[0] = hdlc_reversed(words[0]);
        receive_words(receiver, words, 1);
        return;
    }
    while (count >= 8) {
        size_t whole = count / 8 < BLOCK_WORDS ? count / 8 : BLOCK_WORDS;
        memcpy(words, octets, 8 * whole);
        for (size_t k = 0; k < whole; k++)
            words[k] = hdlc_reversed(words[k]);
        receive_words(receiver, words, whole);
        octets += 8 * whole;
        count -= 8 * whole;
    }
    if (count) {
        uint64_t word = 0;
        memcpy(&word, octets, count);
        receive_marked(receiver, hdlc_reversed(word), 8 * (unsigned)count);
    }
}

#endif

unsigned hdlc_receiver_put(hdlc_receiver *receiver, const uint8_t *octets, size_t count)
{
    CPU_SELECT(put_portable, put_bmi2, put_bmi2)(receiver, octets, count);
    return receiver->queue.frames;
}

int hdlc_receiver_take(hdlc_receiver *receiver, uint8_t *frame, size_t size, uint64_t *end_octet)
{
    size_t count = frame_queue_next(&receiver->queue);
    if (count == 0)
        return 0;
    if (count > size)
        return -1;
    uint64_t end = frame_queue_copy(&receiver->queue, frame);
    if (end_octet)
        *end_octet = end;
    frame_queue_drop(&receiver->queue);
    return (int)count;
}
