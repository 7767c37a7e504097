/* Frame kernels: CRC-4 and demultiplexing, CRC-4 and multiplexing, the search for the FAS. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "e1/frame.h"
#include "topics.h"

enum {
    SPANS = 16, /* 4 096 octets in and out stay in L1; glibc copies as many by rep movsb, below 2 KB by vectors */
    FRAMES = SPANS * BLOCK_FRAMES,
    LINE_OCTETS = SPANS * LINE_BLOCK_OCTETS,
    SLACK_OCTETS = 64,
    SEARCH_POSITIONS = 8 * LINE_OCTETS,
    SEARCH_OCTETS = LINE_OCTETS + 65 + SLACK_OCTETS, /* the search looks 519 bits further */
};

typedef struct {
    stream_block blocks[SPANS];
    uint8_t line[SEARCH_OCTETS];
    unsigned crc[SPANS]; /* of the block before */
} spans;

/* As if each span had another phase. */
static void demultiplex_run(void *context)
{
    spans *work = context;
    for (unsigned span = 0; span < SPANS; span++) {
        uint64_t remainders = frame_demultiplex(work->line + LINE_BLOCK_OCTETS * span, span % 8, work->blocks + span);
        work->crc[span] = frame_crc4_combine(remainders);
    }
    bench_keep(work);
}

/* Timeslot 0 of frames 0-7 with the C bits of the sub-multiframe before (G.704 table 5B), frame 0 the lowest octet. */
static uint64_t timeslot0(unsigned crc)
{
    const uint64_t other_bits = 0x5F1BDF1B5F1B5F1Bull; /* FAS; A = 0, Sa = 1, bit 1 of frames 1, 3, 5, 7: 0, 0, 1, 0 */
    uint64_t c1 = crc >> 3 & 1, c2 = crc >> 2 & 1, c3 = crc >> 1 & 1, c4 = crc & 1;
    return other_bits | c1 << 7 | c2 << 23 | c3 << 39 | c4 << 55;
}

/* The CRC is of frames whose C bits are 0: each that is 1 has added x^4 = x+1 to its frame's remainder. */
static unsigned crc_without_c_bits(uint64_t remainders, uint64_t timeslot0)
{
    uint64_t c_bits = timeslot0 >> 7 & 0x0001000100010001ull;
    return frame_crc4_combine(remainders ^ c_bits * 3);
}

static void multiplex_run(void *context)
{
    spans *work = context;
    for (unsigned span = 0; span < SPANS; span++) {
        uint64_t word = timeslot0(work->crc[span]);
        memcpy(work->blocks[span].octet[0], &word, sizeof word);
    }
    for (unsigned span = 0; span < SPANS; span++) {
        uint64_t remainders = frame_multiplex(work->blocks + span, work->line + LINE_BLOCK_OCTETS * span), word;
        memcpy(&word, work->blocks[span].octet[0], sizeof word);
        work->crc[span] = crc_without_c_bits(remainders, word);
    }
    bench_keep(work);
}

static void search_run(void *context)
{
    const spans *work = context;
    unsigned found = frame_alignment_search(work->line, 0, SEARCH_POSITIONS);
    bench_keep(&found);
}

/* Random bits in which no alignment is found: the search has to look at every position. */
static void line_fill(spans *work)
{
    do {
        for (unsigned octet = 0; octet < SEARCH_OCTETS; octet++)
            work->line[octet] = (uint8_t)(rand() >> 7);
    } while (frame_alignment_search(work->line, 0, SEARCH_POSITIONS) < SEARCH_POSITIONS);
}

static void row(const char *name, void (*run)(void *context), spans *work)
{
    bench_report(&(bench_row){.name = name,
                              .unit = "ns/frame",
                              .ours = bench_ns(run, work) / FRAMES,
                              .memcpy_same = bench_memcpy_ns(LINE_OCTETS) / FRAMES,
                              .bar_memcpy = 4});
}

void bench_frame(void)
{
    spans *work = aligned_alloc(64, (sizeof *work + 63) / 64 * 64);
    if (!work)
        abort();
    srand(1);
    line_fill(work);
    row("alignment search, 512 phases", search_run, work);
    row("check CRC-4, demultiplex", demultiplex_run, work);
    row("build TS0 and CRC-4, multiplex", multiplex_run, work);
    free(work);
}
