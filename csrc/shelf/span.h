/* A span of a shelf: an E1 port with its framer and channel-associated signalling. */
#ifndef TRUNKSHELF_SPAN_H
#define TRUNKSHELF_SPAN_H

#include <stdbool.h>
#include <stdint.h>

#include "e1/framer.h"
#include "shelf/shelf.h"

typedef struct span span;

typedef struct {
    framer_options framer;
    bool cas;               /* timeslot 16 is the span's own, for channel-associated signalling */
    uint32_t cas_debounce;  /* multiframes (2 ms) a change of abcd must stand: 10 = the 20 ms of Q.422 */
} span_options;

typedef struct {
    framer_status framer;
    uint64_t cas_word_errors;
    uint64_t cas_losses;
    bool in_service;        /* aligned as its framing demands: the payload can be trusted */
    bool cas_aligned;
    bool cas_remote_alarm;
} span_status;

/* Adds a span; *object gets the number its events carry. NULL without memory or streams. */
span *shelf_add_span(shelf *shelf, const span_options *options, uint32_t *object);

/* Joins two spans with a line whose directions are delayed by so many bits (0-65535). */
int span_join(span *end_a, span *end_b, unsigned delay_bits_a_to_b, unsigned delay_bits_b_to_a);

/* The stream that carries what the span receives; out of service it is all ones (AIS, G.732 table 2). */
unsigned span_stream(const span *span);

/* The span sends this stream from the next block on. Timeslots 0 and (with CAS) 16 are the span's own. */
int span_attach(span *span, unsigned stream);

/* Sends abcd (a most significant, not 0) for a timeslot until told otherwise. */
int span_set_cas(span *span, unsigned timeslot, unsigned abcd);

void span_read_status(span *span, span_status *status);

#endif
