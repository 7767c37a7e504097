/* Gain by lane: exact to the rounding of a sample. */
#ifndef TRUNKSHELF_GAIN_H
#define TRUNKSHELF_GAIN_H

#include <stdint.h>

#include "voice/tile.h"

enum {
    GAIN_DB_MIN = -60,
    GAIN_DB_MAX = 30,
};

typedef struct {
    uint32_t lanes; /* those whose gain is not 0 dB */
    float factor[32];
} lane_gain;

/* 0 dB on all lanes. */
void lane_gain_init(lane_gain *gain);

/* 0, or -1 and nothing changes if the lane is none or the gain outside GAIN_DB_MIN to GAIN_DB_MAX. */
int lane_gain_set(lane_gain *gain, unsigned lane, double db);

/* sample * 10^(dB / 20), rounded to the nearest, saturating. */
void lane_gain_apply(const lane_gain *gain, voice_tile *tile);

#endif
