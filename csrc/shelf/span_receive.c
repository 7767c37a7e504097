/* A millisecond of every span of a shelf, received: ports, line codes many lines abreast, framers, elastic stores. */
#include <string.h>

#include "e1/frame.h"
#include "e1/gather.h"
#include "shelf/span_bank_internal.h"

enum {
    FRAMED_BLOCKS_MAX = 2,    /* blocks an adaptor may hand over in one millisecond */
    VIOLATIONS_A_SECOND = 20, /* one in 10^5 bits */
};

bool span_framed(const span *span)
{
    return span->port && span->port->operations->kind == PORT_FRAMED;
}

bool span_coded(const span *span)
{
    return span->options.line_code != LINE_CODE_NONE;
}

unsigned span_group_size(const shelf *shelf, unsigned first)
{
    unsigned left = shelf->spans.count - first;
    return left < ABREAST ? left : ABREAST;
}

static void marks_receive(span *span)
{
    port_status status;
    bool looped = span->maintenance & SPAN_LOOP_LOCAL;
    span->port->operations->receive(span->port, &span->marks_in);
    if (looped) /* the line goes on; nobody listens */
        span->marks_in = span->marks_out;
    if (span_coded(span)) {
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

/* Of code and port, of which the receiver knows nothing. */
static unsigned outer_ailments(span *span)
{
    port_status status = {0};
    uint64_t violations = span->decoder.counters.bipolar_violations;
    bool ailing = violations - span->violations_before >= VIOLATIONS_A_SECOND;
    if (span->port && span->port->operations->real_time)
        span->port->operations->read_status(span->port, &status);
    bool dry = status.underruns > span->underruns_before;
    span->violations_before = violations;
    span->underruns_before = status.underruns;
    return (ailing ? SECOND_VIOLATIONS : 0) | (dry ? SECOND_UNDERRUNS : 0);
}

static void ailments_tell(span *span)
{
    unsigned ailments = receiver_ailments(span->receiver) | outer_ailments(span);
    if (ailments == span->ailments)
        return;
    span->ailments = ailments;
    element_tell(&span->element, EVENT_SECOND, 0, ailments, 0);
}

static void second_account(span *span)
{
    span->blocks++;
    if (++span->second_blocks < BLOCKS_PER_S)
        return;
    span->second_blocks = 0;
    receiver_end_second(span->receiver);
    ailments_tell(span);
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

void span_bank_receive(shelf *shelf, stream_block *next)
{
    for (unsigned first = 0; first < shelf->spans.count; first += ABREAST)
        group_receive(shelf->spans.span + first, span_group_size(shelf, first), next);
}
