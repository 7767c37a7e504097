/* A shelf of 64 spans on 32 lines, everything on: HDB3, CRC-4, signalling, elastic stores, a switch, data links. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "shelf/span.h"
#include "shelf/switch_board.h"

enum {
    SPANS = 64,
    STREAMS = 2 * SPANS,
    D_CHANNEL = 1u << 31,
    BAR_US = 15, /* 1.5 % of a core */
};

typedef struct {
    shelf *shelf;
    uint64_t until_ns;
} plant;

static void fail(void)
{
    abort();
}

static void check(int result)
{
    if (result < 0)
        fail();
}

/* Spans 2k and 2k + 1 are the ends of line k; the switch turns every timeslot round to another span. */
static plant plant_new(void)
{
    uint32_t object;
    span *spans[SPANS];
    span_options options = span_options_default(FRAMING_CRC4);
    hdlc_options link = {HDLC_FCS_16, 300};
    plant made = {shelf_new(STREAMS), 0};
    for (unsigned k = 0; k < SPANS; k++)
        spans[k] = shelf_add_span(made.shelf, &options, &object);
    switch_board *board = shelf_add_switch_board(made.shelf, SPANS);
    if (!board)
        fail();
    for (unsigned k = 0; k < SPANS; k++) {
        check(span_attach(spans[k], (unsigned)switch_board_stream(board, k)));
        check(switch_board_attach(board, k, span_stream(spans[k])));
        check(span_hdlc_open(spans[k], D_CHANNEL, &link));
        for (unsigned timeslot = 1; timeslot < FRAME_TIMESLOTS; timeslot++)
            check(switch_board_connect(board, (k + timeslot) % SPANS, timeslot, k, timeslot));
    }
    for (unsigned k = 0; k < SPANS; k += 2) {
        line_options line = {.delay_bits = {97 * k + 5, 61 * k + 3}};
        check(span_join(spans[k], spans[k + 1], &line));
    }
    return made;
}

static void events_drop(shelf *shelf)
{
    shelf_event events[256];
    while (shelf_take_events(shelf, events, 256))
        ;
}

static void millisecond_run(void *context)
{
    plant *plant = context;
    plant->until_ns += BLOCK_NS;
    if (shelf_run(plant->shelf, plant->until_ns))
        events_drop(plant->shelf);
}

void bench_shelf(void)
{
    enum { SETTLE_MS = 500 };
    plant plant = plant_new();
    for (unsigned k = 0; k < SETTLE_MS; k++)
        millisecond_run(&plant);
    double us = bench_ns(millisecond_run, &plant) / 1000;
    bench_report(&(bench_row){
        .name = "64-span shelf, all both ways", .unit = "us/ms", .ours = us, .bar_absolute = BAR_US});
    shelf_free(plant.shelf);
}
