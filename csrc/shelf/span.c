/* A span's life, and what its owner asks of it. */
#include "shelf/span.h"

#include <stdlib.h>
#include <string.h>

#include "shelf/span_internal.h"

enum {
    ONE_FRAME = 1,
    SLACK_FRAMES_MAX = 16,                      /* more and the elastic store might not hold it */
    FRAMER_WAITING_BITS_MAX = BLOCK_BITS - 1,   /* not yet eight frames */
    LINE_BACKLOG_BITS_MAX = 2 * BLOCK_BITS - 1, /* with more, a port wants no block */
};

span_options span_options_default(framing_mode mode)
{
    return (span_options){
        .receiver = receiver_options_default(mode), .line_code = LINE_CODE_HDB3, .slack_frames = ONE_FRAME};
}

static void span_free(element *element)
{
    span *span = (struct span *)element;
    if (span->port)
        span->port->operations->free(span->port);
    if (span->tap)
        span->tap->operations->free(span->tap);
    span_hdlc_free(span);
    receiver_free(span->receiver);
    framer_transmitter_free(span->framer);
    free(span);
}

/* Spans receive and send all together (span_receive.c, span_transmit.c). */
static const element_operations operations = {.free = span_free};

/* Room in the bank first, so that what the shelf has adopted is never only half there. */
static bool bank_reserve(shelf *shelf)
{
    span_bank *bank = &shelf->spans;
    shelf_lock(shelf);
    struct span **grown = realloc(bank->span, (bank->count + 1) * sizeof *grown);
    bank->span = grown ? grown : bank->span;
    shelf_unlock(shelf);
    return grown != NULL;
}

static bool adopted(shelf *shelf, span *span)
{
    if (!bank_reserve(shelf) || shelf_adopt(shelf, &span->element, &operations, 1))
        return false;
    shelf_lock(shelf);
    shelf->spans.span[shelf->spans.count++] = span;
    shelf_unlock(shelf);
    return true;
}

span *shelf_add_span(shelf *shelf, const span_options *options, uint32_t *object)
{
    bool valid = options->slack_frames >= 1 && options->slack_frames <= SLACK_FRAMES_MAX;
    span *made = valid ? aligned_alloc(CACHE_LINE_OCTETS, sizeof *made) : NULL;
    if (!made)
        return NULL;
    memset(made, 0, sizeof *made);
    made->options = *options;
    made->attached = SHELF_IDLE_STREAM;
    made->receiver = receiver_new(&options->receiver);
    made->framer = framer_transmitter_new((framing_mode)options->receiver.framer.mode);
    line_decoder_init(&made->decoder, (line_code)options->line_code);
    line_encoder_init(&made->encoder, (line_code)options->line_code);
    elastic_store_init(&made->receive_store, options->slack_frames, FRAMER_WAITING_BITS_MAX);
    elastic_store_init(&made->transmit_store, options->slack_frames, LINE_BACKLOG_BITS_MAX);
    cas_transmitter_init(&made->cas);
    if (!made->receiver || !made->framer || !adopted(shelf, made)) {
        span_free(&made->element);
        return NULL;
    }
    *object = made->element.object;
    return made;
}

/* Why the span cannot have this port; 0 if it can. */
static int plug_refusal(const span *span, const port *port)
{
    bool framed = port->operations->kind == PORT_FRAMED;
    if (span->port)
        return ENGINE_JOINED;
    if (!framed && span->options.line_code != LINE_CODE_NONE)
        return ENGINE_CODED;
    return framed && span->maintenance & MAINTENANCE_OF_LINE ? ENGINE_FRAMED : ENGINE_OK;
}

int span_plug(span *span, port *port)
{
    shelf *shelf = span->element.shelf;
    shelf_lock(shelf);
    int result = plug_refusal(span, port);
    if (!result) {
        span->port = port;
        shelf->real_time_only |= port->operations->real_time;
    }
    shelf_unlock(shelf);
    return result;
}

int span_tap(span *span, port *port)
{
    shelf_lock(span->element.shelf);
    bool taken = span->tap != NULL;
    if (!taken)
        span->tap = port;
    shelf_unlock(span->element.shelf);
    return taken ? ENGINE_JOINED : ENGINE_OK;
}

int span_join(span *end_a, span *end_b, const line_options *options)
{
    shelf *shelf = end_a->element.shelf;
    line_options complete = *options;
    if (end_a == end_b || end_b->element.shelf != shelf || end_a->options.line_code != end_b->options.line_code)
        return ENGINE_BAD_VALUE;
    complete.coded = end_a->options.line_code != LINE_CODE_NONE;
    complete.steer_ppb = &shelf->steer_ppb;
    shelf_lock(shelf);
    int result = ENGINE_JOINED;
    if (!end_a->port && !end_b->port)
        result = line_new(&complete, &end_a->port, &end_b->port) ? ENGINE_BAD_VALUE : ENGINE_OK;
    shelf_unlock(shelf);
    return result;
}

/* Takes the lock if the span's port is a line. */
static bool line_lock(span *span)
{
    shelf_lock(span->element.shelf);
    if (span->port && line_is(span->port))
        return true;
    shelf_unlock(span->element.shelf);
    return false;
}

int span_impair(span *span, const line_impairments *impairments)
{
    if (!line_lock(span))
        return ENGINE_NOT_A_LINE;
    int result = line_impair(span->port, impairments) ? ENGINE_BAD_VALUE : ENGINE_OK;
    shelf_unlock(span->element.shelf);
    return result;
}

int span_read_line_counters(span *span, line_counters *counters)
{
    if (!line_lock(span))
        return ENGINE_NOT_A_LINE;
    line_read_counters(span->port, counters);
    shelf_unlock(span->element.shelf);
    return ENGINE_OK;
}

uint64_t span_received_bits(const span *span)
{
    return receiver_bits(span->receiver);
}

int span_lock_clock(span *span)
{
    shelf *shelf = span->element.shelf;
    shelf_lock(shelf);
    bool plugged = span->port != NULL;
    if (plugged) {
        shelf->clock_source = span;
        shelf->second_blocks = 0;
        clock_loop_follow(&shelf->clock_loop, span_received_bits(span));
    }
    shelf_unlock(shelf);
    return plugged ? ENGINE_OK : ENGINE_NO_PORT;
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
    span->cas.abcd[timeslot] = (uint8_t)abcd;
    shelf_unlock(span->element.shelf);
    return ENGINE_OK;
}

static int sa_bits_set(span *span, unsigned sa_bits)
{
    if (!span_framed(span)) {
        framer_transmitter_set_sa_bits(span->framer, sa_bits);
        return ENGINE_OK;
    }
    if (!span->port->operations->set_sa_bits)
        return ENGINE_FRAMED;
    span->port->operations->set_sa_bits(span->port, sa_bits);
    return ENGINE_OK;
}

int span_set_sa_bits(span *span, unsigned sa_bits)
{
    if (sa_bits > 0x1F)
        return ENGINE_BAD_VALUE;
    shelf_lock(span->element.shelf);
    int result = sa_bits_set(span, sa_bits);
    shelf_unlock(span->element.shelf);
    return result;
}

int span_set_sa_code(span *span, unsigned n, unsigned code)
{
    if (n < 4 || n > 8 || code > 0xF)
        return ENGINE_BAD_VALUE;
    shelf_lock(span->element.shelf);
    bool possible = !span_framed(span);
    if (possible)
        framer_transmitter_set_sa_code(span->framer, n, code);
    shelf_unlock(span->element.shelf);
    return possible ? ENGINE_OK : ENGINE_FRAMED;
}

void span_read_status(span *span, span_status *status)
{
    shelf_lock(span->element.shelf);
    *status = (span_status){
        .line_code = span->decoder.counters,
        .slips_repeated = span->receive_store.repeated,
        .slips_deleted = span->receive_store.deleted,
        .store_restarts = span->receive_store.underruns + span->receive_store.overruns,
        .transmit_store_restarts = span->transmit_store.underruns + span->transmit_store.overruns,
        .transmit_slips_repeated = span->transmit_store.repeated,
        .transmit_slips_deleted = span->transmit_store.deleted,
        .blocks = span->blocks,
    };
    receiver_read_status(span->receiver, &status->receiver);
    if (span->port)
        span->port->operations->read_status(span->port, &status->port);
    shelf_unlock(span->element.shelf);
}

static bool performance_read(const performance *performance, int back, performance_counts *counts)
{
    if (back >= 0)
        return performance_interval(performance, (unsigned)back, counts);
    if (back == -1)
        performance_day(performance, counts);
    else
        performance_total(performance, counts);
    return true;
}

int span_read_performance(span *span, performance_end end, int back, performance_counts *counts)
{
    if (back < -2 || back > PERFORMANCE_INTERVALS)
        return ENGINE_BAD_VALUE;
    shelf_lock(span->element.shelf);
    bool there = performance_read(receiver_performance(span->receiver, end), back, counts);
    shelf_unlock(span->element.shelf);
    return there ? ENGINE_OK : ENGINE_BAD_VALUE;
}

void span_reset_performance(span *span)
{
    shelf_lock(span->element.shelf);
    receiver_reset_performance(span->receiver);
    span->second_blocks = 0;
    shelf_unlock(span->element.shelf);
}
