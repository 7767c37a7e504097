/*
 * HDLC, frames to line: pieces of flags and of stuffed frame go into an accumulator of bits, octets of line come out.
 * The reference stuffs an octet bit by bit, the fast level six octets at a time, inside a frame straight to the line.
 */
#include <stdlib.h>
#include <string.h>

#include "e1/hdlc_internal.h"

struct hdlc_transmitter {
    hdlc_options options;
    frame_queue queue;       /* the oldest is the one being sent, if one is */
    uint64_t ready[2];       /* bits of the line to come, the first least significant; zeros beyond `ready_bits` */
    unsigned ready_bits;
    unsigned ones;           /* in succession at the end of what was sent of the frame: 0-4 */
    size_t sent, count;      /* octets of the frame; count is 0 between frames */
    uint8_t *frame;          /* being sent, with its FCS */
};

/* Bits of the line to come. */
typedef struct {
    uint64_t bits;
    unsigned count;
} piece;

hdlc_transmitter *hdlc_transmitter_new(hdlc_options options, size_t queue_octets)
{
    if (!hdlc_options_valid(&options, queue_octets))
        return NULL;
    hdlc_transmitter *transmitter = calloc(1, sizeof *transmitter);
    if (!transmitter)
        return NULL;
    transmitter->options = options;
    transmitter->frame = calloc(1, options.mru_octets + options.fcs + HDLC_SLACK_OCTETS);
    if (!frame_queue_init(&transmitter->queue, queue_octets) || !transmitter->frame) {
        hdlc_transmitter_free(transmitter);
        return NULL;
    }
    transmitter->ready[0] = HDLC_FLAG;
    transmitter->ready_bits = 8;
    return transmitter;
}

void hdlc_transmitter_free(hdlc_transmitter *transmitter)
{
    if (!transmitter)
        return;
    frame_queue_release(&transmitter->queue);
    free(transmitter->frame);
    free(transmitter);
}

int hdlc_transmitter_put(hdlc_transmitter *transmitter, const uint8_t *frame, size_t count)
{
    if (count < HDLC_FRAME_OCTETS_MIN || count > transmitter->options.mru_octets)
        return -1;
    return frame_queue_put(&transmitter->queue, frame, count, 0) ? 0 : -1;
}

size_t hdlc_transmitter_waiting(const hdlc_transmitter *transmitter)
{
    const frame_queue *queue = &transmitter->queue;
    return queue->used - (size_t)queue->frames * FRAME_QUEUE_OVERHEAD;
}

static void open_frame(hdlc_transmitter *transmitter)
{
    size_t count = frame_queue_next(&transmitter->queue);
    frame_queue_copy(&transmitter->queue, transmitter->frame);
    uint32_t fcs = transmitter->options.fcs, check = hdlc_frame_check(fcs, transmitter->frame, count);
    memcpy(transmitter->frame + count, &check, fcs);
    transmitter->count = count + fcs;
    transmitter->sent = 0;
    transmitter->ones = 0;
}

/* --- Reference: an octet at a time, bit by bit --- */

/* The next piece of the frame, zeros inserted. */
static piece stuff_portable(hdlc_transmitter *transmitter)
{
    piece stuffed = {0, 0};
    uint8_t octet = transmitter->frame[transmitter->sent++];
    for (unsigned bit = 0; bit < 8; bit++) {
        uint64_t one = octet >> bit & 1;
        stuffed.bits |= one << stuffed.count++;
        transmitter->ones = one ? transmitter->ones + 1 : 0;
        if (transmitter->ones == 5) {
            stuffed.count++;
            transmitter->ones = 0;
        }
    }
    return stuffed;
}

/* As many flags as give `wanted` bits. */
static piece idle_flags(unsigned wanted)
{
    unsigned count = (wanted + 7) / 8 * 8;
    return (piece){0x0101010101010101ull * HDLC_FLAG >> (64 - count), count};
}

static inline piece next_piece(hdlc_transmitter *transmitter, unsigned wanted, piece (*stuff)(hdlc_transmitter *))
{
    if (transmitter->count == 0) {
        if (transmitter->queue.frames == 0)
            return idle_flags(wanted);
        open_frame(transmitter);
    }
    if (transmitter->sent < transmitter->count)
        return stuff(transmitter);
    frame_queue_drop(&transmitter->queue);
    transmitter->count = 0;
    return (piece){HDLC_FLAG, 8};
}

static inline void take_octets(hdlc_transmitter *transmitter, uint8_t *octets, unsigned count,
                               piece (*stuff)(hdlc_transmitter *))
{
    unsigned wanted = 8 * count, filled;
    while (filled = transmitter->ready_bits, filled < wanted) {
        piece next = next_piece(transmitter, wanted - filled, stuff);
        transmitter->ready[0] |= next.bits << filled;
        transmitter->ready[1] = next.bits >> 1 >> (63 - filled);
        transmitter->ready_bits += next.count;
    }
    uint64_t line = hdlc_reversed(transmitter->ready[0]);
    memcpy(octets, &line, count);
    transmitter->ready_bits -= wanted;
    transmitter->ready[0] = wanted < 64 ? transmitter->ready[0] >> wanted | transmitter->ready[1] << (64 - wanted)
                                        : transmitter->ready[1];
    transmitter->ready[1] = wanted < 64 ? transmitter->ready[1] >> wanted : 0;
}

static void take_portable(hdlc_transmitter *transmitter, uint8_t *octets, size_t count)
{
    for (; count >= 8; count -= 8, octets += 8)
        take_octets(transmitter, octets, 8, stuff_portable);
    if (count)
        take_octets(transmitter, octets, (unsigned)count, stuff_portable);
}

#if defined(__x86_64__)

/* --- Six octets at a time --- */

/* Where a fifth, tenth... one of a run stands. */
static inline uint64_t fifth_ones(uint64_t bits)
{
    uint64_t two = bits & bits << 1, five = two & two << 2 & bits << 4;
    uint64_t fifth = five & ~(bits << 5);
    for (uint64_t more = five & fifth << 5; more; more = five & more << 5)
        fifth |= more;
    return fifth;
}

/* Makes room for a zero after the lowest bit of *after, if there is one, and moves the others along. */
static inline uint64_t insert_zero(uint64_t bits, uint64_t *after)
{
    uint64_t up_to = *after ^ (*after - 1);
    *after = (*after & (*after - 1)) << 1;
    return (bits & up_to) | (bits & ~up_to) << 1;
}

enum { STUFFED_AT_ONCE = 6 }; /* octets: 48 bits and at most ten zeros */

/* The next `count` bits of a frame, up to 48. */
static inline piece stuff_bits(uint64_t bits, unsigned count, unsigned *ones)
{
    enum { CARRIED = 4 };
    bits &= ((uint64_t)1 << count) - 1;
    /* The ones carried over stand in the four bits below. */
    uint64_t after = fifth_ones(bits << CARRIED | (((uint64_t)1 << *ones) - 1) << (CARRIED - *ones)) >> CARRIED;
    unsigned run = (unsigned)__builtin_clzll(~(bits << (64 - count)));
    *ones = (run == count ? run + *ones : run) % 5;
    count += (unsigned)__builtin_popcountll(after);
    /* Two without a branch: random frames seldom have more. */
    bits = insert_zero(bits, &after);
    bits = insert_zero(bits, &after);
    while (after)
        bits = insert_zero(bits, &after);
    return (piece){bits, count};
}

static inline piece stuff_fast(hdlc_transmitter *transmitter)
{
    size_t left = transmitter->count - transmitter->sent, octets = left < STUFFED_AT_ONCE ? left : STUFFED_AT_ONCE;
    uint64_t bits;
    memcpy(&bits, transmitter->frame + transmitter->sent, sizeof bits);
    transmitter->sent += octets;
    return stuff_bits(bits, 8 * (unsigned)octets, &transmitter->ones);
}

/* Whole words while neither they nor the frame end; returns how many octets it wrote. */
TARGET_AVX2 static size_t take_inside(hdlc_transmitter *transmitter, uint8_t *octets, size_t count)
{
    uint64_t word = transmitter->ready[0], bits;
    unsigned filled = transmitter->ready_bits, ones = transmitter->ones;
    size_t written = 0, sent = transmitter->sent;
    while (written + 8 <= count && sent + STUFFED_AT_ONCE <= transmitter->count) {
        memcpy(&bits, transmitter->frame + sent, sizeof bits);
        piece next = stuff_bits(bits, 8 * STUFFED_AT_ONCE, &ones);
        sent += STUFFED_AT_ONCE;
        word |= next.bits << filled;
        uint64_t line = hdlc_reversed(word);
        memcpy(octets + written, &line, sizeof line);
        bool full = filled + next.count >= 64;
        word = full ? next.bits >> 1 >> (63 - filled) : word;
        written += full ? 8 : 0;
        filled = (filled + next.count) % 64;
    }
    transmitter->ready[0] = word;
    transmitter->ready_bits = filled;
    transmitter->ones = ones;
    transmitter->sent = sent;
    return written;
}

TARGET_AVX2 static void take_fast(hdlc_transmitter *transmitter, uint8_t *octets, size_t count)
{
    for (size_t at = 0; at < count;) {
        at += take_inside(transmitter, octets + at, count - at);
        if (at == count)
            break;
        unsigned some = count - at < 8 ? (unsigned)(count - at) : 8;
        take_octets(transmitter, octets + at, some, stuff_fast);
        at += some;
    }
}

#endif

void hdlc_transmitter_take(hdlc_transmitter *transmitter, uint8_t *octets, size_t count)
{
    CPU_SELECT(take_portable, take_fast, take_fast)(transmitter, octets, count);
}
