/* G.711: A-law and mu-law to 16-bit linear and back, an octet, a run or a highway's block at a time. */
#ifndef TRUNKSHELF_G711_H
#define TRUNKSHELF_G711_H

#include <stddef.h>
#include <stdint.h>

#include "base/block.h"
#include "voice/tile.h"

typedef enum {
    G711_ALAW = 0,
    G711_MULAW = 1,
} g711_law;

/*
 * The quantized value y of G.711 in 16-bit units: table 1a (full scale 4 096) times 8, even bits inverted on the line;
 * table 2a (full scale 8 159) times 4.
 */
int16_t g711_decode_octet(g711_law law, uint8_t octet);

/* The octet whose decision interval holds the sample. A decoded octet comes back as it was, but for mu-law's negative
 * zero. */
uint8_t g711_encode_sample(g711_law law, int16_t sample);

void g711_decode(g711_law law, const uint8_t *octets, int16_t *samples, size_t count);
void g711_encode(g711_law law, const int16_t *samples, uint8_t *octets, size_t count);

/* A block of a highway to a tile and back: octet[t][f] is sample[f][t]. */
void g711_decode_tile(g711_law law, const stream_block *block, voice_tile *tile);
void g711_encode_tile(g711_law law, const voice_tile *tile, stream_block *block);

/* From this law to the other, by tables 3 and 4 of G.711. */
uint8_t g711_convert_octet(g711_law from, uint8_t octet);
void g711_convert(g711_law from, const uint8_t *octets, uint8_t *converted, size_t count);

/* Peak amplitude, in 16-bit units, of a sine of this level (G.711 clause 4: overload at +3.14 dBm0). */
double dbm0_to_amplitude(double level_dbm0);

#endif
