/* The conferences of a voice board: who hears whom, over up to 16 highways. */
#ifndef TRUNKSHELF_CONFERENCE_H
#define TRUNKSHELF_CONFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/block.h"
#include "voice/g711.h"
#include "voice/tile.h"

typedef struct conference_bank conference_bank;

enum {
    CONFERENCE_HIGHWAYS_MAX = 16,
    CONFERENCE_EVERYBODY = -1, /* heard by all parties that hear */
};

typedef struct {
    unsigned loudest;       /* how many talkers at a time are mixed, the loudest; 0 = all */
    double entry_hz;        /* the tone that announces a party; 0 = none */
    double entry_dbm0;
    uint32_t entry_samples; /* its length */
} conference_options;

/* A party is a channel: timeslot channel % 32 of highway channel / 32. It never hears itself. */
typedef struct {
    bool talks;       /* false: muted */
    bool hears;       /* talks false and hears true: a monitor */
    bool announced;   /* the others hear the entry tone when it joins */
    int32_t heard_by; /* CONFERENCE_EVERYBODY; or a coach: the channel of the one party that hears it */
} conference_party;

/* As many conferences as channels, 32 a highway, so that every channel could have its own. NULL for no highways or more
 * than CONFERENCE_HIGHWAYS_MAX, or without memory; nothing else below allocates. */
conference_bank *conference_bank_new(unsigned highways);
void conference_bank_free(conference_bank *bank);

/* Opens one without parties: its number; -1 if all are open or the entry tone is beyond 4 000 Hz or full scale. */
int conference_open(conference_bank *bank, const conference_options *options);

/* All its parties leave; -1 if it is not open. */
int conference_close(conference_bank *bank, unsigned conference);

/*
 * Takes the channel in, or changes what it may do there. -1, and nothing changes: no such channel, the conference is
 * not open, the channel is in another one, or `heard_by` is no other party of this one.
 */
int conference_join(conference_bank *bank, unsigned conference, unsigned channel, const conference_party *party);

/* A coach of the channel that leaves stays, muted: nobody else was to hear it. -1 if the channel is in none. */
int conference_leave(conference_bank *bank, unsigned channel);

/* The conference a channel is in, or -1. */
int conference_of(const conference_bank *bank, unsigned channel);

/* Whether the others hear the channel now: it talks and, where only the loudest are mixed, is one of them. */
bool conference_is_mixed(const conference_bank *bank, unsigned channel);

/*
 * A block: adds to what each party is sent (a tile a highway) what it hears, saturating once: the sum of the talkers'
 * `near` less its own, coaches, and entry tones.
 */
void conference_mix(conference_bank *bank, const voice_tile *near, voice_tile *sent);

/* The same from a highway's octets to its octets; who hears no conference is sent silence. */
void conference_mix_octets(conference_bank *bank, g711_law law, const stream_block *heard, stream_block *sent);

#endif
