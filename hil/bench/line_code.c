/* HDB3 both ways: 64 spans, a block of 1 ms each, in one call. */
#include "e1/line_code.h"

#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { SPANS = 64 };

typedef struct {
    line_encoder encoder[SPANS], *encoders[SPANS];
    line_decoder decoder[SPANS], *decoders[SPANS];
    line_block block[SPANS], *sent[SPANS];
    const line_block *received[SPANS];
    uint8_t octets[SPANS][LINE_BLOCK_OCTETS], result[SPANS][LINE_BLOCK_BITS_MAX / 8], *decoded[SPANS];
    const uint8_t *payload[SPANS];
} lines;

/* Every fourth octet the idle code 0x54 on the average, the others random. */
static void payload_make(uint8_t *octets, uint32_t *random)
{
    for (unsigned octet = 0; octet < LINE_BLOCK_OCTETS; octet++) {
        *random = *random * 1664525u + 1013904223u;
        octets[octet] = *random >> 30 ? (uint8_t)(*random >> 16) : 0x54;
    }
}

/* A payload that, sent again and again, gives the same marks every time: so a decoder finds no fault where the bench
 * takes up the block from its beginning. */
static void repeating_payload_make(uint8_t *octets, line_encoder *encoder, uint32_t *random)
{
    line_block first, second, *first_marks = &first, *second_marks = &second;
    const uint8_t *bits = octets;
    do {
        payload_make(octets, random);
        line_encode(&encoder, &bits, &first_marks, 1);
        line_encode(&encoder, &bits, &first_marks, 1);
        line_encode(&encoder, &bits, &second_marks, 1);
    } while (memcmp(first.positive, second.positive, LINE_BLOCK_OCTETS) != 0);
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
        all->payload[span] = all->octets[span];
        all->decoded[span] = all->result[span];
        repeating_payload_make(all->octets[span], &all->encoder[span], &random);
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
