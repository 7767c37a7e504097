/* Timing and reporting. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double batch_ns(void (*body)(void *context), void *context, unsigned calls)
{
    double began = now_ns();
    for (unsigned call = 0; call < calls; call++)
        body(context);
    return now_ns() - began;
}

double bench_ns(void (*body)(void *context), void *context)
{
    enum { BATCH_NS = 100000, BATCHES = 400 };
    unsigned calls = 1;
    while (batch_ns(body, context, calls) < BATCH_NS)
        calls *= 2;
    double least = 1e18;
    for (unsigned batch = 0; batch < BATCHES; batch++) {
        double took = batch_ns(body, context, calls);
        least = took < least ? took : least;
    }
    return least / calls;
}

typedef struct {
    uint8_t *to;
    const uint8_t *from;
    size_t octets;
} copy;

static void copy_run(void *context)
{
    copy *work = context;
    bench_keep(work);
    memcpy(work->to, work->from, work->octets);
    bench_keep(work->to);
}

double bench_memcpy_ns(size_t octets)
{
    size_t room = (octets + 63) / 64 * 64;
    uint8_t *from = aligned_alloc(64, room), *to = aligned_alloc(64, room);
    if (!from || !to)
        abort();
    memset(from, 1, room);
    copy work = {to, from, octets};
    double ns = bench_ns(copy_run, &work);
    free(from);
    free(to);
    return ns;
}

void bench_report(const bench_row *row)
{
    printf("{\"name\": \"%s\", \"unit\": \"%s\", \"ours\": %.6g, \"memcpy\": %.6g, \"bar_memcpy\": %g, ", row->name,
           row->unit, row->ours, row->memcpy_same, row->bar_memcpy);
    printf("\"peer_name\": \"%s\", \"peer\": %.6g, \"bar_peer\": %g, \"bar_absolute\": %g}\n",
           row->peer_name ? row->peer_name : "", row->peer, row->bar_peer, row->bar_absolute);
    fflush(stdout);
}
