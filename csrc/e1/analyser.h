/* A recorded line, taken apart: everything a receiver tells, and the HDLC frames of chosen timeslots. */
#ifndef TRUNKSHELF_ANALYSER_H
#define TRUNKSHELF_ANALYSER_H

#include <stddef.h>
#include <stdint.h>

#include "e1/hdlc.h"
#include "e1/receiver.h"

enum {
    ANALYSER_LINKS = 31,
    ANALYSER_PUT_OCTETS = 65536, /* at most so many octets at a time */
};

typedef struct analyser analyser;

/* An HDLC frame; the octets follow each other in the buffer analyser_frames fills. */
typedef struct {
    uint64_t bit;    /* of the line, received when the frame had ended (to the block of eight frames) */
    uint32_t link;
    uint32_t octets; /* without FCS */
} analyser_frame;

analyser *analyser_new(const receiver_options *options); /* NULL without memory */
void analyser_free(analyser *analyser);

/* Also takes HDLC frames off these timeslots (bit t each); the link's number, or -1: no memory, a bad mask, too many. */
int analyser_add_link(analyser *analyser, uint32_t timeslots, const hdlc_options *options);

/* Takes raw line octets in, first bit most significant. Take events and frames out after each. 0, or -1 without memory:
 * events or frames are missing then. */
int analyser_put(analyser *analyser, const uint8_t *octets, size_t count);

/* The recording ends: the frames after the last whole block are looked at, too. As analyser_put. */
int analyser_end(analyser *analyser);

/* All events since the last call; valid until the next analyser_put. */
size_t analyser_events(analyser *analyser, const line_event **events);

/* All HDLC frames since the last call and their octets; valid until the next analyser_put. */
size_t analyser_frames(analyser *analyser, const analyser_frame **frames, const uint8_t **octets);

const receiver *analyser_receiver(const analyser *analyser);
const hdlc_counters *analyser_link_counters(const analyser *analyser, unsigned link);

#endif
