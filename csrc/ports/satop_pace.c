/* The play-out clock of a pseudowire: each window of about a second makes up for the mean error of the one before. */
#include "ports/satop_pace.h"

enum {
    OCTETS_PER_MS = 256,
    WINDOW_MS = 1024,
    STEP_OCTETS = 8, /* a port's blocks are multiples of 64 bits */
    GAIN = 4,        /* a window makes up for a quarter of the error: sluggish, so that jitter does not show */
    RATE_MAX = 1024, /* octets a window: 0.4 % */
};

void satop_pace_init(satop_pace *pace)
{
    *pace = (satop_pace){0};
}

static int32_t clamp(int64_t value, int32_t limit)
{
    return (int32_t)(value > limit ? limit : value < -limit ? -limit : value);
}

static void pace_window_end(satop_pace *pace, uint32_t target_octets)
{
    int64_t error = pace->fill_sum / WINDOW_MS - (int64_t)target_octets;
    pace->rate = clamp(error / GAIN, RATE_MAX);
    pace->fill_sum = 0;
    pace->milliseconds = 0;
}

/* Spreads `rate` octets over the window, a step at a time. */
static int32_t pace_step(satop_pace *pace)
{
    const int32_t whole = STEP_OCTETS * WINDOW_MS;
    pace->owed += pace->rate;
    int32_t step = pace->owed >= whole ? 1 : pace->owed <= -whole ? -1 : 0;
    pace->owed -= step * whole;
    return step * STEP_OCTETS;
}

uint32_t satop_pace_octets(satop_pace *pace, const satop_jitter_status *status)
{
    if (!status->playing) {
        satop_pace_init(pace);
        return OCTETS_PER_MS;
    }
    pace->fill_sum += status->fill_octets;
    if (++pace->milliseconds == WINDOW_MS)
        pace_window_end(pace, status->target_octets);
    return (uint32_t)(OCTETS_PER_MS + pace_step(pace));
}
