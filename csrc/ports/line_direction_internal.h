/* One direction of a line: a queue of marks between the rates of its two ends, and what ails it on the way out. */
#ifndef TRUNKSHELF_LINE_DIRECTION_INTERNAL_H
#define TRUNKSHELF_LINE_DIRECTION_INTERNAL_H

#include "base/block.h"
#include "ports/line.h"

typedef struct line_direction line_direction;

/* A direction that begins with delay_bits spaces; `sign` times (offset - steer) is how much faster than a block a
 * millisecond its bits go. NULL without memory. Held once. */
line_direction *line_direction_new(const line_options *options, unsigned way, int sign);
void line_direction_hold(line_direction *way);
void line_direction_release(line_direction *way);
/* Only one end is left to hold it: what it sends goes nowhere; what is on its way still arrives, but for
 * the last part of a block, then spaces. */
bool line_direction_one_ended(const line_direction *way);

void line_direction_put(line_direction *way, const line_block *block);
/* Bits put in beyond the delay and not yet gone out. */
unsigned line_direction_backlog_bits(const line_direction *way);

/* The next millisecond as it arrives: BLOCK_BITS, or 64 more or less now and then where the rates differ. */
void line_direction_take(line_direction *way, line_block *block);

int line_direction_impair(line_direction *way, const line_impairments *impairments);
const line_counters *line_direction_counters(const line_direction *way);

#endif
