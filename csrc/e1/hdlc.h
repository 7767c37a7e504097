/* HDLC on a timeslot or a bundle of them (ISO/IEC 13239; Q.921 2): octets of the line to frames and back. */
#ifndef TRUNKSHELF_HDLC_H
#define TRUNKSHELF_HDLC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    HDLC_FCS_NONE = 0,
    HDLC_FCS_16 = 2, /* octets of the FCS: x^16+x^12+x^5+1, preset to ones, complemented; residue F0B8 */
    HDLC_FCS_32 = 4, /* residue DEBB20E3 */
} hdlc_fcs;

enum {
    HDLC_FRAME_OCTETS_MIN = 2,   /* address and control, FCS not counted */
    HDLC_MRU_OCTETS_MIN = 266,   /* Q.921: 260 of information (5.9.3), 2 of address, 2 of control; and 2 to spare */
    HDLC_MRU_OCTETS_MAX = 65535,
    HDLC_QUEUE_FRAME_OVERHEAD = 16, /* octets of a queue that each frame takes beside its own */
};

typedef struct {
    uint32_t fcs;         /* an hdlc_fcs */
    uint32_t mru_octets;  /* frames longer than this, FCS not counted, are counted and dropped */
} hdlc_options;

/* Since the start; they never wrap. Whatever stands between two flags, or a flag and an abort, counts once. */
typedef struct {
    uint64_t frames;        /* good ones, queued */
    uint64_t octets;        /* in them, FCS not counted */
    uint64_t fcs_errors;
    uint64_t aborts;        /* seven ones or more inside a frame: not straight after a flag, as when a line goes idle */
    uint64_t non_octet;     /* frames whose bits are no multiple of eight */
    uint64_t too_short;     /* shorter than address, control and FCS; an idle line's flags are none */
    uint64_t too_long;      /* over the MRU */
    uint64_t overruns;      /* good frames that found the queue full */
} hdlc_counters;

typedef struct hdlc_receiver hdlc_receiver;
typedef struct hdlc_transmitter hdlc_transmitter;

/* A receiver that keeps up to queue_octets octets of frames nobody has taken (HDLC_QUEUE_FRAME_OVERHEAD a frame
 * included). NULL without memory, for options out of range, or if the queue has no room for a frame of the MRU. */
hdlc_receiver *hdlc_receiver_new(hdlc_options options, size_t queue_octets);
void hdlc_receiver_free(hdlc_receiver *receiver);

/* Takes octets of the line in, in the order they travel, each most significant bit first on the line (an HDLC octet's
 * least significant bit is sent first: its first line bit). Returns how many frames wait to be taken. */
unsigned hdlc_receiver_put(hdlc_receiver *receiver, const uint8_t *octets, size_t count);

/* The octets of the oldest waiting frame without FCS: returns its length, or 0 if none waits or -1 if `size` is too
 * small (it then stays). *end_octet, if not NULL: line octets put in before the one that held the closing flag's
 * last bit. */
int hdlc_receiver_take(hdlc_receiver *receiver, uint8_t *frame, size_t size, uint64_t *end_octet);

/* The line was lost: what has been received of a frame is no frame. */
void hdlc_receiver_interrupt(hdlc_receiver *receiver);
const hdlc_counters *hdlc_receiver_counters(const hdlc_receiver *receiver);

/* As hdlc_receiver_new. */
hdlc_transmitter *hdlc_transmitter_new(hdlc_options options, size_t queue_octets);
void hdlc_transmitter_free(hdlc_transmitter *transmitter);

/* Queues a frame (FCS is added); 0, or -1 if it is shorter than HDLC_FRAME_OCTETS_MIN (every receiver would drop it),
 * over the MRU, or the queue has no room for it: nothing is queued in part. */
int hdlc_transmitter_put(hdlc_transmitter *transmitter, const uint8_t *frame, size_t count);

/* The next octets of the line: queued frames, each between flags (one flag may end one and begin the next), and flags
 * while there is none. */
void hdlc_transmitter_take(hdlc_transmitter *transmitter, uint8_t *octets, size_t count);

/* Octets of frames queued and not yet sent whole: a frame is sent whole when its closing flag begins. */
size_t hdlc_transmitter_waiting(const hdlc_transmitter *transmitter);

#endif
