/* Proportional and integral terms of the phase, once a second. */
#include "shelf/clock_loop.h"

enum {
    BITS_PER_S = 2048000,
    SETTLING_S = 4,
    STEER_PPB_MAX = 100000, /* twice what G.703 allows a line */
    AHEAD_BITS_MAX = 512,   /* in a second, 250 ppm: more is no clock but a line that stopped or jumped */
};

/* A phase of one bit is made good at 20 ppb: the time constant is some 24 s, and the 64-bit steps in which lines
 * deliver stay below 1.3 ppm. The integral term makes the loop critically damped. */
static const double PROPORTIONAL_PPB_PER_BIT = 20.0, INTEGRAL_PPB_PER_BIT = 0.2;
static const double PPB_PER_BIT_A_SECOND = 1e9 / BITS_PER_S;

static double bounded(double ppb)
{
    return ppb > STEER_PPB_MAX ? STEER_PPB_MAX : ppb < -STEER_PPB_MAX ? -STEER_PPB_MAX : ppb;
}

void clock_loop_follow(clock_loop *loop, uint64_t bits)
{
    loop->following = true;
    loop->settling_s = SETTLING_S;
    loop->bits_before = (int64_t)bits;
    loop->phase_bits = 0;
}

void clock_loop_hold(clock_loop *loop)
{
    loop->following = false;
    loop->steer_ppb = (int64_t)loop->frequency_ppb;
}

void clock_loop_set(clock_loop *loop, int64_t ppb)
{
    *loop = (clock_loop){.frequency_ppb = (double)ppb, .steer_ppb = ppb};
}

/* Not a measurement: what is known of the frequency stays, and the loop settles anew. */
static void resettle(clock_loop *loop)
{
    loop->settling_s = SETTLING_S;
    loop->phase_bits = 0;
    loop->steer_ppb = (int64_t)loop->frequency_ppb;
}

/* The frequency as it comes, over the seconds of settling. */
static void settle(clock_loop *loop)
{
    if (--loop->settling_s)
        return;
    double ahead_ppb = (double)loop->phase_bits / SETTLING_S * PPB_PER_BIT_A_SECOND;
    loop->frequency_ppb = bounded((double)loop->steer_ppb + ahead_ppb);
    loop->steer_ppb = (int64_t)loop->frequency_ppb;
    loop->phase_bits = 0;
}

void clock_loop_end_second(clock_loop *loop, uint64_t bits, bool signal)
{
    if (!loop->following)
        return;
    int64_t ahead_bits = (int64_t)bits - loop->bits_before - BITS_PER_S;
    loop->bits_before = (int64_t)bits;
    if (!signal || ahead_bits > AHEAD_BITS_MAX || ahead_bits < -AHEAD_BITS_MAX) {
        resettle(loop);
        return;
    }
    loop->phase_bits += ahead_bits;
    if (loop->settling_s) {
        settle(loop);
        return;
    }
    loop->frequency_ppb = bounded(loop->frequency_ppb + INTEGRAL_PPB_PER_BIT * (double)loop->phase_bits);
    loop->steer_ppb =
        (int64_t)bounded(loop->frequency_ppb + PROPORTIONAL_PPB_PER_BIT * (double)loop->phase_bits);
}
