/* A-law and mu-law, runs and tiles, against libspandsp's: nanoseconds for a sample of one channel. */
#include <dlfcn.h>
#include <stdlib.h>

#include "bench.h"
#include "spandsp_g711.h"
#include "topics.h"
#include "voice/g711.h"

enum {
    SAMPLES = 4096, /* octets and samples stay in L1 */
    TILES = SAMPLES / (TILE_SAMPLES * TILE_LANES),
    SPANDSP_ALAW = 0,
};

typedef struct {
    _Alignas(64) stream_block block[TILES];
    _Alignas(64) voice_tile tile[TILES];
    g711_law law;
    spandsp_g711 peer;
} work;

spandsp_g711 spandsp_g711_find(void)
{
    void *library = dlopen("libspandsp.so.2", RTLD_NOW);
    spandsp_g711 found = {0};
    if (!library)
        return found;
    void *(*init)(void *state, int mode) = (void *(*)(void *, int))dlsym(library, "g711_init");
    found.decode = (int (*)(void *, int16_t *, const uint8_t *, int))dlsym(library, "g711_decode");
    found.encode = (int (*)(void *, uint8_t *, const int16_t *, int))dlsym(library, "g711_encode");
    if (init && found.decode && found.encode)
        found.state = init(NULL, SPANDSP_ALAW);
    return found;
}

static void decode_run(void *context)
{
    work *work = context;
    g711_decode(work->law, (uint8_t *)work->block, (int16_t *)work->tile, SAMPLES);
    bench_keep(work);
}

static void encode_run(void *context)
{
    work *work = context;
    g711_encode(work->law, (int16_t *)work->tile, (uint8_t *)work->block, SAMPLES);
    bench_keep(work);
}

static void decode_tiles(void *context)
{
    work *work = context;
    for (unsigned k = 0; k < TILES; k++)
        g711_decode_tile(work->law, &work->block[k], &work->tile[k]);
    bench_keep(work);
}

static void encode_tiles(void *context)
{
    work *work = context;
    for (unsigned k = 0; k < TILES; k++)
        g711_encode_tile(work->law, &work->tile[k], &work->block[k]);
    bench_keep(work);
}

static void convert_run(void *context)
{
    work *work = context;
    g711_convert(work->law, (uint8_t *)work->block, (uint8_t *)work->tile, SAMPLES);
    bench_keep(work);
}

static void decode_spandsp(void *context)
{
    work *work = context;
    work->peer.decode(work->peer.state, (int16_t *)work->tile, (uint8_t *)work->block, SAMPLES);
    bench_keep(work);
}

static void encode_spandsp(void *context)
{
    work *work = context;
    work->peer.encode(work->peer.state, (uint8_t *)work->block, (int16_t *)work->tile, SAMPLES);
    bench_keep(work);
}

typedef struct {
    const char *name;
    g711_law law;
    void (*ours)(void *context);
    void (*spandsp)(void *context);
    double bar_peer;
} plan;

static void run_row(const plan *plan, work *work)
{
    bench_row row = {.name = plan->name, .unit = "ns/sample"};
    work->law = plan->law;
    row.ours = bench_ns(plan->ours, work) / SAMPLES;
    if (plan->spandsp && work->peer.state) {
        row.peer_name = "spandsp";
        row.peer = bench_ns(plan->spandsp, work) / SAMPLES;
        row.bar_peer = plan->bar_peer;
    }
    bench_report(&row);
}

static void octets_by_chance(work *work)
{
    srand(1);
    for (unsigned k = 0; k < SAMPLES; k++)
        ((uint8_t *)work->block)[k] = (uint8_t)(rand() >> 8);
}

void bench_voice_g711(void)
{
    static const plan plans[] = {
        {"A-law decode, tiles", G711_ALAW, decode_tiles, decode_spandsp, 10},
        {"A-law encode, tiles", G711_ALAW, encode_tiles, encode_spandsp, 5},
        {"A-law decode, a run", G711_ALAW, decode_run, decode_spandsp, 10},
        {"A-law encode, a run", G711_ALAW, encode_run, encode_spandsp, 5},
        {"mu-law decode, a run", G711_MULAW, decode_run, NULL, 0},
        {"mu-law encode, a run", G711_MULAW, encode_run, NULL, 0},
        {"A-law to mu-law, a run", G711_ALAW, convert_run, NULL, 0},
    };
    work *work = aligned_alloc(64, sizeof *work);
    if (!work)
        abort();
    work->peer = spandsp_g711_find();
    octets_by_chance(work);
    for (size_t k = 0; k < sizeof plans / sizeof *plans; k++)
        run_row(&plans[k], work);
    free(work);
}
