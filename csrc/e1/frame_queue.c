/* A ring of records: length, mark, octets; each part may run over the ring's end. */
#include "e1/frame_queue_internal.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    uint64_t count, mark;
} record;

_Static_assert(sizeof(record) == FRAME_QUEUE_OVERHEAD, "what a frame takes beside its octets is published");

bool frame_queue_init(frame_queue *queue, size_t octets)
{
    *queue = (frame_queue){.ring = malloc(octets), .size = octets};
    return queue->ring != NULL;
}

void frame_queue_release(frame_queue *queue)
{
    free(queue->ring);
}

static void ring_write(frame_queue *queue, const void *octets, size_t count)
{
    size_t at = queue->read + queue->used;
    at -= at >= queue->size ? queue->size : 0;
    size_t first = count < queue->size - at ? count : queue->size - at;
    memcpy(queue->ring + at, octets, first);
    memcpy(queue->ring, (const uint8_t *)octets + first, count - first);
    queue->used += count;
}

static void ring_read(const frame_queue *queue, size_t skip, void *octets, size_t count)
{
    size_t at = queue->read + skip;
    at -= at >= queue->size ? queue->size : 0;
    size_t first = count < queue->size - at ? count : queue->size - at;
    memcpy(octets, queue->ring + at, first);
    memcpy((uint8_t *)octets + first, queue->ring, count - first);
}

bool frame_queue_put(frame_queue *queue, const uint8_t *frame, size_t count, uint64_t mark)
{
    const record head = {count, mark};
    size_t room = queue->size - queue->used;
    if (room < sizeof head || room - sizeof head < count)
        return false;
    ring_write(queue, &head, sizeof head);
    ring_write(queue, frame, count);
    queue->frames++;
    return true;
}

static record oldest(const frame_queue *queue)
{
    record head;
    ring_read(queue, 0, &head, sizeof head);
    return head;
}

size_t frame_queue_next(const frame_queue *queue)
{
    return queue->frames ? (size_t)oldest(queue).count : 0;
}

uint64_t frame_queue_copy(const frame_queue *queue, uint8_t *frame)
{
    record head = oldest(queue);
    ring_read(queue, sizeof head, frame, (size_t)head.count);
    return head.mark;
}

void frame_queue_drop(frame_queue *queue)
{
    size_t taken = sizeof(record) + (size_t)oldest(queue).count;
    queue->read += taken;
    queue->read -= queue->read >= queue->size ? queue->size : 0;
    queue->used -= taken;
    queue->frames--;
}
