/* Layouts of osmo-e1d's control messages. Nothing is read before its length has been checked. */
#include "ports/e1d_message.h"

#include <string.h>

enum {
    KIND_MASK = 0xC0,
    COMMANDS = 6,
    EVENTS_WITHOUT_BODY = 8,
    TIMESLOTS = 32,
};

typedef struct {
    uint16_t entry_octets; /* 0: no body */
    uint16_t entries_max;
} body_size;

/* A response may hold no entry at all: nothing of that kind is there, or the daemon refuses. */
static const body_size response_sizes[COMMANDS] = {
    [E1D_QUERY_INTERFACES] = {2, 256},
    [E1D_QUERY_LINES] = {3, 256},
    [E1D_QUERY_TIMESLOTS] = {6, TIMESLOTS},
    [E1D_SET_LINE_MODE] = {3, 1},
    [E1D_OPEN_TIMESLOT] = {6, 1},
    [E1D_SET_SA_BITS] = {0, 0},
};

static uint16_t read_u16(const uint8_t *octets)
{
    uint16_t value;
    memcpy(&value, octets, sizeof value);
    return value;
}

static void write_u16(uint8_t *octets, uint16_t value)
{
    memcpy(octets, &value, sizeof value);
}

static bool response_fits(unsigned command, uint32_t octets)
{
    if (command >= COMMANDS)
        return false;
    body_size size = response_sizes[command];
    if (size.entry_octets == 0)
        return octets == 0;
    return octets % size.entry_octets == 0 && octets / size.entry_octets <= size.entries_max;
}

static bool event_fits(uint8_t type, uint32_t octets)
{
    if (type < E1D_EVENT + EVENTS_WITHOUT_BODY)
        return octets == 0;
    return type != E1D_SA_BITS || octets == 1;
}

static bool body_fits(uint8_t type, uint32_t octets)
{
    switch (type & KIND_MASK) {
    case E1D_EVENT:
        return event_fits(type, octets);
    case E1D_RESPONSE:
        return response_fits(type & ~KIND_MASK, octets);
    case E1D_ERROR:
        return octets == 0;
    default:
        return false;
    }
}

int e1d_message_parse(const uint8_t *octets, uint32_t count, e1d_message *message)
{
    if (count < E1D_HEADER_OCTETS || count > E1D_MESSAGE_OCTETS_MAX)
        return -1;
    if (read_u16(octets) != E1D_MAGIC || read_u16(octets + 2) != count)
        return -1;
    *message = (e1d_message){octets[4], octets[5], octets[6], octets[7], octets + E1D_HEADER_OCTETS,
                             count - E1D_HEADER_OCTETS};
    return body_fits(message->type, message->body_octets) ? 0 : -1;
}

/* The entry's octets if the response answers one of two commands and has so many entries. */
static const uint8_t *entry(const e1d_message *message, unsigned command, unsigned or_command, unsigned index)
{
    bool answers = message->type == (E1D_RESPONSE | command) || message->type == (E1D_RESPONSE | or_command);
    if (!answers || index >= e1d_message_entries(message))
        return NULL;
    return message->body + index * response_sizes[command].entry_octets;
}

unsigned e1d_message_entries(const e1d_message *message)
{
    unsigned command = message->type & ~KIND_MASK;
    if ((message->type & KIND_MASK) != E1D_RESPONSE || command >= COMMANDS)
        return 0;
    unsigned octets = response_sizes[command].entry_octets;
    return octets ? message->body_octets / octets : 0;
}

int e1d_message_interface(const e1d_message *message, unsigned index, e1d_interface_info *info)
{
    const uint8_t *octets = entry(message, E1D_QUERY_INTERFACES, E1D_QUERY_INTERFACES, index);
    if (!octets)
        return -1;
    *info = (e1d_interface_info){.id = octets[0], .lines = octets[1]};
    return 0;
}

int e1d_message_line(const e1d_message *message, unsigned index, e1d_line_info *info)
{
    const uint8_t *octets = entry(message, E1D_QUERY_LINES, E1D_SET_LINE_MODE, index);
    if (!octets)
        return -1;
    *info = (e1d_line_info){.id = octets[0], .mode = octets[1], .status = octets[2]};
    return 0;
}

int e1d_message_timeslot(const e1d_message *message, unsigned index, e1d_timeslot_info *info)
{
    const uint8_t *octets = entry(message, E1D_QUERY_TIMESLOTS, E1D_OPEN_TIMESLOT, index);
    if (!octets)
        return -1;
    *info = (e1d_timeslot_info){octets[0], octets[1], octets[2], read_u16(octets + 3), octets[5]};
    return 0;
}

static unsigned encode(uint8_t *octets, e1d_command command, uint8_t interface, uint8_t line, uint8_t timeslot,
                       unsigned body_octets)
{
    unsigned count = E1D_HEADER_OCTETS + body_octets;
    write_u16(octets, E1D_MAGIC);
    write_u16(octets + 2, (uint16_t)count);
    octets[4] = (uint8_t)command;
    octets[5] = interface;
    octets[6] = line;
    octets[7] = timeslot;
    return count;
}

unsigned e1d_encode_query_interfaces(uint8_t *octets)
{
    return encode(octets, E1D_QUERY_INTERFACES, E1D_UNSET, E1D_UNSET, E1D_UNSET, 0);
}

unsigned e1d_encode_query_lines(uint8_t *octets, uint8_t interface)
{
    return encode(octets, E1D_QUERY_LINES, interface, E1D_UNSET, E1D_UNSET, 0);
}

unsigned e1d_encode_query_timeslots(uint8_t *octets, uint8_t interface, uint8_t line)
{
    return encode(octets, E1D_QUERY_TIMESLOTS, interface, line, E1D_UNSET, 0);
}

unsigned e1d_encode_set_line_mode(uint8_t *octets, uint8_t interface, uint8_t line, uint8_t mode)
{
    octets[E1D_HEADER_OCTETS] = mode;
    return encode(octets, E1D_SET_LINE_MODE, interface, line, E1D_UNSET, 1);
}

unsigned e1d_encode_open_timeslot(uint8_t *octets, uint8_t interface, uint8_t line, const e1d_timeslot_info *info)
{
    octets[E1D_HEADER_OCTETS] = info->mode;
    octets[E1D_HEADER_OCTETS + 1] = info->flags;
    write_u16(octets + E1D_HEADER_OCTETS + 2, info->buffer_octets);
    return encode(octets, E1D_OPEN_TIMESLOT, interface, line, info->id, 4);
}

unsigned e1d_encode_set_sa_bits(uint8_t *octets, uint8_t interface, uint8_t line, unsigned sa_bits)
{
    octets[E1D_HEADER_OCTETS] = e1d_octet_of_sa_bits(sa_bits);
    return encode(octets, E1D_SET_SA_BITS, interface, line, E1D_UNSET, 1);
}

/* Where the octet carries Sa4, Sa5, Sa6, Sa7 and Sa8 (osmo-e1d src/mux_demux.c). */
static const uint8_t sa_places[5] = {4, 5, 0, 6, 7};

unsigned e1d_sa_bits_of_octet(uint8_t octet)
{
    unsigned sa_bits = 0;
    for (unsigned k = 0; k < 5; k++)
        sa_bits = sa_bits << 1 | (octet >> sa_places[k] & 1);
    return sa_bits;
}

uint8_t e1d_octet_of_sa_bits(unsigned sa_bits)
{
    unsigned octet = 0;
    for (unsigned k = 0; k < 5; k++)
        octet |= (sa_bits >> (4 - k) & 1) << sa_places[k];
    return (uint8_t)octet;
}
