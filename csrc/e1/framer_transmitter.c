/* The transmitting framer: writes timeslot 0 and the CRC-4 of the sub-multiframe before (G.704 tables 5A, 5B). */
#include <stdlib.h>
#include <string.h>

#include "e1/frame.h"
#include "e1/framer.h"

enum {
    SA_ALL = 0x1F,
};

/* Timeslot 0 of the eight frames of a sub-multiframe as one word: octet f is frame f (G.704 tables 5A, 5B). */
static const uint64_t FAS_AND_BIT2 = 0x401B401B401B401Bu; /* 0011011 with FAS; bit 2 = 1 without */
static const uint64_t REMOTE_ALARM = 0x2000200020002000u; /* bit A */
static const uint64_t SA_LSB = 0x0100010001000100u;       /* bit Sa8 of the frames without FAS */
static const uint64_t BIT1_OF_ALL = 0x8080808080808080u;  /* double frame: unused Si = 1 */
static const uint64_t C_BITS = 0x0080008000800080u;       /* bit 1 of the frames with FAS */
/* Bit 1 of frames 1, 3, 5, 7: 0010, and of 9, 11: 11; 13 and 15 are E bits. */
static const uint64_t SIGNAL_FIRST_HALF = 0x0000800000000000u, SIGNAL_SECOND_HALF = 0x0000000080008000u;
static const uint64_t E1_BIT = 0x0000800000000000u, E2_BIT = 0x8000000000000000u;
static const uint64_t FIRST_C_BIT = 0x80, BIT2_OF_FAS = 0x40;

struct framer_transmitter {
    framing_mode mode;
    bool second_half;      /* the next block is frames 8-15 */
    bool remote_alarm;
    uint64_t sa;           /* Sa4-Sa8 of the four frames without FAS of a sub-multiframe, in place */
    unsigned fas_errors, crc_errors; /* still to be sent */
    bool errored[2];       /* E bits of frames 13 and 15: E = 0 reports an errored sub-multiframe */
    unsigned crc_previous; /* of the block sent last, to go out in this one's C bits */
};

framer_transmitter *framer_transmitter_new(framing_mode mode)
{
    framer_transmitter *transmitter = calloc(1, sizeof *transmitter);
    if (!transmitter)
        return NULL;
    transmitter->mode = mode;
    framer_transmitter_set_sa_bits(transmitter, SA_ALL);        /* unused Sa bits are 1 (G.704 table 5A note 4) */
    transmitter->errored[0] = transmitter->errored[1] = true;   /* E = 0 until the far end's multiframe is found */
    return transmitter;
}

void framer_transmitter_free(framer_transmitter *transmitter)
{
    free(transmitter);
}

void framer_transmitter_set_remote_alarm(framer_transmitter *transmitter, bool raised)
{
    transmitter->remote_alarm = raised;
}

void framer_transmitter_set_sa_bits(framer_transmitter *transmitter, unsigned sa_bits)
{
    transmitter->sa = SA_LSB * (sa_bits & SA_ALL);
}

void framer_transmitter_set_sa_code(framer_transmitter *transmitter, unsigned n, unsigned code)
{
    uint64_t place = SA_LSB << (8 - n);
    uint64_t bits = 0;
    for (unsigned k = 0; k < 4; k++)
        bits |= (uint64_t)(code >> (3 - k) & 1) << 16 * k;
    transmitter->sa = (transmitter->sa & ~place) | bits << 8 << (8 - n);
}

void framer_transmitter_inject_fas_errors(framer_transmitter *transmitter, unsigned count)
{
    transmitter->fas_errors += count;
}

void framer_transmitter_inject_crc_errors(framer_transmitter *transmitter, unsigned count)
{
    transmitter->crc_errors += count;
}

void framer_transmitter_set_e_bit(framer_transmitter *transmitter, unsigned half, bool errored)
{
    transmitter->errored[half] = errored;
}

bool framer_transmitter_second_half(const framer_transmitter *transmitter)
{
    return transmitter->second_half;
}

/* C1-C4 of the sub-multiframe sent before, C1 first. */
static uint64_t c_bits_place(unsigned crc)
{
    return (uint64_t)(crc >> 3 & 1) << 7 | (uint64_t)(crc >> 2 & 1) << 23 | (uint64_t)(crc >> 1 & 1) << 39 |
           (uint64_t)(crc & 1) << 55;
}

static uint64_t bits1(const framer_transmitter *transmitter)
{
    if (transmitter->mode == FRAMING_DOUBLE_FRAME)
        return BIT1_OF_ALL;
    uint64_t c_bits = c_bits_place(transmitter->crc_previous);
    if (!transmitter->second_half)
        return c_bits | SIGNAL_FIRST_HALF;
    return c_bits | SIGNAL_SECOND_HALF | (transmitter->errored[0] ? 0 : E1_BIT) |
           (transmitter->errored[1] ? 0 : E2_BIT);
}

/* Errors on demand; the CRC of what follows is that of what is really sent. */
static uint64_t errors_inject(framer_transmitter *transmitter, uint64_t timeslot0)
{
    for (unsigned frame = 0; frame < BLOCK_FRAMES && transmitter->fas_errors; frame += 2, transmitter->fas_errors--)
        timeslot0 ^= BIT2_OF_FAS << 8 * frame;
    if (transmitter->crc_errors && transmitter->mode != FRAMING_DOUBLE_FRAME) {
        timeslot0 ^= FIRST_C_BIT;
        transmitter->crc_errors--;
    }
    return timeslot0;
}

void framer_transmitter_frame(framer_transmitter *transmitter, stream_block *block)
{
    uint64_t timeslot0 = FAS_AND_BIT2 | transmitter->sa | bits1(transmitter);
    timeslot0 |= transmitter->remote_alarm ? REMOTE_ALARM : 0;
    if (transmitter->fas_errors | transmitter->crc_errors)
        timeslot0 = errors_inject(transmitter, timeslot0);
    memcpy(block->octet[0], &timeslot0, sizeof timeslot0);
}

/* The CRC is that of what was sent with the C bits' share taken out: each adds x^4 = x+1 to its frame's remainder. */
void framer_transmitter_send(framer_transmitter *transmitter, const stream_block *block, uint8_t *bits)
{
    uint64_t remainders = frame_multiplex(block, bits), timeslot0;
    memcpy(&timeslot0, block->octet[0], sizeof timeslot0);
    transmitter->crc_previous = frame_crc4_combine(remainders ^ ((timeslot0 & C_BITS) >> 7) * 3);
    transmitter->second_half = !transmitter->second_half;
}

void framer_transmit(framer_transmitter *transmitter, stream_block *block, uint8_t *bits)
{
    framer_transmitter_frame(transmitter, block);
    framer_transmitter_send(transmitter, block, bits);
}
