/* Loss of signal and alarm indication signal (G.775 4.2, 5.2; ETS 300 233 8.2.2.3), to the bit. */
#ifndef TRUNKSHELF_LINE_STATE_H
#define TRUNKSHELF_LINE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/block.h"

typedef enum {
    LINE_STATE_G775 = 0,       /* AIS: <= 2 zeros in each of two 512-bit periods in succession */
    LINE_STATE_ETS300233 = 1,  /* AIS: fewer than 3 zeros in one 512-bit period; LOS: 2 048 spaces (1 ms) */
} line_state_rule;

typedef struct {
    uint32_t rule;              /* a line_state_rule */
    uint32_t los_spaces;        /* so many spaces in succession raise LOS: 10-255 by G.775, 176; 2 048 by ETS 300 233 */
    uint32_t los_clear_window_bits; /* LOS clears at the end of a window of so many bits that begins with a mark: 176 */
    uint32_t los_clear_marks;   /* and holds so many: 22 */
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

enum { LINE_STATE_EVENTS_MAX = 64 };

typedef struct {
    line_state_options options;
    bool los, ais;
    uint64_t mark_bits;         /* bits taken in by line_state_put_marks */
    uint64_t bits;              /* bits taken in by line_state_put_bits */
    uint64_t ais_periods;       /* 512-bit periods of AIS: those that raised it, and those alike while it stood */
    uint32_t spaces;            /* in succession, up to now */
    uint32_t window_bits, window_marks; /* of the window in progress while LOS stands */
    uint32_t period_bits, period_zeros; /* of the 512-bit period in progress; zeros are not counted beyond need */
    uint32_t periods;           /* in succession that speak for a change of AIS */
} line_state;

line_state_options line_state_options_default(line_state_rule rule);
void line_state_init(line_state *state, line_state_options options);

/* Takes the marks of a coded line in (either plane); appends changes of LOS to events, returns how many (at most
 * LINE_STATE_EVENTS_MAX; a mark pattern cannot change LOS more often than once in los_spaces bits). */
unsigned line_state_put_marks(line_state *state, const line_block *marks, line_state_event *events);

/* Takes decoded bits in (most significant first, a multiple of 64): AIS, in periods of 512 bits from the first. G.775:
 * raised by <= 2 zeros in each of two periods in succession, cleared by >= 3 in each of two, or by
 * line_state_frame_found. ETS 300 233: one period each. */
unsigned line_state_put_bits(line_state *state, const uint8_t *bits, unsigned bit_count, line_state_event *events);

/* The framer has found the FAS: AIS clears (G.775 5.2). True if it stood. */
bool line_state_frame_found(line_state *state);

#endif
