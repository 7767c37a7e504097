/* A millisecond of every span of a shelf: ports, line codes many lines abreast, framers, elastic stores. */
#include <string.h>

#include "e1/frame.h"
#include "e1/gather.h"
#include "shelf/span_internal.h"

enum {
    ABREAST = 16, /* spans: as many as a line code's kernel takes, few enough to stay in the near caches meanwhile */
    FRAMED_BLOCKS_MAX = 2, /* blocks an adaptor may hand over in one millisecond */
};

/* Lines of a group of spans, to be coded together. */
typedef struct {
    unsigned count;
    span *span[ABREAST];
    uint8_t *bits[ABREAST]; /* received, where the framer wants them */
} batch;

bool span_framed(const span *span)
{
    return span->port && span->port->operations->kind == PORT_FRAMED;
}

static bool coded(const span *span)
{
    return span->options.line_code != LINE_CODE_NONE;
}

/* Receiving ----------------------------------------------------------------------------------------------------- */

static void marks_receive(span *span)
{
    port_status status;
    bool looped = span->maintenance & SPAN_LOOP_LOCAL;
    span->port->operations->receive(span->port, &span->marks_in);
    if (looped) /* the line goes on; nobody listens */
        span->marks_in = span->marks_out;
    if (coded(span)) {
        receiver_put_marks(span->receiver, &span->marks_in);
        return;
    }
    span->port->operations->read_status(span->port, &status);
    receiver_set_signal_lost(span->receiver, !looped && status.alarms & PORT_SIGNAL_LOST);
}

static void lines_decode(batch *lines)
{
    line_decoder *decoders[ABREAST];
    const line_block *marks[ABREAST];
    for (unsigned k = 0; k < lines->count; k++) {
        decoders[k] = &lines->span[k]->decoder;
        marks[k] = &lines->span[k]->marks_in;
        lines->bits[k] = receiver_room(lines->span[k]->receiver);
    }
    line_decode(decoders, marks, lines->bits, lines->count);
}

static void test_compare(span *span, const stream_block *block)
{
    uint8_t octets[LINE_BLOCK_OCTETS];
    if (span->test_timeslots && span->test_timeslots != (uint32_t)SPAN_TEST_UNFRAMED)
        test_checker_put(&span->checker, octets,
                         timeslots_gather(block, span->test_timeslots, BLOCK_FRAMES, octets));
}

/* A block that lies in the room of the elastic store. */
static void block_received(span *span, const stream_block *block)
{
    if (span->links)
        span_hdlc_receive_block(span, block);
    test_compare(span, block);
    elastic_store_put_room(&span->receive_store);
}

static void tap_send(span *span, const uint8_t *bits, unsigned bit_count)
{
    line_block copy = {.bit_count = bit_count};
    memcpy(copy.positive, bits, bit_count / 8);
    span->tap->operations->transmit(span->tap, &copy);
}

static void bits_received(span *span, const uint8_t *bits)
{
    unsigned bit_count = span->marks_in.bit_count;
    if (span->tap)
        tap_send(span, bits, bit_count);
    if (span->test_timeslots == (uint32_t)SPAN_TEST_UNFRAMED)
        test_checker_put(&span->checker, bits, bit_count / 8);
    if (bit_count)
        receiver_put(span->receiver, bits, bit_count);
}

static void frames_taken(span *span)
{
    stream_block *room = elastic_store_room(&span->receive_store);
    while (receiver_take(span->receiver, room)) {
        block_received(span, room);
        room = elastic_store_room(&span->receive_store);
    }
}

static void frames_tap(span *span, const stream_block *block)
{
    uint8_t bits[LINE_BLOCK_OCTETS];
    frame_multiplex(block, bits);
    tap_send(span, bits, BLOCK_BITS);
}

static void frames_receive(span *span)
{
    const port_operations *operations = span->port->operations;
    port_status status;
    uint8_t abcd[FRAME_TIMESLOTS];
    operations->read_status(span->port, &status);
    receiver_put_alarms(span->receiver, &status);
    for (unsigned k = 0; k < FRAMED_BLOCKS_MAX; k++) {
        stream_block *room = elastic_store_room(&span->receive_store);
        if (!operations->receive_frames(span->port, room))
            break;
        if (span->tap)
            frames_tap(span, room);
        receiver_put_frames(span->receiver, room, !operations->receive_cas);
        block_received(span, room);
    }
    if (operations->receive_cas) {
        operations->receive_cas(span->port, abcd);
        receiver_put_abcd(span->receiver, abcd);
    }
}

static void events_tell(span *span)
{
    line_event events[64];
    unsigned count;
    while ((count = receiver_events(span->receiver, events, 64)))
        for (unsigned k = 0; k < count; k++)
            element_tell(&span->element, events[k].kind, events[k].timeslot, events[k].value, events[k].bit);
}

/* What the shelf hears of the span this millisecond. */
static void stream_send(span *span, stream_block *sent)
{
    if (!span->in_service) {
        elastic_store_restart(&span->receive_store);
        memset(sent, 0xFF, sizeof *sent);
        return;
    }
    store_result result =
        elastic_store_take(&span->receive_store, receiver_bits_waiting(span->receiver), sent);
    if (result == STORE_REPEATED || result == STORE_DELETED)
        element_tell(&span->element, EVENT_SLIP, 0, result, 0);
    if (result == STORE_UNDERRUN || result == STORE_OVERRUN)
        element_tell(&span->element, EVENT_STORE_RESTARTED, 0, result, 0);
    if (result >= STORE_FILLING)
        memset(sent, 0xFF, sizeof *sent);
}

static void second_account(span *span)
{
    span->blocks++;
    if (++span->second_blocks < BLOCKS_PER_S)
        return;
    span->second_blocks = 0;
    receiver_end_second(span->receiver);
}

static void lines_receive(batch *lines)
{
    lines_decode(lines);
    for (unsigned k = 0; k < lines->count; k++)
        bits_received(lines->span[k], lines->bits[k]);
    for (unsigned k = 0; k < lines->count; k++)
        frames_taken(lines->span[k]);
}

/* Out of service there is nothing to compare, but on the bare line. */
static void test_interrupt(span *span)
{
    if (span->test_timeslots && span->test_timeslots != (uint32_t)SPAN_TEST_UNFRAMED)
        test_checker_interrupt(&span->checker);
}

static void group_receive(span *const spans[], unsigned count, stream_block *next)
{
    batch lines;
    lines.count = 0;
    for (unsigned k = 0; k < count; k++) {
        if (span_framed(spans[k])) {
            frames_receive(spans[k]);
        } else if (spans[k]->port) {
            marks_receive(spans[k]);
            lines.span[lines.count++] = spans[k];
        }
    }
    lines_receive(&lines);
    for (unsigned k = 0; k < count; k++) {
        second_account(spans[k]);
        events_tell(spans[k]);
        spans[k]->in_service = receiver_in_service(spans[k]->receiver);
        if (!spans[k]->in_service)
            test_interrupt(spans[k]);
        stream_send(spans[k], &next[spans[k]->element.stream]);
    }
}

static unsigned group_size(const shelf *shelf, unsigned first)
{
    unsigned left = shelf->spans.count - first;
    return left < ABREAST ? left : ABREAST;
}

void span_bank_receive(shelf *shelf, stream_block *next)
{
    for (unsigned first = 0; first < shelf->spans.count; first += ABREAST)
        group_receive(shelf->spans.span + first, group_size(shelf, first), next);
}

/* Sending ------------------------------------------------------------------------------------------------------- */

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
    memset(block.positive, coded(span) ? 0xAA : 0xFF, LINE_BLOCK_OCTETS);
    memset(block.negative, coded(span) ? 0x55 : 0, LINE_BLOCK_OCTETS);
    span->port->operations->transmit(span->port, &block);
}

static void lines_transmit(const batch *lines)
{
    lines_build(lines);
    lines_encode(lines);
    for (unsigned k = 0; k < lines->count; k++) {
        span *span = lines->span[k];
        if (coded(span))
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
        group_transmit(shelf->spans.span + first, group_size(shelf, first), bus, next);
}
