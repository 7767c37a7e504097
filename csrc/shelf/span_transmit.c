/* A millisecond of every span of a shelf, sent: elastic stores, framers, line codes many lines abreast, ports. */
#include <string.h>

#include "e1/gather.h"
#include "shelf/span_bank_internal.h"

/* Timeslots of one block taken over into another. */
static void timeslots_copy(uint32_t timeslots, const stream_block *from, stream_block *to)
{
    for (; timeslots; timeslots &= timeslots - 1) {
        unsigned timeslot = (unsigned)__builtin_ctz(timeslots);
        memcpy(to->octet[timeslot], from->octet[timeslot], BLOCK_FRAMES);
    }
}

static bool payload_looped(const span *span)
{
    return span->maintenance & SPAN_LOOP_PAYLOAD || (span_framed(span) && span->maintenance & SPAN_LOOP_LINE);
}

/* The shelf's millisecond into the store: what is attached, or what a loopback puts in its place. */
static void stream_take(span *span, const stream_block *attached, const stream_block *received)
{
    if (payload_looped(span)) {
        elastic_store_put(&span->transmit_store, received);
        return;
    }
    if (!span->looped_timeslots) {
        elastic_store_put(&span->transmit_store, attached);
        return;
    }
    stream_block block = *attached;
    timeslots_copy(span->looped_timeslots, received, &block);
    elastic_store_put(&span->transmit_store, &block);
}

/* E bits of the multiframe about to be ended: one received sub-multiframe each (G.704 2.3.3.5.4). */
static void e_bits_set(span *span)
{
    bool aligned = receiver_multiframe_aligned(span->receiver);
    for (unsigned half = 0; half < 2; half++)
        framer_transmitter_set_e_bit(span->framer, half, !aligned || receiver_take_errored(span->receiver, half));
}

static bool cas_in_timeslot(const span *span)
{
    return span->options.receiver.cas && !payload_looped(span) &&
           !(span_framed(span) && span->port->operations->transmit_cas);
}

/* Everything the span itself puts into eight frames, timeslot 0 apart. */
static void frames_complete(span *span, stream_block *block)
{
    if (cas_in_timeslot(span)) {
        span->cas.remote_alarm = !span->in_service || !receiver_cas_aligned(span->receiver);
        cas_transmit(&span->cas, block->octet[CAS_TIMESLOT]);
    }
    if (span->links)
        span_hdlc_transmit_block(span, block);
    if (span->test_timeslots && span->test_timeslots != (uint32_t)SPAN_TEST_UNFRAMED) {
        uint8_t octets[LINE_BLOCK_OCTETS];
        test_generator_take(&span->generator, octets, 8u * (unsigned)__builtin_popcount(span->test_timeslots));
        timeslots_scatter(octets, span->test_timeslots, block);
    }
}

/* What the line still holds of what was sent; in a local loop it has no say. */
static uint32_t backlog_bits(const span *span)
{
    bool known = span->port->operations->backlog_bits && !(span->maintenance & SPAN_LOOP_LOCAL);
    return known ? span->port->operations->backlog_bits(span->port) : 0;
}

static void frames_next(span *span, stream_block *block)
{
    if (elastic_store_take(&span->transmit_store, backlog_bits(span), block) >= STORE_FILLING)
        memset(block, SHELF_IDLE_CODE, sizeof *block);
    frames_complete(span, block);
}

static void frames_build(span *span, stream_block *block)
{
    frames_next(span, block);
    if (framer_transmitter_second_half(span->framer))
        e_bits_set(span);
    framer_transmitter_set_remote_alarm(span->framer,
                                        !span->in_service || span->maintenance & SPAN_FORCE_REMOTE_ALARM);
    framer_transmitter_frame(span->framer, block);
}

/* 2 048 bits of the line. */
static void bits_build(span *span, const stream_block *block)
{
    framer_transmitter_send(span->framer, block, span->bits_out);
    if (span->test_timeslots == (uint32_t)SPAN_TEST_UNFRAMED)
        test_generator_take(&span->generator, span->bits_out, LINE_BLOCK_OCTETS);
    if (span->maintenance & SPAN_FORCE_AIS)
        memset(span->bits_out, 0xFF, LINE_BLOCK_OCTETS);
}

static void lines_build(const batch *lines)
{
    _Alignas(CACHE_LINE_OCTETS) stream_block blocks[ABREAST];
    for (unsigned k = 0; k < lines->count; k++)
        frames_build(lines->span[k], &blocks[k]);
    for (unsigned k = 0; k < lines->count; k++)
        bits_build(lines->span[k], &blocks[k]);
}

static void lines_encode(const batch *lines)
{
    line_encoder *encoders[ABREAST];
    const uint8_t *bits[ABREAST];
    line_block *marks[ABREAST];
    for (unsigned k = 0; k < lines->count; k++) {
        encoders[k] = &lines->span[k]->encoder;
        bits[k] = lines->span[k]->bits_out;
        marks[k] = &lines->span[k]->marks_out;
    }
    line_encode(encoders, bits, marks, lines->count);
}

/* All ones as marks, for the line while the span talks to itself. */
static void ais_transmit(span *span)
{
    line_block block = {.bit_count = BLOCK_BITS};
    memset(block.positive, span_coded(span) ? 0xAA : 0xFF, LINE_BLOCK_OCTETS);
    memset(block.negative, span_coded(span) ? 0x55 : 0, LINE_BLOCK_OCTETS);
    span->port->operations->transmit(span->port, &block);
}

static void lines_transmit(const batch *lines)
{
    lines_build(lines);
    lines_encode(lines);
    for (unsigned k = 0; k < lines->count; k++) {
        span *span = lines->span[k];
        if (span_coded(span))
            violation_injector_run(&span->violations, &span->marks_out);
        if (span->maintenance & SPAN_LOOP_LOCAL)
            ais_transmit(span);
        else
            span->port->operations->transmit(span->port, &span->marks_out);
    }
}

static void frames_transmit(span *span, unsigned blocks)
{
    stream_block block;
    if (span->port->operations->transmit_cas)
        span->port->operations->transmit_cas(span->port, span->cas.abcd);
    for (; blocks; blocks--) {
        frames_next(span, &block);
        span->port->operations->transmit_frames(span->port, &block);
    }
}

/* How many blocks of ours the span is to send now; a line loopback sends what came instead. */
static unsigned blocks_due(span *span)
{
    if (!span->port)
        return 0;
    unsigned wanted = span->port->operations->blocks_wanted(span->port); /* also an adaptor's tick */
    if (span_framed(span))
        return wanted;
    if (span->maintenance & SPAN_LOOP_LOCAL)
        return 1;
    if (span->maintenance & SPAN_LOOP_LINE) {
        span->port->operations->transmit(span->port, &span->marks_in);
        return 0;
    }
    return wanted;
}

/* A second block follows the first. */
static void group_transmit(span *const spans[], unsigned count, const stream_block *bus, const stream_block *next)
{
    batch first, second;
    first.count = second.count = 0;
    for (unsigned k = 0; k < count; k++) {
        span *span = spans[k];
        stream_take(span, &bus[span->attached], &next[span->element.stream]);
        unsigned blocks = blocks_due(span);
        if (span_framed(span)) {
            frames_transmit(span, blocks);
            continue;
        }
        if (blocks)
            first.span[first.count++] = span;
        if (blocks > 1)
            second.span[second.count++] = span;
    }
    lines_transmit(&first);
    lines_transmit(&second);
}

void span_bank_transmit(shelf *shelf, const stream_block *bus, stream_block *next)
{
    for (unsigned first = 0; first < shelf->spans.count; first += ABREAST)
        group_transmit(shelf->spans.span + first, span_group_size(shelf, first), bus, next);
}
