/* How loud each lane has been of late: what the talkers of a conference are ranked by. */
#ifndef TRUNKSHELF_LOUDNESS_H
#define TRUNKSHELF_LOUDNESS_H

#include <stdint.h>

#include "voice/tile.h"

enum { LOUDNESS_HOLD_MS = 200 }; /* longer than the gaps within words */

/*
 * Mean squares in 16-bit units. `level` is that of the last 16 ms (exponential); `rank` follows it up at once, holds
 * its peak for LOUDNESS_HOLD_MS and then falls by 132 dB a second.
 */
typedef struct {
    float level[32], rank[32];
    int32_t hold[32]; /* ms that are left of it */
} loudness;

/* Forgets the lanes of the mask. */
void loudness_reset(loudness *loudness, uint32_t lanes);

/* A block. */
void loudness_hear(loudness *loudness, const voice_tile *tile);

/* Of these lanes the one of the highest or the lowest rank (to one part in 10^5); -1 of none. */
int loudness_most(const loudness *loudness, uint32_t lanes);
int loudness_least(const loudness *loudness, uint32_t lanes);

#endif
