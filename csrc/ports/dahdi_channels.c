/* The open channels of a DAHDI span: octets and signalling bits both ways, and the events that stand before them. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ports/dahdi_driver_internal.h"
#include "ports/dahdi_span_internal.h"

enum {
    START_FRAMES = 24,  /* blocks of 16 come every 2 ms; 1 ms to spare */
    EVENTS_A_TURN = 64, /* the driver's queue holds no more */
    TRIES = 4,          /* of a read or write that events stand before */
};

/* -1 if the channel is gone. */
static int event_take(dahdi_span *span, unsigned timeslot, int event)
{
    span->events++;
    if (event == DAHDI_EVENT_BITS_CHANGED)
        span->changed_bits |= 1u << timeslot;
    return event == DAHDI_EVENT_REMOVED ? -1 : 0;
}

static int events_take(dahdi_span *span, unsigned lane)
{
    for (unsigned k = 0; k < EVENTS_A_TURN; k++) {
        int event = DAHDI_EVENT_NONE;
        if (ioctl(span->lanes.descriptors[lane], DAHDI_GET_EVENT, &event))
            return -1;
        if (event == DAHDI_EVENT_NONE)
            return 0;
        if (event_take(span, span->lanes.timeslots[lane], event))
            return -1;
    }
    return 0;
}

/* A transfer failed. 1: events stood before it and are taken, 0: it would have waited, -1: the channel is gone. */
static int hindrance(dahdi_span *span, unsigned lane)
{
    if (errno == DAHDI_EVENT_PENDING)
        return events_take(span, lane) ? -1 : 1;
    return would_block() ? 0 : -1;
}

/* One of the driver's buffers, always asked for whole: it forgets what a shorter read leaves. */
static int buffer_read(dahdi_span *span, unsigned lane, uint8_t *octets)
{
    for (unsigned k = 0; k < TRIES; k++) {
        ssize_t count = read(span->lanes.descriptors[lane], octets, DAHDI_BLOCK_OCTETS);
        if (count >= 0)
            return count ? (int)count : -1;
        int hindered = hindrance(span, lane);
        if (hindered <= 0)
            return hindered;
    }
    return 0;
}

static int channel_read(void *owner, unsigned lane, uint8_t *octets, uint32_t room)
{
    uint32_t total = 0;
    while (room - total >= DAHDI_BLOCK_OCTETS) {
        int count = buffer_read(owner, lane, octets + total);
        if (count < 0)
            return -1;
        if (count == 0)
            break;
        total += (uint32_t)count;
    }
    return (int)total;
}

static int channel_flush(int descriptor)
{
    int both = DAHDI_FLUSH_READ | DAHDI_FLUSH_WRITE;
    return ioctl(descriptor, DAHDI_FLUSH, &both);
}

const lanes_driver dahdi_channels_driver = {
    .read_octets = DAHDI_BLOCK_OCTETS, .start_frames = START_FRAMES, .read = channel_read, .flush = channel_flush};

int dahdi_channel_write(dahdi_span *span, unsigned lane, const stream_block *block)
{
    uint8_t octets[BLOCK_FRAMES];
    unsigned count = lanes_octets(&span->lanes, lane, block, octets);
    for (unsigned k = 0; k < TRIES; k++) {
        ssize_t written = write(span->lanes.descriptors[lane], octets, count);
        if (written >= 0)
            return written == (ssize_t)count;
        int hindered = hindrance(span, lane);
        if (hindered <= 0)
            return hindered;
    }
    return 0;
}

/* ---- signalling bits ---- */

/* The driver's bits are a 8, b 4, c 2, d 1. */
static void bits_read(dahdi_span *span, unsigned lane)
{
    unsigned timeslot = span->lanes.timeslots[lane];
    int bits = 0;
    if (span->changed_bits >> timeslot & 1 &&
        ioctl(span->lanes.descriptors[lane], DAHDI_GET_RECEIVED_BITS, &bits) == 0)
        span->received_abcd[timeslot] = bits & 0xF;
}

void dahdi_channels_receive_cas(dahdi_span *span, uint8_t abcd[32])
{
    for (unsigned lane = 0; span->changed_bits && lane < span->lanes.count; lane++)
        bits_read(span, lane);
    span->changed_bits = 0;
    memcpy(abcd, span->received_abcd, sizeof span->received_abcd);
}

void dahdi_channels_transmit_cas(dahdi_span *span, const uint8_t abcd[32])
{
    for (unsigned lane = 0; lane < span->lanes.count; lane++) {
        unsigned timeslot = span->lanes.timeslots[lane];
        int bits = abcd[timeslot] & 0xF;
        if (!(span->cas_timeslots >> timeslot & 1) || span->sent_abcd[timeslot] == bits)
            continue;
        if (ioctl(span->lanes.descriptors[lane], DAHDI_SET_SENT_BITS, &bits) == 0)
            span->sent_abcd[timeslot] = (uint8_t)bits;
    }
}
