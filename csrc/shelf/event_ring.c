/* The event ring. The shelf's lock serialises its two sides. */
#include "shelf/event_ring.h"

void event_ring_put(event_ring *ring, shelf_event event)
{
    event.sequence = ring->sequence++;
    if (ring->written - ring->read == EVENT_RING_SIZE) {
        ring->lost++;
        return;
    }
    ring->slot[ring->written++ % EVENT_RING_SIZE] = event;
}

unsigned event_ring_waiting(const event_ring *ring)
{
    return (unsigned)(ring->written - ring->read) + (ring->lost != 0);
}

unsigned event_ring_take(event_ring *ring, shelf_event *events, unsigned count)
{
    unsigned taken = 0;
    while (taken < count && ring->read != ring->written)
        events[taken++] = ring->slot[ring->read++ % EVENT_RING_SIZE];
    if (ring->lost && taken < count) {
        uint64_t time_ns = ring->slot[(ring->read - 1) % EVENT_RING_SIZE].time_ns;
        events[taken++] = (shelf_event){
            .time_ns = time_ns, .kind = EVENT_EVENTS_LOST, .value = ring->lost, .sequence = ring->sequence++};
        ring->lost = 0;
    }
    return taken;
}
