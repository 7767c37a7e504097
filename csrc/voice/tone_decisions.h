/* What a receiver of the voice board decided in one block, by lane. */
#ifndef TRUNKSHELF_TONE_DECISIONS_H
#define TRUNKSHELF_TONE_DECISIONS_H

#include <stdint.h>

/* The receivers a channel may have on; a mask of 1 << receiver chooses several. */
typedef enum {
    RECEIVER_DTMF = 0,        /* codes: ASCII of the digit */
    RECEIVER_R2_FORWARD = 1,  /* codes: 1-15, the signal's number (Q.441 table 5) */
    RECEIVER_R2_BACKWARD = 2, /* codes: 1-15 (Q.441 table 6) */
    RECEIVER_BELL_MF = 3,     /* codes: ASCII: 0-9, K (KP), S (ST), A, B, C (KP2 or ST', ST'', ST''') as mf.h tells */
    RECEIVER_PROGRESS = 4,    /* codes: the tone's number in the country's plan */
    RECEIVER_FAX = 5,         /* codes: fax_tone.h */
    RECEIVER_ACTIVITY = 6,    /* codes: activity.h */
} tone_receiver;

enum { RECEIVERS = 7 };

/*
 * Bit t of `begun` / `ended`: a signal began / ended on lane t. Ages are counted in samples from the estimated instant
 * to the end of the block that decided; levels are those of the lower and the higher tone (one tone: the lower),
 * measured where the signal filled the window.
 */
typedef struct {
    uint32_t begun, ended;
    uint8_t begun_code[32], ended_code[32];
    uint16_t begun_age[32], ended_age[32];
    float low_dbm0[32], high_dbm0[32];
} tone_decisions;

#endif
