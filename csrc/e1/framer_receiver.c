/* The receiving framer: finds the FAS and the CRC-4 multiframe in unaligned bits, and keeps count. */
#include <stdlib.h>
#include <string.h>

#include "e1/frame.h"
#include "e1/framer.h"
#include "e1/multiframe_search_internal.h"

enum {
    FAS = 0x1B,                      /* bits 2-8 of timeslot 0 in frames with FAS (G.704 table 5A) */
    FAS_MASK = 0x7F,
    BIT1 = 0x80,                     /* Si: C1-C4, the multiframe alignment signal and E bits (G.704 table 5B) */
    BIT2 = 0x40,                     /* 1 in frames without FAS */
    BIT_A = 0x20,                    /* remote alarm indication */
    SA_MASK = 0x1F,                  /* Sa4-Sa8 */
    NON_CRC_FRAMES = 3200,           /* 400 ms without a multiframe (G.706 annex B.2.3) */
    FALSE_FRAMING_BLOCKS = 1000,     /* G.706 4.3.2 */
    FALSE_FRAMING_ERRORED = 915,
    SA_STANDS = 3,                   /* equal values in succession that make a change of Sa bits */
    CRC_OF_BIT1 = 3,                 /* x^255 * x^4 = x^259 = x^4 = x+1: what bit 1 of a frame adds to its CRC */
    SEARCH_AHEAD_BITS = 520,         /* the search at a bit looks this far: two frames and a TS0 */
    WINDOW_OCTETS = 1024,            /* a put, what was left of the one before, and what the searches look at */
    EVENTS = 256,
};

/* Automatic framing: an alignment beside the one in use that may yet show a multiframe (G.706 annex B.2.2). */
typedef struct {
    bool active, found;  /* looked for at all; FAS found and its multiframe looked for */
    unsigned at;         /* found: its next frame with FAS; else the next bit to look at */
    multiframe_search multiframe;
} parallel_search;

/* A value and how often in succession it has come. */
typedef struct {
    unsigned value, times;
} repeated;

struct framer_receiver {
    framer_options options;
    framer_status status;
    uint8_t window[WINDOW_OCTETS + 64]; /* line bits not yet done with; 64 octets that loads may run over */
    uint64_t window_bit;                /* the line's bit that is the window's first */
    unsigned fill;                      /* bits in the window */
    unsigned at;                        /* aligned: the next frame with FAS; searching: the next bit to look at */
    unsigned bad_fas, bad_bit2;         /* in succession */
    unsigned remote_alarm_run;          /* frames in succession whose bit A differs from status.remote_alarm */
    unsigned frame_number;              /* 0-15 in the CRC-4 multiframe; valid with multiframe alignment */
    multiframe_search multiframe;       /* at the frames taken */
    unsigned frames_aligned;            /* since basic alignment, up to the 400 ms of annex B */
    parallel_search parallel;
    repeated sa, sa_code[5];
    unsigned sa_told;                   /* the value of Sa4-Sa8 told last */
    unsigned sa_history[5];             /* the bits of this sub-multiframe so far */
    unsigned crc, crc_previous, crc_received;
    bool crc_running, crc_complete;     /* a whole sub-multiframe is being / has been summed up */
    unsigned window_blocks, window_errored; /* for the false-framing rule */
    framer_event event[EVENTS];
    unsigned event_count;
};

framer_options framer_options_default(framing_mode mode)
{
    return (framer_options){.mode = mode, .bad_fas_limit = 3, .bad_bit2_limit = 3, .remote_alarm_frames = 3,
                            .false_framing_errored = FALSE_FRAMING_ERRORED};
}

framer_receiver *framer_receiver_new(framer_options options)
{
    framer_receiver *receiver = calloc(1, sizeof *receiver);
    if (!receiver)
        return NULL;
    receiver->options = options;
    receiver->status.sa_bits = receiver->sa_told = SA_MASK; /* unused Sa bits are 1 */
    for (unsigned k = 0; k < 5; k++)
        receiver->status.sa_code[k] = receiver->sa_code[k].value = 0xF;
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

static void tell(framer_receiver *receiver, framer_event_kind kind, unsigned window_bit, uint32_t value)
{
    if (receiver->event_count == EVENTS) {
        receiver->status.events_dropped++;
        return;
    }
    receiver->event[receiver->event_count++] =
        (framer_event){.bit = receiver->window_bit + window_bit, .kind = kind, .value = value};
}

unsigned framer_receiver_events(framer_receiver *receiver, framer_event *events, unsigned count)
{
    if (count > receiver->event_count)
        count = receiver->event_count;
    memcpy(events, receiver->event, count * sizeof *events);
    receiver->event_count -= count;
    memmove(receiver->event, receiver->event + count, receiver->event_count * sizeof *events);
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

bool framer_receiver_in_service(const framer_receiver *receiver)
{
    unsigned alignment = receiver->status.alignment;
    return receiver->options.mode == FRAMING_CRC4 ? alignment == ALIGNMENT_MULTIFRAME
                                                  : alignment != ALIGNMENT_SEARCHING;
}

/* Forgets the octets that hold no bit anybody still looks at. */
static void window_discard(framer_receiver *receiver)
{
    bool behind = receiver->parallel.active && receiver->parallel.at < receiver->at;
    unsigned octets = (behind ? receiver->parallel.at : receiver->at) / 8;
    memmove(receiver->window, receiver->window + octets, (receiver->fill + 7) / 8 - octets);
    receiver->window_bit += 8 * octets;
    receiver->fill -= 8 * octets;
    receiver->at -= 8 * octets;
    receiver->parallel.at -= receiver->parallel.active ? 8 * octets : 0;
}

static void window_append(framer_receiver *receiver, const uint8_t *bits, unsigned bit_count)
{
    if (receiver->fill + bit_count > 8 * WINDOW_OCTETS)
        window_discard(receiver);
    uint8_t *to = receiver->window + receiver->fill / 8;
    unsigned shift = receiver->fill % 8, octets = (bit_count + 7) / 8;
    if (shift == 0) {
        memcpy(to, bits, octets);
    } else {
        to[0] &= (uint8_t)(0xFF00 >> shift);
        for (unsigned k = 0; k < octets; k++) {
            to[k] |= (uint8_t)(bits[k] >> shift);
            to[k + 1] = (uint8_t)(bits[k] << (8 - shift));
        }
    }
    receiver->fill += bit_count;
    receiver->status.bits += bit_count;
}

static void search_restart(framer_receiver *receiver, unsigned from, alignment_loss why, unsigned decided_at)
{
    receiver->status.alignment = ALIGNMENT_SEARCHING;
    receiver->status.alignment_losses++;
    receiver->at = from;
    receiver->parallel.active = false;
    tell(receiver, FRAMER_LOST, decided_at, why);
}

static void alignment_begin(framer_receiver *receiver)
{
    framer_status *status = &receiver->status;
    status->alignment = ALIGNMENT_BASIC;
    status->bit_phase = (uint32_t)((receiver->window_bit + receiver->at) % (2 * FRAME_BITS));
    receiver->bad_fas = receiver->bad_bit2 = receiver->remote_alarm_run = 0;
    receiver->frames_aligned = 0;
    receiver->multiframe = (multiframe_search){0};
    receiver->parallel = (parallel_search){0};
    receiver->window_blocks = receiver->window_errored = 0;
    tell(receiver, FRAMER_ALIGNED, receiver->at + SEARCH_AHEAD_BITS, status->bit_phase);
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

/* `frame_number` is that of the frame with the signal's last bit, 11, or the one behind it. */
static void multiframe_begin(framer_receiver *receiver, unsigned frame_number, unsigned frame_end)
{
    receiver->status.alignment = ALIGNMENT_MULTIFRAME;
    receiver->frame_number = frame_number;
    receiver->parallel.active = false;
    receiver->crc_running = receiver->crc_complete = false;
    tell(receiver, FRAMER_MULTIFRAME, frame_end, 0);
}

/* One comparison of G.706 4.3.1; true if the false-framing rule now calls for a new search. */
static bool crc_compare(framer_receiver *receiver, unsigned frame_end)
{
    framer_status *status = &receiver->status;
    unsigned half = receiver->frame_number < 8; /* the C bits of SMF I check SMF II before it */
    bool errored = receiver->crc_received != receiver->crc_previous;
    status->crc_blocks++;
    if (errored) {
        status->crc_errors++;
        status->errored_waiting[half]++;
        receiver->window_errored++;
        tell(receiver, FRAMER_CRC_ERROR, frame_end, half + 1);
    }
    if (++receiver->window_blocks < FALSE_FRAMING_BLOCKS)
        return false;
    unsigned limit = receiver->options.false_framing_errored;
    bool false_framing = limit && receiver->window_errored >= limit;
    receiver->window_blocks = receiver->window_errored = 0;
    return false_framing;
}

/* Everything a frame's TS0 says; returns 0, or the alignment_loss it leads to. */
static unsigned frame_with_fas(framer_receiver *receiver, uint8_t ts0, unsigned frame_end)
{
    framer_status *status = &receiver->status;
    bool good = (ts0 & FAS_MASK) == FAS;
    receiver->bad_fas = good ? 0 : receiver->bad_fas + 1;
    if (!good) {
        status->fas_errors++;
        tell(receiver, FRAMER_FAS_ERROR, frame_end, ts0 & FAS_MASK);
        if (receiver->bad_fas >= receiver->options.bad_fas_limit)
            return LOSS_BAD_FAS;
    }
    if (status->alignment != ALIGNMENT_MULTIFRAME)
        return 0;
    receiver->crc_received = (receiver->crc_received << 1 | ts0 >> 7) & 0xF;
    if (receiver->frame_number % 8 == 6 && receiver->crc_complete && crc_compare(receiver, frame_end))
        return LOSS_FALSE_FRAMING;
    return 0;
}

static void remote_alarm_filter(framer_receiver *receiver, bool a_bit, unsigned frame_end)
{
    framer_status *status = &receiver->status;
    receiver->remote_alarm_run = a_bit != status->remote_alarm ? receiver->remote_alarm_run + 1 : 0;
    if (receiver->remote_alarm_run < receiver->options.remote_alarm_frames)
        return;
    receiver->remote_alarm_run = 0;
    status->remote_alarm = a_bit;
    tell(receiver, FRAMER_REMOTE_ALARM, frame_end, a_bit);
}

static void multiframe_bit(framer_receiver *receiver, bool bit1, unsigned frame_end)
{
    framer_status *status = &receiver->status;
    if (receiver->frame_number < 12) {
        unsigned place = (11 - receiver->frame_number) / 2;
        status->multiframe_errors += bit1 != (MULTIFRAME_SIGNAL >> place & 1);
    } else if (!bit1) {
        status->e_bit_errors++;
        tell(receiver, FRAMER_E_BIT, frame_end, receiver->frame_number == 13 ? 1 : 2);
    }
}

/* True when `value` has come for the SA_STANDS'th time in succession. */
static bool repeated_put(repeated *last, unsigned value)
{
    last->times = value == last->value ? last->times + 1 : 1;
    last->value = value;
    return last->times == SA_STANDS;
}

static void sa_code_put(framer_receiver *receiver, unsigned k, unsigned bit, unsigned frame_end)
{
    framer_status *status = &receiver->status;
    receiver->sa_history[k] = (receiver->sa_history[k] << 1 | bit) & 0xF;
    if (receiver->frame_number % 8 != 7 || !repeated_put(&receiver->sa_code[k], receiver->sa_history[k]) ||
        status->sa_code[k] == receiver->sa_history[k])
        return;
    status->sa_code[k] = receiver->sa_history[k];
    tell(receiver, FRAMER_SA_CODE, frame_end, (k + 4) << 4 | status->sa_code[k]);
}

static void sa_put(framer_receiver *receiver, uint8_t ts0, unsigned frame_end)
{
    unsigned value = ts0 & SA_MASK;
    receiver->status.sa_bits = value;
    bool stands = value != receiver->sa_told && repeated_put(&receiver->sa, value);
    if (stands) {
        receiver->sa_told = value;
        tell(receiver, FRAMER_SA_BITS, frame_end, value);
    } else if (value == receiver->sa_told) {
        receiver->sa.times = 0;
    }
    if (receiver->status.alignment == ALIGNMENT_MULTIFRAME)
        for (unsigned k = 0; k < 5; k++)
            sa_code_put(receiver, k, value >> (4 - k) & 1, frame_end);
}

/* No multiframe at the alignment in use within 8 ms: a mimic, or (automatic) reason to look beside it as well. */
static unsigned multiframe_missed(framer_receiver *receiver, unsigned frame_end)
{
    if (receiver->options.mode == FRAMING_CRC4)
        return LOSS_NO_MULTIFRAME;
    if (!receiver->parallel.active)
        receiver->parallel = (parallel_search){.active = true, .at = frame_end};
    return 0;
}

static unsigned multiframe_look(framer_receiver *receiver, bool bit1, unsigned frame_end)
{
    if (receiver->options.mode == FRAMING_DOUBLE_FRAME || receiver->status.alignment == ALIGNMENT_NON_CRC)
        return 0;
    receiver->frames_aligned += 2;
    if (receiver->frames_aligned >= NON_CRC_FRAMES) {
        receiver->status.alignment = ALIGNMENT_NON_CRC;
        receiver->parallel.active = false;
        tell(receiver, FRAMER_NON_CRC, frame_end, 0);
        return 0;
    }
    if (receiver->parallel.active)
        return 0;
    if (multiframe_search_put(&receiver->multiframe, bit1))
        multiframe_begin(receiver, 11, frame_end);
    else if (multiframe_search_failed(&receiver->multiframe))
        return multiframe_missed(receiver, frame_end);
    return 0;
}

static unsigned frame_without_fas(framer_receiver *receiver, uint8_t ts0, unsigned frame_end)
{
    framer_status *status = &receiver->status;
    receiver->bad_bit2 = ts0 & BIT2 ? 0 : receiver->bad_bit2 + 1;
    if (!(ts0 & BIT2)) {
        status->bit2_errors++;
        if (receiver->options.bad_bit2_limit && receiver->bad_bit2 >= receiver->options.bad_bit2_limit)
            return LOSS_BAD_BIT2;
    }
    remote_alarm_filter(receiver, ts0 & BIT_A, frame_end);
    sa_put(receiver, ts0, frame_end);
    if (status->alignment == ALIGNMENT_MULTIFRAME) {
        multiframe_bit(receiver, ts0 & BIT1, frame_end);
        return 0;
    }
    return multiframe_look(receiver, ts0 & BIT1, frame_end);
}

/* Adds a frame to the running CRC of its sub-multiframe, C bits taken as 0 (G.704 2.3.3.5.2). */
static void crc_add_frame(framer_receiver *receiver, unsigned remainder, uint8_t ts0)
{
    if (receiver->frame_number % 2 == 0 && ts0 & BIT1)
        remainder ^= CRC_OF_BIT1;
    receiver->crc = receiver->crc << 1 ^ (receiver->crc & 8 ? 0x13 : 0) ^ remainder;
    if (receiver->frame_number % 8 == 7) {
        receiver->crc_previous = receiver->crc;
        receiver->crc_complete = receiver->crc_running;
        receiver->crc = 0;
        receiver->crc_running = true;
    }
    receiver->frame_number = (receiver->frame_number + 1) % 16;
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
    tell(receiver, FRAMER_ALIGNED, receiver->at, receiver->status.bit_phase);
    multiframe_begin(receiver, 12, receiver->at);
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

static void parallel_run(framer_receiver *receiver)
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

/* Takes so many frames, which the window holds. */
static void frames_take(framer_receiver *receiver, unsigned frames, stream_block *block)
{
    unsigned start = receiver->at;
    uint64_t remainders = frame_demultiplex(receiver->window + start / 8, start % 8, block);
    uint8_t remainder[8], ts0[8];
    memcpy(remainder, &remainders, sizeof remainder);
    memcpy(ts0, block->octet[0], sizeof ts0);
    for (unsigned frame = 0; frame < frames; frame++) {
        unsigned frame_start = start + frame * FRAME_BITS, frame_end = frame_start + FRAME_BITS;
        unsigned lost = frame % 2 == 0 ? frame_with_fas(receiver, ts0[frame], frame_end)
                                       : frame_without_fas(receiver, ts0[frame], frame_end);
        if (lost) {
            block_fill_ones_from(block, frame);
            alignment_lost(receiver, lost, frame_start);
            return;
        }
        receiver->status.frames++;
        if (receiver->status.alignment == ALIGNMENT_MULTIFRAME)
            crc_add_frame(receiver, remainder[frame], ts0[frame]);
    }
    receiver->at = start + frames * FRAME_BITS;
    parallel_run(receiver);
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
