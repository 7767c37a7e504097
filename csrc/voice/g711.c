/* G.711 by its segments. */
#include "voice/g711.h"

#include <math.h>

enum {
    EVEN_BITS = 0x55, /* inverted for transmission (G.711 table 1a note 2) */
    SIGN = 0x80,
    MULAW_BIAS = 33 * 4,                   /* lifts table 2a's decision values to powers of two */
    MULAW_MAGNITUDE_MAX = 0x7FFF - MULAW_BIAS, /* the last below the virtual decision value 8 159 */
};

/* G.711 tables 3 and 4, which are not what decoding and encoding again would give: intervals counted from 0. */
static const uint8_t ALAW_OF_MULAW[128] = {
    0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7,
    8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    24, 26, 28, 30, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
    45, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61,
    63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78,
    79, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95,
    96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
    112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127,
};
static const uint8_t MULAW_OF_ALAW[128] = {
    1, 3, 5, 7, 9, 11, 13, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    24, 25, 26, 27, 28, 29, 30, 31, 32, 32, 33, 33, 34, 34, 35, 35,
    36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 48, 49, 49,
    50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 64,
    65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80,
    80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95,
    96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
    112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127,
};

static int16_t alaw_decode_octet(uint8_t octet)
{
    octet ^= EVEN_BITS;
    unsigned segment = octet >> 4 & 7, step = octet & 0xF;
    int magnitude = (int)(step << 4) + 8;
    if (segment)
        magnitude = (magnitude + 0x100) << (segment - 1);
    return (int16_t)(octet & SIGN ? magnitude : -magnitude);
}

static int16_t mulaw_decode_octet(uint8_t octet)
{
    octet = (uint8_t)~octet;
    unsigned segment = octet >> 4 & 7, step = octet & 0xF;
    int magnitude = (int)(((step << 3) + MULAW_BIAS) << segment) - MULAW_BIAS;
    return (int16_t)(octet & SIGN ? -magnitude : magnitude);
}

/* One's complement keeps -1 in the first negative interval, as G.711's decision values have it. */
static unsigned magnitude_of(int16_t sample)
{
    return (unsigned)(sample >= 0 ? sample : ~sample);
}

static uint8_t alaw_encode_sample(int16_t sample)
{
    unsigned sign = sample >= 0 ? SIGN : 0, magnitude = magnitude_of(sample) >> 4;
    unsigned segment = magnitude < 0x10 ? 0 : 28 - (unsigned)__builtin_clz(magnitude);
    unsigned step = segment ? magnitude >> (segment - 1) & 0xF : magnitude;
    return (uint8_t)((sign | segment << 4 | step) ^ EVEN_BITS);
}

static uint8_t mulaw_encode_sample(int16_t sample)
{
    unsigned sign = sample >= 0 ? 0 : SIGN, magnitude = magnitude_of(sample);
    magnitude = (magnitude < MULAW_MAGNITUDE_MAX ? magnitude : MULAW_MAGNITUDE_MAX) + MULAW_BIAS;
    unsigned segment = 24 - (unsigned)__builtin_clz(magnitude);
    unsigned step = magnitude >> (segment + 3) & 0xF;
    return (uint8_t)~(sign | segment << 4 | step);
}

int16_t g711_decode_octet(g711_law law, uint8_t octet)
{
    return law == G711_ALAW ? alaw_decode_octet(octet) : mulaw_decode_octet(octet);
}

uint8_t g711_encode_sample(g711_law law, int16_t sample)
{
    return law == G711_ALAW ? alaw_encode_sample(sample) : mulaw_encode_sample(sample);
}

void g711_decode(g711_law law, const uint8_t *octets, int16_t *samples, size_t count)
{
    for (size_t k = 0; k < count; k++)
        samples[k] = g711_decode_octet(law, octets[k]);
}

void g711_encode(g711_law law, const int16_t *samples, uint8_t *octets, size_t count)
{
    for (size_t k = 0; k < count; k++)
        octets[k] = g711_encode_sample(law, samples[k]);
}

void g711_decode_tile(g711_law law, const stream_block *block, voice_tile *tile)
{
    for (unsigned lane = 0; lane < TILE_LANES; lane++)
        for (unsigned s = 0; s < TILE_SAMPLES; s++)
            tile->sample[s][lane] = g711_decode_octet(law, block->octet[lane][s]);
}

void g711_encode_tile(g711_law law, const voice_tile *tile, stream_block *block)
{
    for (unsigned lane = 0; lane < TILE_LANES; lane++)
        for (unsigned s = 0; s < TILE_SAMPLES; s++)
            block->octet[lane][s] = g711_encode_sample(law, tile->sample[s][lane]);
}

uint8_t g711_convert_octet(g711_law from, uint8_t octet)
{
    unsigned sign = octet & SIGN;
    if (from == G711_ALAW)
        return (uint8_t)(sign | (0x7F ^ MULAW_OF_ALAW[(octet ^ EVEN_BITS) & 0x7F]));
    return (uint8_t)(sign | (EVEN_BITS ^ ALAW_OF_MULAW[~octet & 0x7F]));
}

void g711_convert(g711_law from, const uint8_t *octets, uint8_t *converted, size_t count)
{
    for (size_t k = 0; k < count; k++)
        converted[k] = g711_convert_octet(from, octets[k]);
}

double dbm0_to_amplitude(double level_dbm0)
{
    return 32768.0 * pow(10.0, (level_dbm0 - 3.14) / 20.0);
}
