/* Tone generator. */
#include "voice/tone.h"

#include <math.h>
#include <string.h>

#include "voice/g711.h"
#include "voice/dtmf.h"

static const double TWO_PI = 6.283185307179586, SAMPLE_RATE_HZ = 8000.0;

void tone_generator_init(tone_generator *generator, const tone_options *options)
{
    *generator = (tone_generator){0};
    for (unsigned k = 0; k < 2; k++) {
        if (options->frequency_hz[k] <= 0)
            continue;
        double step = TWO_PI * options->frequency_hz[k] / SAMPLE_RATE_HZ;
        generator->real[k] = dbm0_to_amplitude(options->level_dbm0[k]);
        generator->step_real[k] = cos(step);
        generator->step_imaginary[k] = sin(step);
    }
}

static double sine_next(tone_generator *generator, unsigned k)
{
    double real = generator->real[k], imaginary = generator->imaginary[k];
    generator->real[k] = real * generator->step_real[k] - imaginary * generator->step_imaginary[k];
    generator->imaginary[k] = real * generator->step_imaginary[k] + imaginary * generator->step_real[k];
    return imaginary;
}

void tone_generate(tone_generator *generator, uint8_t *octets, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        double sample = sine_next(generator, 0) + sine_next(generator, 1);
        octets[k] = g711_encode_sample(G711_ALAW, (int16_t)lrint(fmin(fmax(sample, -32768.0), 32767.0)));
    }
}

int tone_options_dtmf(char digit, double level_dbm0, tone_options *options)
{
    const char *place = digit ? strchr(DTMF_DIGITS, digit) : NULL;
    if (!place)
        return -1;
    unsigned index = (unsigned)(place - DTMF_DIGITS);
    *options = (tone_options){{DTMF_HZ[index / 4], DTMF_HZ[4 + index % 4]}, {level_dbm0, level_dbm0}};
    return 0;
}
