/* The shapes in which a millisecond of TDM travels through the engine. */
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
    LINE_BLOCK_BITS_MAX = 2560, /* most bits that one line_block holds */
    CACHE_LINE_OCTETS = 64,
    CAS_TIMESLOT = 16,         /* carries channel-associated signalling (G.704 5.1.3.2) */
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
 * What came or goes over a line in about a millisecond: bits in the order they travel, most significant bit of each
 * octet first. On a coded line (HDB3, AMI) a mark is a 1 in exactly one of the planes; on an uncoded one the bits
 * stand in `positive` and `negative` is all 0. The last 64 octets of each plane are there for loads to run over.
 */
typedef struct {
    uint8_t positive[320 + 64];
    uint8_t negative[320 + 64];
    uint32_t bit_count; /* a multiple of 64; BLOCK_BITS where line and shelf keep step */
} line_block;

#endif
