/* DTMF receiver: eight Goertzel filters over 32 lanes, decisions at the end of each window. */
#include "voice/dtmf.h"

#include <string.h>

#include "base/cpu_internal.h"

enum {
    WINDOW_SAMPLES = 104, /* 13 ms: a multiple of the block, three of them within the 40 ms of Q.24 */
    LANES = 32,
};

const char DTMF_DIGITS[17] = "123A456B789C*0#D";
const double DTMF_HZ[8] = {697, 770, 852, 941, 1209, 1336, 1477, 1633}; /* Q.23 table 1 */

/* 2 cos(2 pi f / 8000) */
static const float COEFFICIENT[8] = {1.70773781f, 1.64528104f, 1.56868698f, 1.47820457f,
                                     1.16410402f, 0.99637021f, 0.79861839f, 0.56853271f};

/* A window's filter power is (amplitude * window / 2)^2; the sum of squares amplitude^2 * window / 2. */
static const float POWER_MINIMUM = 4.46e8f; /* each tone at least -35 dBm0: (406 * 52)^2 */
static const float PEAK_RATIO = 6.3f;       /* 8 dB above the other frequencies of its group */
static const float NORMAL_TWIST = 6.31f;    /* 8 dB: column weaker than row (Q.24 annex A) */
static const float REVERSE_TWIST = 2.52f;   /* 4 dB: column stronger */
static const float TONE_SHARE = 0.6f;       /* of all energy in the window that the two tones must hold */

static inline __attribute__((always_inline)) void filter_body(dtmf_receiver *receiver, const float samples[8][32])
{
    for (unsigned frequency = 0; frequency < 8; frequency++) {
        float *one = receiver->state[frequency][0], *two = receiver->state[frequency][1];
        for (unsigned sample = 0; sample < 8; sample++)
            for (unsigned lane = 0; lane < LANES; lane++) {
                float next = samples[sample][lane] + COEFFICIENT[frequency] * one[lane] - two[lane];
                two[lane] = one[lane];
                one[lane] = next;
            }
    }
    for (unsigned sample = 0; sample < 8; sample++)
        for (unsigned lane = 0; lane < LANES; lane++)
            receiver->energy[lane] += samples[sample][lane] * samples[sample][lane];
}

static void filter_portable(dtmf_receiver *receiver, const float samples[8][32])
{
    filter_body(receiver, samples);
}

#if defined(__x86_64__)
TARGET_AVX2 static void filter_avx2(dtmf_receiver *receiver, const float samples[8][32])
{
    filter_body(receiver, samples);
}

TARGET_AVX512 static void filter_avx512(dtmf_receiver *receiver, const float samples[8][32])
{
    filter_body(receiver, samples);
}
#endif

static float filter_power(const dtmf_receiver *receiver, unsigned frequency, unsigned lane)
{
    float one = receiver->state[frequency][0][lane], two = receiver->state[frequency][1][lane];
    return one * one + two * two - COEFFICIENT[frequency] * one * two;
}

/* The strongest of four powers, or -1 if another comes within the peak ratio. */
static int group_peak(const float power[4])
{
    int best = 0;
    for (int k = 1; k < 4; k++)
        if (power[k] > power[best])
            best = k;
    for (int k = 0; k < 4; k++)
        if (k != best && power[best] < PEAK_RATIO * power[k])
            return -1;
    return best;
}

/* The digit a full window shows, or 0. */
static char window_digit(const dtmf_receiver *receiver, unsigned lane)
{
    if (receiver->energy[lane] * (WINDOW_SAMPLES / 2) < 2 * POWER_MINIMUM * TONE_SHARE)
        return 0;
    float power[8];
    for (unsigned frequency = 0; frequency < 8; frequency++)
        power[frequency] = filter_power(receiver, frequency, lane);
    int row = group_peak(power), column = group_peak(power + 4);
    if (row < 0 || column < 0)
        return 0;
    float low = power[row], high = power[4 + column];
    if (low < POWER_MINIMUM || high < POWER_MINIMUM || low > NORMAL_TWIST * high || high > REVERSE_TWIST * low)
        return 0;
    if (low + high < TONE_SHARE * receiver->energy[lane] * (WINDOW_SAMPLES / 2))
        return 0;
    return DTMF_DIGITS[4 * row + column];
}

static void lane_decide(dtmf_receiver *receiver, unsigned lane, char shown, dtmf_decisions *decisions)
{
    char last = receiver->last[lane], digit = receiver->digit[lane];
    receiver->last[lane] = shown;
    if (digit && shown != digit && last != digit) {
        decisions->ended |= 1u << lane;
        decisions->ended_digit[lane] = digit;
        digit = receiver->digit[lane] = 0;
    }
    if (!digit && shown && shown == last) {
        decisions->begun |= 1u << lane;
        decisions->begun_digit[lane] = receiver->digit[lane] = shown;
    }
}

void dtmf_receive(dtmf_receiver *receiver, const float samples[8][32], dtmf_decisions *decisions)
{
    decisions->begun = decisions->ended = 0;
    CPU_SELECT(filter_portable, filter_avx2, filter_avx512)(receiver, samples);
    receiver->samples += 8;
    if (receiver->samples < WINDOW_SAMPLES)
        return;
    for (unsigned lane = 0; lane < LANES; lane++)
        lane_decide(receiver, lane, window_digit(receiver, lane), decisions);
    memset(receiver->state, 0, sizeof receiver->state);
    memset(receiver->energy, 0, sizeof receiver->energy);
    receiver->samples = 0;
}

void dtmf_receiver_reset_timeslot(dtmf_receiver *receiver, unsigned timeslot)
{
    receiver->last[timeslot] = receiver->digit[timeslot] = 0;
}
