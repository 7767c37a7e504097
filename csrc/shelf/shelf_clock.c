/* Real time: the thread that runs a block a millisecond. */
#include <errno.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "shelf/shelf_internal.h"

enum {
    LATE_NS = 8000000,        /* the buffer of an adaptor or of SAToP that an ordinary timer's jitter asks for */
    BLOCKS_AT_ONCE = 16,      /* blocks run under one hold of the lock when catching up */
    FIFO_PRIORITY = 50,
    PS_PER_NS = 1000,
    PS_PER_BLOCK_AND_PPB = 1, /* a part per billion of a millisecond */
};

static uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void sleep_until(uint64_t monotonic_deadline_ns)
{
    struct timespec deadline = {.tv_sec = (time_t)(monotonic_deadline_ns / 1000000000u),
                                .tv_nsec = (long)(monotonic_deadline_ns % 1000000000u)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL) == EINTR)
        ;
}

static void lateness_note(shelf_clock_status *status, uint64_t late_ns)
{
    status->blocks++;
    status->late_blocks += late_ns > LATE_NS;
    if (late_ns > status->worst_late_ns)
        status->worst_late_ns = late_ns;
}

/* The next block is due a millisecond of the shelf's own, steered, clock later. */
static void due_advance(shelf *shelf)
{
    int64_t due_ps = (int64_t)BLOCK_NS * PS_PER_NS - shelf->steer_ppb * PS_PER_BLOCK_AND_PPB + shelf->clock.due_rest_ps;
    shelf->clock.due_ns += (uint64_t)(due_ps / PS_PER_NS);
    shelf->clock.due_rest_ps = due_ps % PS_PER_NS;
}

/* Runs the blocks that are due, at most a batch; returns when the next is due. */
static uint64_t run_due(shelf *shelf)
{
    for (unsigned block = 0; block < BLOCKS_AT_ONCE; block++) {
        uint64_t due_ns = shelf->clock.due_ns, now_ns = monotonic_ns();
        if (now_ns < due_ns)
            return due_ns;
        lateness_note(&shelf->clock.status, now_ns - due_ns);
        shelf_run_block(shelf);
        due_advance(shelf);
    }
    return shelf->clock.due_ns;
}

static void wake_owner(const shelf *shelf)
{
    uint64_t one = 1;
    /* An eventfd refuses only when its count is about to overflow: then the owner is being woken already. */
    if (event_ring_waiting(&shelf->events) && write(shelf->clock.event_descriptor, &one, sizeof one) < 0)
        return;
}

static void *clock_thread(void *argument)
{
    shelf *shelf = argument;
    for (;;) {
        shelf_lock(shelf);
        bool stop = shelf->clock.stop;
        uint64_t due_ns = stop ? 0 : run_due(shelf);
        wake_owner(shelf);
        shelf_unlock(shelf);
        if (stop)
            return NULL;
        sleep_until(due_ns);
    }
}

static int thread_start(shelf *shelf)
{
    pthread_attr_t attributes;
    struct sched_param priority = {.sched_priority = FIFO_PRIORITY};
    pthread_attr_init(&attributes);
    pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
    pthread_attr_setschedparam(&attributes, &priority);
    shelf->clock.status.fifo = pthread_create(&shelf->clock.thread, &attributes, clock_thread, shelf) == 0;
    pthread_attr_destroy(&attributes);
    if (shelf->clock.status.fifo)
        return 0;
    return pthread_create(&shelf->clock.thread, NULL, clock_thread, shelf);
}

int shelf_start(shelf *shelf, uint64_t origin_ns, int event_descriptor)
{
    int result = ENGINE_RUNNING;
    shelf_lock(shelf);
    if (!shelf->clock.status.running) {
        shelf->clock.status = (shelf_clock_status){.running = true};
        shelf->clock.due_ns = origin_ns + shelf->now_ns + BLOCK_NS;
        shelf->clock.due_rest_ps = 0;
        shelf->clock.event_descriptor = event_descriptor;
        shelf->clock.stop = false;
        result = thread_start(shelf) ? ENGINE_NO_THREAD : ENGINE_OK;
        if (result)
            shelf->clock.status.running = false;
    }
    shelf_unlock(shelf);
    return result;
}

void shelf_stop(shelf *shelf)
{
    shelf_lock(shelf);
    bool running = shelf->clock.status.running;
    shelf->clock.stop = true;
    shelf_unlock(shelf);
    if (!running)
        return;
    pthread_join(shelf->clock.thread, NULL);
    shelf->clock.status.running = false;
}

void shelf_read_clock(shelf *shelf, shelf_clock_status *status)
{
    shelf_lock(shelf);
    *status = shelf->clock.status;
    status->steer_ppb = shelf->steer_ppb;
    shelf_unlock(shelf);
}
