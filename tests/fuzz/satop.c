/*
 * SAToP under a fuzzer. The first octets choose the options; then come actions: put a packet (as it stands in the
 * input, or a well-formed one with a sequence number from it), or take line out. What was put out must be what the
 * counters say, and the fill must be within the buffer.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/block.h"
#include "ports/satop.h"
#include "ports/satop_jitter_buffer.h"
#include "ports/satop_pace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    const uint8_t *octets;
    size_t left;
} input;

static uint8_t next_octet(input *from)
{
    if (!from->left)
        return 0;
    from->left--;
    return *from->octets++;
}

static void must(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

static satop_options options_from(input *from)
{
    satop_options options = satop_options_default();
    uint8_t first = next_octet(from), second = next_octet(from);
    options.payload_octets = 64 * (1 + first % 16);
    options.rtp = first & 0x10;
    options.peer_ssrc_known = first & 0x20;
    options.depth_ms = 1 + second % 16;
    options.loss_packets = 1 + second / 16 % 4;
    options.recovery_packets = 1 + second / 64;
    must(!satop_options_fault(&options), "options are in range");
    return options;
}

/* A copy of its own, so that the sanitizer sees a read past its end. */
static void put_raw(satop_jitter_buffer *buffer, input *from)
{
    size_t octets = next_octet(from) * 5u;
    if (octets > from->left)
        octets = from->left;
    uint8_t *packet = malloc(octets + !octets);
    must(packet != NULL, "memory");
    memcpy(packet, from->octets, octets);
    satop_jitter_buffer_put(buffer, packet, (uint32_t)octets);
    free(packet);
    from->octets += octets;
    from->left -= octets;
}

static void put_made(satop_jitter_buffer *buffer, const satop_options *options, uint16_t *sequence, int8_t step)
{
    satop_options sent = *options;
    uint8_t packet[SATOP_PACKET_OCTETS_MAX], block[LINE_BLOCK_BITS_MAX / 8] = {0};
    sent.first_sequence = *sequence = (uint16_t)(*sequence + step * (step & 1 ? 1 : 97));
    sent.omit_invalid_payload = step % 5 == 0;
    satop_packetiser *packetiser = satop_packetiser_new(&sent);
    must(packetiser != NULL, "memory");
    satop_packetiser_set_local_defect(packetiser, step % 10 == 0);
    uint32_t octets, block_octets = 8u * (1 + (uint8_t)step % (sizeof block / 8));
    while (satop_packetiser_put(packetiser, block, block_octets), !(octets = satop_packetiser_take(packetiser, packet)))
        ;
    satop_verdict verdict = satop_jitter_buffer_put(buffer, packet, octets);
    must(verdict == SATOP_VALID || verdict == SATOP_STRAY, "what we make is valid to us");
    satop_packetiser_free(packetiser);
}

static void take(satop_jitter_buffer *buffer, uint8_t wanted)
{
    uint8_t line[8 * 256];
    uint32_t dry = satop_jitter_buffer_take(buffer, line, 8u * wanted);
    must(dry <= 8u * wanted, "no more is dry than was taken");
}

static void check(satop_jitter_buffer *buffer, const satop_options *options, satop_pace *pace)
{
    const satop_jitter_status *status = satop_jitter_buffer_status(buffer);
    int32_t capacity = 2 * (int32_t)status->target_octets, packet = (int32_t)options->payload_octets;
    must(status->fill_octets >= 0 && status->fill_octets <= capacity + packet, "fill is within the buffer");
    must(status->played_invalid <= status->played, "invalid ones are among the played");
    must(status->inserted <= status->underruns, "inserted ones are among the underruns");
    uint32_t octets = satop_pace_octets(pace, status);
    must(octets == 248 || octets == 256 || octets == 264, "the pace is one of three");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input from = {data, size};
    satop_options options = options_from(&from);
    satop_jitter_buffer *buffer = satop_jitter_buffer_new(&options);
    satop_pace pace;
    uint16_t sequence = 65530;
    must(buffer != NULL, "memory");
    satop_pace_init(&pace);
    while (from.left) {
        uint8_t action = next_octet(&from);
        if (action % 4 == 0)
            put_raw(buffer, &from);
        else if (action % 4 == 1)
            take(buffer, next_octet(&from));
        else
            put_made(buffer, &options, &sequence, (int8_t)next_octet(&from));
        check(buffer, &options, &pace);
    }
    satop_jitter_buffer_free(buffer);
    return 0;
}
