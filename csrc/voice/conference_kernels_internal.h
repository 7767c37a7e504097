/* Mixing, a highway's tile at a time: the sum of chosen lanes, and sums given out to chosen lanes. */
#ifndef TRUNKSHELF_CONFERENCE_KERNELS_INTERNAL_H
#define TRUNKSHELF_CONFERENCE_KERNELS_INTERNAL_H

#include <stdint.h>

#include "voice/tile.h"

/* A millisecond of what several lanes hear, 32-bit: 512 talkers cannot overflow it. */
typedef struct {
    int32_t sample[8];
} conference_sound;

/* Lanes of a highway that hear a sound. */
typedef struct {
    uint32_t lanes;
    const conference_sound *sound;
} conference_feed;

/* The sum of chosen lanes of the tiles in the mask. */
void conference_sum(const voice_tile *near, const uint32_t *lanes, uint32_t tiles, conference_sound *sum);

/* Each lane is sent what it was to be sent before and the sounds fed to it, less its own sample if it is one of `own`;
 * saturates once. `before` and `sent` may be the same. */
void conference_deliver(const conference_feed *feeds, unsigned count, uint32_t own, const voice_tile *near,
                        const voice_tile *before, voice_tile *sent);

#endif
