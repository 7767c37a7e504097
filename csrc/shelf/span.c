/* What the owner of a span asks of it. */
#include "shelf/span_internal.h"

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
