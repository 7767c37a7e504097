/* Timeslot switching kernels: one connection memory, applied to a millisecond or to a single frame. */
#ifndef TRUNKSHELF_TIMESLOT_SWITCH_H
#define TRUNKSHELF_TIMESLOT_SWITCH_H

#include <stdint.h>

/*
 * Eight frames at a time: each output timeslot is a 64-bit word taken from word source[k] of `words`
 * (32 words to a stream_block). out[k] = words[source[k]] for k < count; count is a multiple of 32.
 */
void timeslot_switch_block(const uint64_t *words, const uint32_t *source, uint64_t *out, unsigned count);

/* The connection memory of a switch for single frames, in the form its kernel wants. */
typedef struct timeslot_map timeslot_map;

/* A map of `outputs` (a multiple of 64, at most 4 096) octets from `inputs` (likewise) octets; every output from input
 * 0. NULL without memory or with sizes out of range. */
timeslot_map *timeslot_map_new(unsigned inputs, unsigned outputs);
void timeslot_map_free(timeslot_map *map);
/* Output octet `output` is taken from input octet `input` from now on; -1 if either does not exist. */
int timeslot_map_connect(timeslot_map *map, unsigned input, unsigned output);

/* One frame: out[k] = in[source of k]. `in` must have 64 readable octets behind it. */
void timeslot_switch_frame(const timeslot_map *map, const uint8_t *in, uint8_t *out);

#endif
