/* DTMF receiver for the 32 timeslots of a stream abreast (Q.23, Q.24). */
#ifndef TRUNKSHELF_DTMF_H
#define TRUNKSHELF_DTMF_H

#include <stdint.h>

extern const char DTMF_DIGITS[17];  /* by row (low frequency), then column */
extern const double DTMF_HZ[8];     /* four rows, four columns */

/*
 * 13 ms windows side by side. A digit begins when two windows in succession show it and ends when two in
 * succession do not. A window may show a tone that fills little more than half of it, so: tones of 40 ms always
 * count, of 15 ms never; gaps of 6 ms never split a digit, gaps of 40 ms always part two.
 */
typedef struct {
    float state[8][2][32]; /* the Goertzel filters' last two values, by frequency and timeslot */
    float energy[32];      /* sum of squares of the window */
    uint32_t samples;      /* in the window so far */
    char last[32];         /* what the window before showed; 0 = no digit */
    char digit[32];        /* the digit in progress; 0 = none */
} dtmf_receiver;

/* What a call decided. */
typedef struct {
    uint32_t begun, ended; /* bit t: a digit began / ended on timeslot t */
    char begun_digit[32], ended_digit[32];
} dtmf_decisions;

/* Eight samples of 32 timeslots: samples[sample][timeslot], 16-bit linear. */
void dtmf_receive(dtmf_receiver *receiver, const float samples[8][32], dtmf_decisions *decisions);

/* Forgets a timeslot's digit in progress. */
void dtmf_receiver_reset_timeslot(dtmf_receiver *receiver, unsigned timeslot);

#endif
