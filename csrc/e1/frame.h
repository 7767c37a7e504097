/* E1 frames, eight at a time: line bits to timeslots and back, CRC-4 remainders, the search for the FAS. */
#ifndef TRUNKSHELF_FRAME_H
#define TRUNKSHELF_FRAME_H

#include <stdint.h>

#include "base/block.h"

/*
 * Takes eight aligned frames out of line bits: 2 048 bits from bit `bit_offset` (0-7, 0 = most significant)
 * of `bits`, which must have 257 readable octets. Returns the CRC-4 remainder of each frame by itself, every
 * bit as received: octet f (of the word in memory order) = frame f (x) * x^4 mod x^4+x+1 (G.704 2.3.3.5).
 */
uint64_t frame_demultiplex(const uint8_t *bits, unsigned bit_offset, stream_block *out);

/* The inverse at bit offset 0: writes 256 octets; returns the same eight remainders. */
uint64_t frame_multiplex(const stream_block *in, uint8_t *bits);

/*
 * The CRC-4 of a sub-multiframe from its eight frames' remainders (as returned above):
 * the remainders are combined by x^256 = x (mod x^4+x+1). C1 is bit 3 of the result.
 */
unsigned frame_crc4_combine(uint64_t remainders);

/*
 * The first bit position i in [from, to) with the FAS in the frame that starts there, bit 2 = 1 in the
 * frame after it, and the FAS in the one after that (G.706 4.1.2); `to` if there is none. Bit 0 is the most
 * significant of bits[0]. Bits up to position to + 519 are looked at; loads run over the octet of the last of them by
 * at most 64 octets, which must be readable.
 */
unsigned frame_alignment_search(const uint8_t *bits, unsigned from, unsigned to);

#endif
