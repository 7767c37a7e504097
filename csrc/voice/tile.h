/* The shape in which a millisecond of 32 channels travels through the voice board: linear, sample-major. */
#ifndef TRUNKSHELF_TILE_H
#define TRUNKSHELF_TILE_H

#include <stdint.h>

enum {
    TILE_SAMPLES = 8,     /* of a channel: a block of the shelf */
    TILE_LANES = 32,      /* channels abreast: the timeslots of a highway */
    SAMPLES_PER_MS = 8,
};

/* sample[s][t]: sample s of timeslot t in 16-bit units, whose full-scale sine is +3.14 dBm0. A row fills one 512-bit
 * register; tiles are best aligned to 64 octets. */
typedef struct {
    int16_t sample[8][32];
} voice_tile;

#endif
