/* TS16 multiframe: 0000xyxx in frame 0, abcd of timeslots n and n+16 in frame n (G.704 table 9). */
#include "e1/cas.h"

#include <string.h>

enum {
    SPARE_BITS = 0x0B,    /* x, x, x = 1 */
    REMOTE_ALARM = 0x04,  /* y */
    WORD_ERROR = 0x80,    /* on demand: the first bit of 0000 */
    IDLE_ABCD = 0x0D,     /* 1101 */
    MULTIFRAME = 16,
    BLOCK_OCTETS = 8,
    BAD_WORDS_LOSE = 2,   /* G.732 5.2: two consecutive errored alignment words */
};

void cas_transmitter_init(cas_transmitter *transmitter)
{
    *transmitter = (cas_transmitter){0};
    memset(transmitter->abcd, IDLE_ABCD, sizeof transmitter->abcd);
}

/* Eight timeslots' abcd, an octet each, as they may be sent: 0 becomes 1. */
static uint64_t abcd_to_send(const uint8_t abcd[8])
{
    const uint64_t low_nibbles = 0x0F0F0F0F0F0F0F0Fu, bit_d = 0x0101010101010101u;
    uint64_t word;
    memcpy(&word, abcd, sizeof word);
    word &= low_nibbles;
    uint64_t any = word | word >> 1;
    any |= any >> 2; /* its bit d is 1 unless all four are 0 */
    return word | (~any & bit_d);
}

static uint8_t alignment_word(cas_transmitter *transmitter)
{
    uint8_t word = (uint8_t)(SPARE_BITS | (transmitter->remote_alarm ? REMOTE_ALARM : 0));
    if (!transmitter->word_errors)
        return word;
    transmitter->word_errors--;
    return word | WORD_ERROR;
}

void cas_transmit(cas_transmitter *transmitter, uint8_t octets[8])
{
    unsigned first = transmitter->second_half ? 8 : 0;
    uint64_t word = abcd_to_send(transmitter->abcd + first) << 4 | abcd_to_send(transmitter->abcd + 16 + first);
    memcpy(octets, &word, sizeof word);
    if (first == 0)
        octets[0] = alignment_word(transmitter);
    transmitter->second_half = !transmitter->second_half;
}

void cas_receiver_init(cas_receiver *receiver, uint32_t debounce_multiframes)
{
    *receiver = (cas_receiver){.debounce = debounce_multiframes ? debounce_multiframes : 1};
    receiver->previous_all_zero = true;
}

static unsigned lose(cas_receiver *receiver)
{
    receiver->aligned = false;
    receiver->previous_all_zero = true;
    receiver->losses++;
    memset(receiver->run, 0, sizeof receiver->run);
    memset(receiver->settled, 0, sizeof receiver->settled);
    return CAS_NOW_LOST;
}

unsigned cas_receiver_interrupt(cas_receiver *receiver)
{
    return receiver->aligned ? lose(receiver) : 0;
}

static void abcd_put(cas_receiver *receiver, unsigned timeslot, uint8_t abcd, uint32_t *changed)
{
    if (abcd != receiver->seen[timeslot]) {
        receiver->seen[timeslot] = abcd;
        receiver->run[timeslot] = 0;
    }
    if (receiver->run[timeslot] < receiver->debounce)
        receiver->run[timeslot]++;
    if (receiver->run[timeslot] == receiver->debounce && abcd != receiver->abcd[timeslot]) {
        receiver->abcd[timeslot] = abcd;
        *changed |= 1u << timeslot;
    }
}

static unsigned remote_alarm_put(cas_receiver *receiver, bool y)
{
    if (y == receiver->remote_alarm)
        return 0;
    receiver->remote_alarm = y;
    return CAS_REMOTE_ALARM_CHANGED;
}

static unsigned alignment_word_put(cas_receiver *receiver, uint8_t octet)
{
    bool all_zero = receiver->multiframe_all_zero && octet == 0;
    receiver->multiframe_all_zero = true;
    if (all_zero)
        return lose(receiver);
    if (octet >> 4 == 0) {
        receiver->bad_words = 0;
        return remote_alarm_put(receiver, octet & REMOTE_ALARM);
    }
    receiver->word_errors++;
    return ++receiver->bad_words >= BAD_WORDS_LOSE ? lose(receiver) : 0;
}

/* Found: the first good word whose TS16 before it is not all zero (G.732 5.2). */
static unsigned search(cas_receiver *receiver, uint8_t octet)
{
    bool found = octet >> 4 == 0 && !receiver->previous_all_zero;
    receiver->previous_all_zero = octet == 0;
    if (!found)
        return 0;
    receiver->aligned = true;
    receiver->frame = 1;
    receiver->bad_words = 0;
    receiver->multiframe_all_zero = true;
    return CAS_NOW_ALIGNED | remote_alarm_put(receiver, octet & REMOTE_ALARM);
}

static unsigned octets_put(cas_receiver *receiver, const uint8_t octets[8], uint32_t *changed)
{
    unsigned changes = 0;
    for (unsigned k = 0; k < 8; k++) {
        if (!receiver->aligned) {
            changes |= search(receiver, octets[k]);
            continue;
        }
        if (receiver->frame == 0) {
            changes |= alignment_word_put(receiver, octets[k]);
        } else {
            receiver->multiframe_all_zero &= octets[k] == 0;
            abcd_put(receiver, receiver->frame, octets[k] >> 4, changed);
            abcd_put(receiver, receiver->frame + 16u, octets[k] & 0xF, changed);
        }
        receiver->frame = (receiver->frame + 1) % MULTIFRAME;
    }
    return changes;
}

static bool stood(const cas_receiver *receiver, unsigned timeslot)
{
    return receiver->run[timeslot] == receiver->debounce && receiver->run[timeslot + 16] == receiver->debounce;
}

/* What began at frame `first` has stood as long as it must, and nothing in it is all zero: no rule counts on. */
static bool block_settled(const cas_receiver *receiver, unsigned first, const uint8_t octets[8])
{
    for (unsigned k = 0; k < BLOCK_OCTETS; k++) {
        unsigned frame = (first + k) % MULTIFRAME;
        if (octets[k] == 0 || (frame && !stood(receiver, frame)))
            return false;
    }
    return receiver->aligned && receiver->bad_words == 0;
}

/* Signalling bits seldom change: a block that says again what the multiframe before said is not looked at closer. */
unsigned cas_receive(cas_receiver *receiver, const uint8_t octets[8], uint32_t *changed)
{
    unsigned half = receiver->frame / BLOCK_OCTETS, first = receiver->frame;
    *changed = 0;
    if (receiver->settled[half] && memcmp(octets, receiver->octets[half], BLOCK_OCTETS) == 0) {
        receiver->frame = (uint8_t)((first + BLOCK_OCTETS) % MULTIFRAME);
        receiver->multiframe_all_zero = receiver->frame == 1; /* the alignment word was its last octet */
        return 0;
    }
    unsigned changes = octets_put(receiver, octets, changed);
    memcpy(receiver->octets[half], octets, BLOCK_OCTETS);
    receiver->settled[half] = changes == 0 && *changed == 0 && block_settled(receiver, first, octets);
    return changes;
}
