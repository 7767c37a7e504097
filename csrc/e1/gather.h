/* Octets of chosen timeslots, in the order in which they travel. */
#ifndef TRUNKSHELF_GATHER_H
#define TRUNKSHELF_GATHER_H

#include <stdint.h>

#include "base/block.h"

/* What timeslots (bit t each) carry for so many frames (at most eight): all of a frame, then the next. Returns how many
 * octets. */
unsigned timeslots_gather(const stream_block *block, uint32_t timeslots, unsigned frames, uint8_t octets[256]);

/* The inverse, for eight frames. */
void timeslots_scatter(const uint8_t *octets, uint32_t timeslots, stream_block *block);

#endif
