/* A line: the `line:` back end, two ports of one shelf joined back to back, with whatever ails a line. */
#ifndef TRUNKSHELF_LINE_H
#define TRUNKSHELF_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "ports/port.h"

/* What ails one direction of a line. All zero: nothing. Ratios are per bit of the line, 0-1. */
typedef struct {
    double bit_error_ratio;     /* single errors: a mark becomes a space, a space a mark */
    double burst_ratio;         /* bursts begin so often */
    uint32_t burst_bits;        /* and last so long: 1-65535 */
    double burst_error_ratio;   /* with so many errors a bit */
    double violation_ratio;     /* bipolar violations, on coded lines */
    double slip_ratio;          /* bit slips */
    int32_t slip_bits;          /* so many bits are lost (1 to 512) or come twice (-512 to -1) at each */
    bool cut;                   /* nothing arrives */
    bool ais;                   /* all ones arrive instead */
} line_impairments;

/* What the impairments have done so far. */
typedef struct {
    uint64_t bits;              /* delivered */
    uint64_t bit_errors;        /* single ones and those in bursts */
    uint64_t bursts;
    uint64_t violations;
    uint64_t bits_lost, bits_repeated; /* by slips */
} line_counters;

typedef struct {
    bool coded;                 /* the planes carry marks, not bits */
    uint64_t seed;              /* of the impairments */
    uint32_t delay_bits[2];     /* from end A to B, from B to A: 0-65535; they set the bit phase at which frames arrive */
    int32_t offset_ppb;         /* end B's clock runs so much faster than nominal: -1 000 000 to 1 000 000 */
    const int64_t *steer_ppb;   /* end A's clock, the shelf's, runs so much faster than nominal */
} line_options;

/* Makes both ends. Returns 0, or -1 without memory or with a value out of range. Each end is freed by itself: the other
 * then has no signal. */
int line_new(const line_options *options, port **end_a, port **end_b);

/* True if the port is an end of a line. */
bool line_is(const port *port);

/* Ails what this end receives, from now on; -1 for a value out of range. */
int line_impair(port *end, const line_impairments *impairments);
void line_read_counters(const port *end, line_counters *counters);

#endif
