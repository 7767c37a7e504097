/* The receiving side of a span, from decoded line bits to aligned frames with everything the line says about itself:
 * AIS, alignment, signalling, alarms, performance. Knows no shelf: files are analysed with it as spans are served. */
#ifndef TRUNKSHELF_RECEIVER_H
#define TRUNKSHELF_RECEIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "e1/framer.h"
#include "e1/line_event.h"
#include "e1/line_state.h"
#include "e1/performance.h"
#include "base/port_status.h"

typedef struct {
    framer_options framer;
    line_state_options line;
    performance_options performance;
    uint32_t cas_debounce;  /* multiframes (2 ms) a change of abcd must stand; at least 1 */
    bool cas;               /* timeslot 16 carries channel-associated signalling */
    bool whole_recording;   /* every second counts, from the first bit on; else (a line) from the first whole second
                               after it was first in service: what has yet to be connected has not failed */
    bool tell_errors;       /* CRC and FAS errors and E bits are told one by one, not only counted */
} receiver_options;

typedef struct {
    framer_status framer;
    uint64_t ais_frames;          /* frames (256 bits) received while AIS stood */
    uint64_t remote_alarm_frames; /* of the framer, or received from an adaptor while the alarm stood */
    uint64_t cas_word_errors;
    uint64_t cas_losses;
    uint64_t events_dropped;      /* that nobody took in time, the framer's and the receiver's own */
    bool signal_lost, ais, in_service, cas_aligned, cas_remote_alarm;
    bool unavailable[2];          /* near end, far end (G.826) */
} receiver_status;

typedef enum {
    NEAR_END = 0, /* what is received: CRC-4 blocks (without CRC-4: FAS errors in eight frames); LOS, AIS, LOF */
    FAR_END = 1,  /* what the far end receives: E bits; remote alarm */
} performance_end;

/* What ailed a second, as bits. */
typedef enum {
    SECOND_SEVERE = 1,      /* severely errored by its blocks, without a defect (G.826 3.2.2) */
    SECOND_FAR_ERRORS = 2,  /* the far end said of 5 % or more of the blocks that they came with errors */
    SECOND_UNAVAILABLE = 4, /* in unavailable time (G.826 annex A) */
    SECOND_VIOLATIONS = 8,  /* of the line code, one in 10^5 bits or more */
    SECOND_UNDERRUNS = 16,  /* milliseconds in which a port of the outside world had nothing to give */
} second_ailment;

typedef struct receiver receiver;

/* G.706, G.775 and G.826 as they stand, with CAS. */
receiver_options receiver_options_default(framing_mode mode);

receiver *receiver_new(const receiver_options *options); /* NULL without memory */
void receiver_free(receiver *receiver);

/* A coded line's marks, before the bits decoded from them; watches for loss of signal. */
void receiver_put_marks(receiver *receiver, const line_block *marks);

/* A port that knows says whether there is a signal. */
void receiver_set_signal_lost(receiver *receiver, bool lost);

/* Decoded bits, most significant first: a multiple of 64, at most LINE_BLOCK_BITS_MAX. Take all blocks out before the
 * next call. */
void receiver_put(receiver *receiver, const uint8_t *bits, unsigned bit_count);

/* As framer_receiver_room: bits decoded to there are put without a copy. */
uint8_t *receiver_room(receiver *receiver);

/* The next eight frames; false when there are none. What cannot be trusted is all ones (AIS, G.732 table 2). */
bool receiver_take(receiver *receiver, stream_block *block);

/* The end of a recording: fewer than 64 bits, then the frames that are left, fewer than eight; how many. */
void receiver_put_last(receiver *receiver, const uint8_t *bits, unsigned bit_count);
unsigned receiver_take_last(receiver *receiver, stream_block *block);

/*
 * An adaptor that has framed the line itself, once a millisecond: first what it knows of the line, whether or not
 * frames have come; then every eight frames; then, where it handles timeslot 16 itself, the abcd of every timeslot
 * (taken while in service: signalling is aligned as long as that; changes are debounced).
 */
void receiver_put_alarms(receiver *receiver, const port_status *adaptor);
void receiver_put_frames(receiver *receiver, stream_block *block, bool cas_in_frames);
void receiver_put_abcd(receiver *receiver, const uint8_t abcd[32]);

/* Bits that wait behind the frames taken. */
unsigned receiver_bits_waiting(const receiver *receiver);

/*
 * A second has passed: its errors go to the performance counts. Of the far end nothing is known in a second with a
 * defect of the near end (E bits and bit A are not received then): that second is not counted for it. In a recording
 * that aligns within its first second, the time before that is no defect: searching takes some milliseconds.
 */
void receiver_end_second(receiver *receiver);
/* Of the second that ended last: the first three bits of second_ailment. */
unsigned receiver_ailments(const receiver *receiver);

/* Moves at most `count` events out, oldest first. */
unsigned receiver_events(receiver *receiver, line_event *events, unsigned count);

void receiver_read_status(const receiver *receiver, receiver_status *status);
uint64_t receiver_bits(const receiver *receiver);
bool receiver_in_service(const receiver *receiver);
bool receiver_multiframe_aligned(const receiver *receiver);
bool receiver_cas_aligned(const receiver *receiver);

/* As framer_receiver_take_errored. */
bool receiver_take_errored(receiver *receiver, unsigned half);

const performance *receiver_performance(const receiver *receiver, performance_end end);
/* Counts from 0, the second in progress too. */
void receiver_reset_performance(receiver *receiver);

#endif
