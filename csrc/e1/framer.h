/* The E1 framer: unaligned line bits to aligned frames and back (G.704 2.3, G.706). Knows no shelf. */
#ifndef TRUNKSHELF_FRAMER_H
#define TRUNKSHELF_FRAMER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/block.h"

typedef enum {
    FRAMING_DOUBLE_FRAME = 0, /* FAS/NFAS only; bit 1 is sent as 1 and ignored */
    FRAMING_CRC4 = 1,         /* CRC-4 multiframe; without one within 8 ms the FAS is taken for a mimic */
    FRAMING_AUTOMATIC = 2,    /* CRC-4 where the far end has it, else double frame (G.706 annex B) */
} framing_mode;

typedef enum {
    LOSS_BAD_FAS = 1,        /* consecutive errored frame alignment signals (G.706 4.1.1) */
    LOSS_BAD_BIT2 = 2,       /* consecutive frames without FAS whose bit 2 is 0 (G.706 4.1.1, note) */
    LOSS_NO_MULTIFRAME = 3,  /* no CRC-4 multiframe within 8 ms: the FAS was a mimic (G.706 4.2) */
    LOSS_FALSE_FRAMING = 4,  /* at least 915 of 1 000 CRC-4 blocks errored (G.706 4.3.2) */
} alignment_loss;

typedef enum {
    ALIGNMENT_SEARCHING = 0,  /* looking for the FAS */
    ALIGNMENT_BASIC = 1,      /* frames found; with FRAMING_CRC4 the multiframe is still looked for */
    ALIGNMENT_MULTIFRAME = 2, /* CRC-4 multiframe found */
    ALIGNMENT_NON_CRC = 3,    /* automatic: 400 ms without a multiframe, the far end does without CRC-4 */
} alignment_state;

typedef struct {
    uint32_t mode;                /* a framing_mode */
    uint32_t bad_fas_limit;       /* consecutive bad FAS that lose alignment: 3 (G.706 4.1.1), some use 4 */
    uint32_t bad_bit2_limit;      /* likewise for bit 2 of frames without FAS: 3; 0 = do not look */
    uint32_t remote_alarm_frames; /* equal A bits in succession that change the remote alarm: 3 */
    uint32_t false_framing_errored; /* errored blocks of 1 000 that call for a new search: 915 (G.706 4.3.2); 0 = never */
} framer_options;

typedef enum {
    FRAMER_ALIGNED = 1,      /* value: bit phase 0-511 */
    FRAMER_MULTIFRAME = 2,   /* value: 0 */
    FRAMER_LOST = 3,         /* value: an alignment_loss */
    FRAMER_CRC_ERROR = 4,    /* value: 1 or 2, the errored sub-multiframe */
    FRAMER_E_BIT = 5,        /* the far end reports an errored sub-multiframe; value: 1 or 2 */
    FRAMER_FAS_ERROR = 6,    /* value: the seven bits received */
    FRAMER_REMOTE_ALARM = 7, /* value: 1 raised, 0 cleared */
    FRAMER_NON_CRC = 8,      /* value: 0 */
    FRAMER_SA_BITS = 9,      /* another value of Sa4-Sa8 has stood for three frames; value: as status.sa_bits */
    FRAMER_SA_CODE = 10,     /* another code on an Sa bit has stood for three sub-multiframes; value: n << 4 | code */
} framer_event_kind;

enum { SA_CODE_UNKNOWN = 16 };

typedef struct {
    uint64_t bit;   /* bits received before the instant at which it was decided */
    uint32_t kind;
    uint32_t value;
} framer_event;

typedef struct {
    uint64_t bits;               /* received since the start */
    uint64_t frames;             /* taken while aligned */
    uint64_t fas_errors;         /* errored frame alignment signals */
    uint64_t bit2_errors;        /* frames without FAS whose bit 2 was 0 */
    uint64_t crc_blocks;         /* sub-multiframes checked */
    uint64_t crc_errors;         /* of them errored */
    uint64_t e_bit_errors;       /* errored sub-multiframes the far end reported */
    uint64_t multiframe_errors;  /* wrong bits of the multiframe alignment signal while aligned */
    uint64_t alignment_losses;
    uint64_t remote_alarm_frames; /* two for each frame without FAS whose A = 1 raised or kept the remote alarm */
    uint64_t events_dropped;     /* events nobody took in time */
    uint32_t events_waiting;
    uint32_t alignment;          /* an alignment_state */
    bool in_service;             /* aligned as the framing demands: the payload can be trusted */
    uint32_t bit_phase;          /* 0-511: where in the line's bits the frame with FAS starts */
    uint32_t remote_alarm;       /* bit A, filtered */
    uint32_t sa_bits;            /* last Sa4-Sa8 received, Sa4 most significant of five */
    uint32_t sa_code[5];         /* Sa4 ... Sa8 over a sub-multiframe, San1 most significant of four (G.704 table 5D):
                                    what has stood for three of them; SA_CODE_UNKNOWN before */
    uint32_t errored_waiting[2]; /* errored sub-multiframes I and II not yet reported to the far end */
} framer_status;

typedef struct framer_receiver framer_receiver;
typedef struct framer_transmitter framer_transmitter;

/* The options of G.706 for a mode. */
framer_options framer_options_default(framing_mode mode);

/* A receiver that searches; NULL without memory. */
framer_receiver *framer_receiver_new(framer_options options);
void framer_receiver_free(framer_receiver *receiver);

/* Takes in at most 2 560 line bits, most significant first. Take the blocks out before the next call. */
void framer_receiver_put(framer_receiver *receiver, const uint8_t *bits, unsigned bit_count);

/* Where the next 2 560 bits may be written, so that framer_receiver_put of them there copies nothing: until that
 * call, and as long as whole octets have been put. */
uint8_t *framer_receiver_room(framer_receiver *receiver);

/*
 * The next eight aligned frames, the first of them with FAS; false when none is complete or alignment is lost.
 * Of a block in which alignment is lost, the frames from there on are all ones.
 */
bool framer_receiver_take(framer_receiver *receiver, stream_block *block);

/* The frames there are, at most eight, when no more bits will come: how many. The block's others are all ones. */
unsigned framer_receiver_take_last(framer_receiver *receiver, stream_block *block);

/* Bits that came after the frames taken so far. */
unsigned framer_receiver_bits_waiting(const framer_receiver *receiver);

/* Moves at most `count` events out, oldest first. */
unsigned framer_receiver_events(framer_receiver *receiver, framer_event *events, unsigned count);

const framer_status *framer_receiver_status(const framer_receiver *receiver);

/* Fetches how many errored sub-multiframes I (0) or II (1) wait to be reported, less one: true if there was one. */
bool framer_receiver_take_errored(framer_receiver *receiver, unsigned half);

framer_transmitter *framer_transmitter_new(framing_mode mode);
void framer_transmitter_free(framer_transmitter *transmitter);

/* What the frames without FAS carry from the next block on. */
void framer_transmitter_set_remote_alarm(framer_transmitter *transmitter, bool raised);
void framer_transmitter_set_sa_bits(framer_transmitter *transmitter, unsigned sa_bits);

/* Sends a 4-bit code on Sa<n> (n = 4-8) over each sub-multiframe: San1 in frame 1 and 9 ... (G.704 table 5D). */
void framer_transmitter_set_sa_code(framer_transmitter *transmitter, unsigned n, unsigned code);

/* Sends so many of the next FAS with bit 2 inverted; so many of the next sub-multiframes with C1 inverted. */
void framer_transmitter_inject_fas_errors(framer_transmitter *transmitter, unsigned count);
void framer_transmitter_inject_crc_errors(framer_transmitter *transmitter, unsigned count);

/* Reports a received sub-multiframe in the E bit of this multiframe; half 0 is frame 13, half 1 frame 15. */
void framer_transmitter_set_e_bit(framer_transmitter *transmitter, unsigned half, bool errored);

/* True if the next block carries frames 8-15 of a multiframe (where the E bits are). */
bool framer_transmitter_second_half(const framer_transmitter *transmitter);

/*
 * Frames a millisecond: `frame` writes timeslot 0 of `block`, then `send` puts all 32 into 256 octets of line bits. Whoever
 * has many lines frames them all before sending the first: what has just been written octet by octet is slow to read.
 */
void framer_transmitter_frame(framer_transmitter *transmitter, stream_block *block);
void framer_transmitter_send(framer_transmitter *transmitter, const stream_block *block, uint8_t *bits);

/* Both, for one line. */
void framer_transmit(framer_transmitter *transmitter, stream_block *block, uint8_t *bits);

#endif
