/* The loop that makes the shelf's clock follow the line clock of a span (a second-order phase-locked loop, G.813). */
#ifndef TRUNKSHELF_CLOCK_LOOP_H
#define TRUNKSHELF_CLOCK_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: follows nothing, at nominal frequency. */
typedef struct {
    bool following;
    uint32_t settling_s;     /* seconds left in which the frequency is taken as it comes, before phase counts */
    int64_t bits_before;     /* of the line, as the last second ended */
    int64_t phase_bits;      /* by which the line is ahead of the shelf since the loop settled */
    double frequency_ppb;    /* the source's frequency as far as it is known: what holdover keeps */
    int64_t steer_ppb;       /* what the shelf's clock is set to */
} clock_loop;

/* Follows a line that has brought so many bits up to now. */
void clock_loop_follow(clock_loop *loop, uint64_t bits);

/* Follows nothing: keeps the last good frequency (holdover), or takes this one (0: free run). */
void clock_loop_hold(clock_loop *loop);
void clock_loop_set(clock_loop *loop, int64_t ppb);

/* A second of the shelf's clock has passed, by whose end the line had brought so many bits in all. Without `signal`, or
 * with far more or fewer bits than any clock gives, it is no measurement: the frequency is held, and the loop settles
 * anew. */
void clock_loop_end_second(clock_loop *loop, uint64_t bits, bool signal);

#endif
