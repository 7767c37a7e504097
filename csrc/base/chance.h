/* Chance, from a seed: the same seed gives the same run, on every machine. */
#ifndef TRUNKSHELF_CHANCE_H
#define TRUNKSHELF_CHANCE_H

#include <stdint.h>

/* xoshiro256** (Blackman and Vigna, 2018). */
typedef struct {
    uint64_t state[4];
} chance;

void chance_init(chance *chance, uint64_t seed);
uint64_t chance_next(chance *chance);

/* How many trials fail before one succeeds, each with probability `ratio` (geometric); UINT64_MAX when never. */
uint64_t chance_gap(chance *chance, double ratio);

#endif
