/* A switch of 2 048 x 2 048 timeslots for a millisecond: in one go, and frame by frame. */
#include <stdlib.h>

#include "base/block.h"
#include "bench.h"
#include "e1/timeslot_switch.h"
#include "topics.h"

enum {
    TIMESLOTS = 2048,
    FRAME_OCTETS = 32,                                        /* what a row's time is for */
    FRAMES = TIMESLOTS * BLOCK_FRAMES / FRAME_OCTETS,
    SLACK_OCTETS = 64,
};

typedef struct {
    uint64_t in[TIMESLOTS + SLACK_OCTETS / 8]; /* words of timeslots, or one frame's octets after the other */
    uint64_t out[TIMESLOTS];
    uint32_t source[TIMESLOTS];
    timeslot_map *map;
} exchange;

static void block_run(void *context)
{
    exchange *work = context;
    timeslot_switch_block(work->in, work->source, work->out, TIMESLOTS);
    bench_keep(work);
}

static void frames_run(void *context)
{
    exchange *work = context;
    for (unsigned frame = 0; frame < BLOCK_FRAMES; frame++)
        timeslot_switch_frame(work->map, (const uint8_t *)work->in + TIMESLOTS * frame,
                              (uint8_t *)work->out + TIMESLOTS * frame);
    bench_keep(work);
}

static void row(const char *name, void (*run)(void *context), double bar_memcpy, exchange *work)
{
    bench_report(&(bench_row){.name = name,
                              .unit = "ns/32 octets",
                              .ours = bench_ns(run, work) / FRAMES,
                              .memcpy_same = bench_memcpy_ns(sizeof work->out) / FRAMES,
                              .bar_memcpy = bar_memcpy});
}

/* Every output from an input by chance. */
static void connect_all(exchange *work)
{
    srand(1);
    for (unsigned timeslot = 0; timeslot < TIMESLOTS; timeslot++) {
        work->source[timeslot] = (uint32_t)rand() % TIMESLOTS;
        timeslot_map_connect(work->map, work->source[timeslot], timeslot);
        work->in[timeslot] = (uint64_t)rand();
    }
}

void bench_switch(void)
{
    exchange *work = aligned_alloc(64, (sizeof *work + 63) / 64 * 64);
    if (!work || !(work->map = timeslot_map_new(TIMESLOTS, TIMESLOTS)))
        abort();
    connect_all(work);
    row("timeslot switch 2048 x 2048, 1 ms blocks", block_run, 5, work);
    row("timeslot switch 2048 x 2048, per frame", frames_run, 12, work);
    timeslot_map_free(work->map);
    free(work);
}
