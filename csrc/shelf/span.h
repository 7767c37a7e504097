/* A span of a shelf: an E1 port with line code, framer, signalling, data links, tests and loopbacks. */
#ifndef TRUNKSHELF_SPAN_H
#define TRUNKSHELF_SPAN_H

#include <stdbool.h>
#include <stdint.h>

#include "e1/bit_error_test.h"
#include "e1/elastic_store.h"
#include "e1/hdlc.h"
#include "e1/line_code.h"
#include "e1/receiver.h"
#include "ports/line.h"
#include "ports/port.h"
#include "shelf/shelf.h"

typedef struct span span;

enum {
    SPAN_HDLC_LINKS = 31,
    SPAN_TEST_UNFRAMED = -1, /* as uint32_t: every bit of the line, timeslot 0 and all */
};

typedef struct {
    receiver_options receiver;
    uint32_t line_code;     /* a line_code; ports that carry bits have none */
    uint32_t slack_frames;  /* how far the line may wander before a slip: 1; up to 16 for ports that come in bursts */
} span_options;

typedef struct {
    receiver_status receiver;
    line_code_counters line_code;
    port_status port;
    uint64_t slips_repeated;          /* frames sent twice: the line is slower than the shelf */
    uint64_t slips_deleted;           /* frames left out: the line is faster */
    uint64_t store_restarts;          /* the line stopped or jumped */
    uint64_t transmit_store_restarts; /* likewise the other way */
    uint64_t transmit_slips_repeated, transmit_slips_deleted;
    uint64_t blocks;                  /* milliseconds of the shelf's clock since the span was made or restarted */
} span_status;

/* What is sent instead, or besides; bits of a mask. */
typedef enum {
    SPAN_LOOP_LOCAL = 1,    /* what is sent is received; the line gets AIS */
    SPAN_LOOP_LINE = 2,     /* what the line brings goes back as it is; framed ports: the frames */
    SPAN_LOOP_PAYLOAD = 4,  /* the frames received go back in frames of our own */
    SPAN_FORCE_AIS = 8,
    SPAN_FORCE_REMOTE_ALARM = 16,
} span_maintenance;

typedef enum {
    SPAN_INJECT_VIOLATION = 1, /* bipolar violations, on coded lines */
    SPAN_INJECT_FAS = 2,       /* errored frame alignment signals */
    SPAN_INJECT_CRC = 3,       /* errored sub-multiframes */
    SPAN_INJECT_CAS = 4,       /* errored alignment words of timeslot 16 */
    SPAN_INJECT_TEST = 5,      /* bit errors in the test pattern */
} span_injection;

/* Framing with CRC-4 and CAS, HDB3. */
span_options span_options_default(framing_mode mode);

/* Adds a span without a port; *object gets the number its events carry. NULL without memory or streams, or with
 * slack_frames out of range. */
span *shelf_add_span(shelf *shelf, const span_options *options, uint32_t *object);

/* Gives the span its port, which it then owns. ENGINE_JOINED if it has one; ENGINE_CODED if the port carries bits and
 * the span codes them; ENGINE_FRAMED if maintenance is in force that an adaptor must do itself. */
int span_plug(span *span, port *port);

/*
 * Begins a new life with these options, on the same port and tap, still sending the stream it is attached to and the abcd
 * it was told; all else is as of a new span: counters from 0, no loop, no test, no data link. Events until *since_ns are
 * still of the life before. ENGINE_CODED if the port cannot carry what the line code makes; nothing has changed then.
 */
int span_restart(span *span, const span_options *options, uint64_t *since_ns);

/* Frees the span's port; then as span_restart with the same options. The other end of a line has no signal any more; a
 * clock that followed the span is held. ENGINE_NO_PORT if there is none. */
int span_unplug(span *span, uint64_t *since_ns);

/* Sends every received line bit to this port as well, which the span then owns: a recording. Framed ports: the frames
 * as the adaptor hands them over. ENGINE_JOINED if there is one. */
int span_tap(span *span, port *port);

/* Joins two spans of one shelf with a line (`coded` is the spans' own and `steer_ppb` the shelf's). */
int span_join(span *end_a, span *end_b, const line_options *options);

/* Ails what this span receives over its line; what has been done so far. ENGINE_NOT_A_LINE with another port. */
int span_impair(span *span, const line_impairments *impairments);
int span_read_line_counters(span *span, line_counters *counters);

/* The shelf's clock follows the span's received line from now on, until it is held, steered, or locked to another.
 * ENGINE_NO_PORT without a port. */
int span_lock_clock(span *span);

/* The stream that carries what the span receives; out of service it is all ones (AIS, G.732 table 2). */
unsigned span_stream(const span *span);

/* The span sends this stream from the next block on. Timeslots 0 and (with CAS) 16 are the span's own. */
int span_attach(span *span, unsigned stream);

/* Sends abcd (a most significant, not 0) for a timeslot until told otherwise. */
int span_set_cas(span *span, unsigned timeslot, unsigned abcd);

/* Sends Sa4-Sa8, Sa4 most significant of five; a 4-bit code on Sa<n>, 4-8, in every sub-multiframe. ENGINE_FRAMED: not
 * with this adaptor; no adaptor sends codes. */
int span_set_sa_bits(span *span, unsigned sa_bits);
int span_set_sa_code(span *span, unsigned n, unsigned code);

/* Puts loopbacks and forced signals in force, a mask of span_maintenance; timeslots looped one by one (bit t).
 * ENGINE_FRAMED: an adaptor that frames the line has its own ways to loop it locally and to force signals. */
int span_maintain(span *span, unsigned maintenance, uint32_t looped_timeslots);
/* ENGINE_BAD_VALUE for what the span never sends: violations without a line code, CRC errors without CRC-4 ... */
int span_inject(span *span, span_injection what, unsigned count);

/* Sends a test pattern on timeslots (bit t each; in the order they travel) and compares what comes back on them.
 * SPAN_TEST_UNFRAMED: on all bits of the line (ENGINE_FRAMED where an adaptor frames it). ENGINE_BAD_TIMESLOT for
 * timeslot 0, and for timeslots of signalling or of data links. Starting the same test anew resets the counts, without
 * a break in what is sent. */
int span_test_start(span *span, test_pattern pattern, uint32_t timeslots);
int span_test_stop(span *span);
int span_test_read(span *span, test_generator *generator, test_checker *checker);

/* Opens an HDLC link on timeslots (bit t each, not 0) that no other link has: its number, 0-30, or an engine_error. */
int span_hdlc_open(span *span, uint32_t timeslots, const hdlc_options *options);
int span_hdlc_close(span *span, unsigned link);
/* Queues a frame without FCS. ENGINE_QUEUE_FULL when it does not fit, ENGINE_BAD_VALUE when it is none. */
int span_hdlc_send(span *span, unsigned link, const uint8_t *frame, unsigned octets);
/* The oldest frame received: its length, 0 if none waits, ENGINE_BAD_VALUE if `size` is too small. */
int span_hdlc_receive(span *span, unsigned link, uint8_t *frame, unsigned size);
int span_hdlc_read_counters(span *span, unsigned link, hdlc_counters *counters);

void span_read_status(span *span, span_status *status);

/* As performance_interval (back 0-96), and the last 24 hours (back -1) and everything (back -2). */
int span_read_performance(span *span, performance_end end, int back, performance_counts *counts);
void span_reset_performance(span *span);

#endif
