/* The `e1d:` back end: a line of osmo-e1d (icE1usb adaptors, virtual pairs), whose daemon frames it. */
#ifndef TRUNKSHELF_E1D_PORT_H
#define TRUNKSHELF_E1D_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "ports/port.h"

enum {
    E1D_CHUNK_FRAMES = 10,          /* one pass of the daemon: 1.25 ms */
    E1D_OPEN_WAIT_MS = 2000,
    E1D_SILENCE_MS = 100,           /* so long without an octet: PORT_SIGNAL_LOST */
    E1D_ANSWER_MS = 1000,           /* a daemon that takes longer to answer while being found again is given up */
    E1D_PAUSE_MS_MIN = 100,         /* before it is looked for again; doubled every time */
    E1D_PAUSE_MS_MAX = 6400,
};

typedef struct {
    const char *socket_path; /* NULL: osmo-e1d.ctl in the system's temporary folder */
    uint8_t interface, line;
    /*
     * All timeslots as one stream: they cannot shift against each other, and it costs a thirtieth of the system
     * calls. The line's mode is set to what is asked for. Not superchannel: `timeslots`, bit n for timeslot n,
     * 0 for all of 1-31.
     */
    bool superchannel;
    uint32_t timeslots;
    bool force; /* the first time only, timeslots are taken from clients that have them */
    /*
     * Frames the daemon collects before it hands them over; 0: E1D_CHUNK_FRAMES. It collects for each timeslot from
     * the moment that was opened: channelised timeslots are in step only if the frames of every pass are a
     * multiple of this. A virtual pair's passes have 10; an icE1usb's vary, 1 always holds but is dear.
     */
    uint32_t chunk_frames;
    uint32_t open_wait_ms; /* 0: E1D_OPEN_WAIT_MS */
} e1d_options;

/* What a port_status has no place for. */
typedef struct {
    uint64_t receive_restarts; /* times octets were thrown away to bring timeslots into step */
    uint64_t send_restarts;
    uint64_t send_dry;         /* times the daemon found too little to send */
    uint64_t bad_messages;     /* each ended a connection */
    uint64_t refusals;         /* errors the daemon answered with once open, to Sa bits */
    uint64_t failed_attempts;  /* to find the daemon again */
    bool open;                 /* the daemon is there */
} e1d_counters;

/*
 * Opens the line; waits at most open_wait_ms for the daemon. NULL, with one line in `error`: what was refused, where.
 * From then on nothing blocks. If the daemon goes, PORT_SIGNAL_LOST stands and it is looked for after growing
 * pauses, counted in milliseconds of calls: a millisecond begins with the first receive_frames after blocks_wanted.
 */
port *e1d_port_open(const e1d_options *options, char error[200]);

/* Sends Sa4-Sa8 (Sa4 most significant of five) from now on, and again whenever the daemon is found again. */
int e1d_port_send_sa_bits(port *port, unsigned sa_bits);

void e1d_port_read_counters(port *port, e1d_counters *counters);

/* True if the port is one of these. */
bool e1d_port_is(const port *port);

#endif
