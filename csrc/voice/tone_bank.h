/* What every tone receiver stands on: correlation with a few frequencies over hops of whole blocks, 32 lanes abreast. */
#ifndef TRUNKSHELF_TONE_BANK_H
#define TRUNKSHELF_TONE_BANK_H

#include <stdbool.h>

#include "voice/tile.h"

enum {
    TONE_BANK_FREQUENCIES_MAX = 16,
    TONE_BANK_HOP_BLOCKS_MAX = 16, /* 16 ms */
};

/* The frequencies and the length of a hop; shared by all banks that use it, constant once made. */
typedef struct {
    unsigned count;      /* of frequencies */
    unsigned hop_blocks; /* blocks in a hop */
    double frequency_hz[16];
    float cosine[128][16], sine[128][16]; /* [sample of the hop][frequency] */
} tone_table;

/*
 * Sums over the hop so far, by frequency and lane: sample * cosine and sample * sine, both from phase 0 at the hop's
 * first sample; and of squares. A sine of amplitude a at the frequency gives in_phase^2 + quadrature^2 =
 * (a * samples / 2)^2 and energy = a^2 * samples / 2. Hops are joined to longer windows by turning them by
 * 2 pi f * hop samples / 8000 each; a phase that turns otherwise is a tone off the frequency.
 */
typedef struct {
    const tone_table *table;
    unsigned blocks; /* of the hop so far */
    float in_phase[16][32], quadrature[16][32];
    float energy[32];
} tone_bank;

/* Returns 0, or -1 for a count or hop beyond the limits. */
int tone_table_init(tone_table *table, const double *frequency_hz, unsigned count, unsigned hop_blocks);

/* The table must outlive the bank. */
void tone_bank_init(tone_bank *bank, const tone_table *table);

/* Adds a block; true when that completes a hop: read the sums, then tone_bank_next. */
bool tone_bank_add(tone_bank *bank, const voice_tile *tile);

/* Begins the next hop. */
void tone_bank_next(tone_bank *bank);

#endif
