/* Any octets as a line: every CPU level and every chunking must receive the same of it. */
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "e1/hdlc.h"

enum { FRAME_OCTETS_MAX = 300, HEADER = 2 };

typedef struct {
    hdlc_receiver *bitwise, *fast; /* the reference, and the highest level there is */
    uint32_t chance;
} pair;

/* The first octet chooses the options: FCS, MRU, a queue of one frame or of many. */
static hdlc_receiver *receiver_new(uint8_t choice)
{
    static const uint32_t fcs[4] = {HDLC_FCS_NONE, HDLC_FCS_16, HDLC_FCS_32, HDLC_FCS_16};
    hdlc_options options = {fcs[choice & 3], choice & 4 ? 266 : FRAME_OCTETS_MAX};
    hdlc_receiver *receiver = hdlc_receiver_new(options, choice & 8 ? 320 : 100000);
    if (!receiver)
        abort();
    return receiver;
}

static uint32_t next_choice(pair *pair)
{
    pair->chance = pair->chance * 1664525 + 1013904223;
    return pair->chance >> 16;
}

static void put_both(pair *pair, const uint8_t *octets, size_t count)
{
    unsigned waiting = 0;
    cpu_level_use(CPU_PORTABLE);
    for (size_t k = 0; k < count; k++)
        waiting = hdlc_receiver_put(pair->bitwise, octets + k, 1);
    cpu_level_use(cpu_level_available());
    if (count && hdlc_receiver_put(pair->fast, octets, count) != waiting)
        abort();
}

/* Returns whether there was a frame to take. */
static bool take_both(pair *pair)
{
    uint8_t frames[2][FRAME_OCTETS_MAX];
    uint64_t ends[2] = {0, 0};
    size_t room = next_choice(pair) % 8 ? FRAME_OCTETS_MAX : next_choice(pair) % FRAME_OCTETS_MAX;
    int first = hdlc_receiver_take(pair->bitwise, frames[0], room, &ends[0]);
    int second = hdlc_receiver_take(pair->fast, frames[1], room, &ends[1]);
    if (first != second || ends[0] != ends[1] || first > (int)room)
        abort();
    if (first > 0 && memcmp(frames[0], frames[1], (size_t)first) != 0)
        abort();
    return first != 0;
}

static void interrupt_both(pair *pair)
{
    hdlc_receiver_interrupt(pair->bitwise);
    hdlc_receiver_interrupt(pair->fast);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEADER)
        return 0;
    pair pair = {receiver_new(data[0]), receiver_new(data[0]), data[1]};
    /* The second octet's low bits bound the chunks: whole words, odd octets, or all at once. */
    size_t chunk_max = (size_t)1 << (data[1] & 15);
    for (size_t at = HEADER; at < size;) {
        size_t chunk = next_choice(&pair) % chunk_max + 1;
        chunk = chunk < size - at ? chunk : size - at;
        put_both(&pair, data + at, chunk);
        at += chunk;
        if (next_choice(&pair) % 4 == 0)
            take_both(&pair);
        if (next_choice(&pair) % 64 == 0)
            interrupt_both(&pair);
    }
    while (take_both(&pair))
        ;
    if (memcmp(hdlc_receiver_counters(pair.bitwise), hdlc_receiver_counters(pair.fast), sizeof(hdlc_counters)) != 0)
        abort();
    hdlc_receiver_free(pair.bitwise);
    hdlc_receiver_free(pair.fast);
    return 0;
}
