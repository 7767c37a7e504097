/* Tone generation: one or two sines of exact level, as A-law. */
#ifndef TRUNKSHELF_TONE_H
#define TRUNKSHELF_TONE_H

#include <stddef.h>
#include <stdint.h>

/* Two sines: frequency_hz 0 = none; level_dbm0 is each sine's own level. */
typedef struct {
    double frequency_hz[2];
    double level_dbm0[2];
} tone_options;

/* Two rotating phasors; doubles keep level and phase exact for hours. */
typedef struct {
    double real[2], imaginary[2];
    double step_real[2], step_imaginary[2];
} tone_generator;

/* Both sines start at phase 0. */
void tone_generator_init(tone_generator *generator, const tone_options *options);
void tone_generate(tone_generator *generator, uint8_t *octets, size_t count);

/* The tones of a DTMF digit (Q.23), each at level_dbm0; returns 0, or -1 if `digit` is none of 0-9 A-D * #. */
int tone_options_dtmf(char digit, double level_dbm0, tone_options *options);

#endif
