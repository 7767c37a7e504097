/* The two shapes in which a millisecond of TDM travels through the engine. */
#ifndef TRUNKSHELF_BLOCK_H
#define TRUNKSHELF_BLOCK_H

#include <stdint.h>

enum {
    BLOCK_FRAMES = 8,          /* frames advanced at a time: 1 ms, half a CRC-4 multiframe */
    BLOCK_NS = 1000000,        /* their duration in nanoseconds */
    FRAME_TIMESLOTS = 32,      /* timeslots of a frame (G.704 2.3) */
    FRAME_BITS = 256,          /* bits of a frame */
    BLOCK_BITS = 2048,         /* bits of a block on the line */
    LINE_BLOCK_OCTETS = 256,   /* octets of a block on the line */
};

/*
 * A millisecond of 32 timeslots inside the shelf (a highway, a span's or a board's side):
 * octet[t][f] is timeslot t of frame f. The eight octets of a timeslot lie side by side, so
 * switching, playing, recording and HDLC move one 64-bit word a timeslot.
 */
typedef struct {
    uint8_t octet[32][8];
} stream_block;

/*
 * A millisecond of line: bits in the order they travel, most significant bit of each octet first.
 * On a coded line (HDB3, AMI) a mark is a 1 in exactly one of the planes.
 */
typedef struct {
    uint8_t positive[256];
    uint8_t negative[256];
} line_block;

#endif
