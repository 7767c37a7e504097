/* Seconds into intervals; ten of them can still change sides (G.826 annex A). */
#include "e1/performance.h"

#include <stdlib.h>

enum { SLOTS = PERFORMANCE_INTERVALS + 1 }; /* the complete quarter-hours and the present one */

/* A second that may yet turn out to be in unavailable time, or out of it. */
typedef struct {
    performance_second second;
    unsigned slot; /* of the interval that it counts in */
} recent_second;

struct performance {
    uint32_t severe_blocks;
    bool unavailable;
    unsigned opposed;   /* seconds in succession that speak against the present state */
    recent_second recent[PERFORMANCE_UNAVAILABLE_S];
    unsigned next_recent;
    unsigned remembered; /* of `recent`: those since the start or a reset */
    performance_counts intervals[SLOTS];
    unsigned slot;      /* of the present interval */
    unsigned elapsed_s; /* of it, assessed or not */
    unsigned complete;  /* intervals before it */
    performance_counts total;
};

performance *performance_new(performance_options options)
{
    performance *performance = calloc(1, sizeof *performance);
    if (performance)
        performance->severe_blocks = options.severe_blocks ? options.severe_blocks : PERFORMANCE_SEVERE_BLOCKS;
    return performance;
}

void performance_free(performance *performance)
{
    free(performance);
}

bool performance_is_severe(const performance *performance, const performance_second *second)
{
    return second->defect || second->errored_blocks >= performance->severe_blocks;
}

/* What one second adds to an interval. */
static performance_counts share(const performance *performance, const performance_second *second, bool unavailable)
{
    performance_counts counts = {.seconds = 1, .uas = unavailable};
    if (unavailable)
        return counts;
    counts.es = second->defect || second->errored_blocks;
    counts.ses = performance_is_severe(performance, second);
    if (!counts.ses) {
        counts.bbe = second->errored_blocks;
        counts.blocks = second->blocks;
    }
    return counts;
}

static void counts_add(performance_counts *sum, const performance_counts *counts)
{
    sum->seconds += counts->seconds;
    sum->es += counts->es;
    sum->ses += counts->ses;
    sum->uas += counts->uas;
    sum->bbe += counts->bbe;
    sum->blocks += counts->blocks;
}

static void counts_subtract(performance_counts *sum, const performance_counts *counts)
{
    sum->seconds -= counts->seconds;
    sum->es -= counts->es;
    sum->ses -= counts->ses;
    sum->uas -= counts->uas;
    sum->bbe -= counts->bbe;
    sum->blocks -= counts->blocks;
}

/* The second changes sides: its interval and the total take the old share out and the new one in. */
static void move(performance *performance, const recent_second *recent, bool unavailable)
{
    performance_counts *interval = &performance->intervals[recent->slot];
    performance_counts before = share(performance, &recent->second, !unavailable);
    performance_counts after = share(performance, &recent->second, unavailable);
    counts_subtract(interval, &before);
    counts_subtract(&performance->total, &before);
    counts_add(interval, &after);
    counts_add(&performance->total, &after);
}

static void change_state(performance *performance)
{
    performance->unavailable = !performance->unavailable;
    performance->opposed = 0;
    /* The ring holds just the ten that made the change, or as many of them as a reset left. */
    for (unsigned i = 0; i < performance->remembered; i++)
        move(performance, &performance->recent[i], performance->unavailable);
}

static void remember(performance *performance, const performance_second *second)
{
    performance->recent[performance->next_recent] = (recent_second){*second, performance->slot};
    performance->next_recent = (performance->next_recent + 1) % PERFORMANCE_UNAVAILABLE_S;
    if (performance->remembered < PERFORMANCE_UNAVAILABLE_S)
        performance->remembered++;
}

static void next_interval(performance *performance)
{
    performance->slot = (performance->slot + 1) % SLOTS;
    performance->elapsed_s = 0;
    performance->intervals[performance->slot] = (performance_counts){0};
    if (performance->complete < PERFORMANCE_INTERVALS)
        performance->complete++;
}

static void second_passes(performance *performance)
{
    if (++performance->elapsed_s == PERFORMANCE_INTERVAL_S)
        next_interval(performance);
}

void performance_put_second(performance *performance, const performance_second *second)
{
    performance_counts counts = share(performance, second, performance->unavailable);
    counts_add(&performance->intervals[performance->slot], &counts);
    counts_add(&performance->total, &counts);
    remember(performance, second);
    bool opposed = performance_is_severe(performance, second) != performance->unavailable;
    performance->opposed = opposed ? performance->opposed + 1 : 0;
    if (performance->opposed == PERFORMANCE_UNAVAILABLE_S)
        change_state(performance);
    second_passes(performance);
}

void performance_pass_second(performance *performance)
{
    performance->opposed = 0;
    second_passes(performance);
}

bool performance_unavailable(const performance *performance)
{
    return performance->unavailable;
}

bool performance_interval(const performance *performance, unsigned back, performance_counts *counts)
{
    if (back > performance->complete)
        return false;
    *counts = performance->intervals[(performance->slot + SLOTS - back) % SLOTS];
    return true;
}

void performance_day(const performance *performance, performance_counts *counts)
{
    *counts = (performance_counts){0};
    for (unsigned back = 0; back <= performance->complete; back++)
        counts_add(counts, &performance->intervals[(performance->slot + SLOTS - back) % SLOTS]);
}

void performance_total(const performance *performance, performance_counts *counts)
{
    *counts = performance->total;
}

void performance_reset(performance *performance)
{
    performance->total = (performance_counts){0};
    performance->slot = performance->complete = performance->elapsed_s = 0;
    performance->intervals[0] = (performance_counts){0};
    performance->remembered = performance->next_recent = 0;
}
