/* Correlation with a few frequencies, 32 lanes abreast. */
#include "voice/tone_bank.h"

#include <math.h>
#include <string.h>

#include "base/cpu_internal.h"

enum { GROUP_LANES = 16 }; /* whose sums stay in registers */

static const double TWO_PI = 6.283185307179586, SAMPLE_RATE_HZ = 8000.0;

int tone_table_init(tone_table *table, const double *frequency_hz, unsigned count, unsigned hop_blocks)
{
    if (count > TONE_BANK_FREQUENCIES_MAX || !hop_blocks || hop_blocks > TONE_BANK_HOP_BLOCKS_MAX)
        return -1;
    *table = (tone_table){.count = count, .hop_blocks = hop_blocks};
    for (unsigned k = 0; k < count; k++) {
        table->frequency_hz[k] = frequency_hz[k];
        for (unsigned sample = 0; sample < hop_blocks * TILE_SAMPLES; sample++) {
            double phase = TWO_PI * frequency_hz[k] * sample / SAMPLE_RATE_HZ;
            table->cosine[sample][k] = (float)cos(phase);
            table->sine[sample][k] = (float)sin(phase);
        }
    }
    return 0;
}

void tone_bank_init(tone_bank *bank, const tone_table *table)
{
    *bank = (tone_bank){.table = table};
}

static inline __attribute__((always_inline)) void group_add(tone_bank *bank, const voice_tile *tile, unsigned first)
{
    const tone_table *table = bank->table;
    unsigned start = bank->blocks * TILE_SAMPLES;
    float sample[TILE_SAMPLES][GROUP_LANES];
    for (unsigned s = 0; s < TILE_SAMPLES; s++)
        for (unsigned lane = 0; lane < GROUP_LANES; lane++) {
            sample[s][lane] = (float)tile->sample[s][first + lane];
            bank->energy[first + lane] += sample[s][lane] * sample[s][lane];
        }
    for (unsigned k = 0; k < table->count; k++)
        for (unsigned s = 0; s < TILE_SAMPLES; s++) {
            float cosine = table->cosine[start + s][k], sine = table->sine[start + s][k];
            for (unsigned lane = 0; lane < GROUP_LANES; lane++) {
                bank->in_phase[k][first + lane] += sample[s][lane] * cosine;
                bank->quadrature[k][first + lane] += sample[s][lane] * sine;
            }
        }
}

static inline __attribute__((always_inline)) void add_body(tone_bank *bank, const voice_tile *tile)
{
    for (unsigned first = 0; first < TILE_LANES; first += GROUP_LANES)
        group_add(bank, tile, first);
}

static void add_portable(tone_bank *bank, const voice_tile *tile)
{
    add_body(bank, tile);
}

#if defined(__x86_64__)
TARGET_AVX2 static void add_avx2(tone_bank *bank, const voice_tile *tile)
{
    add_body(bank, tile);
}

TARGET_AVX512 static void add_avx512(tone_bank *bank, const voice_tile *tile)
{
    add_body(bank, tile);
}
#endif

bool tone_bank_add(tone_bank *bank, const voice_tile *tile)
{
    CPU_SELECT(add_portable, add_avx2, add_avx512)(bank, tile);
    return ++bank->blocks == bank->table->hop_blocks;
}

void tone_bank_next(tone_bank *bank)
{
    memset(bank->in_phase, 0, sizeof bank->in_phase);
    memset(bank->quadrature, 0, sizeof bank->quadrature);
    memset(bank->energy, 0, sizeof bank->energy);
    bank->blocks = 0;
}
