/* The steady state of a CRC-4 line: timeslot 0 repeats itself every multiframe, but for the C bits. */
#include "e1/frame.h"
#include "e1/framer_receiver_internal.h"

enum { STEADY_TIMES = 3 };

/* Bit 1 of the frames with FAS, which are the 1st, 3rd, 5th and 7th of the eight (octet f of a word is frame f). */
static const uint64_t C_BITS = 0x0080008000800080u;

/* C1-C4 in the order they came, the first most significant. */
static unsigned c_bits_of(uint64_t timeslot0)
{
    const uint64_t gather = 0x0008000400020001u; /* frames 0, 2, 4, 6 to bits 51, 50, 49, 48 */
    return (unsigned)(((timeslot0 & C_BITS) >> 7) * gather >> 48 & 0xF);
}

/* The C bits' share is taken out: each adds x^4 = x+1 to its frame's remainder. */
static uint64_t remainders_without_c_bits(uint64_t remainders, uint64_t timeslot0)
{
    return remainders ^ ((timeslot0 & C_BITS) >> 7) * 3;
}

/* The CRC of a sub-multiframe of which `before` frames, summed up to `crc`, came before these eight. */
static unsigned crc_with(unsigned crc, unsigned before, uint64_t remainders)
{
    if (before == 0)
        return frame_crc4_combine(remainders);
    return frame_crc4_combine(remainders << 8 * before | (uint64_t)crc << 8 * (before - 1));
}

/* The sum of the frames that begin the next sub-multiframe. */
static unsigned crc_of_last(unsigned frames, uint64_t remainders)
{
    unsigned others = 8 * (BLOCK_FRAMES - frames);
    return frames ? frame_crc4_combine(remainders >> others << others) : 0;
}

bool framer_steady_take(framer_receiver *receiver, uint64_t remainders, uint64_t timeslot0)
{
    unsigned half = receiver->frame_number / BLOCK_FRAMES, before = receiver->frame_number % BLOCK_FRAMES;
    unsigned first = (BLOCK_FRAMES - before) / 2, c_bits = c_bits_of(timeslot0);
    unsigned received = (receiver->crc_received << first | c_bits >> (4 - first)) & 0xF;
    if (receiver->status.alignment != ALIGNMENT_MULTIFRAME || receiver->steady.times[half] < STEADY_TIMES ||
        (timeslot0 & ~C_BITS) != receiver->steady.timeslot0[half])
        return false;
    if (!receiver->crc_complete || received != receiver->crc_previous ||
        receiver->window_blocks + 1 >= FALSE_FRAMING_BLOCKS)
        return false;
    remainders = remainders_without_c_bits(remainders, timeslot0);
    receiver->crc_previous = crc_with(receiver->crc, before, remainders);
    receiver->crc = crc_of_last(before, remainders);
    receiver->crc_received = c_bits;
    receiver->status.crc_blocks++;
    receiver->window_blocks++;
    receiver->status.frames += BLOCK_FRAMES;
    receiver->status.remote_alarm_frames += receiver->status.remote_alarm ? BLOCK_FRAMES : 0;
    receiver->frame_number = (receiver->frame_number + BLOCK_FRAMES) % (2 * BLOCK_FRAMES);
    return true;
}

void framer_steady_note(framer_receiver *receiver, unsigned half, uint64_t timeslot0, bool quiet)
{
    steady_timeslot0 *steady = &receiver->steady;
    bool again = quiet && (timeslot0 & ~C_BITS) == steady->timeslot0[half];
    steady->timeslot0[half] = timeslot0 & ~C_BITS;
    steady->times[half] = again ? steady->times[half] + 1 : 0;
}
