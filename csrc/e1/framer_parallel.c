/* Automatic framing: the search for a multiframe beside the alignment in use (G.706 annex B.2.2). */
#include "e1/frame.h"
#include "e1/framer_receiver_internal.h"

static uint8_t window_octet(const framer_receiver *receiver, unsigned bit)
{
    const uint8_t *at = receiver->window + bit / 8;
    return (uint8_t)((at[0] << 8 | at[1]) >> (8 - bit % 8));
}

/* The alignment beside the one in use has shown its multiframe: it is the true one (G.706 annex B.2.2). */
static void parallel_adopt(framer_receiver *receiver)
{
    receiver->at = receiver->parallel.at;
    receiver->status.bit_phase = (uint32_t)((receiver->window_bit + receiver->at) % (2 * FRAME_BITS));
    receiver->bad_fas = receiver->bad_bit2 = 0;
    framer_tell(receiver, FRAMER_ALIGNED, receiver->at, receiver->status.bit_phase);
    framer_multiframe_begin(receiver, 12, receiver->at);
}

/* Two frames at the alignment beside; one that is none gives way to the search for the next. */
static void parallel_frames(framer_receiver *receiver)
{
    parallel_search *parallel = &receiver->parallel;
    uint8_t fas = window_octet(receiver, parallel->at), nfas = window_octet(receiver, parallel->at + FRAME_BITS);
    bool framed = (fas & FAS_MASK) == FAS && nfas & BIT2;
    bool multiframe = framed && multiframe_search_put(&parallel->multiframe, nfas & BIT1);
    if (!framed || (!multiframe && multiframe_search_failed(&parallel->multiframe))) {
        parallel->found = false;
        parallel->at += 1;
        return;
    }
    parallel->at += 2 * FRAME_BITS;
    if (multiframe)
        parallel_adopt(receiver);
}

void framer_parallel_run(framer_receiver *receiver)
{
    parallel_search *parallel = &receiver->parallel;
    while (parallel->active && receiver->fill >= parallel->at + SEARCH_AHEAD_BITS) {
        if (parallel->found) {
            parallel_frames(receiver);
            continue;
        }
        unsigned to = receiver->fill - SEARCH_AHEAD_BITS + 1;
        parallel->at = frame_alignment_search(receiver->window, parallel->at, to);
        parallel->found = parallel->at < to;
        parallel->multiframe = (multiframe_search){0};
    }
}
