/* The descriptors osmo-e1d hands out, kept in step with each other in both directions. */
#ifndef TRUNKSHELF_E1D_LANES_INTERNAL_H
#define TRUNKSHELF_E1D_LANES_INTERNAL_H

#include "ports/lanes_internal.h"

enum {
    E1D_START_FRAMES = 32,    /* 4 ms: the longest burst of an icE1usb, four USB packets */
    E1D_SEND_LEAD = 4,        /* blocks kept under way to the daemon at first; one more each time it runs dry */
    E1D_SEND_LEAD_MAX = 24,
    E1D_UNEVEN_LOOKS = 8,
};

/*
 * Sending. Draining: nothing is sent until the daemon has read all lanes empty. Running: begun by filling all lanes
 * alike; a block goes to all lanes or to none. The kernel tells what the daemon has not read yet, by whole blocks:
 * lanes that have run low may have been read short, and levels that differ look after look, while the daemon reads, are
 * lanes out of step; in both cases drain again. Passes are 1.25 ms or more apart: two looks in succession do not both
 * fall into one.
 */
typedef struct {
    lanes receive;
    bool sending;
    unsigned lead;
    unsigned empty_looks, uneven_looks;
    uint32_t block_cost;    /* what the kernel accounts for a block of a lane */
    uint32_t queued_blocks; /* not yet read by the daemon */
    uint64_t unread;        /* cost of all lanes at the last look, and of what was sent since */
    uint64_t restarts;      /* times lanes were left to run empty to bring them into step */
    uint64_t dry;           /* times the daemon found too little to send */
    uint64_t overruns;      /* blocks that found no room */
} e1d_lanes;

/* No lanes; counters stay. */
void e1d_lanes_clear(e1d_lanes *lanes);
void e1d_lanes_close(e1d_lanes *lanes);

/* All lanes are added. -1 if the kernel does not tell what it holds for the daemon. */
int e1d_lanes_begin(e1d_lanes *lanes);

/* Once a millisecond: reads what is there, looks how much is under way. -1 if a descriptor is dead. */
int e1d_lanes_look(e1d_lanes *lanes);

unsigned e1d_lanes_blocks_wanted(const e1d_lanes *lanes);

/* -1 if a descriptor is dead. */
int e1d_lanes_send(e1d_lanes *lanes, const stream_block *block);

#endif
