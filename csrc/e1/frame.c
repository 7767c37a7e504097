/* E1 frame kernels; the portable functions here are the reference of the faster levels. */
#include "e1/frame.h"

#include <string.h>

#include "base/cpu_internal.h"

static uint64_t timeslot_word(const stream_block *block, unsigned timeslot)
{
    uint64_t word;
    memcpy(&word, block->octet[timeslot], sizeof word);
    return word;
}

/* Each octet, as a polynomial of degree 7, mod x^4+x+1: x^4 = x+1 folds the high nibble onto the low. */
static uint64_t octets_mod_p(uint64_t octets)
{
    const uint64_t low = 0x0F0F0F0F0F0F0F0Full, ones = 0x0101010101010101ull;
    uint64_t high = (octets >> 4) & low;
    uint64_t carry = (high >> 3) & ones;
    return (octets & low) ^ high ^ ((high << 1) & (low - ones)) ^ carry ^ (carry << 1);
}

/* Each nibble times x^8 = x^2 + 1 (mod x^4+x+1). */
static uint64_t nibbles_times_x8(uint64_t nibbles)
{
    const uint64_t ones = 0x0101010101010101ull;
    uint64_t x4 = (nibbles >> 2) & ones, x5 = (nibbles >> 3) & ones;
    return nibbles ^ ((nibbles & (ones * 3)) << 2) ^ x4 ^ (x4 << 1) ^ (x5 << 1) ^ (x5 << 2);
}

/*
 * The remainders of eight frames abreast, one octet lane each. x has order 15 modulo x^4+x+1, and so has x^8:
 * timeslots 15 apart weigh the same and are added up before Horner's rule runs over what remains.
 */
static uint64_t block_remainders(const stream_block *block)
{
    uint64_t folded[15] = {0}, remainders = 0;
    for (unsigned timeslot = 0; timeslot < 32; timeslot++)
        folded[timeslot % 15] ^= timeslot_word(block, timeslot);
    /* Timeslot 31 (weight x^4: 8 bits from the end, times x^4 over x^8) has the least weight; 31 % 15 = 1. */
    for (unsigned k = 0; k < 15; k++)
        remainders = nibbles_times_x8(remainders) ^ octets_mod_p(folded[(k + 2) % 15]);
    /* Horner left the last octet with weight 1; the CRC wants x^4 = x+1. */
    uint64_t carry = (remainders >> 3) & 0x0101010101010101ull;
    return remainders ^ ((remainders << 1) & 0x0E0E0E0E0E0E0E0Eull) ^ carry ^ (carry << 1);
}

static uint64_t demultiplex_portable(const uint8_t *bits, unsigned bit_offset, stream_block *out)
{
    for (unsigned frame = 0; frame < 8; frame++)
        for (unsigned timeslot = 0; timeslot < 32; timeslot++) {
            const uint8_t *at = bits + 32 * frame + timeslot;
            out->octet[timeslot][frame] = (uint8_t)((at[0] << 8 | at[1]) >> (8 - bit_offset));
        }
    return block_remainders(out);
}

static uint64_t multiplex_portable(const stream_block *in, uint8_t *bits)
{
    for (unsigned frame = 0; frame < 8; frame++)
        for (unsigned timeslot = 0; timeslot < 32; timeslot++)
            bits[32 * frame + timeslot] = in->octet[timeslot][frame];
    return block_remainders(in);
}

unsigned frame_crc4_combine(uint64_t remainders)
{
    uint8_t remainder[8];
    unsigned crc = 0;
    memcpy(remainder, &remainders, sizeof remainder);
    for (unsigned frame = 0; frame < 8; frame++) {
        crc = crc << 1 ^ (crc & 8 ? 0x13 : 0);
        crc ^= remainder[frame];
    }
    return crc;
}

/* 64 bits of the line from bit position `at`, the first bit most significant; reads 9 octets. */
static uint64_t line_word(const uint8_t *bits, unsigned at)
{
    const uint8_t *octet = bits + at / 8;
    uint64_t word = 0;
    for (unsigned k = 0; k < 8; k++)
        word = word << 8 | octet[k];
    return at % 8 ? word << at % 8 | octet[8] >> (8 - at % 8) : word;
}

/* Positions (first = most significant, 57 of them valid) where bits 2-8 of a TS0 octet read 0011011. */
static uint64_t fas_matches(uint64_t word)
{
    return ~(word << 1) & ~(word << 2) & word << 3 & word << 4 & ~(word << 5) & word << 6 & word << 7;
}

static unsigned alignment_search_portable(const uint8_t *bits, unsigned from, unsigned to)
{
    enum { STEP = 56 };
    for (unsigned at = from; at < to; at += STEP) {
        uint64_t found = fas_matches(line_word(bits, at));
        if (!(found >> 8))
            continue;
        found &= line_word(bits, at + FRAME_BITS) << 1 & fas_matches(line_word(bits, at + 2 * FRAME_BITS));
        found >>= 64 - STEP;
        if (found) {
            unsigned position = at + (unsigned)__builtin_clzll(found) - (64 - STEP);
            return position < to ? position : to;
        }
    }
    return to;
}

uint64_t frame_demultiplex(const uint8_t *bits, unsigned bit_offset, stream_block *out)
{
    return demultiplex_portable(bits, bit_offset, out);
}

uint64_t frame_multiplex(const stream_block *in, uint8_t *bits)
{
    return multiplex_portable(in, bits);
}

unsigned frame_alignment_search(const uint8_t *bits, unsigned from, unsigned to)
{
    return alignment_search_portable(bits, from, to);
}
