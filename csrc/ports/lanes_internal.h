/* Lanes: descriptors that each bring the octets of a timeslot or a superchannel, kept in step with each other. */
#ifndef TRUNKSHELF_LANES_INTERNAL_H
#define TRUNKSHELF_LANES_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/block.h"

enum {
    LANES_MAX = 31,          /* timeslots 1-31, or a superchannel's one lane of all of them */
    LANE_FRAMES = 512,       /* frames that wait to be taken: 64 ms, of a shelf that was held up */
    LANE_LOWEST_LOOKS = 64,  /* looks over which the lowest level is taken */
    LANE_UNEVEN_STEP = 2,    /* suspicion grows by this with a look that leaves lanes unequal, falls by 1 with another; */
    LANE_UNEVEN_LIMIT = 16,  /* here lanes are out of step: after 8 such looks in succession, or half of 32 */
};

/*
 * How lanes keep step. A driver moves all timeslots of a frame in one pass, so between two passes every lane has
 * carried the same number of octets since any earlier moment between passes. Nothing else ties them together.
 *
 * Draining: everything is thrown away until a look finds nothing twice over. From there, octet n of every lane
 * belongs to one frame. Filling, then, with nothing suspicious, running: blocks leave all lanes together. A look that
 * finds levels unequal may have fallen into a pass, so it looks once more; should they be found unequal again and
 * again, with octets coming, a lane has lost octets or begun in another pass, and what they carry means nothing: drain
 * again. Likewise if a lane overflows.
 */
typedef enum {
    LANES_DRAINING,
    LANES_FILLING,
    LANES_RUNNING,
} lanes_state;

typedef struct {
    uint32_t read_octets; /* a read with less room would lose octets */
    uint32_t start_frames; /* frames collected before the first is given: covers what comes in one burst */
    /* Octets read, 0 if there are none, -1 if the descriptor is dead. `owner` is that of the lanes. */
    int (*read)(void *owner, unsigned lane, uint8_t *octets, uint32_t room);
    /* Throws away what a driver has collected and not yet given; may be NULL. */
    int (*flush)(int descriptor);
} lanes_driver;

typedef struct {
    const lanes_driver *driver;
    void *owner;
    unsigned count;
    unsigned width;               /* octets of a frame in a lane: 1, or 31 in a superchannel */
    int descriptors[LANES_MAX];
    uint8_t timeslots[LANES_MAX]; /* the first timeslot of a lane */
    lanes_state state;
    unsigned suspicion;           /* that lanes are out of step */
    uint32_t levels[LANES_MAX];   /* octets that wait in `queues` */
    uint32_t looks, lowest_frames; /* the window of LANE_LOWEST_LOOKS so far */
    uint32_t silent_looks;        /* in succession, without an octet; stays at its greatest */
    uint32_t last_octets;         /* of the first lane, in the last look */
    uint64_t restarts;            /* times octets were thrown away to bring lanes into step */
    uint64_t overruns;            /* milliseconds thrown away because lanes overflowed */
    uint8_t queues[LANES_MAX * LANE_FRAMES]; /* a superchannel's lane uses all of it */
} lanes;

/* No lanes; counters stay. */
void lanes_clear(lanes *lanes, const lanes_driver *driver, void *owner);
void lanes_add(lanes *lanes, int descriptor, unsigned timeslot, unsigned width);
void lanes_close(lanes *lanes);

/* Once a millisecond: reads what is there. -1 if a descriptor is dead. */
int lanes_look(lanes *lanes);

/* Begins anew. */
void lanes_restart(lanes *lanes);

/* The next eight frames; timeslots without a lane are all ones. False if they are not there. */
bool lanes_take(lanes *lanes, stream_block *block);

/* True if the lanes have long held a block more than they needed: the driver runs faster than its user. */
bool lanes_surplus(const lanes *lanes);

/* A lane's octets of a block, in the order they travel; at most 248. Returns how many. */
unsigned lanes_octets(const lanes *lanes, unsigned lane, const stream_block *block, uint8_t *octets);

bool would_block(void);

#endif
