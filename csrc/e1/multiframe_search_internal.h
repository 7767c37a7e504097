/* The search for the CRC-4 multiframe alignment signal in bit 1 of frames without FAS (G.706 4.2). */
#ifndef TRUNKSHELF_MULTIFRAME_SEARCH_INTERNAL_H
#define TRUNKSHELF_MULTIFRAME_SEARCH_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MULTIFRAME_SIGNAL = 0x0B,      /* 001011: bit 1 of frames 1, 3, 5, 7, 9, 11 (G.704 table 5B) */
    MULTIFRAME_SEARCH_FRAMES = 64, /* 8 ms in which two multiframe signals must come (G.706 4.2) */
};

typedef struct {
    unsigned frames;  /* looked at so far */
    unsigned history; /* bit 1 of the last frames without FAS, newest least significant */
    uint8_t seen[8];  /* multiframe signals seen, by place of their last frame among 16 (odd ones) */
} multiframe_search;

/* Takes bit 1 of the next frame without FAS in; true if it ends a second signal, a whole number of multiframes after
 * the first: that frame is number 11. */
bool multiframe_search_put(multiframe_search *search, bool bit1);

/* The 8 ms are over. */
bool multiframe_search_failed(const multiframe_search *search);

#endif
