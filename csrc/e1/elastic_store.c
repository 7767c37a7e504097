/* A ring of frames whose read side slips. */
#include "e1/elastic_store.h"

#include <string.h>

#include "base/cpu_internal.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first frame is a word's least significant octet");

void elastic_store_init(elastic_store *store, uint32_t slack_frames, uint32_t waiting_bits_max)
{
    *store = (elastic_store){.slack_frames = slack_frames, .waiting_bits_max = waiting_bits_max};
}

void elastic_store_restart(elastic_store *store)
{
    store->read = store->written;
    store->reading = false;
}

static void block_copy_portable(const stream_block *from, stream_block *to)
{
    *to = *from;
}

#if defined(__x86_64__)
TARGET_AVX2 static void block_copy_avx2(const stream_block *from, stream_block *to)
{
    *to = *from;
}

TARGET_AVX512 static void block_copy_avx512(const stream_block *from, stream_block *to)
{
    for (unsigned k = 0; k < FRAME_TIMESLOTS; k += 8)
        _mm512_storeu_si512(to->octet[k], _mm512_loadu_si512(from->octet[k]));
}
#endif

static void block_copy(const stream_block *from, stream_block *to)
{
    CPU_SELECT(block_copy_portable, block_copy_avx2, block_copy_avx512)(from, to);
}

stream_block *elastic_store_room(elastic_store *store)
{
    return &store->ring[store->written / BLOCK_FRAMES % ELASTIC_STORE_BLOCKS];
}

void elastic_store_put_room(elastic_store *store)
{
    store->written += BLOCK_FRAMES;
}

void elastic_store_put(elastic_store *store, const stream_block *block)
{
    block_copy(block, elastic_store_room(store));
    elastic_store_put_room(store);
}

/* Frames `from` (1-7) ... 7 of the first block, then those before `from` of the second: a word a timeslot. */
static void blocks_join(const stream_block *first, const stream_block *second, unsigned from, stream_block *joined)
{
    for (unsigned timeslot = 0; timeslot < FRAME_TIMESLOTS; timeslot++) {
        uint64_t early, late;
        memcpy(&early, first->octet[timeslot], sizeof early);
        memcpy(&late, second->octet[timeslot], sizeof late);
        early = early >> 8 * from | late << 8 * (BLOCK_FRAMES - from);
        memcpy(joined->octet[timeslot], &early, sizeof early);
    }
}

static void frames_read(elastic_store *store, stream_block *block)
{
    const stream_block *first = &store->ring[store->read / BLOCK_FRAMES % ELASTIC_STORE_BLOCKS];
    const stream_block *second = &store->ring[(store->read / BLOCK_FRAMES + 1) % ELASTIC_STORE_BLOCKS];
    unsigned from = store->read % BLOCK_FRAMES;
    store->read += BLOCK_FRAMES;
    if (from == 0)
        block_copy(first, block);
    else
        blocks_join(first, second, from, block);
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
