/* SAToP packets (RFC 4553): control word, optional RTP header, and E1 bits packed into them. */
#include "ports/satop.h"

#include <stdlib.h>
#include <string.h>

#include "base/block.h"

enum {
    /* Octet 0 of the control word (RFC 4553 4.3.1): 0000, L, R, RSV (set to 0, ignored). */
    FIRST_NIBBLE = 0xF0,
    BIT_L = 0x08,
    BIT_R = 0x04,
    /* Octet 1: FRG and LEN; LEN counts header and payload of packets below 64 octets. */
    FRG = 0xC0,
    LEN = 0x3F,
    LEN_LIMIT = 64,
    /* Octet 0 of the RTP header (RFC 3550 5.1): version 2, no padding, no extension, no contributing sources. */
    RTP_FIRST_OCTET = 0x80,
    PAYLOAD_TYPE = 0x7F,
    PAYLOAD_TYPE_DYNAMIC = 96,
    PAYLOAD_OCTETS_UNIT = 64,
    DEPTH_MS_MAX = 256,
    LINE_OCTETS_PER_S = 256000,
    BLOCK_OCTETS_MAX = LINE_BLOCK_BITS_MAX / 8,
};

struct satop_packetiser {
    satop_options options;
    uint32_t timestamp;
    uint32_t fill; /* octets of line that wait */
    uint16_t sequence;
    bool local_defect, remote_defect;
    uint8_t line[SATOP_PAYLOAD_OCTETS_MAX + BLOCK_OCTETS_MAX];
};

satop_options satop_options_default(void)
{
    return (satop_options){
        .payload_octets = 256,
        .depth_ms = 8,
        .loss_packets = 10,
        .recovery_packets = 2,
        .timestamp_hz = SATOP_TIMESTAMP_HZ_UNIT,
        .payload_type = PAYLOAD_TYPE_DYNAMIC,
    };
}

const char *satop_options_fault(const satop_options *options)
{
    if (!options->payload_octets || options->payload_octets > SATOP_PAYLOAD_OCTETS_MAX ||
        options->payload_octets % PAYLOAD_OCTETS_UNIT)
        return "payload_octets: not a multiple of 64 from 64 to 1024";
    if (!options->depth_ms || options->depth_ms > DEPTH_MS_MAX)
        return "depth_ms: not from 1 to 256";
    if (!options->loss_packets)
        return "loss_packets: not from 1";
    if (!options->recovery_packets)
        return "recovery_packets: not from 1";
    if (!options->timestamp_hz || options->timestamp_hz % SATOP_TIMESTAMP_HZ_UNIT)
        return "timestamp_hz: not a multiple of 8000";
    if (options->payload_type < PAYLOAD_TYPE_DYNAMIC || options->payload_type > PAYLOAD_TYPE)
        return "payload_type: not from 96 to 127";
    return NULL;
}

static uint16_t get_16(const uint8_t *octets)
{
    return (uint16_t)(octets[0] << 8 | octets[1]);
}

static uint32_t get_32(const uint8_t *octets)
{
    return (uint32_t)get_16(octets) << 16 | get_16(octets + 2);
}

static void put_16(uint8_t *octets, uint16_t value)
{
    octets[0] = (uint8_t)(value >> 8);
    octets[1] = (uint8_t)value;
}

static void put_32(uint8_t *octets, uint32_t value)
{
    put_16(octets, (uint16_t)(value >> 16));
    put_16(octets + 2, (uint16_t)value);
}

static satop_verdict rtp_judge(const satop_options *options, const uint8_t *rtp)
{
    if (rtp[0] != RTP_FIRST_OCTET)
        return SATOP_BAD_RTP;
    if ((rtp[1] & PAYLOAD_TYPE) != options->payload_type)
        return SATOP_WRONG_PAYLOAD_TYPE;
    if (options->peer_ssrc_known && get_32(rtp + 8) != options->peer_ssrc)
        return SATOP_STRAY;
    if (get_16(rtp + 2) != get_16(rtp + SATOP_RTP_HEADER_OCTETS + 2))
        return SATOP_SEQUENCES_DIFFER;
    return SATOP_VALID;
}

static bool len_agrees(uint32_t len, uint32_t octet_count)
{
    return len == 0 || len == octet_count; /* LEN cannot name 64 and more, so there it must be 0 */
}

static satop_verdict control_word_judge(const satop_options *options, const uint8_t *word, uint32_t octet_count,
                                        uint32_t payload_octets)
{
    if (word[0] & FIRST_NIBBLE)
        return SATOP_NOT_DATA;
    if (word[1] & FRG)
        return SATOP_FRAGMENT;
    if (!len_agrees(word[1] & LEN, octet_count))
        return SATOP_WRONG_LEN;
    bool omitted = payload_octets == 0 && word[0] & BIT_L;
    return omitted || payload_octets == options->payload_octets ? SATOP_VALID : SATOP_WRONG_SIZE;
}

static uint32_t header_octets(const satop_options *options)
{
    return (options->rtp ? SATOP_RTP_HEADER_OCTETS : 0) + SATOP_CONTROL_WORD_OCTETS;
}

satop_verdict satop_parse(const satop_options *options, const uint8_t *octets, uint32_t octet_count,
                          satop_packet *packet)
{
    uint32_t header = header_octets(options);
    if (octet_count < header)
        return SATOP_SHORT;
    satop_verdict verdict = options->rtp ? rtp_judge(options, octets) : SATOP_VALID;
    const uint8_t *word = octets + header - SATOP_CONTROL_WORD_OCTETS;
    if (verdict == SATOP_VALID)
        verdict = control_word_judge(options, word, octet_count, octet_count - header);
    if (verdict != SATOP_VALID)
        return verdict;
    *packet = (satop_packet){
        .payload = octet_count > header ? octets + header : NULL,
        .timestamp = options->rtp ? get_32(octets + 4) : 0,
        .sequence = get_16(word + 2),
        .local_defect = word[0] & BIT_L,
        .remote_defect = word[0] & BIT_R,
    };
    return SATOP_VALID;
}

satop_packetiser *satop_packetiser_new(const satop_options *options)
{
    satop_packetiser *packetiser = calloc(1, sizeof *packetiser);
    if (!packetiser)
        return NULL;
    packetiser->options = *options;
    packetiser->sequence = options->first_sequence;
    packetiser->timestamp = options->first_timestamp;
    return packetiser;
}

void satop_packetiser_free(satop_packetiser *packetiser)
{
    free(packetiser);
}

void satop_packetiser_set_local_defect(satop_packetiser *packetiser, bool defect)
{
    packetiser->local_defect = defect;
}

void satop_packetiser_set_remote_defect(satop_packetiser *packetiser, bool defect)
{
    packetiser->remote_defect = defect;
}

/* The line's octets of a packet are done with: the next packet's begin. */
static void packetiser_advance(satop_packetiser *packetiser)
{
    uint32_t octets = packetiser->options.payload_octets;
    packetiser->fill -= octets;
    memmove(packetiser->line, packetiser->line + octets, packetiser->fill);
    packetiser->sequence++;
    packetiser->timestamp += (uint32_t)((uint64_t)octets * packetiser->options.timestamp_hz / LINE_OCTETS_PER_S);
}

void satop_packetiser_put(satop_packetiser *packetiser, const uint8_t *octets, uint32_t octet_count)
{
    /* Packets left untaken are lost, sequence number and all, rather than the buffer overrun. */
    while (packetiser->fill >= packetiser->options.payload_octets)
        packetiser_advance(packetiser);
    memcpy(packetiser->line + packetiser->fill, octets, octet_count);
    packetiser->fill += octet_count;
}

static void rtp_write(const satop_packetiser *packetiser, uint8_t *rtp)
{
    rtp[0] = RTP_FIRST_OCTET;
    rtp[1] = packetiser->options.payload_type;
    put_16(rtp + 2, packetiser->sequence);
    put_32(rtp + 4, packetiser->timestamp);
    put_32(rtp + 8, packetiser->options.ssrc);
}

static void control_word_write(const satop_packetiser *packetiser, uint8_t *word, uint32_t packet_octets)
{
    word[0] = (uint8_t)((packetiser->local_defect ? BIT_L : 0) | (packetiser->remote_defect ? BIT_R : 0));
    word[1] = (uint8_t)(packet_octets < LEN_LIMIT ? packet_octets : 0);
    put_16(word + 2, packetiser->sequence);
}

uint32_t satop_packetiser_take(satop_packetiser *packetiser, uint8_t *packet)
{
    const satop_options *options = &packetiser->options;
    if (packetiser->fill < options->payload_octets)
        return 0;
    uint32_t header = header_octets(options);
    uint32_t payload = packetiser->local_defect && options->omit_invalid_payload ? 0 : options->payload_octets;
    if (options->rtp)
        rtp_write(packetiser, packet);
    control_word_write(packetiser, packet + header - SATOP_CONTROL_WORD_OCTETS, header + payload);
    memcpy(packet + header, packetiser->line, payload);
    packetiser_advance(packetiser);
    return header + payload;
}
