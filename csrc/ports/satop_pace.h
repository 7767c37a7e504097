/* The play-out clock of a pseudowire: how many octets to take from the jitter buffer each millisecond. */
#ifndef TRUNKSHELF_SATOP_PACE_H
#define TRUNKSHELF_SATOP_PACE_H

#include "ports/satop_jitter_buffer.h"

/*
 * Recovered from the buffer's fill: a block is a little longer or shorter now and then so that the fill stays around
 * its target whatever the far end's frequency, and no bit is lost to the difference.
 */
typedef struct {
    int64_t fill_sum;      /* of the window's milliseconds */
    uint32_t milliseconds; /* of the window that have passed */
    int32_t rate;          /* octets to catch up (or hold back) in this window */
    int32_t owed;          /* of these, times the window's length, not yet caught up */
} satop_pace;

void satop_pace_init(satop_pace *pace);

/* Octets to take this millisecond: 248, 256 or 264. */
uint32_t satop_pace_octets(satop_pace *pace, const satop_jitter_status *status);

#endif
