/* A-law (G.711) to 16-bit linear and back; digital 0 dBm0 as in G.711: a full-scale sine is +3.14 dBm0. */
#ifndef TRUNKSHELF_ALAW_H
#define TRUNKSHELF_ALAW_H

#include <stddef.h>
#include <stdint.h>

/* Decoded values are the 13-bit values of G.711 table 1a times 8 (even bits inverted on the line). */
int16_t alaw_decode_octet(uint8_t octet);

/* The octet whose decision interval holds the sample. */
uint8_t alaw_encode_sample(int16_t sample);

void alaw_decode(const uint8_t *octets, int16_t *samples, size_t count);
void alaw_encode(const int16_t *samples, uint8_t *octets, size_t count);

/* Peak amplitude, in 16-bit units, of a sine of this level (G.711 clause 4: overload at +3.14 dBm0). */
double dbm0_to_amplitude(double level_dbm0);

#endif
