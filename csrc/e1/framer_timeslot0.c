/* What timeslot 0 says, frame by frame: errors, alarms, Sa bits, the multiframe and its CRC-4. */
#include "e1/framer_receiver_internal.h"

enum {
    NON_CRC_FRAMES = 3200,           /* 400 ms without a multiframe (G.706 annex B.2.3) */
    ERRORED_WAITING_MAX = 2,         /* reports to the far end, which go at the pace at which errors may come */
    SA_STANDS = 3,                   /* equal values in succession that make a change of Sa bits */
    CRC_OF_BIT1 = 3,                 /* x^255 * x^4 = x^259 = x^4 = x+1: what bit 1 of a frame adds to its CRC */
};

void framer_multiframe_begin(framer_receiver *receiver, unsigned frame_number, unsigned frame_end)
{
    framer_alignment_set(receiver, ALIGNMENT_MULTIFRAME);
    receiver->frame_number = frame_number;
    receiver->parallel.active = false;
    receiver->crc_running = receiver->crc_complete = false;
    framer_tell(receiver, FRAMER_MULTIFRAME, frame_end, 0);
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
        if (status->errored_waiting[half] < ERRORED_WAITING_MAX)
            status->errored_waiting[half]++;
        receiver->window_errored++;
        framer_tell(receiver, FRAMER_CRC_ERROR, frame_end, half + 1);
    }
    if (++receiver->window_blocks < FALSE_FRAMING_BLOCKS)
        return false;
    unsigned limit = receiver->options.false_framing_errored;
    bool false_framing = limit && receiver->window_errored >= limit;
    receiver->window_blocks = receiver->window_errored = 0;
    return false_framing;
}

/* Everything a frame's TS0 says; returns 0, or the alignment_loss it leads to. */
unsigned framer_frame_with_fas(framer_receiver *receiver, uint8_t ts0, unsigned frame_end)
{
    framer_status *status = &receiver->status;
    bool good = (ts0 & FAS_MASK) == FAS;
    receiver->bad_fas = good ? 0 : receiver->bad_fas + 1;
    if (!good) {
        status->fas_errors++;
        framer_tell(receiver, FRAMER_FAS_ERROR, frame_end, ts0 & FAS_MASK);
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
    status->remote_alarm_frames += a_bit && status->remote_alarm ? 2 : 0;
    receiver->remote_alarm_run = a_bit != status->remote_alarm ? receiver->remote_alarm_run + 1 : 0;
    if (receiver->remote_alarm_run < receiver->options.remote_alarm_frames)
        return;
    receiver->remote_alarm_run = 0;
    status->remote_alarm = a_bit;
    status->remote_alarm_frames += a_bit ? 2 * receiver->options.remote_alarm_frames : 0;
    framer_tell(receiver, FRAMER_REMOTE_ALARM, frame_end, a_bit);
}

static void multiframe_bit(framer_receiver *receiver, bool bit1, unsigned frame_end)
{
    framer_status *status = &receiver->status;
    if (receiver->frame_number < 12) {
        unsigned place = (11 - receiver->frame_number) / 2;
        status->multiframe_errors += bit1 != (MULTIFRAME_SIGNAL >> place & 1);
    } else if (!bit1) {
        status->e_bit_errors++;
        framer_tell(receiver, FRAMER_E_BIT, frame_end, receiver->frame_number == 13 ? 1 : 2);
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
    framer_tell(receiver, FRAMER_SA_CODE, frame_end, (k + 4) << 4 | status->sa_code[k]);
}

static void sa_put(framer_receiver *receiver, uint8_t ts0, unsigned frame_end)
{
    unsigned value = ts0 & SA_MASK;
    receiver->status.sa_bits = value;
    bool stands = value != receiver->sa_told && repeated_put(&receiver->sa, value);
    if (stands) {
        receiver->sa_told = value;
        framer_tell(receiver, FRAMER_SA_BITS, frame_end, value);
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
        receiver->parallel = (parallel_search){.active = true, .at = frame_end + 1};
    return 0;
}

static unsigned multiframe_look(framer_receiver *receiver, bool bit1, unsigned frame_end)
{
    if (receiver->options.mode == FRAMING_DOUBLE_FRAME || receiver->status.alignment == ALIGNMENT_NON_CRC)
        return 0;
    receiver->frames_aligned += 2;
    if (receiver->frames_aligned >= NON_CRC_FRAMES) {
        framer_alignment_set(receiver, ALIGNMENT_NON_CRC);
        receiver->parallel.active = false;
        framer_tell(receiver, FRAMER_NON_CRC, frame_end, 0);
        return 0;
    }
    if (receiver->parallel.active)
        return 0;
    if (multiframe_search_put(&receiver->multiframe, bit1))
        framer_multiframe_begin(receiver, 11, frame_end);
    else if (multiframe_search_failed(&receiver->multiframe))
        return multiframe_missed(receiver, frame_end);
    return 0;
}

unsigned framer_frame_without_fas(framer_receiver *receiver, uint8_t ts0, unsigned frame_end)
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

void framer_crc_add_frame(framer_receiver *receiver, unsigned remainder, uint8_t ts0)
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
