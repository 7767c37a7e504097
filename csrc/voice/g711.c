/* G.711 an octet at a time: segments, steps, and the tables between the laws. */
#include "voice/g711.h"

#include <math.h>

#include "voice/g711_tables_internal.h"

enum {
    ALAW_INVERTED = 0x55,  /* even bits, for transmission (G.711 table 1a note 2) */
    MULAW_INVERTED = 0x7F, /* all of them (table 2a) */
    MULAW_BIAS = 33 * 4,   /* lifts table 2a's decision values to powers of two */
    ENCODED_MAX = 0x7FFF,
};

#define SEGMENT(character) ((character) >> 4 & 7)
#define STEP(character) ((character) & 0xF)

/* The middles of the intervals of tables 1a and 2a. */
#define ALAW_MAGNITUDE(character)                                                                       \
    (SEGMENT(character) ? (STEP(character) << 4 | 0x108) << SEGMENT(character) >> 1 : STEP(character) << 4 | 8)
#define MULAW_MAGNITUDE(character) ((((STEP(character) << 3) + MULAW_BIAS) << SEGMENT(character)) - MULAW_BIAS)

#define ALAW_LOW(octet) (ALAW_MAGNITUDE((octet) ^ ALAW_INVERTED) & 0xFF)
#define ALAW_HIGH(octet) (ALAW_MAGNITUDE((octet) ^ ALAW_INVERTED) >> 8)
#define MULAW_LOW(octet) (MULAW_MAGNITUDE((octet) ^ MULAW_INVERTED) & 0xFF)
#define MULAW_HIGH(octet) (MULAW_MAGNITUDE((octet) ^ MULAW_INVERTED) >> 8)

#define FOR_4(what, k) what(k), what((k) + 1), what((k) + 2), what((k) + 3)
#define FOR_16(what, k) FOR_4(what, k), FOR_4(what, (k) + 4), FOR_4(what, (k) + 8), FOR_4(what, (k) + 12)
#define FOR_64(what, k) FOR_16(what, k), FOR_16(what, (k) + 16), FOR_16(what, (k) + 32), FOR_16(what, (k) + 48)
#define FOR_128(what) FOR_64(what, 0), FOR_64(what, 64)

const g711_magnitudes G711_MAGNITUDES[2] = {
    [G711_ALAW] = {{FOR_128(ALAW_LOW)}, {FOR_128(ALAW_HIGH)}},
    [G711_MULAW] = {{FOR_128(MULAW_LOW)}, {FOR_128(MULAW_HIGH)}},
};

/* Mu-law's greatest magnitude is the last below the virtual decision value 8 159. */
const g711_encoding G711_ENCODINGS[2] = {
    [G711_ALAW] = {ENCODED_MAX, 0, 4, ALAW_INVERTED},
    [G711_MULAW] = {ENCODED_MAX - MULAW_BIAS, MULAW_BIAS, 3, MULAW_INVERTED},
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

int16_t g711_decode_octet(g711_law law, uint8_t octet)
{
    const g711_magnitudes *magnitudes = &G711_MAGNITUDES[law];
    unsigned place = octet & ~G711_POSITIVE;
    int magnitude = magnitudes->low[place] | magnitudes->high[place] << 8;
    return (int16_t)(octet & G711_POSITIVE ? magnitude : -magnitude);
}

uint8_t g711_encode_sample(g711_law law, int16_t sample)
{
    const g711_encoding *encoding = &G711_ENCODINGS[law];
    /* One's complement keeps -1 in the first negative interval, as G.711's decision values have it. */
    unsigned magnitude = (unsigned)(sample >= 0 ? sample : ~sample);
    magnitude = (magnitude < encoding->magnitude_max ? magnitude : encoding->magnitude_max) + encoding->bias;
    unsigned shift = magnitude < 0x100 ? encoding->shift_least : 27 - (unsigned)__builtin_clz(magnitude);
    unsigned segment_and_step = (shift << 4) + (magnitude >> shift) - 64;
    return (uint8_t)((sample >= 0 ? G711_POSITIVE : 0) | (segment_and_step ^ encoding->inverted));
}

uint8_t g711_convert_octet(g711_law from, uint8_t octet)
{
    unsigned sign = octet & G711_POSITIVE;
    if (from == G711_ALAW)
        return (uint8_t)(sign | (MULAW_INVERTED ^ MULAW_OF_ALAW[(octet ^ ALAW_INVERTED) & 0x7F]));
    return (uint8_t)(sign | (ALAW_INVERTED ^ ALAW_OF_MULAW[(octet ^ MULAW_INVERTED) & 0x7F]));
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
