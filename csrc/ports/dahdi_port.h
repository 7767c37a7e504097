/* The `dahdi:` back end: a span of the DAHDI drivers, whose card frames the line. */
#ifndef TRUNKSHELF_DAHDI_PORT_H
#define TRUNKSHELF_DAHDI_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "ports/port.h"

enum {
    DAHDI_BLOCK_OCTETS = 16,    /* the smallest the driver takes (a channel and ms are 8): reads come every 2 ms */
    DAHDI_SILENCE_MS = 100,     /* so long without an octet: PORT_SIGNAL_LOST */
    DAHDI_PAUSE_MS_MIN = 100,   /* before a span that is gone is looked for; doubled every time */
    DAHDI_PAUSE_MS_MAX = 6400,
};

typedef struct {
    uint32_t span;      /* 1-128, as the driver counts */
    uint32_t timeslots; /* bit n for timeslot n; 0: all that are configured in the driver */
} dahdi_options;

/* Maintenance of a span (DAHDI_MAINT): loops stand until another is asked for, errors are put in once. */
typedef enum {
    DAHDI_LOOP_NONE = 0,
    DAHDI_LOOP_LOCAL = 1,
    DAHDI_LOOP_LINE = 2,
    DAHDI_ERROR_FAS = 6,
    DAHDI_ERROR_MULTIFRAME = 7,
    DAHDI_ERROR_CRC = 8,
    DAHDI_ERROR_CAS = 9,
    DAHDI_ERROR_BIPOLAR = 11,
    DAHDI_LOOP_PAYLOAD = 13,
    DAHDI_COUNTERS_RESET = 14,
} dahdi_maintenance;

typedef struct {
    uint64_t restarts;        /* times octets both ways were thrown away to bring timeslots into step */
    uint64_t events;          /* taken from the driver's queues */
    uint64_t failed_attempts; /* to find the span again */
    bool open;                /* the card is there */
    uint32_t timeslots;       /* open now */
    uint32_t cas_timeslots;   /* of those, with signalling bits */
} dahdi_counters;

/*
 * Opens the span's channels, 31 of an E1 less those not configured. Channels must be clear or CAS; a D channel
 * is a clear one and brings octets like any other. With CAS channels among them the port has receive_cas and
 * transmit_cas. NULL, with one line in `error`. Should the card go, PORT_SIGNAL_LOST stands and it is looked for after
 * growing pauses, counted in milliseconds of calls: a millisecond begins with the first receive_frames after
 * blocks_wanted.
 */
port *dahdi_port_open(const dahdi_options *options, char error[200]);

/* 0, or -1 with one line in `error`: not every driver has every command. */
int dahdi_port_maintain(port *port, dahdi_maintenance command, char error[200]);

void dahdi_port_read_counters(port *port, dahdi_counters *counters);

/* True if the port is one of these. */
bool dahdi_port_is(const port *port);

#endif
