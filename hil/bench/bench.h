/* The bench of the engine's kernels: how a row is measured and reported. One .c file a topic, one function each. */
#ifndef TRUNKSHELF_BENCH_H
#define TRUNKSHELF_BENCH_H

#include <stddef.h>
#include <stdint.h>

/* A row: what is measured, in which unit (always a time: "ns/frame", "ns/octet", "us/ms"), and its bars. */
typedef struct {
    const char *name;
    const char *unit;
    double ours;
    double memcpy_same;       /* memcpy of the same octets in L1, same unit; 0 = not compared */
    double bar_memcpy;        /* ours <= bar_memcpy * memcpy_same; 0 = no such bar */
    const char *peer_name;    /* NULL: no peer */
    double peer;              /* the peer's time, same unit */
    double bar_peer;          /* peer / ours >= bar_peer; 0 = no such bar */
    double bar_absolute;      /* ours <= bar_absolute; 0 = no such bar */
} bench_row;

/*
 * Nanoseconds of one call of body(context): the least of many batches of calls, each long enough to be timed (these
 * machines are noisy: the least is what the code needs, the rest is others').
 */
double bench_ns(void (*body)(void *context), void *context);

/* Nanoseconds of a memcpy of `octets` octets between two buffers that stay in L1, measured anew each time. */
double bench_memcpy_ns(size_t octets);

/* Prints the row, one JSON object a line, on standard output. */
void bench_report(const bench_row *row);

/* Keeps the optimiser from dropping what was computed. */
#define bench_keep(pointer) __asm__ volatile("" : : "r"(pointer) : "memory")

#endif
