/* Automatic gain control by lane. */
#include "voice/agc.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/cpu_internal.h"
#include "voice/g711.h"

enum { LEVEL_BLOCKS = 16 }; /* that a level is the mean of, exponentially once there are so many */

static const float
    SPEECH_WEIGHT = 1.0f / 64,     /* of a level in that of the speech: 64 ms, enough for syllables */
    NOISE_RISE = 1.00069f,         /* a block: 3 dB a second, slow enough for the longest words */
    NOISE_MARGIN = 7.94f,          /* 9 dB */
    NOISE_LEAST = 520.0f,          /* -57 dBm0 */
    SPEECH_LEAST = 4129.0f,        /* -48 dBm0 */
    SPEECH_SURE = 260540.0f,       /* -30 dBm0 */
    FULL_SCALE = 32767.0f;

/* Added and taken away again it rounds a float below 2^22 to the nearest integer. */
static const float ROUNDING = 12582912.0f;

void agc_init(agc *agc)
{
    memset(agc, 0, sizeof *agc);
}

static bool within(double value, double least, double most)
{
    return value >= least && value <= most;
}

static bool options_valid(const agc_options *options)
{
    return within(options->target_dbm0, -40, 0) && within(options->gain_max_db, 0, 30) &&
           within(options->loss_max_db, 0, 30) && within(options->attack_ms, 1, 10000) &&
           within(options->release_ms, 1, 10000);
}

int agc_start(agc *agc, unsigned lane, const agc_options *options)
{
    if (lane >= TILE_LANES || !options_valid(options))
        return -1;
    /* A sine's mean square is half its amplitude's. */
    double root_mean_square = dbm0_to_amplitude(options->target_dbm0) / sqrt(2.0);
    agc->target[lane] = (float)root_mean_square;
    agc->gain_max[lane] = (float)pow(10.0, options->gain_max_db / 20.0);
    agc->gain_min[lane] = (float)pow(10.0, -options->loss_max_db / 20.0);
    agc->attack[lane] = (float)(1.0 / options->attack_ms);
    agc->release[lane] = (float)(1.0 / options->release_ms);
    agc->blocks[lane] = 0;
    agc->level[lane] = 0;
    agc->noise[lane] = FULL_SCALE * FULL_SCALE;
    agc->speech[lane] = (float)(root_mean_square * root_mean_square);
    agc->gain[lane] = 1;
    agc->lanes |= 1u << lane;
    return 0;
}

void agc_stop(agc *agc, unsigned lane)
{
    if (lane < TILE_LANES)
        agc->lanes &= ~(1u << lane);
}

/* 1 / sqrt(value) to 5 digits, in operations that vectorise: an estimate from the exponent, refined twice (Newton). */
static inline __attribute__((always_inline)) float inverse_root(float value)
{
    uint32_t bits;
    float root;
    memcpy(&bits, &value, sizeof bits);
    bits = 0x5F375A86 - (bits >> 1);
    memcpy(&root, &bits, sizeof root);
    root *= 1.5f - 0.5f * value * root * root;
    return root * (1.5f - 0.5f * value * root * root);
}

static inline __attribute__((always_inline)) float clamped(float value, float least, float most)
{
    value = value > least ? value : least;
    return value < most ? value : most;
}

/* What the block says of a lane: mean square, and the most that a gain may be without clipping. */
typedef struct {
    float mean_square[32], gain_limit[32];
} block_levels;

static inline __attribute__((always_inline)) void block_measure(const voice_tile *tile, block_levels *levels)
{
    for (unsigned lane = 0; lane < TILE_LANES; lane++) {
        float sum = 0, peak = 1;
        for (unsigned s = 0; s < TILE_SAMPLES; s++) {
            float sample = (float)tile->sample[s][lane], magnitude = sample < 0 ? -sample : sample;
            sum += sample * sample;
            peak = magnitude > peak ? magnitude : peak;
        }
        levels->mean_square[lane] = sum / TILE_SAMPLES;
        levels->gain_limit[lane] = FULL_SCALE / peak;
    }
}

/* Moves the lanes' gains; `from` and `to`: the gain before the block's first sample and at its last. */
static inline __attribute__((always_inline)) void gains_move(agc *agc, const block_levels *levels, float from[32],
                                                             float to[32])
{
    for (unsigned lane = 0; lane < TILE_LANES; lane++) {
        int32_t blocks = agc->blocks[lane] < LEVEL_BLOCKS ? agc->blocks[lane] + 1 : LEVEL_BLOCKS;
        float level = agc->level[lane] + (levels->mean_square[lane] - agc->level[lane]) / (float)blocks;
        float noise = clamped(level, NOISE_LEAST, agc->noise[lane] * NOISE_RISE);
        float speech_from = clamped(noise * NOISE_MARGIN, SPEECH_LEAST, SPEECH_SURE);
        float is_speech = level > speech_from ? 1.0f : 0.0f;
        float speech = agc->speech[lane] + is_speech * SPEECH_WEIGHT * (level - agc->speech[lane]);
        float wanted = clamped(agc->target[lane] * inverse_root(speech), agc->gain_min[lane], agc->gain_max[lane]);
        float gain = agc->gain[lane], limit = levels->gain_limit[lane];
        float weight = wanted < gain ? agc->attack[lane] : agc->release[lane];
        float moved = gain + is_speech * weight * (wanted - gain);
        agc->blocks[lane] = blocks;
        agc->level[lane] = level;
        agc->noise[lane] = noise;
        agc->speech[lane] = speech;
        float is_on = (float)(agc->lanes >> lane & 1);
        agc->gain[lane] = moved < limit ? moved : limit;
        from[lane] = 1.0f + is_on * ((gain < limit ? gain : limit) - 1.0f);
        to[lane] = 1.0f + is_on * (agc->gain[lane] - 1.0f);
    }
}

static inline __attribute__((always_inline)) void apply_body(agc *agc, voice_tile *tile)
{
    block_levels levels;
    float from[32], to[32];
    block_measure(tile, &levels);
    gains_move(agc, &levels, from, to);
    for (unsigned s = 0; s < TILE_SAMPLES; s++) {
        float part = (float)(s + 1) / TILE_SAMPLES;
        for (unsigned lane = 0; lane < TILE_LANES; lane++) {
            float sample = (float)tile->sample[s][lane] * (from[lane] + (to[lane] - from[lane]) * part);
            tile->sample[s][lane] = (int16_t)(int32_t)((sample + ROUNDING) - ROUNDING);
        }
    }
}

static void apply_portable(agc *agc, voice_tile *tile)
{
    apply_body(agc, tile);
}

#if defined(__x86_64__)
TARGET_AVX2 static void apply_avx2(agc *agc, voice_tile *tile)
{
    apply_body(agc, tile);
}

TARGET_AVX512 static void apply_avx512(agc *agc, voice_tile *tile)
{
    apply_body(agc, tile);
}
#endif

void agc_apply(agc *agc, voice_tile *tile)
{
    if (agc->lanes)
        CPU_SELECT(apply_portable, apply_avx2, apply_avx512)(agc, tile);
}
