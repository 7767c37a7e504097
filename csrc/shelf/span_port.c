/* From a span to the back end of its port. */
#include "shelf/span_port.h"

#include "shelf/span_internal.h"

static span_port_kind kind_of(const port *port)
{
    return !port                 ? SPAN_PORT_NONE
           : line_is(port)       ? SPAN_PORT_LINE
           : satop_port_is(port) ? SPAN_PORT_SATOP
           : e1d_port_is(port)   ? SPAN_PORT_E1D
           : dahdi_port_is(port) ? SPAN_PORT_DAHDI
           : file_port_is(port)  ? SPAN_PORT_FILE
                                 : SPAN_PORT_OTHER;
}

static void counters_read(span_port_kind kind, port *port, span_port_statistics *statistics)
{
    switch (kind) {
    case SPAN_PORT_LINE: line_read_counters(port, &statistics->line); return;
    case SPAN_PORT_SATOP: satop_port_read_statistics(port, &statistics->satop); return;
    case SPAN_PORT_E1D: e1d_port_read_counters(port, &statistics->e1d); return;
    case SPAN_PORT_DAHDI: dahdi_port_read_counters(port, &statistics->dahdi); return;
    case SPAN_PORT_FILE: file_port_read_statistics(port, &statistics->file); return;
    default: return;
    }
}

void span_read_port_statistics(span *span, span_port_statistics *statistics)
{
    shelf_lock(span->element.shelf);
    *statistics = (span_port_statistics){.kind = kind_of(span->port), .framed = span_framed(span)};
    counters_read((span_port_kind)statistics->kind, span->port, statistics);
    if (span->port)
        span->port->operations->read_status(span->port, &statistics->status);
    shelf_unlock(span->element.shelf);
}

int span_maintain_adaptor(span *span, dahdi_maintenance command, char error[200])
{
    int result = ENGINE_FRAMED;
    shelf_lock(span->element.shelf);
    if (kind_of(span->port) == SPAN_PORT_DAHDI)
        result = dahdi_port_maintain(span->port, command, error) ? ENGINE_REFUSED : ENGINE_OK;
    shelf_unlock(span->element.shelf);
    return result;
}
