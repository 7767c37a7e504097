/* A span's HDLC links: frames to timeslots and back. */
#include "e1/gather.h"
#include "shelf/span_internal.h"

enum { QUEUE_OCTETS = 65536 };

static void link_receive(span *span, unsigned number, const stream_block *block)
{
    uint8_t octets[LINE_BLOCK_OCTETS];
    hdlc_link *link = &span->link[number];
    if (!receiver_in_service(span->receiver)) {
        hdlc_receiver_interrupt(link->receiver);
        return;
    }
    unsigned waiting = hdlc_receiver_put(link->receiver, octets, timeslots_gather(block, link->timeslots, BLOCK_FRAMES, octets));
    uint64_t frames = hdlc_receiver_counters(link->receiver)->frames;
    if (frames != link->frames_told)
        element_tell(&span->element, EVENT_HDLC_FRAME, number, waiting, 0);
    link->frames_told = frames;
}

void span_hdlc_receive_block(span *span, const stream_block *block)
{
    for (unsigned number = 0; number < span->links; number++)
        if (span->link[number].timeslots)
            link_receive(span, number, block);
}

void span_hdlc_transmit_block(span *span, stream_block *block)
{
    uint8_t octets[LINE_BLOCK_OCTETS];
    for (unsigned number = 0; number < span->links; number++) {
        hdlc_link *link = &span->link[number];
        if (!link->timeslots)
            continue;
        hdlc_transmitter_take(link->transmitter, octets, 8u * (unsigned)__builtin_popcount(link->timeslots));
        timeslots_scatter(octets, link->timeslots, block);
    }
}

static void link_close(hdlc_link *link)
{
    hdlc_receiver_free(link->receiver);
    hdlc_transmitter_free(link->transmitter);
    *link = (hdlc_link){0};
}

void span_hdlc_free(span *span)
{
    for (unsigned number = 0; number < span->links; number++)
        if (span->link[number].timeslots)
            link_close(&span->link[number]);
}

bool span_timeslots_free(const span *span, uint32_t timeslots)
{
    uint32_t taken = 1u | (span->options.receiver.cas ? 1u << CAS_TIMESLOT : 0);
    for (unsigned number = 0; number < span->links; number++)
        taken |= span->link[number].timeslots;
    return timeslots && !(timeslots & taken);
}

static bool options_valid(const hdlc_options *options)
{
    bool fcs = options->fcs == HDLC_FCS_NONE || options->fcs == HDLC_FCS_16 || options->fcs == HDLC_FCS_32;
    return fcs && options->mru_octets >= HDLC_MRU_OCTETS_MIN &&
           options->mru_octets <= QUEUE_OCTETS - HDLC_QUEUE_FRAME_OVERHEAD;
}

static int link_open(span *span, uint32_t timeslots, const hdlc_options *options)
{
    if (!span_timeslots_free(span, timeslots))
        return ENGINE_BAD_TIMESLOT;
    if (!options_valid(options))
        return ENGINE_BAD_VALUE;
    unsigned number = 0;
    while (span->link[number].timeslots)
        number++;
    hdlc_link made = {timeslots, options->mru_octets, hdlc_receiver_new(*options, QUEUE_OCTETS),
                      hdlc_transmitter_new(*options, QUEUE_OCTETS), 0};
    if (!made.receiver || !made.transmitter) {
        link_close(&made);
        return ENGINE_NO_MEMORY;
    }
    span->link[number] = made;
    span->links = number + 1 > span->links ? number + 1 : span->links;
    return (int)number;
}

int span_hdlc_open(span *span, uint32_t timeslots, const hdlc_options *options)
{
    shelf_lock(span->element.shelf);
    int result = link_open(span, timeslots, options);
    shelf_unlock(span->element.shelf);
    return result;
}

/* Takes the lock on a link that is open; NULL (and no lock) if it is not. */
static hdlc_link *link_lock(span *span, unsigned number)
{
    if (number >= SPAN_HDLC_LINKS)
        return NULL;
    shelf_lock(span->element.shelf);
    if (span->link[number].timeslots)
        return &span->link[number];
    shelf_unlock(span->element.shelf);
    return NULL;
}

static int link_unlock(span *span, int result)
{
    shelf_unlock(span->element.shelf);
    return result;
}

int span_hdlc_close(span *span, unsigned number)
{
    hdlc_link *link = link_lock(span, number);
    if (!link)
        return ENGINE_BAD_LINK;
    link_close(link);
    while (span->links && !span->link[span->links - 1].timeslots)
        span->links--;
    return link_unlock(span, ENGINE_OK);
}

int span_hdlc_send(span *span, unsigned number, const uint8_t *frame, unsigned octets)
{
    hdlc_link *link = link_lock(span, number);
    if (!link)
        return ENGINE_BAD_LINK;
    if (octets < HDLC_FRAME_OCTETS_MIN || octets > link->mru_octets)
        return link_unlock(span, ENGINE_BAD_VALUE);
    return link_unlock(span, hdlc_transmitter_put(link->transmitter, frame, octets) ? ENGINE_QUEUE_FULL : ENGINE_OK);
}

int span_hdlc_receive(span *span, unsigned number, uint8_t *frame, unsigned size)
{
    hdlc_link *link = link_lock(span, number);
    if (!link)
        return ENGINE_BAD_LINK;
    int octets = hdlc_receiver_take(link->receiver, frame, size, NULL);
    return link_unlock(span, octets < 0 ? ENGINE_BAD_VALUE : octets);
}

int span_hdlc_read_counters(span *span, unsigned number, hdlc_counters *counters)
{
    hdlc_link *link = link_lock(span, number);
    if (!link)
        return ENGINE_BAD_LINK;
    *counters = *hdlc_receiver_counters(link->receiver);
    return link_unlock(span, ENGINE_OK);
}
