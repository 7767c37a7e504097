/* A span: port, framer and CAS put together; alarms' consequent actions (G.732 4.2). */
#include "shelf/span.h"

#include <stdlib.h>
#include <string.h>

#include "e1/cas.h"
#include "ports/line.h"
#include "ports/port.h"
#include "shelf/shelf_internal.h"

enum { CAS_TIMESLOT = 16 };

struct span {
    element element;
    span_options options;
    port *port; /* NULL: an open line, nothing received */
    unsigned attached;
    framer_receiver *receiver;
    framer_transmitter *transmitter;
    cas_receiver cas_receiver;
    cas_transmitter cas_transmitter;
};

static bool in_service(const span *span)
{
    unsigned demanded = span->options.framer.mode == FRAMING_CRC4 ? ALIGNMENT_MULTIFRAME : ALIGNMENT_BASIC;
    return framer_receiver_status(span->receiver)->alignment >= demanded;
}

static void framer_event_tell(span *span, const framer_event *event)
{
    static const uint16_t kinds[] = {
        [FRAMER_ALIGNED] = EVENT_FRAME_ALIGNED,
        [FRAMER_MULTIFRAME] = EVENT_MULTIFRAME_ALIGNED,
        [FRAMER_LOST] = EVENT_ALIGNMENT_LOST,
        [FRAMER_REMOTE_ALARM] = EVENT_REMOTE_ALARM,
    };
    /* Errors (CRC, FAS, E bits) come by the thousand on a bad line: they are counted, not told. */
    if (event->kind < sizeof kinds / sizeof *kinds && kinds[event->kind])
        element_tell(&span->element, kinds[event->kind], 0, event->value, event->bit);
}

static void framer_events_tell(span *span)
{
    framer_event events[64];
    unsigned count;
    while ((count = framer_receiver_events(span->receiver, events, 64)))
        for (unsigned k = 0; k < count; k++)
            framer_event_tell(span, &events[k]);
}

static void cas_changes_tell(span *span, unsigned changes, uint32_t changed)
{
    uint64_t bit = framer_receiver_status(span->receiver)->bits;
    if (changes & CAS_NOW_ALIGNED)
        element_tell(&span->element, EVENT_CAS_ALIGNED, CAS_TIMESLOT, 0, bit);
    if (changes & CAS_NOW_LOST)
        element_tell(&span->element, EVENT_CAS_LOST, CAS_TIMESLOT, 0, bit);
    if (changes & CAS_REMOTE_ALARM_CHANGED)
        element_tell(&span->element, EVENT_CAS_REMOTE_ALARM, CAS_TIMESLOT, span->cas_receiver.remote_alarm, bit);
    for (; changed; changed &= changed - 1) {
        unsigned timeslot = (unsigned)__builtin_ctz(changed);
        element_tell(&span->element, EVENT_CAS_BITS, timeslot, span->cas_receiver.abcd[timeslot], bit);
    }
}

static void cas_run(span *span, const stream_block *block)
{
    uint32_t changed = 0;
    unsigned changes = in_service(span)
                           ? cas_receive(&span->cas_receiver, block->octet[CAS_TIMESLOT], &changed)
                           : cas_receiver_interrupt(&span->cas_receiver);
    cas_changes_tell(span, changes, changed);
}

static void span_receive(element *element, stream_block *next)
{
    span *span = (struct span *)element;
    line_block line;
    if (span->port) {
        span->port->operations->receive(span->port, &line);
        framer_receiver_put(span->receiver, line.positive, line.bit_count);
    }
    bool taken = framer_receiver_take(span->receiver, &next[span->element.stream]);
    framer_events_tell(span);
    if (!taken || !in_service(span))
        memset(&next[span->element.stream], 0xFF, sizeof(stream_block));
    if (span->options.cas)
        cas_run(span, &next[span->element.stream]);
}

/* E bits of the multiframe about to be ended: one received sub-multiframe each (G.704 2.3.3.5.4). */
static void e_bits_set(span *span)
{
    bool aligned = framer_receiver_status(span->receiver)->alignment == ALIGNMENT_MULTIFRAME;
    for (unsigned half = 0; half < 2; half++)
        framer_transmitter_set_e_bit(span->transmitter, half,
                                     !aligned || framer_receiver_take_errored(span->receiver, half));
}

static void span_run(element *element, const stream_block *bus, stream_block *next)
{
    span *span = (struct span *)element;
    stream_block block = bus[span->attached];
    line_block line = {.bit_count = BLOCK_BITS};
    (void)next;
    bool service = in_service(span);
    if (framer_transmitter_second_half(span->transmitter))
        e_bits_set(span);
    framer_transmitter_set_remote_alarm(span->transmitter, !service);
    if (span->options.cas) {
        span->cas_transmitter.remote_alarm = !service || !span->cas_receiver.aligned;
        cas_transmit(&span->cas_transmitter, block.octet[CAS_TIMESLOT]);
    }
    framer_transmit(span->transmitter, &block, line.positive);
    if (span->port)
        span->port->operations->transmit(span->port, &line);
}

static void span_free(element *element)
{
    span *span = (struct span *)element;
    if (span->port)
        span->port->operations->free(span->port);
    framer_receiver_free(span->receiver);
    framer_transmitter_free(span->transmitter);
    free(span);
}

static const element_operations operations = {span_receive, span_run, span_free};

span *shelf_add_span(shelf *shelf, const span_options *options, uint32_t *object)
{
    span *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->options = *options;
    made->attached = SHELF_IDLE_CODE / FRAME_TIMESLOTS;
    made->receiver = framer_receiver_new(options->framer);
    made->transmitter = framer_transmitter_new((framing_mode)options->framer.mode);
    cas_receiver_init(&made->cas_receiver, options->cas_debounce);
    cas_transmitter_init(&made->cas_transmitter);
    if (!made->receiver || !made->transmitter || shelf_adopt(shelf, &made->element, &operations, 1)) {
        span_free(&made->element);
        return NULL;
    }
    *object = made->element.object;
    return made;
}

int span_join(span *end_a, span *end_b, unsigned delay_bits_a_to_b, unsigned delay_bits_b_to_a)
{
    shelf *shelf = end_a->element.shelf;
    if (end_a == end_b || delay_bits_a_to_b > 65535 || delay_bits_b_to_a > 65535)
        return ENGINE_BAD_VALUE;
    shelf_lock(shelf);
    int result = ENGINE_JOINED;
    if (!end_a->port && !end_b->port)
        result = line_new(delay_bits_a_to_b, delay_bits_b_to_a, &end_a->port, &end_b->port) ? ENGINE_NO_MEMORY : 0;
    shelf_unlock(shelf);
    return result;
}

unsigned span_stream(const span *span)
{
    return span->element.stream;
}

int span_attach(span *span, unsigned stream)
{
    shelf *shelf = span->element.shelf;
    shelf_lock(shelf);
    bool valid = shelf_has_stream(shelf, stream);
    if (valid)
        span->attached = stream;
    shelf_unlock(shelf);
    return valid ? ENGINE_OK : ENGINE_BAD_STREAM;
}

int span_set_cas(span *span, unsigned timeslot, unsigned abcd)
{
    if (timeslot == 0 || timeslot == CAS_TIMESLOT || timeslot >= FRAME_TIMESLOTS)
        return ENGINE_BAD_TIMESLOT;
    if (abcd == 0 || abcd > 0xF)
        return ENGINE_BAD_VALUE;
    shelf_lock(span->element.shelf);
    span->cas_transmitter.abcd[timeslot] = (uint8_t)abcd;
    shelf_unlock(span->element.shelf);
    return ENGINE_OK;
}

void span_read_status(span *span, span_status *status)
{
    shelf_lock(span->element.shelf);
    *status = (span_status){
        .framer = *framer_receiver_status(span->receiver),
        .cas_word_errors = span->cas_receiver.word_errors,
        .cas_losses = span->cas_receiver.losses,
        .in_service = in_service(span),
        .cas_aligned = span->cas_receiver.aligned,
        .cas_remote_alarm = span->cas_receiver.remote_alarm,
    };
    shelf_unlock(span->element.shelf);
}
