/* Conferences from A-law octets to A-law octets, against what libspandsp's A-law alone takes: ns a party's sample. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "spandsp_g711.h"
#include "topics.h"
#include "voice/conference.h"

enum { BLOCK_SAMPLES = TILE_SAMPLES * TILE_LANES };

typedef struct {
    stream_block heard[CONFERENCE_HIGHWAYS_MAX], sent[CONFERENCE_HIGHWAYS_MAX];
    int16_t linear[BLOCK_SAMPLES * CONFERENCE_HIGHWAYS_MAX];
    conference_bank *bank;
    unsigned highways;
    spandsp_g711 peer;
} work;

static void ours(void *context)
{
    work *work = context;
    conference_mix_octets(work->bank, G711_ALAW, work->heard, work->sent);
    bench_keep(work);
}

static void spandsp(void *context)
{
    work *work = context;
    int samples = (int)work->highways * BLOCK_SAMPLES;
    work->peer.decode(work->peer.state, work->linear, (uint8_t *)work->heard, samples);
    work->peer.encode(work->peer.state, (uint8_t *)work->sent, work->linear, samples);
    bench_keep(work);
}

typedef struct {
    const char *name;
    unsigned highways, conferences, loudest;
    double bar_peer;
} plan;

/* All channels in, each conference spread over all highways. */
static conference_bank *bank_new(const plan *plan)
{
    conference_bank *bank = conference_bank_new(plan->highways);
    if (!bank)
        abort();
    for (unsigned number = 0; number < plan->conferences; number++)
        if (conference_open(bank, &(conference_options){.loudest = plan->loudest}) < 0)
            abort();
    for (unsigned channel = 0; channel < plan->highways * TILE_LANES; channel++)
        if (conference_join(bank, channel % plan->conferences, channel,
                            &(conference_party){.talks = true, .hears = true, .heard_by = CONFERENCE_EVERYBODY}))
            abort();
    return bank;
}

static void run_row(const plan *plan, work *work)
{
    double samples = (double)plan->highways * BLOCK_SAMPLES;
    work->bank = bank_new(plan);
    work->highways = plan->highways;
    bench_row row = {.name = plan->name, .unit = "ns/sample", .ours = bench_ns(ours, work) / samples};
    if (work->peer.state) {
        row.peer_name = "spandsp";
        row.peer = bench_ns(spandsp, work) / samples;
        row.bar_peer = plan->bar_peer;
    }
    bench_report(&row);
    conference_bank_free(work->bank);
}

static void octets_by_chance(work *work)
{
    srand(1);
    for (size_t k = 0; k < sizeof work->heard; k++)
        ((uint8_t *)work->heard)[k] = (uint8_t)(rand() >> 8);
}

void bench_conference(void)
{
    static const plan plans[] = {
        {"conference of 32, one highway", 1, 1, 0, 6},
        {"conference of 32, loudest 3", 1, 1, 3, 6},
        {"conference of 512, 16 highways", 16, 1, 0, 0},
        {"170 conferences of 3, 16 highways", 16, 170, 0, 0},
    };
    work *work = aligned_alloc(64, (sizeof *work + 63) / 64 * 64);
    if (!work)
        abort();
    work->peer = spandsp_g711_find();
    octets_by_chance(work);
    for (size_t k = 0; k < sizeof plans / sizeof *plans; k++)
        run_row(&plans[k], work);
    free(work);
}
