/* The receiving framer: finds the FAS in unaligned bits and takes frames out. */
#include <stdlib.h>
#include <string.h>

#include "e1/frame.h"
#include "e1/framer_receiver_internal.h"

enum { FALSE_FRAMING_ERRORED = 915 /* G.706 4.3.2 */ };

framer_options framer_options_default(framing_mode mode)
{
    return (framer_options){.mode = mode, .bad_fas_limit = 3, .bad_bit2_limit = 3, .remote_alarm_frames = 3,
                            .false_framing_errored = FALSE_FRAMING_ERRORED};
}

/* No code is known until one has stood. */
static void sa_codes_forget(framer_receiver *receiver)
{
    for (unsigned k = 0; k < 5; k++) {
        receiver->status.sa_code[k] = SA_CODE_UNKNOWN;
        receiver->sa_code[k].times = 0;
    }
}

framer_receiver *framer_receiver_new(framer_options options)
{
    framer_receiver *receiver = aligned_alloc(CACHE_LINE_OCTETS, sizeof *receiver);
    if (!receiver)
        return NULL;
    memset(receiver, 0, sizeof *receiver);
    receiver->options = options;
    receiver->status.sa_bits = receiver->sa_told = SA_MASK; /* unused Sa bits are 1 */
    sa_codes_forget(receiver);
    return receiver;
}

void framer_receiver_free(framer_receiver *receiver)
{
    free(receiver);
}

const framer_status *framer_receiver_status(const framer_receiver *receiver)
{
    return &receiver->status;
}

void framer_tell(framer_receiver *receiver, framer_event_kind kind, unsigned window_bit, uint32_t value)
{
    if (receiver->status.events_waiting == FRAMER_EVENTS) {
        receiver->status.events_dropped++;
        return;
    }
    receiver->event[receiver->status.events_waiting++] =
        (framer_event){.bit = receiver->window_bit + window_bit, .kind = kind, .value = value};
}

unsigned framer_receiver_events(framer_receiver *receiver, framer_event *events, unsigned count)
{
    if (count > receiver->status.events_waiting)
        count = receiver->status.events_waiting;
    memcpy(events, receiver->event, count * sizeof *events);
    receiver->status.events_waiting -= count;
    memmove(receiver->event, receiver->event + count, receiver->status.events_waiting * sizeof *events);
    return count;
}

bool framer_receiver_take_errored(framer_receiver *receiver, unsigned half)
{
    if (!receiver->status.errored_waiting[half])
        return false;
    receiver->status.errored_waiting[half]--;
    return true;
}

unsigned framer_receiver_bits_waiting(const framer_receiver *receiver)
{
    return receiver->fill - receiver->at;
}

void framer_alignment_set(framer_receiver *receiver, alignment_state alignment)
{
    bool crc4 = receiver->options.mode == FRAMING_CRC4;
    receiver->status.alignment = alignment;
    receiver->steady = (steady_timeslot0){0};
    memset(receiver->status.errored_waiting, 0, sizeof receiver->status.errored_waiting);
    if (alignment == ALIGNMENT_SEARCHING)
        sa_codes_forget(receiver);
    receiver->status.in_service = crc4 ? alignment == ALIGNMENT_MULTIFRAME : alignment != ALIGNMENT_SEARCHING;
}

/* Forgets the octets that hold no bit anybody still looks at, in whole cache lines: blocks then begin one. */
static void window_discard(framer_receiver *receiver)
{
    bool behind = receiver->parallel.active && receiver->parallel.at < receiver->at;
    unsigned octets = (behind ? receiver->parallel.at : receiver->at) / 8;
    octets -= octets % CACHE_LINE_OCTETS;
    memmove(receiver->window, receiver->window + octets, (receiver->fill + 7) / 8 - octets);
    receiver->window_bit += 8 * octets;
    receiver->fill -= 8 * octets;
    receiver->at -= 8 * octets;
    receiver->parallel.at -= receiver->parallel.active ? 8 * octets : 0;
}

uint8_t *framer_receiver_room(framer_receiver *receiver)
{
    if (receiver->fill + LINE_BLOCK_BITS_MAX > 8 * WINDOW_OCTETS)
        window_discard(receiver);
    return receiver->window + receiver->fill / 8;
}

static void window_append(framer_receiver *receiver, const uint8_t *bits, unsigned bit_count)
{
    uint8_t *to = framer_receiver_room(receiver);
    unsigned shift = receiver->fill % 8, octets = (bit_count + 7) / 8;
    if (shift == 0 && bits != to) {
        memcpy(to, bits, octets);
    } else if (shift) {
        to[0] &= (uint8_t)(0xFF00 >> shift);
        for (unsigned k = 0; k < octets; k++) {
            to[k] |= (uint8_t)(bits[k] >> shift);
            to[k + 1] = (uint8_t)(bits[k] << (8 - shift));
        }
    }
    receiver->fill += bit_count;
    receiver->status.bits += bit_count;
}

/* Without frames there is no bit A: a remote alarm that stands is cleared, and none is raised (ETS 300 417). */
static void remote_alarm_forget(framer_receiver *receiver, unsigned decided_at)
{
    if (receiver->status.remote_alarm)
        framer_tell(receiver, FRAMER_REMOTE_ALARM, decided_at, 0);
    receiver->status.remote_alarm = 0;
}

static void search_restart(framer_receiver *receiver, unsigned from, alignment_loss why, unsigned decided_at)
{
    framer_alignment_set(receiver, ALIGNMENT_SEARCHING);
    receiver->status.alignment_losses++;
    receiver->at = from;
    receiver->parallel.active = false;
    framer_tell(receiver, FRAMER_LOST, decided_at, why);
    remote_alarm_forget(receiver, decided_at);
}

static void alignment_begin(framer_receiver *receiver)
{
    framer_status *status = &receiver->status;
    framer_alignment_set(receiver, ALIGNMENT_BASIC);
    status->bit_phase = (uint32_t)((receiver->window_bit + receiver->at) % (2 * FRAME_BITS));
    receiver->bad_fas = receiver->bad_bit2 = receiver->remote_alarm_run = 0;
    receiver->frames_aligned = 0;
    receiver->multiframe = (multiframe_search){0};
    receiver->parallel = (parallel_search){0};
    receiver->window_blocks = receiver->window_errored = 0;
    framer_tell(receiver, FRAMER_ALIGNED, receiver->at + SEARCH_AHEAD_BITS, status->bit_phase);
}

static void search(framer_receiver *receiver)
{
    if (receiver->fill < receiver->at + SEARCH_AHEAD_BITS)
        return;
    unsigned to = receiver->fill - SEARCH_AHEAD_BITS + 1;
    receiver->at = frame_alignment_search(receiver->window, receiver->at, to);
    if (receiver->at < to)
        alignment_begin(receiver);
}

void framer_receiver_put(framer_receiver *receiver, const uint8_t *bits, unsigned bit_count)
{
    window_append(receiver, bits, bit_count);
    if (receiver->status.alignment == ALIGNMENT_SEARCHING)
        search(receiver);
}

static void block_fill_ones_from(stream_block *block, unsigned frame)
{
    for (unsigned timeslot = 0; timeslot < FRAME_TIMESLOTS; timeslot++)
        memset(block->octet[timeslot] + frame, 0xFF, BLOCK_FRAMES - frame);
}

/* Where a new search starts: after a mimic, the bit behind it; after errors, the frame that lost alignment. */
static void alignment_lost(framer_receiver *receiver, unsigned why, unsigned frame_start)
{
    bool mimic = why == LOSS_NO_MULTIFRAME || why == LOSS_FALSE_FRAMING;
    unsigned after = frame_start + (mimic ? 1 : 0);
    search_restart(receiver, after, why, frame_start + FRAME_BITS);
    search(receiver);
}

/* What frames that say nothing new leave as it is. */
typedef struct {
    uint64_t errors;
    uint32_t events;
} quiet_state;

static quiet_state quiet_state_of(const framer_receiver *receiver)
{
    const framer_status *status = &receiver->status;
    return (quiet_state){status->fas_errors + status->bit2_errors + status->multiframe_errors + status->e_bit_errors,
                         status->events_waiting};
}

static bool quiet_since(const framer_receiver *receiver, const quiet_state *before)
{
    const quiet_state now = quiet_state_of(receiver);
    return now.errors == before->errors && now.events == before->events && receiver->remote_alarm_run == 0 &&
           receiver->status.alignment == ALIGNMENT_MULTIFRAME;
}

/* Takes so many frames, which the window holds. */
static void frames_take(framer_receiver *receiver, unsigned frames, stream_block *block)
{
    unsigned start = receiver->at;
    uint64_t remainders = frame_demultiplex(receiver->window + start / 8, start % 8, block);
    uint64_t timeslot0;
    uint8_t remainder[8], ts0[8];
    memcpy(remainder, &remainders, sizeof remainder);
    memcpy(ts0, block->octet[0], sizeof ts0);
    memcpy(&timeslot0, ts0, sizeof timeslot0);
    if (frames == BLOCK_FRAMES && framer_steady_take(receiver, remainders, timeslot0)) {
        receiver->at = start + BLOCK_BITS;
        return;
    }
    const quiet_state before = quiet_state_of(receiver);
    unsigned half = receiver->frame_number / BLOCK_FRAMES;
    for (unsigned frame = 0; frame < frames; frame++) {
        unsigned frame_start = start + frame * FRAME_BITS, frame_end = frame_start + FRAME_BITS;
        unsigned lost = frame % 2 == 0 ? framer_frame_with_fas(receiver, ts0[frame], frame_end)
                                       : framer_frame_without_fas(receiver, ts0[frame], frame_end);
        if (lost) {
            block_fill_ones_from(block, frame);
            alignment_lost(receiver, lost, frame_start);
            return;
        }
        receiver->status.frames++;
        if (receiver->status.alignment == ALIGNMENT_MULTIFRAME)
            framer_crc_add_frame(receiver, remainder[frame], ts0[frame]);
    }
    receiver->at = start + frames * FRAME_BITS;
    framer_steady_note(receiver, half, timeslot0, frames == BLOCK_FRAMES && quiet_since(receiver, &before));
    framer_parallel_run(receiver);
}

bool framer_receiver_take(framer_receiver *receiver, stream_block *block)
{
    if (receiver->status.alignment == ALIGNMENT_SEARCHING || receiver->fill < receiver->at + BLOCK_BITS)
        return false;
    frames_take(receiver, BLOCK_FRAMES, block);
    return true;
}

unsigned framer_receiver_take_last(framer_receiver *receiver, stream_block *block)
{
    unsigned frames = (receiver->fill - receiver->at) / FRAME_BITS;
    if (receiver->status.alignment == ALIGNMENT_SEARCHING || frames == 0 || frames > BLOCK_FRAMES)
        return 0;
    window_discard(receiver);
    frames_take(receiver, frames, block);
    block_fill_ones_from(block, frames);
    return frames;
}
