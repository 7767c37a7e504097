/* HDLC both ways, against spandsp's and libosmocore's: 260-octet frames, nanoseconds for an octet of the line. */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "bench.h"
#include "e1/frame_check.h"
#include "e1/hdlc.h"

enum { FRAME_OCTETS = 260, FRAMES = 64, LINE_OCTETS_MAX = FRAMES * (FRAME_OCTETS + 8) * 6 / 5 };

/* Declared after the peers' public headers (spandsp/hdlc.h, osmocom/core/isdnhdlc.h). */
typedef void spandsp_frame_handler(void *user, const uint8_t *frame, int count, int ok);
typedef void *spandsp_rx_init(void *state, int crc32, int report_bad, int threshold, spandsp_frame_handler *, void *);
typedef void spandsp_rx_put(void *state, const uint8_t *octets, int count);
typedef void osmo_init(void *state, uint32_t features);
typedef int osmo_decode(void *state, const uint8_t *from, int octets, int *taken, uint8_t *to, int room);
typedef int osmo_encode(void *state, const uint8_t *from, uint16_t octets, int *taken, uint8_t *to, int room);

enum { OSMO_BITS_REVERSED = 4 };

/* Six ints, a few octets and flags: 36 octets in libosmocore 1.7, given more. */
typedef union {
    uint64_t align;
    uint8_t octet[256];
} osmo_state;

typedef struct {
    hdlc_options options;
    uint8_t frame[FRAMES][FRAME_OCTETS];
    uint8_t line[LINE_OCTETS_MAX];
    size_t line_octets; /* for all frames */
    unsigned good;      /* frames the decoder under test found, the last time */
    hdlc_receiver *receiver;
    hdlc_transmitter *transmitter;
    void *spandsp;
    spandsp_rx_put *spandsp_put;
    osmo_state osmo;
    osmo_decode *decode;
    osmo_encode *encode;
} work;

static void random_frames(work *work)
{
    uint32_t state = 1;
    for (size_t k = 0; k < sizeof work->frame; k++) {
        state = state * 1664525 + 1013904223;
        ((uint8_t *)work->frame)[k] = (uint8_t)(state >> 24);
    }
}

static void encode_ours(void *context)
{
    work *work = context;
    for (unsigned k = 0; k < FRAMES; k++)
        hdlc_transmitter_put(work->transmitter, work->frame[k], FRAME_OCTETS);
    hdlc_transmitter_take(work->transmitter, work->line, work->line_octets);
    bench_keep(work->line);
}

static void decode_ours(void *context)
{
    work *work = context;
    uint8_t frame[FRAME_OCTETS + 4];
    hdlc_receiver_put(work->receiver, work->line, work->line_octets);
    work->good = 0;
    while (hdlc_receiver_take(work->receiver, frame, sizeof frame, NULL) > 0)
        work->good++;
}

static void count_frame(void *user, const uint8_t *frame, int count, int ok)
{
    (void)frame;
    ((work *)user)->good += ok && count == FRAME_OCTETS;
}

static void decode_spandsp(void *context)
{
    work *work = context;
    work->good = 0;
    work->spandsp_put(work->spandsp, work->line, (int)work->line_octets);
}

static void decode_osmo(void *context)
{
    work *work = context;
    uint8_t frame[FRAME_OCTETS + 4];
    int left = (int)work->line_octets, taken;
    work->good = 0;
    for (const uint8_t *at = work->line; left > 0; at += taken, left -= taken)
        work->good += work->decode(&work->osmo, at, left, &taken, frame, sizeof frame) == FRAME_OCTETS;
}

static void encode_osmo(void *context)
{
    work *work = context;
    uint8_t *to = work->line, *end = work->line + sizeof work->line;
    for (unsigned k = 0; k < FRAMES; k++)
        for (int done = 0, taken; done < FRAME_OCTETS; done += taken)
            to += work->encode(&work->osmo, work->frame[k] + done, (uint16_t)(FRAME_OCTETS - done), &taken, to,
                               (int)(end - to));
    work->line_octets = (size_t)(to - work->line);
}

/* Octets until the line idles: those of all frames. */
static size_t octets_of_frames(work *work)
{
    size_t count = 0;
    for (unsigned k = 0; k < FRAMES; k++)
        hdlc_transmitter_put(work->transmitter, work->frame[k], FRAME_OCTETS);
    for (; hdlc_transmitter_waiting(work->transmitter); count++)
        hdlc_transmitter_take(work->transmitter, work->line + count, 1);
    return count;
}

static work *work_new(uint32_t fcs)
{
    work *work = calloc(1, sizeof *work);
    if (!work)
        abort();
    work->options = (hdlc_options){fcs, 266};
    work->receiver = hdlc_receiver_new(work->options, 1 << 16);
    work->transmitter = hdlc_transmitter_new(work->options, 1 << 16);
    if (!work->receiver || !work->transmitter)
        abort();
    random_frames(work);
    work->line_octets = octets_of_frames(work);
    return work;
}

static void work_free(work *work)
{
    hdlc_receiver_free(work->receiver);
    hdlc_transmitter_free(work->transmitter);
    free(work);
}

static double per_octet(work *work, void (*body)(void *))
{
    return bench_ns(body, work) / (double)work->line_octets;
}

/* A peer's time, or 0 if it is not installed or did not find the frames. */
static double spandsp_decode_ns(work *work)
{
    void *library = dlopen("libspandsp.so.2", RTLD_NOW);
    if (!library)
        return 0;
    spandsp_rx_init *init = (spandsp_rx_init *)dlsym(library, "hdlc_rx_init");
    work->spandsp_put = (spandsp_rx_put *)dlsym(library, "hdlc_rx_put");
    work->spandsp = init(NULL, 0, 0, 1, count_frame, work);
    double ns = per_octet(work, decode_spandsp);
    return work->good == FRAMES ? ns : 0;
}

static void *osmo_library(void)
{
    return dlopen("libosmocore.so.19", RTLD_NOW);
}

static double osmo_decode_ns(work *work)
{
    void *library = osmo_library();
    if (!library)
        return 0;
    osmo_init *init = (osmo_init *)dlsym(library, "osmo_isdnhdlc_rcv_init");
    work->decode = (osmo_decode *)dlsym(library, "osmo_isdnhdlc_decode");
    init(&work->osmo, OSMO_BITS_REVERSED);
    double ns = per_octet(work, decode_osmo);
    return work->good == FRAMES ? ns : 0;
}

static double osmo_encode_ns(work *work)
{
    void *library = osmo_library();
    if (!library)
        return 0;
    osmo_init *init = (osmo_init *)dlsym(library, "osmo_isdnhdlc_out_init");
    work->encode = (osmo_encode *)dlsym(library, "osmo_isdnhdlc_encode");
    init(&work->osmo, OSMO_BITS_REVERSED);
    return per_octet(work, encode_osmo);
}

/* One row: ours on one kind of frame, and a peer's time on the same line where there is one. */
typedef struct {
    const char *name;
    uint32_t fcs;
    void (*ours)(void *work);
    const char *peer_name;
    double (*peer_ns)(work *work);
    double bar_peer;
} plan;

static void run_row(const plan *plan)
{
    work *work = work_new(plan->fcs);
    bench_row row = {.name = plan->name, .unit = "ns/octet"};
    row.ours = per_octet(work, plan->ours);
    row.memcpy_same = bench_memcpy_ns(work->line_octets) / (double)work->line_octets;
    row.peer = plan->peer_ns ? plan->peer_ns(work) : 0;
    if (row.peer > 0) {
        row.peer_name = plan->peer_name;
        row.bar_peer = plan->bar_peer;
    }
    bench_report(&row);
    work_free(work);
}

static void check_frames(void *context)
{
    work *work = context;
    uint32_t sum = 0;
    for (unsigned k = 0; k < FRAMES; k++)
        sum += work->options.fcs == HDLC_FCS_16 ? frame_check_16(work->frame[k], FRAME_OCTETS)
                                                : frame_check_32(work->frame[k], FRAME_OCTETS);
    bench_keep((void *)(uintptr_t)sum);
}

static void decode_idle(void *context)
{
    work *work = context;
    memset(work->line, 0x7E, work->line_octets);
    decode_ours(context);
}

void bench_hdlc(void)
{
    static const plan plans[] = {
        {"HDLC decode", HDLC_FCS_16, decode_ours, "spandsp", spandsp_decode_ns, 8},
        {"HDLC decode", HDLC_FCS_16, decode_ours, "libosmocore", osmo_decode_ns, 40},
        {"HDLC encode", HDLC_FCS_16, encode_ours, "libosmocore", osmo_encode_ns, 25},
        {"HDLC decode, FCS-32", HDLC_FCS_32, decode_ours, NULL, NULL, 0},
        {"HDLC encode, FCS-32", HDLC_FCS_32, encode_ours, NULL, NULL, 0},
        {"HDLC decode, no FCS", HDLC_FCS_NONE, decode_ours, NULL, NULL, 0},
        {"HDLC encode, no FCS", HDLC_FCS_NONE, encode_ours, NULL, NULL, 0},
        {"HDLC decode, idle flags", HDLC_FCS_16, decode_idle, NULL, NULL, 0},
        {"FCS-16 alone", HDLC_FCS_16, check_frames, NULL, NULL, 0},
        {"FCS-32 alone", HDLC_FCS_32, check_frames, NULL, NULL, 0},
    };
    for (size_t k = 0; k < sizeof plans / sizeof *plans; k++)
        run_row(&plans[k]);
}
