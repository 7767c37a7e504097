/* A session with osmo-e1d: the control socket, the way from connecting to open timeslots, events. Never blocks. */
#ifndef TRUNKSHELF_E1D_SESSION_INTERNAL_H
#define TRUNKSHELF_E1D_SESSION_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "ports/e1d_lanes_internal.h"
#include "ports/e1d_message.h"
#include "ports/e1d_port.h"

enum {
    SESSION_ERROR_OCTETS = 200,
};

/*
 * state        asks                    goes on when answered
 * interfaces   interfaces              ours is among them
 * lines        lines of the interface  ours is among them: in the mode wanted to timeslots, else to mode
 * mode         the mode wanted         with that mode, to timeslots
 * timeslots    all timeslots           none of ours is in use, or force
 * opening      the next timeslot       with its descriptor; after the last, open
 * open         -                       -
 * Anything else ends in closed, with one line in `error`.
 */
typedef enum {
    SESSION_CLOSED,
    SESSION_INTERFACES,
    SESSION_LINES,
    SESSION_MODE,
    SESSION_TIMESLOTS,
    SESSION_OPENING,
    SESSION_OPEN,
} session_state;

typedef struct {
    e1d_options options;
    char socket_path[108]; /* the room of a sockaddr_un */
    int control;
    session_state state;
    bool asked;          /* the state's request is sent */
    unsigned opening;    /* the timeslot being opened */
    e1d_lanes *lanes;    /* where descriptors go */
    uint32_t alarms;     /* port_alarm bits, from events */
    uint32_t sa_bits;    /* received */
    uint64_t bad_messages, refusals;
    char error[SESSION_ERROR_OCTETS];
} session;

/* -1: the options do not fit, `error` says why. */
int session_init(session *session, const e1d_options *options, e1d_lanes *lanes);

/* Connects. -1: closed, `error` says why; errno is EAGAIN where the daemon's queue of connections is full. */
int session_connect(session *session);

/* Goes as far as it gets without waiting; once open, takes events. -1: closed, `error` says why. */
int session_run(session *session);

void session_send_sa_bits(session *session, unsigned sa_bits);

/* Closes the control socket and all lanes. */
void session_close(session *session);

#endif
