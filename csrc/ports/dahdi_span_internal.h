/* A span of the DAHDI drivers as it is opened and used: its descriptors, and what is known of it. */
#ifndef TRUNKSHELF_DAHDI_SPAN_INTERNAL_H
#define TRUNKSHELF_DAHDI_SPAN_INTERNAL_H

#include "ports/dahdi_port.h"
#include "ports/lanes_internal.h"

enum {
    DAHDI_ERROR_OCTETS = 200,
    DAHDI_TIMESLOTS = 32,
};

/* A counter of the driver, which may be reset or wrap, and what it has come to since the port was made. */
typedef struct {
    uint64_t total;
    uint32_t last;
} counter;

typedef struct {
    dahdi_options options;
    int control; /* -1: the span is gone */
    lanes lanes; /* its channels */
    uint32_t cas_timeslots, changed_bits; /* masks: CAS channels; those whose bits are to be read */
    uint8_t received_abcd[DAHDI_TIMESLOTS], sent_abcd[DAHDI_TIMESLOTS];
    counter bipolar_violations, fas_errors, crc_errors, e_bit_errors;
    uint64_t events; /* taken from the driver's queues */
} dahdi_span;

/* dahdi_span.c. What returns an int returns 0, or -1 with one line in `error` (DAHDI_ERROR_OCTETS). */

/* Not open; -1: the options do not fit. */
int dahdi_span_init(dahdi_span *span, const dahdi_options *options, char *error);
/* On a span that is not open. */
int dahdi_span_open(dahdi_span *span, char *error);
void dahdi_span_close(dahdi_span *span);
bool dahdi_span_is_open(const dahdi_span *span);
/* Brings the counters up to date; returns the port_alarm bits that stand. */
uint32_t dahdi_span_run(dahdi_span *span);
int dahdi_span_maintain(const dahdi_span *span, dahdi_maintenance command, char *error);

/* dahdi_channels.c */

/* The lanes' owner is a dahdi_span. */
extern const lanes_driver dahdi_channels_driver;
/* 1 written, 0 no room, -1 the channel is gone. */
int dahdi_channel_write(dahdi_span *span, unsigned lane, const stream_block *block);
/* Asks the driver for what has changed, tells it what has changed. */
void dahdi_channels_receive_cas(dahdi_span *span, uint8_t abcd[32]);
void dahdi_channels_transmit_cas(dahdi_span *span, const uint8_t abcd[32]);

#endif
