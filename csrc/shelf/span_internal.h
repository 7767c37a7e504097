/* What a span is made of; shared by the files that make up the span. */
#ifndef TRUNKSHELF_SPAN_INTERNAL_H
#define TRUNKSHELF_SPAN_INTERNAL_H

#include "e1/cas.h"
#include "ports/violation.h"
#include "shelf/shelf_internal.h"
#include "shelf/span.h"

enum {
    MAINTENANCE_OF_LINE = SPAN_LOOP_LOCAL | SPAN_FORCE_AIS | SPAN_FORCE_REMOTE_ALARM, /* not where an adaptor frames */
    LOAD_SLACK_OCTETS = 64, /* kernels may load over the end of what they read */
};

typedef struct {
    uint32_t timeslots; /* 0: the link is closed */
    uint32_t mru_octets;
    hdlc_receiver *receiver;
    hdlc_transmitter *transmitter;
    uint64_t frames_told; /* frames received as of the last event */
} hdlc_link;

/* What every millisecond looks at lies together; blocks begin a cache line, for vector loads across one take longer. */
struct span {
    _Alignas(CACHE_LINE_OCTETS) element element;
    span_options options;
    port *port; /* NULL: an open line, nothing received */
    port *tap;  /* gets a copy of what is received; NULL: nobody */
    unsigned attached;
    unsigned second_blocks; /* of the second in progress */
    uint64_t blocks;
    uint32_t maintenance; /* span_maintenance bits */
    uint32_t looped_timeslots;
    test_pattern test_pattern;
    uint32_t test_timeslots; /* 0: no test */
    unsigned ailments;       /* second_ailment bits as last told */
    uint64_t violations_before, underruns_before; /* as the second began */
    unsigned links;          /* one more than the highest open */
    bool in_service;         /* the receiver is, as of this millisecond */

    line_decoder decoder;
    receiver *receiver;
    framer_transmitter *framer;
    cas_transmitter cas;
    line_encoder encoder;
    violation_injector violations;

    _Alignas(CACHE_LINE_OCTETS) elastic_store receive_store;
    _Alignas(CACHE_LINE_OCTETS) elastic_store transmit_store;
    _Alignas(CACHE_LINE_OCTETS) line_block marks_in;
    _Alignas(CACHE_LINE_OCTETS) line_block marks_out;
    _Alignas(CACHE_LINE_OCTETS) uint8_t bits_out[LINE_BLOCK_OCTETS + LOAD_SLACK_OCTETS];

    hdlc_link link[SPAN_HDLC_LINKS];
    test_generator generator;
    test_checker checker;
};

/* Timeslots (bit t each, at least one) that carry no framing, signalling or data link. */
bool span_timeslots_free(const span *span, uint32_t timeslots);

/* Bits of the line received so far. */
uint64_t span_received_bits(const span *span);

/* The port is an adaptor that frames the line itself. */
bool span_framed(const span *span);

/* A block of frames off the line, before the elastic store: slips must not cut data links. */
void span_hdlc_receive_block(span *span, const stream_block *block);
void span_hdlc_transmit_block(span *span, stream_block *block);
void span_hdlc_free(span *span);

/* All spans of the shelf: the line kernels work on many lines abreast. */
void span_bank_receive(shelf *shelf, stream_block *next);
void span_bank_transmit(shelf *shelf, const stream_block *bus, stream_block *next);

#endif
