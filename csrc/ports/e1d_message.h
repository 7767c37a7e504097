/* Messages of osmo-e1d's control socket: requests are encoded, what the daemon sends is checked and taken apart. */
#ifndef TRUNKSHELF_E1D_MESSAGE_H
#define TRUNKSHELF_E1D_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

/* Names in brackets are those of osmo-e1d's public header include/osmocom/e1d/proto.h. */
enum {
    E1D_MAGIC = 0x01E1,           /* version 1 of the protocol [E1DP_MAGIC] */
    E1D_HEADER_OCTETS = 8,        /* u16 magic, u16 length of all, u8 type, interface, line, timeslot; native endian */
    E1D_MESSAGE_OCTETS_MAX = 4096,
    E1D_REQUEST_OCTETS_MAX = 12,  /* the longest request: open a timeslot */
    E1D_UNSET = 0xFF,             /* interface, line or timeslot not meant */
    E1D_SUPERCHANNEL = 0xFE,      /* as a timeslot: timeslots 1-31 as one stream */
    E1D_HDLC_OCTETS_MAX = 262,    /* longer HDLC frames never arrive: the daemon's buffer of 264 includes the FCS */
};

typedef enum {
    E1D_QUERY_INTERFACES = 0,
    E1D_QUERY_LINES = 1,
    E1D_QUERY_TIMESLOTS = 2, /* all of a line: asked for timeslot 31 alone the daemon answers with nothing */
    E1D_SET_LINE_MODE = 3,
    E1D_OPEN_TIMESLOT = 4,
    E1D_SET_SA_BITS = 5,
} e1d_command;

/* The upper two bits of a type; the others are the command answered, the error, or the event. */
typedef enum {
    E1D_EVENT = 0x40,
    E1D_RESPONSE = 0x80,
    E1D_ERROR = 0xC0,
} e1d_kind;

typedef enum {
    E1D_LOS_ON = 0x40,
    E1D_LOS_OFF,
    E1D_AIS_ON,
    E1D_AIS_OFF,
    E1D_RAI_ON,
    E1D_RAI_OFF,
    E1D_LOF_ON,
    E1D_LOF_OFF,
    E1D_SA_BITS = 0x7F,
} e1d_event;

typedef enum {
    E1D_LINE_CHANNELISED = 0x20,
    E1D_LINE_SUPERCHANNEL = 0x21,
} e1d_line_mode;

typedef enum {
    E1D_TIMESLOT_OFF = 0,
    E1D_TIMESLOT_RAW = 0x10,  /* a stream socket of octets */
    E1D_TIMESLOT_HDLC = 0x11, /* a socket of packets: frames without their FCS */
} e1d_timeslot_mode;

enum {
    E1D_OPEN_FORCE = 0x80, /* take the timeslot from whoever has it */
};

/* A message the daemon sent, `body` pointing into the octets it was parsed from. */
typedef struct {
    uint8_t type;
    uint8_t interface, line, timeslot; /* of events; responses leave them at 0 */
    const uint8_t *body;
    uint32_t body_octets;
} e1d_message;

typedef struct {
    uint8_t id, lines;
} e1d_interface_info;

typedef struct {
    uint8_t id, mode, status;
} e1d_line_info;

typedef struct {
    uint8_t id, mode, flags;
    uint16_t buffer_octets;
    uint8_t status;
} e1d_timeslot_info;

/*
 * Takes one packet of the socket apart. 0, or -1 for one that is not whole and valid: bad magic, a length other than
 * that of the packet, a request, a response or event whose body is not of its type's size. Events that are not
 * known are valid whatever they carry.
 */
int e1d_message_parse(const uint8_t *octets, uint32_t count, e1d_message *message);

/* Entries in the body of a response to a query, a line mode or an open: 0 is how the daemon refuses. */
unsigned e1d_message_entries(const e1d_message *message);

/* Entry `index` of a parsed response to the query named. 0, or -1 where there is no such entry. */
int e1d_message_interface(const e1d_message *message, unsigned index, e1d_interface_info *info);
int e1d_message_line(const e1d_message *message, unsigned index, e1d_line_info *info);         /* and of a line mode */
int e1d_message_timeslot(const e1d_message *message, unsigned index, e1d_timeslot_info *info); /* and of an open */

/* Requests. Each writes at most E1D_REQUEST_OCTETS_MAX octets and returns how many. */
unsigned e1d_encode_query_interfaces(uint8_t *octets);
unsigned e1d_encode_query_lines(uint8_t *octets, uint8_t interface);
unsigned e1d_encode_query_timeslots(uint8_t *octets, uint8_t interface, uint8_t line);
unsigned e1d_encode_set_line_mode(uint8_t *octets, uint8_t interface, uint8_t line, uint8_t mode);
unsigned e1d_encode_open_timeslot(uint8_t *octets, uint8_t interface, uint8_t line, const e1d_timeslot_info *info);
unsigned e1d_encode_set_sa_bits(uint8_t *octets, uint8_t interface, uint8_t line, unsigned sa_bits);

/* Sa4-Sa8, Sa4 most significant of five, and the octet the protocol carries them in. */
unsigned e1d_sa_bits_of_octet(uint8_t octet);
uint8_t e1d_octet_of_sa_bits(unsigned sa_bits);

#endif
