/* What a receiving framer is made of; shared by the files that make it up. */
#ifndef TRUNKSHELF_FRAMER_RECEIVER_INTERNAL_H
#define TRUNKSHELF_FRAMER_RECEIVER_INTERNAL_H

#include "e1/framer.h"
#include "e1/multiframe_search_internal.h"

enum {
    FAS = 0x1B,                      /* bits 2-8 of timeslot 0 in frames with FAS (G.704 table 5A) */
    FAS_MASK = 0x7F,
    BIT1 = 0x80,                     /* Si: C1-C4, the multiframe alignment signal and E bits (G.704 table 5B) */
    BIT2 = 0x40,                     /* 1 in frames without FAS */
    BIT_A = 0x20,                    /* remote alarm indication */
    SA_MASK = 0x1F,                  /* Sa4-Sa8 */
    FALSE_FRAMING_BLOCKS = 1000,     /* G.706 4.3.2 */
    SEARCH_AHEAD_BITS = 520,         /* the search at a bit looks this far: two frames and a TS0 */
    WINDOW_OCTETS = 1024,            /* a put, what was left of the one before, and what the searches look at */
    FRAMER_EVENTS = 256,
};

/* Automatic framing: an alignment beside the one in use that may yet show a multiframe (G.706 annex B.2.2). */
typedef struct {
    bool active, found;  /* looked for at all; FAS found and its multiframe looked for */
    unsigned at;         /* found: its next frame with FAS; else the next bit to look at */
    multiframe_search multiframe;
} parallel_search;

/* What timeslot 0 of eight frames in multiframe alignment says again and again, by half of the multiframe at which the
 * eight begin. */
typedef struct {
    uint64_t timeslot0[2]; /* the eight octets, C bits out */
    unsigned times[2];     /* it has come in succession without changing or counting anything */
} steady_timeslot0;

/* A value and how often in succession it has come. */
typedef struct {
    unsigned value, times;
} repeated;

struct framer_receiver {
    framer_options options;
    framer_status status;
    /* Line bits not yet done with; 64 octets that loads may run over. */
    _Alignas(CACHE_LINE_OCTETS) uint8_t window[WINDOW_OCTETS + 64];
    uint64_t window_bit;                /* the line's bit that is the window's first */
    unsigned fill;                      /* bits in the window */
    unsigned at;                        /* aligned: the next frame with FAS; searching: the next bit to look at */
    unsigned bad_fas, bad_bit2;         /* in succession */
    unsigned remote_alarm_run;          /* frames in succession whose bit A differs from status.remote_alarm */
    unsigned frame_number;              /* 0-15 in the CRC-4 multiframe; valid with multiframe alignment */
    multiframe_search multiframe;       /* at the frames taken */
    unsigned frames_aligned;            /* since basic alignment, up to the 400 ms of annex B */
    parallel_search parallel;
    repeated sa, sa_code[5];
    unsigned sa_told;                   /* the value of Sa4-Sa8 told last */
    unsigned sa_history[5];             /* the bits of this sub-multiframe so far */
    unsigned crc, crc_previous, crc_received;
    bool crc_running, crc_complete;     /* a whole sub-multiframe is being / has been summed up */
    unsigned window_blocks, window_errored; /* for the false-framing rule */
    steady_timeslot0 steady;
    framer_event event[FRAMER_EVENTS];
};


/* Notes an event at a bit of the window. */
void framer_tell(framer_receiver *receiver, framer_event_kind kind, unsigned window_bit, uint32_t value);

void framer_alignment_set(framer_receiver *receiver, alignment_state alignment);

/* Multiframe alignment; `frame_number` is that of the frame with the signal's last bit, 11, or the one behind it. */
void framer_multiframe_begin(framer_receiver *receiver, unsigned frame_number, unsigned frame_end);

/* All that timeslot 0 of a frame says, and the CRC-4; returns 0, or the alignment_loss it leads to. */
unsigned framer_frame_with_fas(framer_receiver *receiver, uint8_t ts0, unsigned frame_end);
unsigned framer_frame_without_fas(framer_receiver *receiver, uint8_t ts0, unsigned frame_end);
/* Adds a frame to the running CRC of its sub-multiframe, C bits taken as 0 (G.704 2.3.3.5.2). */
void framer_crc_add_frame(framer_receiver *receiver, unsigned remainder, uint8_t ts0);

/* Annex B: looks on at alignments beside the one in use. */
void framer_parallel_run(framer_receiver *receiver);

/*
 * Eight frames whose timeslot 0 says what it has long said, at the cost of a few instructions: true if that is what
 * they are, and all is done. `remainders` as frame_demultiplex gives them.
 */
bool framer_steady_take(framer_receiver *receiver, uint64_t remainders, uint64_t timeslot0);

/* Eight frames that began at `half` of a multiframe have been read one by one; `quiet` if that changed nothing. */
void framer_steady_note(framer_receiver *receiver, unsigned half, uint64_t timeslot0, bool quiet);

#endif
