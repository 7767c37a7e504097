/* A receiver fed from memory, with lists that grow as long as need be. */
#include "e1/analyser.h"

#include <stdlib.h>
#include <string.h>

#include "e1/gather.h"

enum {
    BLOCKS_PER_S = 1000,
    QUEUE_OCTETS = 1 << 17,
    FRAME_OCTETS_MAX = 65536,
    STEP_OCTETS = 8, /* bits go in by 64 */
};

/* A list that doubles when it is full. */
typedef struct {
    uint8_t *octets;
    size_t used, room;
} list;

struct analyser {
    receiver *receiver;
    unsigned second_blocks, block_octets; /* of the second and of the millisecond in progress */
    uint8_t rest[STEP_OCTETS]; /* octets that do not yet make 64 bits */
    unsigned rest_octets;
    list events, frames, octets;
    int failed;
    unsigned links;
    struct {
        uint32_t timeslots;
        hdlc_receiver *hdlc;
    } link[ANALYSER_LINKS];
};

analyser *analyser_new(const receiver_options *options)
{
    analyser *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->receiver = receiver_new(options);
    if (made->receiver)
        return made;
    free(made);
    return NULL;
}

void analyser_free(analyser *analyser)
{
    if (!analyser)
        return;
    receiver_free(analyser->receiver);
    for (unsigned link = 0; link < analyser->links; link++)
        hdlc_receiver_free(analyser->link[link].hdlc);
    free(analyser->events.octets);
    free(analyser->frames.octets);
    free(analyser->octets.octets);
    free(analyser);
}

int analyser_add_link(analyser *analyser, uint32_t timeslots, const hdlc_options *options)
{
    if (analyser->links == ANALYSER_LINKS || timeslots == 0 || timeslots & 1)
        return -1;
    hdlc_receiver *hdlc = hdlc_receiver_new(*options, QUEUE_OCTETS);
    if (!hdlc)
        return -1;
    analyser->link[analyser->links].timeslots = timeslots;
    analyser->link[analyser->links].hdlc = hdlc;
    return (int)analyser->links++;
}

/* Room for `octets` more, or NULL (and failed is set). */
static uint8_t *list_extend(analyser *analyser, list *list, size_t octets)
{
    if (list->room - list->used < octets) {
        size_t room = 2 * (list->used + octets);
        uint8_t *grown = realloc(list->octets, room);
        if (!grown) {
            analyser->failed = -1;
            return NULL;
        }
        list->octets = grown;
        list->room = room;
    }
    return list->octets + list->used;
}

static void events_collect(analyser *analyser)
{
    enum { AT_ONCE = 64 };
    unsigned count;
    do {
        uint8_t *to = list_extend(analyser, &analyser->events, AT_ONCE * sizeof(line_event));
        if (!to)
            return;
        count = receiver_events(analyser->receiver, (line_event *)(void *)to, AT_ONCE);
        analyser->events.used += count * sizeof(line_event);
    } while (count == AT_ONCE);
}

static void frames_collect(analyser *analyser, unsigned link, uint64_t bit)
{
    for (;;) {
        uint8_t *octets = list_extend(analyser, &analyser->octets, FRAME_OCTETS_MAX);
        uint8_t *frame = list_extend(analyser, &analyser->frames, sizeof(analyser_frame));
        if (!octets || !frame)
            return;
        int count = hdlc_receiver_take(analyser->link[link].hdlc, octets, FRAME_OCTETS_MAX, NULL);
        if (count <= 0)
            return;
        const analyser_frame found = {.bit = bit, .link = link, .octets = (uint32_t)count};
        memcpy(frame, &found, sizeof found);
        analyser->frames.used += sizeof found;
        analyser->octets.used += (size_t)count;
    }
}

static void links_put(analyser *analyser, const stream_block *block, unsigned frames)
{
    uint8_t octets[LINE_BLOCK_OCTETS];
    receiver_status status;
    for (unsigned link = 0; link < analyser->links; link++) {
        hdlc_receiver *hdlc = analyser->link[link].hdlc;
        unsigned count = timeslots_gather(block, analyser->link[link].timeslots, frames, octets);
        if (!receiver_in_service(analyser->receiver)) {
            hdlc_receiver_interrupt(hdlc);
        } else if (hdlc_receiver_put(hdlc, octets, count)) {
            receiver_read_status(analyser->receiver, &status);
            frames_collect(analyser, link, status.framer.bits);
        }
    }
}

static void bits_put(analyser *analyser, const uint8_t *octets, unsigned count)
{
    stream_block block;
    receiver_put(analyser->receiver, octets, 8 * count);
    while (receiver_take(analyser->receiver, &block))
        links_put(analyser, &block, BLOCK_FRAMES);
    events_collect(analyser);
}

static void octets_account(analyser *analyser, unsigned octets)
{
    analyser->block_octets += octets;
    if (analyser->block_octets < LINE_BLOCK_OCTETS)
        return;
    analyser->block_octets = 0;
    if (++analyser->second_blocks < BLOCKS_PER_S)
        return;
    analyser->second_blocks = 0;
    receiver_end_second(analyser->receiver);
}

/* Whole 64-bit words; returns how many octets were left over. */
static size_t words_put(analyser *analyser, const uint8_t *octets, size_t count)
{
    while (count >= STEP_OCTETS) {
        unsigned room = LINE_BLOCK_OCTETS - analyser->block_octets;
        unsigned now = (unsigned)(count < room ? count / STEP_OCTETS * STEP_OCTETS : room);
        bits_put(analyser, octets, now);
        octets_account(analyser, now);
        octets += now;
        count -= now;
    }
    return count;
}

int analyser_put(analyser *analyser, const uint8_t *octets, size_t count)
{
    analyser->events.used = analyser->frames.used = analyser->octets.used = 0;
    if (analyser->rest_octets) {
        while (analyser->rest_octets < STEP_OCTETS && count) {
            analyser->rest[analyser->rest_octets++] = *octets++;
            count--;
        }
        if (analyser->rest_octets < STEP_OCTETS)
            return analyser->failed;
        words_put(analyser, analyser->rest, STEP_OCTETS);
    }
    size_t left = words_put(analyser, octets, count);
    memcpy(analyser->rest, octets + count - left, left);
    analyser->rest_octets = (unsigned)left;
    return analyser->failed;
}

int analyser_end(analyser *analyser)
{
    stream_block block;
    analyser->events.used = analyser->frames.used = analyser->octets.used = 0;
    receiver_put_last(analyser->receiver, analyser->rest, 8 * analyser->rest_octets);
    unsigned frames = receiver_take_last(analyser->receiver, &block);
    if (frames)
        links_put(analyser, &block, frames);
    if (analyser->second_blocks || analyser->block_octets)
        receiver_end_second(analyser->receiver);
    events_collect(analyser);
    return analyser->failed;
}

size_t analyser_events(analyser *analyser, const line_event **events)
{
    *events = (const line_event *)(const void *)analyser->events.octets;
    return analyser->events.used / sizeof(line_event);
}

size_t analyser_frames(analyser *analyser, const analyser_frame **frames, const uint8_t **octets)
{
    *frames = (const analyser_frame *)(const void *)analyser->frames.octets;
    *octets = analyser->octets.octets;
    return analyser->frames.used / sizeof(analyser_frame);
}

const receiver *analyser_receiver(const analyser *analyser)
{
    return analyser->receiver;
}

const hdlc_counters *analyser_link_counters(const analyser *analyser, unsigned link)
{
    return hdlc_receiver_counters(analyser->link[link].hdlc);
}
