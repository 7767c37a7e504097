/* A ring of frames whose read side slips. */
#include "e1/elastic_store.h"

#include <string.h>

void elastic_store_init(elastic_store *store, uint32_t slack_frames, uint32_t waiting_bits_max)
{
    *store = (elastic_store){.slack_frames = slack_frames, .waiting_bits_max = waiting_bits_max};
}

void elastic_store_restart(elastic_store *store)
{
    store->read = store->written;
    store->reading = false;
}

void elastic_store_put(elastic_store *store, const stream_block *block)
{
    store->ring[store->written / BLOCK_FRAMES % ELASTIC_STORE_BLOCKS] = *block;
    store->written += BLOCK_FRAMES;
}

/* Octets `from` ... 7 of a timeslot's eight, then those of the next eight. */
static void octets_join(const uint8_t first[8], const uint8_t second[8], unsigned from, uint8_t joined[8])
{
    uint8_t both[16];
    memcpy(both, first, 8);
    memcpy(both + 8, second, 8);
    memcpy(joined, both + from, 8);
}

static void frames_read(elastic_store *store, stream_block *block)
{
    const stream_block *first = &store->ring[store->read / BLOCK_FRAMES % ELASTIC_STORE_BLOCKS];
    const stream_block *second = &store->ring[(store->read / BLOCK_FRAMES + 1) % ELASTIC_STORE_BLOCKS];
    unsigned from = store->read % BLOCK_FRAMES;
    store->read += BLOCK_FRAMES;
    if (from == 0) {
        *block = *first;
        return;
    }
    for (unsigned timeslot = 0; timeslot < FRAME_TIMESLOTS; timeslot++)
        octets_join(first->octet[timeslot], second->octet[timeslot], from, block->octet[timeslot]);
}

static store_result fail(elastic_store *store, store_result why)
{
    store->underruns += why == STORE_UNDERRUN;
    store->overruns += why == STORE_OVERRUN;
    elastic_store_restart(store);
    return why;
}

/* Begins once the level can fall by the slack and still give eight frames, however many of its bits wait elsewhere: a
 * bit more than those and seven frames makes eight. */
static bool begins(elastic_store *store, int64_t level_bits)
{
    int64_t frames = BLOCK_FRAMES - 1 + (int64_t)store->slack_frames;
    if (level_bits <= store->waiting_bits_max + frames * FRAME_BITS)
        return false;
    store->centre_bits = level_bits;
    store->reading = true;
    return true;
}

store_result elastic_store_take(elastic_store *store, uint32_t bits_waiting, stream_block *block)
{
    int64_t frames = (int64_t)(store->written - store->read);
    int64_t level_bits = frames * FRAME_BITS + bits_waiting;
    int64_t slack_bits = (int64_t)store->slack_frames * FRAME_BITS;
    store_result result = STORE_STEADY;
    if (frames > ELASTIC_STORE_FRAMES)
        return fail(store, STORE_OVERRUN);
    if (!store->reading && !begins(store, level_bits))
        return STORE_FILLING;
    if (level_bits <= store->centre_bits - slack_bits) {
        store->read--;
        store->repeated++;
        result = STORE_REPEATED;
    } else if (level_bits >= store->centre_bits + slack_bits) {
        store->read++;
        store->deleted++;
        result = STORE_DELETED;
    }
    if (store->written - store->read < BLOCK_FRAMES)
        return fail(store, STORE_UNDERRUN);
    frames_read(store, block);
    return result;
}
