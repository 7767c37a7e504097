/* What happens on a received line: every change of state, each at the bit at which it was decided. */
#ifndef TRUNKSHELF_LINE_EVENT_H
#define TRUNKSHELF_LINE_EVENT_H

#include <stdint.h>

typedef enum {
    LINE_SIGNAL_LOST = 1,        /* LOS (G.775); value 1 raised, 0 cleared */
    LINE_AIS = 2,                /* alarm indication signal; value 1 raised, 0 cleared */
    LINE_FRAME_ALIGNED = 3,      /* basic frame alignment found (G.706 4.1.2); value: bit phase 0-511 */
    LINE_MULTIFRAME_ALIGNED = 4, /* CRC-4 multiframe alignment found (G.706 4.2) */
    LINE_NON_CRC = 5,            /* the far end does without CRC-4 (G.706 annex B) */
    LINE_ALIGNMENT_LOST = 6,     /* value: an alignment_loss */
    LINE_REMOTE_ALARM = 7,       /* bit A; value 1 raised, 0 cleared (G.704 table 5A) */
    LINE_CAS_ALIGNED = 8,        /* TS16 multiframe alignment found (G.732 5.2) */
    LINE_CAS_LOST = 9,           /* TS16 multiframe alignment lost: abcd frozen */
    LINE_CAS_REMOTE_ALARM = 10,  /* bit y; value 1 raised, 0 cleared */
    LINE_CAS_BITS = 11,          /* a timeslot's abcd changed and stayed; value: abcd, a most significant */
    LINE_SA_BITS = 12,           /* value: Sa4-Sa8, Sa4 most significant of five */
    LINE_SA_CODE = 13,           /* the 4-bit code on an Sa bit changed and stayed; timeslot: 4-8, value: the code */
    LINE_CRC_ERROR = 14,         /* only where errors are told one by one; value: sub-multiframe 1 or 2 */
    LINE_E_BIT = 15,             /* likewise; value: sub-multiframe 1 or 2 of the far end */
    LINE_FAS_ERROR = 16,         /* likewise; value: the seven bits received */
} line_event_kind;

typedef struct {
    uint64_t bit;      /* bits of the line received before the instant at which it was decided */
    uint16_t kind;     /* a line_event_kind */
    uint16_t timeslot; /* 0 where none is meant */
    uint32_t value;
} line_event;

#endif
