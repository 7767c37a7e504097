/* Error performance of one direction of a span, second by second (G.826, G.821 annex, M.2100). */
#ifndef TRUNKSHELF_PERFORMANCE_H
#define TRUNKSHELF_PERFORMANCE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PERFORMANCE_INTERVALS = 96,      /* quarter-hours kept */
    PERFORMANCE_INTERVAL_S = 900,
    PERFORMANCE_UNAVAILABLE_S = 10,  /* seconds that begin and end unavailable time (G.826 annex A) */
    PERFORMANCE_SEVERE_BLOCKS = 300, /* 30 % of the 1 000 sub-multiframes of a second (G.826 4.5) */
};

typedef struct {
    uint32_t severe_blocks;  /* so many errored blocks in a second make it severely errored; 0 takes
                                PERFORMANCE_SEVERE_BLOCKS; 805 and 832 are in use too */
} performance_options;

/* One second as it was: blocks (sub-multiframes) checked, how many were errored, whether a defect (LOS, AIS, LOF; for
 * the far end RDI) stood in it. */
typedef struct {
    uint32_t blocks;
    uint32_t errored_blocks;
    bool defect;
} performance_second;

/* What an interval adds up to. Seconds of unavailable time count in `uas` alone. */
typedef struct {
    uint32_t seconds;   /* that have been assessed; an interval less than complete says so */
    uint32_t es;        /* errored seconds: an errored block or a defect */
    uint32_t ses;       /* of them severely errored */
    uint32_t uas;       /* unavailable seconds */
    uint64_t bbe;       /* errored blocks outside severely errored seconds and unavailable time */
    uint64_t blocks;    /* checked in available seconds outside severely errored ones */
} performance_counts;

typedef struct performance performance;

performance *performance_new(performance_options options);  /* NULL without memory */
void performance_free(performance *performance);

/* Takes a second in. Ten severely errored seconds in succession begin unavailable time, all ten in it; ten that are
 * not end it, none of the ten in it: counts already given to an interval are corrected, also over its border. */
void performance_put_second(performance *performance, const performance_second *second);

/* A second passes of which nothing can be known: it is neither errored nor not, and ten seconds in succession are none
 * with it among them. Quarter-hours go on. */
void performance_pass_second(performance *performance);

/* By its errored blocks or its defect. */
bool performance_is_severe(const performance *performance, const performance_second *second);

/* Unavailable now (ten severely errored seconds behind it, ten others not yet). */
bool performance_unavailable(const performance *performance);

/* The present quarter-hour, or one of those complete: `back` 0 is the present, 1 the one before it ... 96. False if there
 * is none so far back. */
bool performance_interval(const performance *performance, unsigned back, performance_counts *counts);
/* The last 96 complete quarter-hours together and the present one's seconds; and everything since the start. */
void performance_day(const performance *performance, performance_counts *counts);
void performance_total(const performance *performance, performance_counts *counts);
/* Since-the-start counts go back to 0, intervals are forgotten; unavailable time goes on. */
void performance_reset(performance *performance);

#endif
