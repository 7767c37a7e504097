/* What a span's port alone knows or can do: the counters of its back end, an adaptor's own maintenance. */
#ifndef TRUNKSHELF_SPAN_PORT_H
#define TRUNKSHELF_SPAN_PORT_H

#include "ports/dahdi_port.h"
#include "ports/e1d_port.h"
#include "ports/file_port.h"
#include "ports/satop_port.h"
#include "shelf/span.h"

typedef enum {
    SPAN_PORT_NONE = 0,
    SPAN_PORT_LINE = 1,
    SPAN_PORT_SATOP = 2,
    SPAN_PORT_E1D = 3,
    SPAN_PORT_DAHDI = 4,
    SPAN_PORT_FILE = 5,
    SPAN_PORT_OTHER = 6, /* written in Python, by a test */
} span_port_kind;

/* The counters of the kind it is; the others are 0. */
typedef struct {
    uint32_t kind;   /* a span_port_kind */
    bool framed;     /* an adaptor frames the line */
    port_status status;
    line_counters line;
    satop_port_statistics satop;
    e1d_counters e1d;
    dahdi_counters dahdi;
    file_port_statistics file;
} span_port_statistics;

void span_read_port_statistics(span *span, span_port_statistics *statistics);

/* Maintenance that the card of a `dahdi:` port does itself. ENGINE_FRAMED with another port; ENGINE_REFUSED, with one
 * line in `error`, where its driver cannot. */
int span_maintain_adaptor(span *span, dahdi_maintenance command, char error[200]);

#endif
