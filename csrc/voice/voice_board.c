/* A voice board: play queues, recordings and digit receivers of 32 channels. */
#include "voice/voice_board.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "voice/g711.h"
#include "voice/dtmf.h"
#include "shelf/shelf_internal.h"

struct sound {
    atomic_uint holders;
    size_t count;
    uint8_t octets[];
};

typedef enum { SEGMENT_SOUND, SEGMENT_TONE, SEGMENT_SILENCE } segment_kind;

typedef struct {
    segment_kind kind;
    uint32_t tag;
    size_t at, count; /* samples sent, and in all */
    sound *sound;
    tone_generator tone;
} segment;

typedef struct {
    segment queue[VOICE_QUEUE_SEGMENTS];
    unsigned queued, playing; /* segments in the queue; the place of the first */
    uint8_t *recording;       /* a ring, allocated by the channel's first recording */
    uint64_t written, read;   /* octets of the recording */
    unsigned unannounced;     /* of them since the last EVENT_RECORD_DATA */
    bool record;
} voice_channel;

struct voice_board {
    element element;
    unsigned attached;
    uint32_t hearing; /* bit c: channel c reports digits */
    dtmf_receiver digits;
    voice_channel channel[VOICE_CHANNELS];
};

sound *sound_new(const uint8_t *octets, size_t count)
{
    sound *made = malloc(sizeof *made + count);
    if (!made)
        return NULL;
    atomic_init(&made->holders, 1);
    made->count = count;
    memcpy(made->octets, octets, count);
    return made;
}

void sound_release(sound *sound)
{
    if (sound && atomic_fetch_sub(&sound->holders, 1) == 1)
        free(sound);
}

static void segment_drop(voice_channel *channel)
{
    segment *dropped = &channel->queue[channel->playing];
    if (dropped->kind == SEGMENT_SOUND)
        sound_release(dropped->sound);
    channel->playing = (channel->playing + 1) % VOICE_QUEUE_SEGMENTS;
    channel->queued--;
}

/* Sends at most `count` samples of a segment; returns how many there were. */
static unsigned segment_send(segment *segment, uint8_t *octets, unsigned count)
{
    if (count > segment->count - segment->at)
        count = (unsigned)(segment->count - segment->at);
    switch (segment->kind) {
    case SEGMENT_SOUND: memcpy(octets, segment->sound->octets + segment->at, count); break;
    case SEGMENT_TONE: tone_generate(&segment->tone, octets, count); break;
    case SEGMENT_SILENCE: memset(octets, SHELF_IDLE_CODE, count); break;
    }
    segment->at += count;
    return count;
}

static void channel_send(voice_board *board, unsigned number, uint8_t octets[8])
{
    voice_channel *channel = &board->channel[number];
    unsigned sent = 0;
    while (channel->queued && sent < BLOCK_FRAMES) {
        segment *playing = &channel->queue[channel->playing];
        sent += segment_send(playing, octets + sent, BLOCK_FRAMES - sent);
        if (playing->at < playing->count)
            break;
        element_tell(&board->element, EVENT_PLAY_DONE, number, playing->tag, 0);
        segment_drop(channel);
    }
    memset(octets + sent, SHELF_IDLE_CODE, BLOCK_FRAMES - sent);
}

static void channel_record(voice_board *board, unsigned number, const uint8_t octets[8])
{
    voice_channel *channel = &board->channel[number];
    if (channel->written - channel->read > VOICE_RECORD_RING - BLOCK_FRAMES) {
        channel->record = false;
        element_tell(&board->element, EVENT_RECORD_OVERRUN, number, VOICE_RECORD_RING, 0);
        return;
    }
    memcpy(channel->recording + channel->written % VOICE_RECORD_RING, octets, BLOCK_FRAMES);
    channel->written += BLOCK_FRAMES;
    channel->unannounced += BLOCK_FRAMES;
    if (channel->unannounced >= VOICE_RECORD_CHUNK) {
        channel->unannounced = 0;
        element_tell(&board->element, EVENT_RECORD_DATA, number, (uint32_t)(channel->written - channel->read), 0);
    }
}

static void digits_tell(voice_board *board, uint32_t timeslots, event_kind kind, const char digit[32])
{
    for (timeslots &= board->hearing; timeslots; timeslots &= timeslots - 1) {
        unsigned timeslot = (unsigned)__builtin_ctz(timeslots);
        element_tell(&board->element, kind, timeslot, (uint32_t)digit[timeslot], 0);
    }
}

static void digits_hear(voice_board *board, const stream_block *heard)
{
    float samples[8][32];
    dtmf_decisions decisions;
    for (unsigned timeslot = 0; timeslot < FRAME_TIMESLOTS; timeslot++)
        for (unsigned frame = 0; frame < BLOCK_FRAMES; frame++)
            samples[frame][timeslot] = g711_decode_octet(G711_ALAW, heard->octet[timeslot][frame]);
    dtmf_receive(&board->digits, samples, &decisions);
    digits_tell(board, decisions.ended, EVENT_DIGIT_END, decisions.ended_digit);
    digits_tell(board, decisions.begun, EVENT_DIGIT_BEGIN, decisions.begun_digit);
}

static void voice_run(element *element, const stream_block *bus, stream_block *next)
{
    voice_board *board = (voice_board *)element;
    const stream_block *heard = &bus[board->attached];
    stream_block *sent = &next[board->element.stream];
    for (unsigned channel = 0; channel < VOICE_CHANNELS; channel++) {
        channel_send(board, channel, sent->octet[channel]);
        if (board->channel[channel].record)
            channel_record(board, channel, heard->octet[channel]);
    }
    if (board->hearing)
        digits_hear(board, heard);
}

static void voice_free(element *element)
{
    voice_board *board = (voice_board *)element;
    for (unsigned channel = 0; channel < VOICE_CHANNELS; channel++) {
        while (board->channel[channel].queued)
            segment_drop(&board->channel[channel]);
        free(board->channel[channel].recording);
    }
    free(board);
}

static const element_operations operations = {voice_run, voice_free};

voice_board *shelf_add_voice_board(shelf *shelf, uint32_t *object)
{
    voice_board *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->attached = SHELF_IDLE_STREAM;
    if (shelf_adopt(shelf, &made->element, &operations, 1)) {
        voice_free(&made->element);
        return NULL;
    }
    *object = made->element.object;
    return made;
}

unsigned voice_board_stream(const voice_board *board)
{
    return board->element.stream;
}

int voice_board_attach(voice_board *board, unsigned stream)
{
    shelf *shelf = board->element.shelf;
    shelf_lock(shelf);
    bool valid = shelf_has_stream(shelf, stream);
    if (valid)
        board->attached = stream;
    shelf_unlock(shelf);
    return valid ? ENGINE_OK : ENGINE_BAD_STREAM;
}

/* Takes the lock on a channel that exists; NULL (and no lock) if there is none. */
static voice_channel *channel_lock(voice_board *board, unsigned channel)
{
    if (channel >= VOICE_CHANNELS)
        return NULL;
    shelf_lock(board->element.shelf);
    return &board->channel[channel];
}

static int channel_unlock(voice_board *board, int result)
{
    shelf_unlock(board->element.shelf);
    return result;
}

static int segment_queue(voice_board *board, unsigned number, const segment *next)
{
    voice_channel *channel = channel_lock(board, number);
    if (!channel)
        return ENGINE_BAD_TIMESLOT;
    if (channel->queued == VOICE_QUEUE_SEGMENTS)
        return channel_unlock(board, ENGINE_QUEUE_FULL);
    channel->queue[(channel->playing + channel->queued++) % VOICE_QUEUE_SEGMENTS] = *next;
    return channel_unlock(board, ENGINE_OK);
}

int voice_play_sound(voice_board *board, unsigned channel, sound *sound, uint32_t tag)
{
    segment next = {.kind = SEGMENT_SOUND, .tag = tag, .count = sound->count, .sound = sound};
    atomic_fetch_add(&sound->holders, 1);
    int result = segment_queue(board, channel, &next);
    if (result)
        sound_release(sound);
    return result;
}

int voice_play_tone(voice_board *board, unsigned channel, const tone_options *tone, uint32_t samples, uint32_t tag)
{
    segment next = {.kind = SEGMENT_TONE, .tag = tag, .count = samples};
    tone_generator_init(&next.tone, tone);
    return segment_queue(board, channel, &next);
}

int voice_play_silence(voice_board *board, unsigned channel, uint32_t samples, uint32_t tag)
{
    segment next = {.kind = SEGMENT_SILENCE, .tag = tag, .count = samples};
    return segment_queue(board, channel, &next);
}

int voice_play_stop(voice_board *board, unsigned number)
{
    voice_channel *channel = channel_lock(board, number);
    if (!channel)
        return ENGINE_BAD_TIMESLOT;
    while (channel->queued)
        segment_drop(channel);
    return channel_unlock(board, ENGINE_OK);
}

int voice_record_start(voice_board *board, unsigned number)
{
    voice_channel *channel = channel_lock(board, number);
    if (!channel)
        return ENGINE_BAD_TIMESLOT;
    if (channel->record)
        return channel_unlock(board, ENGINE_RECORDING);
    if (!channel->recording)
        channel->recording = malloc(VOICE_RECORD_RING);
    if (!channel->recording)
        return channel_unlock(board, ENGINE_NO_MEMORY);
    channel->written = channel->read = 0;
    channel->unannounced = 0;
    channel->record = true;
    return channel_unlock(board, ENGINE_OK);
}

int voice_record_stop(voice_board *board, unsigned number)
{
    voice_channel *channel = channel_lock(board, number);
    if (!channel)
        return ENGINE_BAD_TIMESLOT;
    channel->record = false;
    return channel_unlock(board, ENGINE_OK);
}

int voice_record_read(voice_board *board, unsigned number, uint8_t *octets, unsigned size)
{
    voice_channel *channel = channel_lock(board, number);
    if (!channel)
        return ENGINE_BAD_TIMESLOT;
    unsigned taken = 0;
    while (taken < size && channel->read != channel->written) {
        size_t place = channel->read % VOICE_RECORD_RING, count = VOICE_RECORD_RING - place;
        if (count > channel->written - channel->read)
            count = channel->written - channel->read;
        if (count > size - taken)
            count = size - taken;
        memcpy(octets + taken, channel->recording + place, count);
        channel->read += count;
        taken += (unsigned)count;
    }
    return channel_unlock(board, (int)taken);
}

int voice_hear_digits(voice_board *board, unsigned number, bool on)
{
    if (!channel_lock(board, number))
        return ENGINE_BAD_TIMESLOT;
    board->hearing = on ? board->hearing | 1u << number : board->hearing & ~(1u << number);
    dtmf_receiver_reset_timeslot(&board->digits, number);
    return channel_unlock(board, ENGINE_OK);
}
