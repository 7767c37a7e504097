/* Loss of signal and alarm indication signal (G.775 4.2, 5.2; ETS 300 233 8.2.2.3), to the bit. */
#ifndef TRUNKSHELF_LINE_STATE_H
#define TRUNKSHELF_LINE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/block.h"

typedef enum {
    LINE_STATE_G775 = 0,
    LINE_STATE_ETS300233 = 1,
} line_state_rule;

/*
 * Limits. LOS is raised by the last of `los_spaces` spaces in succession. It is cleared at the end of a window of
 * `los_clear_window` bits that began with a mark, in which at least `los_clear_marks` marks came and never `los_spaces`
 * spaces in succession. The first window begins with the first mark after LOS was raised; one that fails is followed
 * by another, which begins with the first mark after the failed one's end (or after the spaces that ended it).
 *
 *                         G.775                        ETS 300 233
 *   los_spaces            176 (any of 10-255)          2 048 (1 ms)
 *   los_clear_window      176 (any of 10-255)          255 (not defined there; as common framers do, 1 in 8:
 *   los_clear_marks       22                           32  DS2155 table 10-B)
 *   ais_confirm_periods   2                            1   (of 512 bits, in succession)
 */
typedef struct {
    uint32_t los_spaces;        /* at least 10 */
    uint32_t los_clear_window;  /* at least 10 */
    uint32_t los_clear_marks;
    uint32_t ais_confirm_periods;
} line_state_options;

typedef enum {
    LINE_STATE_LOS = 1,
    LINE_STATE_AIS = 2,
} line_alarm;

/* A change: `bit` bits of the line had been received when the rule was fulfilled. */
typedef struct {
    uint64_t bit;
    uint32_t alarm;  /* a line_alarm */
    uint32_t raised; /* 1 raised, 0 cleared */
} line_state_event;

/* The most changes in one block: LOS is cleared 10 bits or more after it was raised, but may be raised right after. */
enum { LINE_STATE_EVENTS_MAX = 512 };

typedef struct {
    line_state_options options;
    bool los, ais;
    uint64_t mark_bits;         /* bits taken in by line_state_put_marks */
    uint64_t bits;              /* bits taken in by line_state_put_bits */
    uint64_t ais_periods;       /* whole 512-bit periods received with AIS standing */

    uint64_t spaces;            /* since the last mark */
    bool window_open;           /* LOS stands and a window runs: */
    uint64_t window_end;        /* the value of mark_bits at which it ends */
    uint64_t window_marks;      /* marks seen in it */
    uint32_t period_zeros;      /* zeros in the running 512-bit period; more than 2 are not told apart */
    uint32_t periods_against;   /* periods in succession that speak against the present state of AIS */
} line_state;

line_state_options line_state_options_default(line_state_rule rule);

/* Limits that are too low are raised to the least allowed. */
void line_state_init(line_state *state, line_state_options options);

/* Takes the marks of a coded line in (either plane); writes changes of LOS to events (room for
 * LINE_STATE_EVENTS_MAX), returns how many. */
unsigned line_state_put_marks(line_state *state, const line_block *marks, line_state_event *events);

/*
 * Takes decoded bits in (a multiple of 64); writes changes of AIS to events (one for every 512 bits and one more at
 * most), returns how many. AIS, in periods of 512 bits from the first bit on, with c = ais_confirm_periods: raised at
 * the end of the c-th period in succession with at most 2 zeros; cleared at the end of the c-th in succession with at
 * least 3 (G.775 5.2: c = 2; ETS 300 233: c = 1), or by line_state_frame_found.
 */
unsigned line_state_put_bits(line_state *state, const uint8_t *bits, unsigned bit_count, line_state_event *events);

/* The framer has found the FAS: AIS clears (G.775 5.2), and periods that ended before no longer count. True if it
 * stood. */
bool line_state_frame_found(line_state *state);

#endif
