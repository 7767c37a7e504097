/* HDB3 both ways: 64 spans, a block of 1 ms each, in one call. */
#include "e1/line_code.h"

#include <stdlib.h>

#include "bench.h"

enum { SPANS = 64 };

typedef struct {
    line_encoder encoder[SPANS], *encoders[SPANS];
    line_decoder decoder[SPANS], *decoders[SPANS];
    line_block block[SPANS], *sent[SPANS];
    const line_block *received[SPANS];
    uint8_t octets[SPANS][LINE_BLOCK_BITS_MAX / 8 + 64], *decoded[SPANS];
    const uint8_t *payload[SPANS];
} lines;

/* Speech and idle code as they are on a span: every fourth octet 0x54 (no zeros to replace), the others random. */
static uint8_t octet_of(uint32_t *random)
{
    *random = *random * 1664525u + 1013904223u;
    return *random >> 30 ? (uint8_t)(*random >> 16) : 0x54;
}

static lines *lines_new(void)
{
    lines *all = aligned_alloc(64, (sizeof *all + 63) / 64 * 64);
    if (!all)
        abort();
    uint32_t random = 1;
    for (unsigned span = 0; span < SPANS; span++) {
        line_encoder_init(all->encoders[span] = &all->encoder[span], LINE_CODE_HDB3);
        line_decoder_init(all->decoders[span] = &all->decoder[span], LINE_CODE_HDB3);
        all->received[span] = all->sent[span] = &all->block[span];
        all->payload[span] = all->decoded[span] = all->octets[span];
        for (unsigned octet = 0; octet < LINE_BLOCK_OCTETS; octet++)
            all->octets[span][octet] = octet_of(&random);
    }
    return all;
}

static void decode_run(void *context)
{
    lines *all = context;
    line_decode(all->decoders, all->received, all->decoded, SPANS);
    bench_keep(all);
}

static void encode_run(void *context)
{
    lines *all = context;
    line_encode(all->encoders, all->payload, all->sent, SPANS);
    bench_keep(all);
}

void bench_line_code(void);

void bench_line_code(void)
{
    const double frames = (double)SPANS * BLOCK_FRAMES;
    lines *all = lines_new();
    double encode = bench_ns(encode_run, all) / frames, decode = bench_ns(decode_run, all) / frames;
    double copied = bench_memcpy_ns(LINE_BLOCK_OCTETS) / BLOCK_FRAMES;
    bench_report(&(bench_row){.name = "HDB3 decode + violation counting",
                              .unit = "ns/frame",
                              .ours = decode,
                              .memcpy_same = copied,
                              .bar_memcpy = 9});
    bench_report(&(bench_row){.name = "HDB3 encode",
                              .unit = "ns/frame",
                              .ours = encode,
                              .memcpy_same = copied,
                              .bar_memcpy = 18});
    free(all);
}
