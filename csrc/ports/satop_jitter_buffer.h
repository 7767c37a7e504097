/* The SAToP jitter buffer: packets in any order in, the line's octets out at the shelf's pace (RFC 4553 6.2.2). */
#ifndef TRUNKSHELF_SATOP_JITTER_BUFFER_H
#define TRUNKSHELF_SATOP_JITTER_BUFFER_H

#include "ports/satop.h"

typedef struct satop_jitter_buffer satop_jitter_buffer;

/*
 * Counters count packets (or packets' worth of line) since the buffer was made. While it plays, what it puts out is
 * the sum of played, lost and inserted packets.
 */
typedef struct {
    uint64_t refused[SATOP_VERDICTS]; /* by satop_verdict; [SATOP_VALID] counts the valid ones */
    uint64_t played;                  /* of these, */
    uint64_t played_invalid;          /* carried L and were played as all ones */
    uint64_t lost;                    /* replaced by all ones (RFC 4553 6.2.2) */
    uint64_t reordered;               /* came after a later one and were still in time */
    uint64_t duplicates;
    uint64_t late;                    /* came after their place had been played: counted as lost as well */
    uint64_t underruns;               /* packet times in which the buffer was dry */
    uint64_t inserted;                /* of these, the peer was merely slow: all ones added to its line */
    uint64_t dropped;                 /* left out, oldest first, because the buffer was full */
    uint64_t out_of_bounds;           /* sequence numbers too far off to be of this sequence; two in a row start anew */
    uint64_t resynchronisations;      /* the sequence jumped or came back after packet loss: gathered anew */
    uint64_t losses;                  /* times packet loss state was entered */
    int32_t fill_octets;              /* line time that waits, missing packets included */
    uint32_t target_octets;           /* what it should be */
    uint32_t timestamp;               /* RTP timestamp of the newest packet */
    bool playing;                     /* false: all ones are put out while packets are gathered */
    bool loss_state;                  /* packet loss state: our packets carry R; from the start, until packets play */
    bool local_defect;                /* L of the newest packet: the far end's line is faulty */
    bool remote_defect;               /* R of the newest packet: the far end does not hear us */
} satop_jitter_status;

/* Options without fault; NULL without memory. */
satop_jitter_buffer *satop_jitter_buffer_new(const satop_options *options);
void satop_jitter_buffer_free(satop_jitter_buffer *buffer);

/* Takes a packet in as it came from the network. */
satop_verdict satop_jitter_buffer_put(satop_jitter_buffer *buffer, const uint8_t *octets, uint32_t octet_count);

/* Puts out the line's next octets; returns how many of them were all ones for want of any packet. */
uint32_t satop_jitter_buffer_take(satop_jitter_buffer *buffer, uint8_t *line, uint32_t octet_count);

/* No room for a packet more without dropping another. */
bool satop_jitter_buffer_full(const satop_jitter_buffer *buffer);

const satop_jitter_status *satop_jitter_buffer_status(satop_jitter_buffer *buffer);

#endif
