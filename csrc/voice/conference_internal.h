/* What membership and mixing of conferences share. */
#ifndef TRUNKSHELF_CONFERENCE_INTERNAL_H
#define TRUNKSHELF_CONFERENCE_INTERNAL_H

#include "voice/conference.h"
#include "voice/conference_kernels_internal.h"
#include "voice/loudness.h"

enum { NO_CHANNEL = -1, NO_CONFERENCE = -1 };

/* The entry tone while it sounds: a phasor turned from sample to sample. */
typedef struct {
    double real, imaginary, step_real, step_imaginary;
    uint32_t samples_left;
    unsigned newcomer; /* the one channel that does not hear it */
    conference_sound sound;
} entry_tone;

typedef struct {
    bool is_open;
    conference_options options;
    uint32_t talks[CONFERENCE_HIGHWAYS_MAX], hears[CONFERENCE_HIGHWAYS_MAX]; /* lanes by highway */
    uint32_t mixed[CONFERENCE_HIGHWAYS_MAX]; /* of those that talk the ones that are heard now */
    uint32_t mixed_highways;                 /* that have such */
    unsigned planned;                        /* the highway that was planned last, counted from 1 */
    conference_sound sum;
    entry_tone tone;
} conference;

/* A channel. */
typedef struct {
    int32_t conference, heard_by;
    bool talks, hears;
    uint64_t mixed_since; /* the block in which it became one of the loudest */
    conference_sound voice; /* a coach's */
} party;

/* What the plan says of a highway. */
typedef struct {
    unsigned first_feed, feeds;
    uint32_t own; /* lanes that are mixed and hear the mix */
    bool is_ranked;
} highway_plan;

struct conference_bank {
    unsigned highways, channels;
    uint64_t block;   /* that is mixed now */
    bool has_changed; /* since the plan was made */
    conference *conferences;
    party *parties;
    loudness *loudness; /* by highway */
    voice_tile *near; /* of conference_mix_octets */
    highway_plan plan[CONFERENCE_HIGHWAYS_MAX];
    conference_feed *feeds;
    unsigned *mixing, mixing_count;     /* conferences with parties */
    unsigned *coaching, coaching_count; /* channels whose voice goes to one party */
};

/* Sets or clears a channel's bit in its highway's lanes. */
void conference_lane_put(uint32_t *lanes, unsigned channel, bool value);

#endif
