/* Between a block's timeslot-major order and the line's. */
#include "e1/gather.h"

#include <stdbool.h>
#include <string.h>

/* As most links have it; its octets lie side by side already. */
static bool single(uint32_t timeslots)
{
    return timeslots && (timeslots & (timeslots - 1)) == 0;
}

unsigned timeslots_gather(const stream_block *block, uint32_t timeslots, unsigned frames, uint8_t octets[256])
{
    unsigned count = 0;
    if (single(timeslots) && frames == BLOCK_FRAMES) {
        memcpy(octets, block->octet[__builtin_ctz(timeslots)], BLOCK_FRAMES);
        return BLOCK_FRAMES;
    }
    for (unsigned frame = 0; frame < frames; frame++)
        for (uint32_t left = timeslots; left; left &= left - 1)
            octets[count++] = block->octet[__builtin_ctz(left)][frame];
    return count;
}

void timeslots_scatter(const uint8_t *octets, uint32_t timeslots, stream_block *block)
{
    if (single(timeslots)) {
        memcpy(block->octet[__builtin_ctz(timeslots)], octets, BLOCK_FRAMES);
        return;
    }
    for (unsigned frame = 0; frame < BLOCK_FRAMES; frame++)
        for (uint32_t left = timeslots; left; left &= left - 1)
            block->octet[__builtin_ctz(left)][frame] = *octets++;
}
