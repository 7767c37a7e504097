/* What the shelf and its boards share; nothing outside csrc/ sees this. */
#ifndef TRUNKSHELF_SHELF_INTERNAL_H
#define TRUNKSHELF_SHELF_INTERNAL_H

#include <pthread.h>

#include "base/block.h"
#include "shelf/clock_loop.h"
#include "shelf/engine.h"
#include "shelf/event_ring.h"
#include "shelf/shelf.h"

/*
 * An element of the shelf: a span or a board. Every block each element reads the bus as the block before left it
 * and writes its own streams of the new one, so their order does not matter and each hop takes 1 ms.
 */
typedef struct element element;

typedef struct {
    void (*run)(element *element, const stream_block *bus, stream_block *next); /* NULL for spans: see span_bank */
    void (*free)(element *element);
} element_operations;

struct element {
    const element_operations *operations;
    shelf *shelf;
    element *following;
    element *following_board; /* of those with a run of their own */
    uint32_t object; /* what its events carry */
    unsigned stream; /* the first stream it sends */
};

/* The shelf's spans, which advance together. */
typedef struct {
    struct span **span;
    unsigned count;
} span_bank;

struct shelf {
    pthread_mutex_t lock; /* held for every block and every call: the thread and Python meet here */
    uint64_t now_ns;
    unsigned streams, streams_used;
    stream_block *bus[2]; /* as the last block left it, and as the next will */
    element *first, **last;
    element *first_board, **last_board; /* of them those that run, in a list that does not lead past every span */
    span_bank spans;
    uint32_t objects;
    int64_t steer_ppb;    /* how much faster than nominal the shelf's clock runs */
    clock_loop clock_loop;
    struct span *clock_source; /* what the loop follows */
    unsigned second_blocks;    /* of the loop's second in progress */
    bool real_time_only;  /* a port is tied to the outside world */
    event_ring events;
    struct {
        pthread_t thread;
        uint64_t due_ns;     /* when the next block is due, on CLOCK_MONOTONIC */
        int64_t due_rest_ps; /* and so much less than a nanosecond later */
        int event_descriptor;
        bool stop;
        shelf_clock_status status;
    } clock;
};

void shelf_lock(shelf *shelf);
void shelf_unlock(shelf *shelf);

/* Runs one block; the lock is held. */
void shelf_run_block(shelf *shelf);

/* As shelf_hold_clock; the lock is held. */
void shelf_clock_hold(shelf *shelf);

/* Puts an element, complete but for what this fills in, into the shelf with `streams` streams to send; 0 or an
 * engine_error. The next block runs it. */
int shelf_adopt(shelf *shelf, element *element, const element_operations *operations, unsigned streams);

/* An event of this element (an event_kind or a line_event_kind) at the shelf's present time. */
void element_tell(element *element, unsigned kind, unsigned timeslot, uint32_t value, uint64_t bit);

bool shelf_has_stream(const shelf *shelf, unsigned stream);

#endif
