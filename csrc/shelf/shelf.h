/* The shelf: owns spans, boards and the lines between them, and advances them all a millisecond at a time. */
#ifndef TRUNKSHELF_SHELF_H
#define TRUNKSHELF_SHELF_H

#include <stdbool.h>
#include <stdint.h>

#include "shelf/event.h"

typedef struct shelf shelf;

enum {
    SHELF_CODE_STREAMS = 8,  /* streams 0-7 hold the 256 constant octets: code c is timeslot c % 32 of stream c / 32 */
    SHELF_IDLE_STREAM = 8,   /* carries the idle code in every timeslot */
    SHELF_IDLE_CODE = 0xD5,  /* what an unconnected timeslot carries: A-law zero (G.711) */
    SHELF_STREAMS_MAX = 4096,
    SHELF_STEER_PPB_MAX = 1000000,
    BLOCKS_PER_S = 1000,
};

/* How the real-time clock has kept up. */
typedef struct {
    uint64_t blocks;         /* run since the start */
    uint64_t late_blocks;    /* begun more than 8 ms after their time: an adaptor's buffer would have run dry */
    uint64_t worst_late_ns;
    bool running;
    bool fifo;               /* the thread has SCHED_FIFO */
    int64_t steer_ppb;       /* how much faster than nominal the clock is made to run; also in virtual time */
} shelf_clock_status;

/* A shelf with room for `streams` streams besides its own; its clock stands at 0. NULL without memory. */
shelf *shelf_new(unsigned streams);

/* Stops the clock and frees everything the shelf owns. */
void shelf_free(shelf *shelf);

/* The shelf's clock, in nanoseconds since it was made. */
uint64_t shelf_now_ns(shelf *shelf);

/*
 * Virtual time: runs blocks until the clock reads `until_ns` or more, or a block puts an event into the ring.
 * Returns the number of events waiting, or an engine_error.
 */
int shelf_run(shelf *shelf, uint64_t until_ns);

/*
 * Follows no span any more, but runs so much faster than nominal (parts per billion; 0: free run): in real time blocks
 * follow each other faster, in virtual time lines with an offset of their own keep step.
 */
int shelf_steer(shelf *shelf, int64_t ppb);

/* Follows no span any more, but keeps the last good frequency (holdover). */
void shelf_hold_clock(shelf *shelf);

/* Moves at most `count` events out, oldest first; returns how many. */
int shelf_take_events(shelf *shelf, shelf_event *events, unsigned count);

/*
 * Real time: a thread (SCHED_FIFO where permitted) runs a block a millisecond of CLOCK_MONOTONIC, counted from
 * origin_ns, and makes event_descriptor (an eventfd, owned by the caller) readable when events wait.
 */
int shelf_start(shelf *shelf, uint64_t origin_ns, int event_descriptor);

/* Ends real time after the block in progress. */
void shelf_stop(shelf *shelf);

void shelf_read_clock(shelf *shelf, shelf_clock_status *status);

#endif
