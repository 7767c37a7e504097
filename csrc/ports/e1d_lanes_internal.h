/* Lanes: the descriptors osmo-e1d hands out, kept in step with each other in both directions. */
#ifndef TRUNKSHELF_E1D_LANES_INTERNAL_H
#define TRUNKSHELF_E1D_LANES_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/block.h"

enum {
    LANES_MAX = 31,           /* timeslots 1-31, or a superchannel's one lane of all of them */
    LANE_FRAMES = 256,        /* frames that wait to be taken: 32 ms */
    LANE_START_FRAMES = 32,   /* frames collected before the first is given: 4 ms, the longest burst of an icE1usb */
    LANE_UNEVEN_LOOKS = 8,    /* so many looks in succession that find lanes unequal: they are out of step */
    LANE_LOWEST_LOOKS = 64,   /* looks over which the lowest level is taken */
    LANE_SEND_LEAD = 4,       /* blocks kept under way to the daemon at first; one more each time it runs dry */
    LANE_SEND_LEAD_MAX = 24,
};

/*
 * How lanes keep step. The daemon reads and writes all timeslots in one pass, so between two passes every lane has
 * carried the same number of octets since any earlier moment between passes. Nothing else ties them together.
 *
 * Receive. Draining: everything is thrown away until a look finds all lanes empty twice over. From there octet n of every
 * lane belongs to one frame. Filling, then running: blocks leave all lanes together. Should the lanes' levels differ
 * (a look may fall into a pass, once), look after look, a lane has lost octets: drain again. Likewise if a
 * lane overflows.
 *
 * Send. Draining: nothing is sent until the daemon has read all lanes empty. Running: begun by filling all lanes alike; a block
 * goes to all lanes or to none. The kernel tells what the daemon has not read yet, by whole blocks: a lane
 * that has run dry may have been read short, and levels that differ look after look are lanes out of step: drain again.
 */
typedef enum {
    LANES_DRAINING,
    LANES_FILLING, /* receive only */
    LANES_RUNNING,
} lanes_state;

typedef struct {
    uint64_t receive_restarts; /* times octets were thrown away to bring lanes into step */
    uint64_t send_restarts;
    uint64_t send_dry;         /* times the daemon found nothing to send */
    uint64_t receive_overruns; /* milliseconds thrown away because lanes overflowed */
    uint64_t send_overruns;    /* blocks that found no room */
} lanes_counters;

typedef struct {
    unsigned count;
    unsigned width;               /* octets of a frame in a lane: 1, or 31 in a superchannel */
    int descriptors[LANES_MAX];
    uint8_t timeslots[LANES_MAX]; /* the first timeslot of a lane */

    lanes_state receiving;
    uint32_t levels[LANES_MAX];   /* octets that wait in `queues` */
    uint32_t lowest_frames;       /* since the window of LANE_LOWEST_LOOKS began */
    unsigned looks, uneven_receive;
    uint32_t silent_looks;        /* looks in succession without an octet */
    uint8_t queues[LANES_MAX * LANE_FRAMES];

    lanes_state sending;
    unsigned lead;
    unsigned empty_looks, uneven_send;
    uint32_t block_cost;          /* what the kernel accounts for a block of a lane */
    uint32_t queued_blocks;       /* not yet read by the daemon */
    lanes_counters counters;
} lanes;

/* No lanes. Counters stay. */
void lanes_clear(lanes *lanes);
void lanes_add(lanes *lanes, int descriptor, unsigned timeslot, unsigned width);
/* All are added. -1 if the kernel does not say what it holds for the daemon. */
int lanes_begin(lanes *lanes);
void lanes_close(lanes *lanes);

/* Once a millisecond: reads what is there, looks how much is under way. -1 if a descriptor is dead. */
int lanes_look(lanes *lanes);

/* The next eight frames; timeslots without a lane are all ones. False if they are not there. */
bool lanes_take(lanes *lanes, stream_block *block);

/* True if the lanes have held more than they needed for long: the daemon runs faster than its client. */
bool lanes_surplus(const lanes *lanes);

unsigned lanes_blocks_wanted(const lanes *lanes);

/* -1 if a descriptor is dead. */
int lanes_send(lanes *lanes, const stream_block *block);

#endif
