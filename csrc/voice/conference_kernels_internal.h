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

/* The sum of the lanes of several tiles. */
void conference_sum(const voice_tile *near, const uint32_t *lanes, unsigned tiles, conference_sound *sum);

/* Adds to what each lane of `sent` is sent the sounds fed to it, less its own sample if it is one of `own`;
 * saturates once. */
void conference_deliver(const conference_feed *feeds, unsigned count, uint32_t own, const voice_tile *near,
                        voice_tile *sent);

#endif
