/* Automatic gain control by lane: brings speech to one level, leaves silence alone, never clips. */
#ifndef TRUNKSHELF_AGC_H
#define TRUNKSHELF_AGC_H

#include <stdint.h>

#include "voice/tile.h"

typedef struct {
    double target_dbm0;  /* level of speech while it lasts: -40 to 0 */
    double gain_max_db;  /* how far soft speech is raised: 0 to 30 */
    double loss_max_db;  /* how far loud speech is lowered: 0 to 30 */
    double attack_ms;    /* time constant with which the gain falls: 1 to 10 000 */
    double release_ms;   /* and rises */
} agc_options;

/*
 * By lane. Levels are mean squares in 16-bit units: over 16 ms, of the noise (the least of late), and of the speech.
 * The gain moves only while there is speech: louder than the noise by 9 dB and than -48 dBm0, or than -30 dBm0.
 */
typedef struct {
    uint32_t lanes; /* those it is on for */
    float target[32], gain_max[32], gain_min[32], attack[32], release[32];
    int32_t blocks[32]; /* that the level is the mean of */
    float level[32], noise[32], speech[32], gain[32];
} agc;

/* Off on all lanes. */
void agc_init(agc *agc);

/* On, from a gain of 0 dB: 0, or -1 and nothing changes if the lane is none or an option out of its range. */
int agc_start(agc *agc, unsigned lane, const agc_options *options);
void agc_stop(agc *agc, unsigned lane);

/* A block: the lanes that it is on for. */
void agc_apply(agc *agc, voice_tile *tile);

#endif
