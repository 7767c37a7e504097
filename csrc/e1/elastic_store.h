/* The elastic store between a line's clock and the shelf's: controlled slips of exactly one frame (G.823, Q.521 2.4). */
#ifndef TRUNKSHELF_ELASTIC_STORE_H
#define TRUNKSHELF_ELASTIC_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/block.h"

enum {
    ELASTIC_STORE_BLOCKS = 8,
    ELASTIC_STORE_FRAMES = 64, /* that it holds at most */
};

typedef enum {
    STORE_STEADY = 0,
    STORE_REPEATED = 1,  /* a frame was sent twice: the line is slower than the shelf (positive slip) */
    STORE_DELETED = 2,   /* a frame was left out: the line is faster (negative slip) */
    STORE_FILLING = 3,   /* nothing to read yet */
    STORE_UNDERRUN = 4,  /* the line stopped; it fills anew */
    STORE_OVERRUN = 5,   /* more was put in than it holds; it fills anew */
} store_result;

/*
 * Both sides move eight frames at a time, but the level is known to the bit: frames stored, and bits that wait behind
 * them. It may wander by a frame either way of where it began before a frame is slipped, which brings it back there: so
 * the store is two frames deep, and wander of less than a frame never makes slips to and fro.
 */
typedef struct {
    stream_block ring[ELASTIC_STORE_BLOCKS];
    uint64_t written, read;                  /* frames */
    int64_t centre_bits;                     /* the level at which it began */
    uint32_t slack_frames;                   /* how far the level may wander: 1, more for ports that come in bursts */
    uint32_t waiting_bits_max;               /* the most that elastic_store_take is ever told */
    bool reading;
    uint64_t repeated, deleted;              /* frames, since the start */
    uint64_t underruns, overruns;
} elastic_store;

/* waiting_bits_max: the most bits that the far side of the store may hold when elastic_store_take is called. */
void elastic_store_init(elastic_store *store, uint32_t slack_frames, uint32_t waiting_bits_max);

/* Forgets what is in it and fills anew; counters stay. */
void elastic_store_restart(elastic_store *store);

void elastic_store_put(elastic_store *store, const stream_block *block);

/* The same without a copy: eight frames written where `room` says are in the store once put_room is called. Nothing
 * may be written there otherwise: a full store keeps its oldest frames in the same place. */
stream_block *elastic_store_room(elastic_store *store);
void elastic_store_put_room(elastic_store *store);

/* The next eight frames; bits_waiting: bits beyond the frames put in that the far side of the store still holds.
 * Returns a store_result; with STORE_FILLING, _UNDERRUN and _OVERRUN `block` is left alone. */
store_result elastic_store_take(elastic_store *store, uint32_t bits_waiting, stream_block *block);

#endif
