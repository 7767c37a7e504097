/* The transmitting framer: writes timeslot 0 and the CRC-4 of the sub-multiframe before (G.704 tables 5A, 5B). */
#include <stdlib.h>
#include <string.h>

#include "e1/frame.h"
#include "e1/framer.h"
#include "e1/multiframe_search_internal.h"

enum {
    FAS_OCTET = 0x1B,     /* bit 1 apart, 0011011 */
    NFAS_OCTET = 0x40,    /* bit 2 of frames without FAS */
    BIT1 = 0x80,
    BIT_A = 0x20,
    BIT2 = 0x40,
    SA_ALL = 0x1F,
};

struct framer_transmitter {
    framing_mode mode;
    bool second_half;      /* the next block is frames 8-15 */
    bool remote_alarm;
    uint8_t sa[4];         /* Sa4-Sa8 of the four frames without FAS of a sub-multiframe */
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
    memset(transmitter->sa, sa_bits & SA_ALL, sizeof transmitter->sa);
}

void framer_transmitter_set_sa_code(framer_transmitter *transmitter, unsigned n, unsigned code)
{
    unsigned bit = 0x10u >> (n - 4);
    for (unsigned k = 0; k < 4; k++)
        transmitter->sa[k] = (uint8_t)(code >> (3 - k) & 1 ? transmitter->sa[k] | bit : transmitter->sa[k] & ~bit);
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

/* Bit 1 of a frame of the multiframe; C bits are put in by the caller. */
static uint8_t multiframe_bit1(const framer_transmitter *transmitter, unsigned frame)
{
    if (frame < 12)
        return MULTIFRAME_SIGNAL >> (11 - frame) / 2 & 1 ? BIT1 : 0;
    return transmitter->errored[frame == 15] ? 0 : BIT1;
}

static void timeslot0_write(const framer_transmitter *transmitter, uint8_t ts0[8])
{
    bool crc4 = transmitter->mode != FRAMING_DOUBLE_FRAME;
    unsigned first = transmitter->second_half ? 8 : 0;
    uint8_t nfas = (uint8_t)(NFAS_OCTET | (transmitter->remote_alarm ? BIT_A : 0));
    for (unsigned frame = 0; frame < BLOCK_FRAMES; frame += 2) {
        bool c_bit = !crc4 || transmitter->crc_previous >> (3 - frame / 2) & 1;
        ts0[frame] = (uint8_t)(FAS_OCTET | (c_bit ? BIT1 : 0));
        ts0[frame + 1] = nfas | transmitter->sa[frame / 2] | (crc4 ? multiframe_bit1(transmitter, first + frame + 1) : BIT1);
    }
}

/* The CRC of what was sent, with the C bits' share taken out: each adds x^4 = x+1 to its frame's remainder. */
static unsigned crc_without_c_bits(uint64_t remainders, const uint8_t ts0[8])
{
    uint8_t remainder[8];
    memcpy(remainder, &remainders, sizeof remainder);
    for (unsigned frame = 0; frame < BLOCK_FRAMES; frame += 2)
        remainder[frame] ^= ts0[frame] & BIT1 ? 3 : 0;
    memcpy(&remainders, remainder, sizeof remainder);
    return frame_crc4_combine(remainders);
}

/* Errors on demand; the CRC of what follows is that of what is really sent. */
static void errors_inject(framer_transmitter *transmitter, uint8_t ts0[8])
{
    for (unsigned frame = 0; frame < BLOCK_FRAMES && transmitter->fas_errors; frame += 2, transmitter->fas_errors--)
        ts0[frame] ^= BIT2;
    if (transmitter->crc_errors && transmitter->mode != FRAMING_DOUBLE_FRAME) {
        ts0[0] ^= BIT1;
        transmitter->crc_errors--;
    }
}

void framer_transmit(framer_transmitter *transmitter, stream_block *block, uint8_t *bits)
{
    timeslot0_write(transmitter, block->octet[0]);
    errors_inject(transmitter, block->octet[0]);
    uint64_t remainders = frame_multiplex(block, bits);
    transmitter->crc_previous = crc_without_c_bits(remainders, block->octet[0]);
    transmitter->second_half = !transmitter->second_half;
}
