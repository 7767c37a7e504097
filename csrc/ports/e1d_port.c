/* A port on osmo-e1d: session and lanes put together once a millisecond, and the way back to a lost daemon. */
#include "ports/e1d_port.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ports/e1d_lanes_internal.h"
#include "ports/e1d_session_internal.h"

enum {
    SA_BITS_UNSET = 32,
    CONNECT_AGAIN_MS = 10, /* while opening, when the daemon's queue of connections is full */
};

typedef struct {
    port port;
    session session;
    e1d_lanes lanes;
    bool ticked;            /* this millisecond has begun */
    uint32_t waited_ms;     /* while closed: since the last attempt; while being opened: for answers */
    uint32_t pause_ms;
    unsigned sa_bits;       /* to be sent, or SA_BITS_UNSET */
    uint64_t underruns, reconnections, failed_attempts;
} e1d_port;

static bool is_open(const e1d_port *e1d)
{
    return e1d->session.state == SESSION_OPEN;
}

static void lost(e1d_port *e1d)
{
    session_close(&e1d->session);
    e1d->waited_ms = 0;
}

static void attempt_failed(e1d_port *e1d)
{
    lost(e1d);
    e1d->failed_attempts++;
    e1d->pause_ms = e1d->pause_ms * 2 > E1D_PAUSE_MS_MAX ? E1D_PAUSE_MS_MAX : e1d->pause_ms * 2;
}

static void found(e1d_port *e1d)
{
    e1d->reconnections++;
    e1d->pause_ms = E1D_PAUSE_MS_MIN;
    if (e1d->sa_bits != SA_BITS_UNSET)
        session_send_sa_bits(&e1d->session, e1d->sa_bits);
}

/* A millisecond without an open line: pause, attempt, wait for answers. */
static void look_for(e1d_port *e1d)
{
    e1d->waited_ms++;
    if (e1d->session.state == SESSION_CLOSED) {
        if (e1d->waited_ms < e1d->pause_ms)
            return;
        e1d->waited_ms = 0;
        if (session_connect(&e1d->session)) {
            attempt_failed(e1d);
            return;
        }
    }
    if (session_run(&e1d->session) || e1d->waited_ms > E1D_ANSWER_MS)
        attempt_failed(e1d);
    else if (is_open(e1d))
        found(e1d);
}

static void millisecond(e1d_port *e1d)
{
    e1d->ticked = true;
    if (!is_open(e1d)) {
        look_for(e1d);
        return;
    }
    if (session_run(&e1d->session) || e1d_lanes_look(&e1d->lanes))
        lost(e1d);
}

static bool e1d_receive_frames(port *port, stream_block *block)
{
    e1d_port *e1d = (e1d_port *)port;
    bool first = !e1d->ticked;
    if (first)
        millisecond(e1d);
    else if (!is_open(e1d) || !lanes_surplus(&e1d->lanes.receive))
        return false;
    bool taken = is_open(e1d) && lanes_take(&e1d->lanes.receive, block);
    if (first && !taken && e1d->lanes.receive.state != LANES_FILLING)
        e1d->underruns++;
    return taken;
}

static unsigned e1d_blocks_wanted(port *port)
{
    e1d_port *e1d = (e1d_port *)port;
    e1d->ticked = false;
    return is_open(e1d) ? e1d_lanes_blocks_wanted(&e1d->lanes) : 1;
}

static void e1d_transmit_frames(port *port, const stream_block *block)
{
    e1d_port *e1d = (e1d_port *)port;
    if (is_open(e1d) && e1d_lanes_send(&e1d->lanes, block))
        lost(e1d);
}

static uint32_t alarms(const e1d_port *e1d)
{
    if (!is_open(e1d))
        return PORT_SIGNAL_LOST; /* of the rest nothing is known */
    bool silent = e1d->lanes.receive.silent_looks >= E1D_SILENCE_MS;
    return e1d->session.alarms | (silent ? PORT_SIGNAL_LOST : 0);
}

static void e1d_read_status(port *port, port_status *status)
{
    const e1d_port *e1d = (const e1d_port *)port;
    *status = (port_status){
        .alarms = alarms(e1d),
        .sa_bits = e1d->session.sa_bits,
        .underruns = e1d->underruns,
        .overruns = e1d->lanes.receive.overruns + e1d->lanes.overruns,
        .reconnections = e1d->reconnections,
    };
}

static void e1d_set_sa_bits(port *port, unsigned sa_bits)
{
    e1d_port *e1d = (e1d_port *)port;
    e1d->sa_bits = sa_bits;
    session_send_sa_bits(&e1d->session, sa_bits);
}

static void e1d_free(port *port)
{
    e1d_port *e1d = (e1d_port *)port;
    session_close(&e1d->session);
    free(e1d);
}

static const port_operations operations = {
    .kind = PORT_FRAMED,
    .real_time = true,
    .receive_frames = e1d_receive_frames,
    .blocks_wanted = e1d_blocks_wanted,
    .transmit_frames = e1d_transmit_frames,
    .set_sa_bits = e1d_set_sa_bits,
    .read_status = e1d_read_status,
    .free = e1d_free,
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int connect_by(session *session, int64_t deadline_ms)
{
    while (session_connect(session)) {
        if (errno != EAGAIN || now_ms() >= deadline_ms)
            return -1;
        poll(NULL, 0, CONNECT_AGAIN_MS);
    }
    return 0;
}

/* The one place that waits: before there is a port. */
static int open_by(e1d_port *e1d, int64_t deadline_ms)
{
    session *session = &e1d->session;
    if (connect_by(session, deadline_ms))
        return -1;
    while (session_run(session) == 0) {
        int64_t left_ms = deadline_ms - now_ms();
        struct pollfd control = {.fd = session->control, .events = POLLIN};
        if (is_open(e1d))
            return 0;
        if (left_ms <= 0) {
            snprintf(session->error, sizeof session->error, "e1d %s: the daemon does not answer", session->socket_path);
            return -1;
        }
        poll(&control, 1, (int)left_ms);
    }
    return -1;
}

port *e1d_port_open(const e1d_options *options, char error[200])
{
    e1d_port *e1d = calloc(1, sizeof *e1d);
    if (!e1d) {
        snprintf(error, SESSION_ERROR_OCTETS, "e1d: no memory");
        return NULL;
    }
    uint32_t wait_ms = options->open_wait_ms ? options->open_wait_ms : E1D_OPEN_WAIT_MS;
    e1d->port.operations = &operations;
    e1d->pause_ms = E1D_PAUSE_MS_MIN;
    e1d->sa_bits = SA_BITS_UNSET;
    e1d_lanes_clear(&e1d->lanes);
    if (session_init(&e1d->session, options, &e1d->lanes) || open_by(e1d, now_ms() + wait_ms)) {
        memcpy(error, e1d->session.error, SESSION_ERROR_OCTETS);
        e1d_free(&e1d->port);
        return NULL;
    }
    e1d->session.options.force = false; /* whoever takes a timeslot from us later keeps it */
    return &e1d->port;
}

int e1d_port_send_sa_bits(port *port, unsigned sa_bits)
{
    if (sa_bits > 31)
        return -1;
    e1d_set_sa_bits(port, sa_bits);
    return 0;
}

void e1d_port_read_counters(port *port, e1d_counters *counters)
{
    const e1d_port *e1d = (const e1d_port *)port;
    *counters = (e1d_counters){
        .receive_restarts = e1d->lanes.receive.restarts,
        .send_restarts = e1d->lanes.restarts,
        .send_dry = e1d->lanes.dry,
        .bad_messages = e1d->session.bad_messages,
        .refusals = e1d->session.refusals,
        .failed_attempts = e1d->failed_attempts,
        .open = is_open(e1d),
    };
}

bool e1d_port_is(const port *port)
{
    return port->operations == &operations;
}
