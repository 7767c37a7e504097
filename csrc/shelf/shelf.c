/* The shelf's bus, its elements and virtual time. */
#include <stdlib.h>
#include <string.h>

#include "shelf/span_internal.h"

void shelf_lock(shelf *shelf)
{
    pthread_mutex_lock(&shelf->lock);
}

void shelf_unlock(shelf *shelf)
{
    pthread_mutex_unlock(&shelf->lock);
}

/* The clock's thread may have real-time priority: whoever holds the lock inherits it meanwhile. */
static int lock_init(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;
    if (pthread_mutexattr_init(&attributes))
        return -1;
    pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    int failed = pthread_mutex_init(lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return failed ? -1 : 0;
}

static void code_streams_fill(stream_block *bus)
{
    for (unsigned code = 0; code < 256; code++)
        memset(bus[code / 32].octet[code % 32], (int)code, BLOCK_FRAMES);
}

static stream_block *bus_new(unsigned streams)
{
    size_t octets = streams * sizeof(stream_block);
    stream_block *bus = aligned_alloc(64, octets);
    if (!bus)
        return NULL;
    memset(bus, SHELF_IDLE_CODE, octets);
    code_streams_fill(bus);
    return bus;
}

shelf *shelf_new(unsigned streams)
{
    if (streams > SHELF_STREAMS_MAX)
        return NULL;
    shelf *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->streams_used = SHELF_IDLE_STREAM + 1;
    made->streams = streams + made->streams_used;
    made->bus[0] = bus_new(made->streams);
    made->bus[1] = bus_new(made->streams);
    made->last = &made->first;
    made->last_board = &made->first_board;
    if (!made->bus[0] || !made->bus[1] || lock_init(&made->lock)) {
        free(made->bus[0]);
        free(made->bus[1]);
        free(made);
        return NULL;
    }
    return made;
}

void shelf_free(shelf *shelf)
{
    if (!shelf)
        return;
    shelf_stop(shelf);
    for (element *element = shelf->first, *following; element; element = following) {
        following = element->following;
        element->operations->free(element);
    }
    free(shelf->spans.span);
    free(shelf->bus[0]);
    free(shelf->bus[1]);
    pthread_mutex_destroy(&shelf->lock);
    free(shelf);
}

static void element_append(shelf *shelf, element *element)
{
    *shelf->last = element;
    shelf->last = &element->following;
    if (!element->operations->run)
        return;
    *shelf->last_board = element;
    shelf->last_board = &element->following_board;
}

int shelf_adopt(shelf *shelf, element *element, const element_operations *operations, unsigned streams)
{
    int result = ENGINE_NO_STREAMS;
    shelf_lock(shelf);
    if (streams <= shelf->streams - shelf->streams_used) {
        result = ENGINE_OK;
        element->operations = operations;
        element->shelf = shelf;
        element->stream = shelf->streams_used;
        shelf->streams_used += streams;
        element->object = ++shelf->objects;
        element_append(shelf, element);
    }
    shelf_unlock(shelf);
    return result;
}

bool shelf_has_stream(const shelf *shelf, unsigned stream)
{
    return stream < shelf->streams_used;
}

void element_tell(element *element, unsigned kind, unsigned timeslot, uint32_t value, uint64_t bit)
{
    shelf_event event = {.time_ns = element->shelf->now_ns + BLOCK_NS,
                         .bit = bit,
                         .object = element->object,
                         .kind = (uint16_t)kind,
                         .timeslot = (uint16_t)timeslot,
                         .value = value};
    event_ring_put(&element->shelf->events, event);
}

static void clock_follow(shelf *shelf)
{
    if (!shelf->clock_source || ++shelf->second_blocks < BLOCKS_PER_S)
        return;
    shelf->second_blocks = 0;
    const span *source = shelf->clock_source;
    clock_loop_end_second(&shelf->clock_loop, span_received_bits(source), source->in_service);
    shelf->steer_ppb = shelf->clock_loop.steer_ppb;
}

void shelf_run_block(shelf *shelf)
{
    stream_block *bus = shelf->bus[0], *next = shelf->bus[1];
    span_bank_receive(shelf, next);
    for (element *board = shelf->first_board; board; board = board->following_board)
        board->operations->run(board, bus, next);
    span_bank_transmit(shelf, bus, next);
    shelf->bus[0] = next;
    shelf->bus[1] = bus;
    shelf->now_ns += BLOCK_NS;
    clock_follow(shelf);
}

uint64_t shelf_now_ns(shelf *shelf)
{
    shelf_lock(shelf);
    uint64_t now_ns = shelf->now_ns;
    shelf_unlock(shelf);
    return now_ns;
}

int shelf_run(shelf *shelf, uint64_t until_ns)
{
    shelf_lock(shelf);
    int waiting = shelf->real_time_only ? ENGINE_REAL_TIME : ENGINE_RUNNING;
    if (!shelf->clock.status.running && !shelf->real_time_only) {
        while (shelf->now_ns < until_ns && !event_ring_waiting(&shelf->events))
            shelf_run_block(shelf);
        waiting = (int)event_ring_waiting(&shelf->events);
    }
    shelf_unlock(shelf);
    return waiting;
}

int shelf_steer(shelf *shelf, int64_t ppb)
{
    if (ppb < -SHELF_STEER_PPB_MAX || ppb > SHELF_STEER_PPB_MAX)
        return ENGINE_BAD_VALUE;
    shelf_lock(shelf);
    clock_loop_set(&shelf->clock_loop, ppb);
    shelf->clock_source = NULL;
    shelf->steer_ppb = ppb;
    shelf_unlock(shelf);
    return ENGINE_OK;
}

void shelf_clock_hold(shelf *shelf)
{
    clock_loop_hold(&shelf->clock_loop);
    shelf->clock_source = NULL;
    shelf->steer_ppb = shelf->clock_loop.steer_ppb;
}

void shelf_hold_clock(shelf *shelf)
{
    shelf_lock(shelf);
    shelf_clock_hold(shelf);
    shelf_unlock(shelf);
}

int shelf_take_events(shelf *shelf, shelf_event *events, unsigned count)
{
    shelf_lock(shelf);
    unsigned taken = event_ring_take(&shelf->events, events, count);
    shelf_unlock(shelf);
    return (int)taken;
}
