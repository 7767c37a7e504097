/* Events: how the engine tells its owner what happened on a line or a channel. */
#ifndef TRUNKSHELF_EVENT_H
#define TRUNKSHELF_EVENT_H

#include <stdint.h>

typedef enum {
    EVENT_FRAME_ALIGNED = 1,      /* span: basic frame alignment found (G.706 4.1.2); value: bit phase 0-511 */
    EVENT_MULTIFRAME_ALIGNED = 2, /* span: CRC-4 multiframe alignment found (G.706 4.2) */
    EVENT_ALIGNMENT_LOST = 3,     /* span: value: an alignment_loss */
    EVENT_REMOTE_ALARM = 4,       /* span: value 1 raised, 0 cleared (bit A, G.704 table 5A) */
    EVENT_CAS_ALIGNED = 5,        /* span: TS16 multiframe alignment found (G.732 5.2) */
    EVENT_CAS_LOST = 6,           /* span: TS16 multiframe alignment lost */
    EVENT_CAS_REMOTE_ALARM = 7,   /* span: value 1 raised, 0 cleared (bit y of TS16 frame 0) */
    EVENT_CAS_BITS = 8,           /* span: timeslot's abcd changed and stayed; value: abcd, a most significant */
    EVENT_DIGIT_BEGIN = 9,        /* voice: DTMF digit recognised; value: its ASCII code */
    EVENT_DIGIT_END = 10,         /* voice: the digit has ended; value: its ASCII code */
    EVENT_PLAY_DONE = 11,         /* voice: a queued segment has been sent to its last sample; value: its tag */
    EVENT_RECORD_DATA = 12,       /* voice: recorded octets wait to be read; value: how many */
    EVENT_RECORD_OVERRUN = 13,    /* voice: recording stopped, nobody read it in time; value: octets kept */
    EVENT_EVENTS_LOST = 14,       /* shelf: the event ring was full; value: events lost */
} event_kind;

/* One event. `object` is the number the shelf gave the span or board; timeslot is 0 where none is meant. */
typedef struct {
    uint64_t time_ns; /* the shelf's clock at the end of the block in which it happened */
    uint64_t bit;     /* span events: received bits before the instant it was decided at; else 0 */
    uint32_t object;
    uint16_t kind;
    uint16_t timeslot;
    uint32_t value;
    uint32_t sequence; /* counts every event of the shelf */
} shelf_event;

#endif
