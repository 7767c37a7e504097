/* A-law by its segments. */
#include "voice/alaw.h"

#include <math.h>

enum {
    EVEN_BITS = 0x55, /* inverted for transmission (G.711 table 1a note 2) */
    SIGN = 0x80,
};

int16_t alaw_decode_octet(uint8_t octet)
{
    octet ^= EVEN_BITS;
    unsigned segment = octet >> 4 & 7, step = octet & 0xF;
    int magnitude = (int)(step << 4) + 8;
    if (segment)
        magnitude = (magnitude + 0x100) << (segment - 1);
    return (int16_t)(octet & SIGN ? magnitude : -magnitude);
}

uint8_t alaw_encode_sample(int16_t sample)
{
    unsigned sign = sample >= 0 ? SIGN : 0;
    /* One's complement keeps -1 in the first negative interval, as G.711's decision values have it. */
    unsigned magnitude = (unsigned)(sample >= 0 ? sample : ~sample) >> 4;
    unsigned segment = magnitude < 0x10 ? 0 : 28 - (unsigned)__builtin_clz(magnitude);
    unsigned step = segment ? magnitude >> (segment - 1) & 0xF : magnitude;
    return (uint8_t)((sign | segment << 4 | step) ^ EVEN_BITS);
}

void alaw_decode(const uint8_t *octets, int16_t *samples, size_t count)
{
    for (size_t k = 0; k < count; k++)
        samples[k] = alaw_decode_octet(octets[k]);
}

void alaw_encode(const int16_t *samples, uint8_t *octets, size_t count)
{
    for (size_t k = 0; k < count; k++)
        octets[k] = alaw_encode_sample(samples[k]);
}

double dbm0_to_amplitude(double level_dbm0)
{
    return 32768.0 * pow(10.0, (level_dbm0 - 3.14) / 20.0);
}
