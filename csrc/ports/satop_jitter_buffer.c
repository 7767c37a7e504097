/*
 * The SAToP jitter buffer (RFC 4553 6.2.2).
 *
 * | state     | puts out                                   | leaves when                              | to        |
 * |-----------|--------------------------------------------|------------------------------------------|-----------|
 * | gathering | all ones                                   | depth_ms of line have come               | playing   |
 * | playing   | the packets; all ones for those missing    | loss_packets are missing and nothing     | gathering |
 * |           |                                            | waits, or the sequence jumps             |           |
 *
 * Playing, a packet whose time comes while later ones wait is lost. While nothing waits it may be lost or merely slow:
 * all ones are put out packet by packet (underrun), and the next arrival tells. Packets it skipped were lost; the rest
 * of the all ones was inserted, and the delay is longer by that. A packet for which there is no room pushes the oldest
 * out, and the delay is shorter.
 */
#include "ports/satop_jitter_buffer.h"

#include <stdlib.h>
#include <string.h>

enum {
    ALL_ONES = 0xFF, /* replacement data (RFC 4553 6.2.2) */
    OCTETS_PER_MS = 256,
};

typedef enum { SLOT_EMPTY, SLOT_WAITING, SLOT_PLAYED } slot_state;

typedef struct {
    uint16_t sequence;
    uint8_t state;        /* a slot_state */
    bool local_defect;    /* play all ones */
} slot;

struct satop_jitter_buffer {
    satop_options options;
    satop_jitter_status status;
    uint32_t depth, capacity;       /* packets: to gather; that may wait */
    uint32_t slot_count;            /* a power of two: sequence numbers of two capacities ahead, two behind */
    slot *slots;                    /* by sequence number */
    uint8_t *payloads;
    bool started;                   /* a packet has come since gathering began */
    uint16_t next, newest;          /* to be played; the latest that came (next - 1: nothing waits) */
    uint8_t current[SATOP_PAYLOAD_OCTETS_MAX]; /* being played: its slot may be needed before it ends */
    uint32_t current_octets;        /* of it, not yet played */
    bool current_dry;               /* it is all ones because nothing waits */
    uint32_t held;                  /* packets of all ones since nothing waits */
    uint32_t missing, present;      /* packets in succession, at play-out */
    bool jump_seen;                 /* the last packet's sequence was out of all bounds, */
    uint16_t jump_next;             /* and this one would confirm it */
};

static uint32_t power_of_two_from(uint32_t least)
{
    uint32_t power = 1;
    while (power < least)
        power *= 2;
    return power;
}

satop_jitter_buffer *satop_jitter_buffer_new(const satop_options *options)
{
    satop_jitter_buffer *buffer = calloc(1, sizeof *buffer);
    if (!buffer)
        return NULL;
    buffer->options = *options;
    buffer->depth = (options->depth_ms * OCTETS_PER_MS + options->payload_octets - 1) / options->payload_octets;
    buffer->capacity = 2 * buffer->depth;
    buffer->slot_count = power_of_two_from(4 * buffer->capacity);
    buffer->slots = calloc(buffer->slot_count, sizeof *buffer->slots);
    buffer->payloads = calloc(buffer->slot_count, options->payload_octets);
    buffer->status.loss_state = true;
    buffer->status.target_octets = buffer->depth * options->payload_octets;
    if (buffer->slots && buffer->payloads)
        return buffer;
    satop_jitter_buffer_free(buffer);
    return NULL;
}

void satop_jitter_buffer_free(satop_jitter_buffer *buffer)
{
    if (!buffer)
        return;
    free(buffer->slots);
    free(buffer->payloads);
    free(buffer);
}

/* How far a is ahead of b on the circle of sequence numbers. */
static int32_t ahead(uint16_t a, uint16_t b)
{
    return (int16_t)(uint16_t)(a - b);
}

static slot *slot_of(const satop_jitter_buffer *buffer, uint16_t sequence)
{
    return &buffer->slots[sequence % buffer->slot_count];
}

static bool slot_is(const satop_jitter_buffer *buffer, uint16_t sequence, slot_state state)
{
    const slot *slot = slot_of(buffer, sequence);
    return slot->state == state && slot->sequence == sequence;
}

static uint8_t *payload_of(const satop_jitter_buffer *buffer, uint16_t sequence)
{
    return buffer->payloads + (size_t)(sequence % buffer->slot_count) * buffer->options.payload_octets;
}

/* Packet times from the next to be played to the newest. */
static int32_t waiting(const satop_jitter_buffer *buffer)
{
    return buffer->started ? ahead(buffer->newest, buffer->next) + 1 : 0;
}

bool satop_jitter_buffer_full(const satop_jitter_buffer *buffer)
{
    return waiting(buffer) >= (int32_t)buffer->capacity;
}

/* Back to gathering, with nothing. What was held counts as lost: nobody will tell now. */
static void gather_anew(satop_jitter_buffer *buffer)
{
    buffer->status.lost += buffer->held;
    buffer->status.resynchronisations++;
    buffer->status.playing = buffer->started = buffer->jump_seen = false;
    buffer->held = buffer->missing = buffer->present = buffer->current_octets = 0;
    memset(buffer->slots, 0, buffer->slot_count * sizeof *buffer->slots);
}

static void loss_state_enter(satop_jitter_buffer *buffer)
{
    if (!buffer->status.loss_state)
        buffer->status.losses++;
    buffer->status.loss_state = true;
    buffer->status.local_defect = buffer->status.remote_defect = false;
}

/* The next packet leaves the queue unplayed: never came, or has to make room. */
static void next_skip(satop_jitter_buffer *buffer)
{
    slot_of(buffer, buffer->next)->state = SLOT_EMPTY;
    buffer->next++;
}

/* A packet ends a spell in which nothing waited: `gap` packets before it have not come. */
static void held_settle(satop_jitter_buffer *buffer, int32_t gap)
{
    uint32_t lost = (uint32_t)gap < buffer->held ? (uint32_t)gap : buffer->held;
    buffer->status.lost += lost;
    buffer->status.inserted += buffer->held - lost;
    buffer->held = 0;
    for (; lost; lost--)
        next_skip(buffer);
}

static void room_make(satop_jitter_buffer *buffer, uint16_t sequence)
{
    while (ahead(sequence, buffer->next) >= (int32_t)buffer->capacity) {
        buffer->status.dropped++;
        next_skip(buffer);
    }
}

static void newest_note(satop_jitter_buffer *buffer, const satop_packet *packet)
{
    buffer->newest = packet->sequence;
    buffer->status.timestamp = packet->timestamp;
    buffer->status.local_defect = packet->local_defect;
    buffer->status.remote_defect = packet->remote_defect;
}

static void packet_store(satop_jitter_buffer *buffer, const satop_packet *packet)
{
    *slot_of(buffer, packet->sequence) = (slot){packet->sequence, SLOT_WAITING, packet->local_defect};
    if (!packet->local_defect)
        memcpy(payload_of(buffer, packet->sequence), packet->payload, buffer->options.payload_octets);
    if (ahead(packet->sequence, buffer->newest) > 0)
        newest_note(buffer, packet);
    else
        buffer->status.reordered++;
}

static void packet_first(satop_jitter_buffer *buffer, const satop_packet *packet)
{
    buffer->started = true;
    buffer->next = packet->sequence;
    buffer->newest = (uint16_t)(packet->sequence - 1);
    packet_store(buffer, packet);
}

static void packet_too_late(satop_jitter_buffer *buffer, uint16_t sequence)
{
    if (slot_is(buffer, sequence, SLOT_PLAYED))
        buffer->status.duplicates++;
    else
        buffer->status.late++;
}

/* While gathering, what comes before the first packet is not late: it was overtaken. */
static bool begins_earlier(const satop_jitter_buffer *buffer, uint16_t sequence)
{
    return !buffer->status.playing && ahead(buffer->newest, sequence) < (int32_t)buffer->capacity;
}

static void packet_take_in(satop_jitter_buffer *buffer, const satop_packet *packet)
{
    int32_t place = ahead(packet->sequence, buffer->next);
    if (place < 0 && begins_earlier(buffer, packet->sequence)) {
        buffer->next = packet->sequence;
    } else if (place < 0) {
        packet_too_late(buffer, packet->sequence);
        return;
    } else if (slot_is(buffer, packet->sequence, SLOT_WAITING)) {
        buffer->status.duplicates++;
        return;
    }
    if (buffer->held)
        held_settle(buffer, place);
    room_make(buffer, packet->sequence);
    packet_store(buffer, packet);
}

/* Out of all bounds: so far off that only a peer that started again can have sent it. */
static bool is_jump(const satop_jitter_buffer *buffer, uint16_t sequence)
{
    int32_t place = ahead(sequence, buffer->next), bound = 2 * (int32_t)buffer->capacity;
    return place - (int32_t)buffer->held >= bound || place < -bound;
}

static void jump_judge(satop_jitter_buffer *buffer, const satop_packet *packet)
{
    /* One packet may be damaged or forged; a second that follows it is a new sequence (as in RFC 3550 A.1). */
    if (buffer->jump_seen && packet->sequence == buffer->jump_next) {
        gather_anew(buffer);
        packet_first(buffer, packet);
        return;
    }
    buffer->status.out_of_bounds++;
    buffer->jump_seen = true;
    buffer->jump_next = (uint16_t)(packet->sequence + 1);
}

static void playing_begin_if_due(satop_jitter_buffer *buffer)
{
    if (!buffer->status.playing && waiting(buffer) >= (int32_t)buffer->depth) {
        buffer->status.playing = true;
        buffer->current_octets = 0;
    }
}

satop_verdict satop_jitter_buffer_put(satop_jitter_buffer *buffer, const uint8_t *octets, uint32_t octet_count)
{
    satop_packet packet;
    satop_verdict verdict = satop_parse(&buffer->options, octets, octet_count, &packet);
    buffer->status.refused[verdict]++;
    if (verdict != SATOP_VALID)
        return verdict;
    if (!buffer->started) {
        packet_first(buffer, &packet);
    } else if (is_jump(buffer, packet.sequence)) {
        jump_judge(buffer, &packet);
    } else {
        buffer->jump_seen = false;
        packet_take_in(buffer, &packet);
    }
    playing_begin_if_due(buffer);
    return SATOP_VALID;
}

static void present_note(satop_jitter_buffer *buffer)
{
    buffer->missing = 0;
    if (++buffer->present >= buffer->options.recovery_packets)
        buffer->status.loss_state = false;
}

static void missing_note(satop_jitter_buffer *buffer)
{
    buffer->present = 0;
    if (++buffer->missing >= buffer->options.loss_packets)
        loss_state_enter(buffer);
}

/* Begins a packet time: with a payload, or with all ones where there is none. */
static void current_begin(satop_jitter_buffer *buffer, const uint8_t *payload, bool dry)
{
    buffer->current_dry = dry;
    buffer->current_octets = buffer->options.payload_octets;
    if (payload)
        memcpy(buffer->current, payload, buffer->current_octets);
    else
        memset(buffer->current, ALL_ONES, buffer->current_octets);
}

static void packet_play(satop_jitter_buffer *buffer)
{
    slot *slot = slot_of(buffer, buffer->next);
    slot->state = SLOT_PLAYED;
    buffer->status.played++;
    buffer->status.played_invalid += slot->local_defect;
    current_begin(buffer, slot->local_defect ? NULL : payload_of(buffer, buffer->next), false);
    buffer->next++;
    present_note(buffer);
}

static void packet_replace(satop_jitter_buffer *buffer)
{
    buffer->status.lost++;
    current_begin(buffer, NULL, false);
    next_skip(buffer);
    missing_note(buffer);
}

static void packet_hold(satop_jitter_buffer *buffer)
{
    buffer->status.underruns++;
    buffer->held++;
    missing_note(buffer);
    if (buffer->missing >= buffer->options.loss_packets)
        gather_anew(buffer);
    current_begin(buffer, NULL, true);
}

static void next_begin(satop_jitter_buffer *buffer)
{
    if (!buffer->status.playing)
        current_begin(buffer, NULL, true);
    else if (slot_is(buffer, buffer->next, SLOT_WAITING))
        packet_play(buffer);
    else if (waiting(buffer) > 0)
        packet_replace(buffer);
    else
        packet_hold(buffer);
}

uint32_t satop_jitter_buffer_take(satop_jitter_buffer *buffer, uint8_t *line, uint32_t octet_count)
{
    uint32_t dry = 0;
    while (octet_count) {
        if (!buffer->current_octets)
            next_begin(buffer);
        uint32_t part = buffer->current_octets < octet_count ? buffer->current_octets : octet_count;
        dry += buffer->current_dry ? part : 0;
        memcpy(line, buffer->current + buffer->options.payload_octets - buffer->current_octets, part);
        buffer->current_octets -= part;
        line += part;
        octet_count -= part;
    }
    return dry;
}

const satop_jitter_status *satop_jitter_buffer_status(satop_jitter_buffer *buffer)
{
    int32_t octets = waiting(buffer) * (int32_t)buffer->options.payload_octets;
    bool partly_played = buffer->status.playing && !buffer->current_dry;
    buffer->status.fill_octets = octets + (partly_played ? (int32_t)buffer->current_octets : 0);
    return &buffer->status;
}
