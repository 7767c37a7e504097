/* A voice board: 32 channels on a highway that play, record, send tones and hear digits. */
#ifndef TRUNKSHELF_VOICE_BOARD_H
#define TRUNKSHELF_VOICE_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shelf/shelf.h"
#include "voice/tone.h"

typedef struct voice_board voice_board;
typedef struct sound sound;

enum {
    VOICE_CHANNELS = 32,          /* channel c is timeslot c of the board's highway */
    VOICE_QUEUE_SEGMENTS = 64,    /* sounds, tones and silences that may wait on a channel */
    VOICE_RECORD_RING = 65536,    /* octets a recording may be ahead of its reader: 8.2 s */
    VOICE_RECORD_CHUNK = 4000,    /* octets after which EVENT_RECORD_DATA comes: 0.5 s */
};

/* A-law octets that any number of channels may play; copied from `octets`. NULL without memory. */
sound *sound_new(const uint8_t *octets, size_t count);

/* Lets go of it; it lives on until the last channel has played it. */
void sound_release(sound *sound);

/* Adds a voice board; *object gets the number its events carry. NULL without memory or streams. */
voice_board *shelf_add_voice_board(shelf *shelf, uint32_t *object);

unsigned voice_board_stream(const voice_board *board);
int voice_board_attach(voice_board *board, unsigned stream);

/* Each appends to the channel's queue; segments follow each other without a gap; `tag` comes back when played. */
int voice_play_sound(voice_board *board, unsigned channel, sound *sound, uint32_t tag);
int voice_play_tone(voice_board *board, unsigned channel, const tone_options *tone, uint32_t samples, uint32_t tag);
int voice_play_silence(voice_board *board, unsigned channel, uint32_t samples, uint32_t tag);

/* Drops what the channel plays and has queued. */
int voice_play_stop(voice_board *board, unsigned channel);

/* Records from the next block on, every octet the channel receives. */
int voice_record_start(voice_board *board, unsigned channel);

/* Ends the recording; what is unread can still be read. */
int voice_record_stop(voice_board *board, unsigned channel);

/* Moves at most `size` recorded octets out; returns how many. */
int voice_record_read(voice_board *board, unsigned channel, uint8_t *octets, unsigned size);

/* Reports DTMF digits on a channel, or stops to. */
int voice_hear_digits(voice_board *board, unsigned channel, bool on);

#endif
