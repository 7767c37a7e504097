/* What the two directions of HDLC share: options and the order of bits. */
#ifndef TRUNKSHELF_HDLC_INTERNAL_H
#define TRUNKSHELF_HDLC_INTERNAL_H

#include "base/cpu_internal.h"
#include "e1/frame_check.h"
#include "e1/frame_queue_internal.h"
#include "e1/hdlc.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words of bits are kept in memory as they are");
_Static_assert((int)FRAME_QUEUE_OVERHEAD == (int)HDLC_QUEUE_FRAME_OVERHEAD, "published in hdlc.h");

enum { HDLC_FLAG = 0x7E };

/* Octets past a frame's buffer that whole words may touch. */
enum { HDLC_SLACK_OCTETS = 24 };

static inline bool hdlc_options_valid(const hdlc_options *options, size_t queue_octets)
{
    bool fcs = options->fcs == HDLC_FCS_NONE || options->fcs == HDLC_FCS_16 || options->fcs == HDLC_FCS_32;
    bool mru = options->mru_octets >= HDLC_MRU_OCTETS_MIN && options->mru_octets <= HDLC_MRU_OCTETS_MAX;
    return fcs && mru && queue_octets >= options->mru_octets + (size_t)HDLC_QUEUE_FRAME_OVERHEAD;
}

/* The FCS of a frame as a number whose octets are sent least significant first; 0 of none. */
static inline uint32_t hdlc_frame_check(uint32_t fcs, const uint8_t *octets, size_t count)
{
    return fcs == HDLC_FCS_16 ? frame_check_16(octets, count)
         : fcs == HDLC_FCS_32 ? frame_check_32(octets, count)
                              : 0;
}

/* Eight octets, each one's bits in reverse order: between the line's order (most significant bit first) and HDLC's. */
static inline uint64_t hdlc_reversed(uint64_t octets)
{
    const uint64_t nibbles = 0x0F0F0F0F0F0F0F0Full, pairs = 0x3333333333333333ull, bits = 0x5555555555555555ull;
    octets = (octets >> 4 & nibbles) | (octets & nibbles) << 4;
    octets = (octets >> 2 & pairs) | (octets & pairs) << 2;
    return (octets >> 1 & bits) | (octets & bits) << 1;
}

#endif
