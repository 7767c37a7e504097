/* A queue of frames of any length in one ring of octets. */
#ifndef TRUNKSHELF_FRAME_QUEUE_INTERNAL_H
#define TRUNKSHELF_FRAME_QUEUE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_QUEUE_OVERHEAD = 16 }; /* octets a frame takes beside its own: its length and its mark */

typedef struct {
    uint8_t *ring;
    size_t size, read, used; /* octets */
    unsigned frames;
} frame_queue;

/* False without memory. */
bool frame_queue_init(frame_queue *queue, size_t octets);
void frame_queue_release(frame_queue *queue);

/* Queues a frame with a number of the caller's; false, and nothing is queued, if there is no room. */
bool frame_queue_put(frame_queue *queue, const uint8_t *frame, size_t count, uint64_t mark);

/* The oldest frame's length, 0 if there is none. */
size_t frame_queue_next(const frame_queue *queue);

/* Copies the oldest frame out and returns its mark; there must be one. */
uint64_t frame_queue_copy(const frame_queue *queue, uint8_t *frame);

/* Forgets the oldest frame; there must be one. */
void frame_queue_drop(frame_queue *queue);

#endif
