/* SAToP packets (RFC 4553): E1 bits to packets and packets taken apart. Knows no socket and no clock. */
#ifndef TRUNKSHELF_SATOP_H
#define TRUNKSHELF_SATOP_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SATOP_CONTROL_WORD_OCTETS = 4,    /* RFC 4553 4.3.1 */
    SATOP_RTP_HEADER_OCTETS = 12,     /* RFC 3550 5.1, fixed header; over UDP it precedes the control word */
    SATOP_PAYLOAD_OCTETS_MAX = 1024,  /* 4 ms of an E1 */
    SATOP_PACKET_OCTETS_MAX = 1040,
    SATOP_TIMESTAMP_HZ_UNIT = 8000,   /* timestamp clocks are its multiples; itself always supported (4.3.2) */
};

/* What both ends of a pseudowire agree upon beforehand (RFC 4553 5.1 and 4.3.2), and how we play what arrives. */
typedef struct {
    uint32_t payload_octets;   /* 64 to 1024, a multiple of 64; 256 (1 ms) is the E1's default (RFC 4553 5.1) */
    uint32_t depth_ms;         /* line time gathered before play-out begins: 1 to 256; the buffer holds twice that */
    uint32_t loss_packets;     /* missing in succession: packet loss state (RFC 5604 pwTDMCfgConsecMissPktsOutSynch) */
    uint32_t recovery_packets; /* played in succession: left again (RFC 5604 pwTDMCfgConsecPktsInSynch) */
    uint32_t timestamp_hz;     /* clock of the RTP timestamps */
    uint32_t first_timestamp;  /* random, by RFC 3550 5.1 */
    uint32_t ssrc;             /* ours */
    uint32_t peer_ssrc;        /* packets with another are strays, if peer_ssrc_known */
    uint16_t first_sequence;   /* random, by RFC 3550 5.1 */
    uint8_t payload_type;      /* RTP: a dynamic one, 96 to 127 */
    bool rtp;                  /* packets carry an RTP header, both ways */
    bool peer_ssrc_known;
    bool omit_invalid_payload; /* L set: send no payload, to save bandwidth (RFC 4553 4.3.1) */
} satop_options;

satop_options satop_options_default(void);

/* What is wrong with the options, in words; NULL if nothing is. */
const char *satop_options_fault(const satop_options *options);

typedef enum {
    SATOP_VALID = 0,
    SATOP_SHORT = 1,              /* no room for the headers */
    SATOP_BAD_RTP = 2,            /* version not 2, or padding, extension or contributing sources (RFC 4553 4.3.2) */
    SATOP_WRONG_PAYLOAD_TYPE = 3,
    SATOP_SEQUENCES_DIFFER = 4,   /* RTP header's and control word's (RFC 4553 4.3.2) */
    SATOP_STRAY = 5,              /* another SSRC: not of this pseudowire (RFC 4553 6.3) */
    SATOP_NOT_DATA = 6,           /* bits 0-3 are not 0: an associated channel's packet (RFC 4385 3) */
    SATOP_FRAGMENT = 7,           /* FRG is not 0: SAToP does not fragment */
    SATOP_WRONG_LEN = 8,          /* LEN differs from the size, or is there at 64 octets and more (RFC 4553 4.3.1) */
    SATOP_WRONG_SIZE = 9,         /* the payload is not as long as agreed (RFC 4553 6.3) */
    SATOP_VERDICTS = 10,
} satop_verdict;

typedef struct {
    const uint8_t *payload; /* into the parsed octets; NULL when omitted */
    uint32_t timestamp;     /* 0 without RTP */
    uint16_t sequence;
    bool local_defect;      /* L: the payload is invalid, play all ones */
    bool remote_defect;     /* R: the far end is in packet loss state */
} satop_packet;

/* Takes a packet apart; *packet is set only when it is valid. */
satop_verdict satop_parse(const satop_options *options, const uint8_t *octets, uint32_t octet_count,
                          satop_packet *packet);

typedef struct satop_packetiser satop_packetiser;

/* Options without fault; NULL without memory. */
satop_packetiser *satop_packetiser_new(const satop_options *options);
void satop_packetiser_free(satop_packetiser *packetiser);

/* L and R of the packets made from now on. */
void satop_packetiser_set_local_defect(satop_packetiser *packetiser, bool defect);
void satop_packetiser_set_remote_defect(satop_packetiser *packetiser, bool defect);

/*
 * Adds a block of the line, as long as it is (0 to LINE_BLOCK_BITS_MAX / 8 octets). Before the next, take all packets.
 * RTP timestamps count the line's own bits (absolute mode, RFC 4553 4.3.2).
 */
void satop_packetiser_put(satop_packetiser *packetiser, const uint8_t *octets, uint32_t octet_count);

/* Makes the next packet (at most SATOP_PACKET_OCTETS_MAX octets) and returns its size, or 0: more line is wanted. */
uint32_t satop_packetiser_take(satop_packetiser *packetiser, uint8_t *packet);

#endif
