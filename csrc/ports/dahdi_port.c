/* A port on a DAHDI span: its milliseconds, both ways in step with the driver's, and the way back when it was gone. */
#include "ports/dahdi_port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/dahdi_span_internal.h"

enum {
    IDLE = 0xFF,
    SEND_LEAD = 4, /* blocks kept under way to the driver */
};

typedef struct {
    port port;
    dahdi_span span;
    bool ticked;         /* this millisecond has begun */
    bool sending;        /* the driver holds the lead */
    int32_t owed_blocks; /* the driver has sent since, and not been given */
    uint32_t waited_ms, pause_ms;
    uint64_t underruns, overruns, reconnections, failed_attempts;
} dahdi_port;

static bool is_open(const dahdi_port *dahdi)
{
    return dahdi_span_is_open(&dahdi->span);
}

static void lost(dahdi_port *dahdi)
{
    dahdi_span_close(&dahdi->span);
    dahdi->sending = false;
    dahdi->waited_ms = 0;
}

static void look_for(dahdi_port *dahdi)
{
    char error[DAHDI_ERROR_OCTETS];
    if (++dahdi->waited_ms < dahdi->pause_ms)
        return;
    dahdi->waited_ms = 0;
    if (dahdi_span_open(&dahdi->span, error) == 0) {
        dahdi->reconnections++;
        dahdi->pause_ms = DAHDI_PAUSE_MS_MIN;
        return;
    }
    dahdi->failed_attempts++;
    dahdi->pause_ms = dahdi->pause_ms * 2 > DAHDI_PAUSE_MS_MAX ? DAHDI_PAUSE_MS_MAX : dahdi->pause_ms * 2;
}

/* The driver sends a block for each it receives. What it is owed beyond the lead it has missed: that is not made up. */
static void owe(dahdi_port *dahdi)
{
    dahdi->owed_blocks += (int32_t)(dahdi->span.lanes.last_octets / BLOCK_FRAMES);
    if (dahdi->owed_blocks > SEND_LEAD)
        dahdi->owed_blocks = SEND_LEAD;
}

static void millisecond(dahdi_port *dahdi)
{
    dahdi->ticked = true;
    if (!is_open(dahdi)) {
        look_for(dahdi);
        return;
    }
    if (lanes_look(&dahdi->span.lanes)) {
        lost(dahdi);
        return;
    }
    owe(dahdi);
    if (dahdi->span.lanes.state == LANES_DRAINING)
        dahdi->sending = false; /* draining flushes both ways */
}

static bool dahdi_receive_frames(port *port, stream_block *block)
{
    dahdi_port *dahdi = (dahdi_port *)port;
    bool first = !dahdi->ticked;
    if (first)
        millisecond(dahdi);
    else if (!is_open(dahdi) || !lanes_surplus(&dahdi->span.lanes))
        return false;
    bool taken = is_open(dahdi) && lanes_take(&dahdi->span.lanes, block);
    if (first && !taken && dahdi->span.lanes.state != LANES_FILLING)
        dahdi->underruns++;
    return taken;
}

static unsigned dahdi_blocks_wanted(port *port)
{
    dahdi_port *dahdi = (dahdi_port *)port;
    dahdi->ticked = false;
    if (!is_open(dahdi) || !dahdi->sending)
        return 1;
    return dahdi->owed_blocks > 2 ? 2 : dahdi->owed_blocks < -1 ? 0 : 1;
}

/* To all channels or, where the first has no room, to none. -1 if a channel is gone. */
static int write_all(dahdi_port *dahdi, const stream_block *block)
{
    for (unsigned lane = 0; lane < dahdi->span.lanes.count; lane++) {
        int written = dahdi_channel_write(&dahdi->span, lane, block);
        if (written < 0)
            return -1;
        if (written)
            continue;
        dahdi->overruns++;
        if (lane)
            lanes_restart(&dahdi->span.lanes); /* the channels before it have got the block */
        return 0;
    }
    dahdi->owed_blocks--;
    return 0;
}

static int send_begin(dahdi_port *dahdi)
{
    stream_block idle;
    memset(&idle, IDLE, sizeof idle);
    for (unsigned k = 0; k < SEND_LEAD; k++)
        if (write_all(dahdi, &idle))
            return -1;
    dahdi->sending = true;
    dahdi->owed_blocks = 0;
    return 0;
}

static void dahdi_transmit_frames(port *port, const stream_block *block)
{
    dahdi_port *dahdi = (dahdi_port *)port;
    if (!is_open(dahdi) || dahdi->span.lanes.state == LANES_DRAINING)
        return;
    if ((!dahdi->sending && send_begin(dahdi)) || write_all(dahdi, block))
        lost(dahdi);
}

static void dahdi_receive_cas(port *port, uint8_t abcd[32])
{
    dahdi_channels_receive_cas(&((dahdi_port *)port)->span, abcd);
}

static void dahdi_transmit_cas(port *port, const uint8_t abcd[32])
{
    dahdi_channels_transmit_cas(&((dahdi_port *)port)->span, abcd);
}

static void dahdi_read_status(port *port, port_status *status)
{
    dahdi_port *dahdi = (dahdi_port *)port;
    uint32_t alarms = dahdi_span_run(&dahdi->span);
    *status = (port_status){
        .alarms = alarms,
        .underruns = dahdi->underruns,
        .overruns = dahdi->span.lanes.overruns + dahdi->overruns,
        .reconnections = dahdi->reconnections,
        .bipolar_violations = dahdi->span.bipolar_violations.total,
        .fas_errors = dahdi->span.fas_errors.total,
        .crc_errors = dahdi->span.crc_errors.total,
        .e_bit_errors = dahdi->span.e_bit_errors.total,
    };
}

static void dahdi_free(port *port)
{
    dahdi_span_close(&((dahdi_port *)port)->span);
    free(port);
}

static const port_operations clear_operations = {
    .kind = PORT_FRAMED,
    .real_time = true,
    .receive_frames = dahdi_receive_frames,
    .blocks_wanted = dahdi_blocks_wanted,
    .transmit_frames = dahdi_transmit_frames,
    .read_status = dahdi_read_status,
    .free = dahdi_free,
};

static const port_operations cas_operations = {
    .kind = PORT_FRAMED,
    .real_time = true,
    .receive_frames = dahdi_receive_frames,
    .blocks_wanted = dahdi_blocks_wanted,
    .transmit_frames = dahdi_transmit_frames,
    .receive_cas = dahdi_receive_cas,
    .transmit_cas = dahdi_transmit_cas,
    .read_status = dahdi_read_status,
    .free = dahdi_free,
};

port *dahdi_port_open(const dahdi_options *options, char error[200])
{
    dahdi_port *dahdi = calloc(1, sizeof *dahdi);
    if (!dahdi) {
        snprintf(error, DAHDI_ERROR_OCTETS, "dahdi: no memory");
        return NULL;
    }
    dahdi->pause_ms = DAHDI_PAUSE_MS_MIN;
    if (dahdi_span_init(&dahdi->span, options, error) || dahdi_span_open(&dahdi->span, error)) {
        dahdi_free(&dahdi->port);
        return NULL;
    }
    dahdi->port.operations = dahdi->span.cas_timeslots ? &cas_operations : &clear_operations;
    return &dahdi->port;
}

int dahdi_port_maintain(port *port, dahdi_maintenance command, char error[200])
{
    return dahdi_span_maintain(&((const dahdi_port *)port)->span, command, error);
}

void dahdi_port_read_counters(port *port, dahdi_counters *counters)
{
    const dahdi_port *dahdi = (const dahdi_port *)port;
    *counters = (dahdi_counters){
        .restarts = dahdi->span.lanes.restarts,
        .events = dahdi->span.events,
        .failed_attempts = dahdi->failed_attempts,
        .open = is_open(dahdi),
        .cas_timeslots = is_open(dahdi) ? dahdi->span.cas_timeslots : 0,
    };
    for (unsigned lane = 0; lane < dahdi->span.lanes.count; lane++)
        counters->timeslots |= 1u << dahdi->span.lanes.timeslots[lane];
}

bool dahdi_port_is(const port *port)
{
    return port->operations == &clear_operations || port->operations == &cas_operations;
}
