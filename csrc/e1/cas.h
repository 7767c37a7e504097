/* Channel-associated signalling in timeslot 16: its multiframe, both ways (G.704 5.1.3.2, G.732 5.2). */
#ifndef TRUNKSHELF_CAS_H
#define TRUNKSHELF_CAS_H

#include <stdbool.h>
#include <stdint.h>

/* What a received block brought. */
typedef enum {
    CAS_NOW_ALIGNED = 1,
    CAS_NOW_LOST = 2,
    CAS_REMOTE_ALARM_CHANGED = 4,
} cas_change;

/* Sends abcd[t] for timeslots 1-15 and 17-31; abcd is four bits, a most significant. Zeroed is not valid: init. */
typedef struct {
    uint8_t abcd[32];
    bool remote_alarm; /* bit y */
    bool second_half;  /* the next block is frames 8-15 of the multiframe */
    uint32_t word_errors; /* alignment words still to be sent wrong */
} cas_transmitter;

typedef struct {
    uint8_t abcd[32];           /* reported: stayed for `debounce` multiframes; frozen while alignment is lost */
    uint8_t seen[32];           /* received last */
    uint8_t run[32];            /* multiframes in succession that `seen` has stood */
    uint32_t debounce;          /* multiframes (2 ms each) a change must stand to be reported; at least 1 */
    bool aligned, remote_alarm;
    bool previous_all_zero;     /* the TS16 octet before this one */
    bool multiframe_all_zero;   /* every TS16 octet since the last alignment word */
    uint8_t frame;              /* 0-15, of the next octet */
    uint8_t octets[2][8];       /* as received last, by half of the multiframe at which a block begins */
    bool settled[2];            /* nothing in that block is new: nor is it when it comes again */
    uint8_t bad_words;          /* alignment words errored in succession */
    uint64_t word_errors;
    uint64_t losses;
} cas_receiver;

/* Every channel idle as G.704 sends unused bits: a = 1, b, c, d = 1, 0, 1. */
void cas_transmitter_init(cas_transmitter *transmitter);

/* The next eight TS16 octets. abcd 0000 is forbidden (it would mimic the alignment word) and goes out as 0001. */
void cas_transmit(cas_transmitter *transmitter, uint8_t octets[8]);

void cas_receiver_init(cas_receiver *receiver, uint32_t debounce_multiframes);

/* Takes eight TS16 octets in; sets bit t of *changed for each timeslot whose abcd changed; returns cas_change flags. */
unsigned cas_receive(cas_receiver *receiver, const uint8_t octets[8], uint32_t *changed);

/* Basic frame alignment was lost: alignment goes with it and abcd is frozen. Returns cas_change flags. */
unsigned cas_receiver_interrupt(cas_receiver *receiver);

#endif
