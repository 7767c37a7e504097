/* Events: how the engine tells its owner what happened on a line or a channel. */
#ifndef TRUNKSHELF_EVENT_H
#define TRUNKSHELF_EVENT_H

#include <stdint.h>

/* A span's events are the line's (line_event_kind, below 64); these are the rest. */
typedef enum {
    EVENT_SLIP = 64,              /* span: a controlled slip; value 1: a frame was repeated, 2: one was left out */
    EVENT_STORE_RESTARTED = 65,   /* span: the elastic store ran empty (value 4) or over (5): the line stopped or jumped */
    EVENT_HDLC_FRAME = 66,        /* span: frames wait on an HDLC link; timeslot: the link's number, value: how many */
    EVENT_SECOND = 67,            /* span: what ailed the second just over is not what ailed the one before it; value: the
                                     second_ailment bits */
    EVENT_DIGIT_BEGIN = 80,       /* voice: DTMF digit recognised; value: its ASCII code */
    EVENT_DIGIT_END = 81,         /* voice: the digit has ended; value: its ASCII code */
    EVENT_PLAY_DONE = 82,         /* voice: a queued segment has been sent to its last sample; value: its tag */
    EVENT_RECORD_DATA = 83,       /* voice: recorded octets wait to be read; value: how many */
    EVENT_RECORD_OVERRUN = 84,    /* voice: recording stopped, nobody read it in time; value: octets kept */
    EVENT_EVENTS_LOST = 96,       /* shelf: the event ring was full; value: events lost */
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
