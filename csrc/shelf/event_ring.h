/* The ring between the engine and whoever reads its events: bounded, never blocks, counts what it drops. */
#ifndef TRUNKSHELF_EVENT_RING_H
#define TRUNKSHELF_EVENT_RING_H

#include "shelf/event.h"

enum { EVENT_RING_SIZE = 16384 };

typedef struct {
    shelf_event slot[EVENT_RING_SIZE];
    uint64_t written, read;
    uint32_t sequence, lost;
} event_ring;

/* Appends an event (its sequence is filled in); a full ring counts it as lost instead. */
void event_ring_put(event_ring *ring, shelf_event event);

/* Moves at most `count` events out, oldest first; reports earlier losses as an EVENT_EVENTS_LOST. */
unsigned event_ring_take(event_ring *ring, shelf_event *events, unsigned count);

unsigned event_ring_waiting(const event_ring *ring);

#endif
