/* Fuzzes the parser of osmo-e1d's messages: whatever a packet holds, nothing beyond it is read. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ports/e1d_message.h"

/* The reads themselves are the test; a sum keeps them from being optimised away. */
static unsigned read_all(const e1d_message *message)
{
    e1d_interface_info interface;
    e1d_line_info line;
    e1d_timeslot_info timeslot;
    unsigned sum = 0, entries = e1d_message_entries(message);
    for (unsigned k = 0; k <= entries; k++) {
        unsigned readable = 0;
        if (e1d_message_interface(message, k, &interface) == 0)
            readable++, sum += interface.id + interface.lines;
        if (e1d_message_line(message, k, &line) == 0)
            readable++, sum += line.id + line.mode + line.status;
        if (e1d_message_timeslot(message, k, &timeslot) == 0)
            readable++, sum += timeslot.id + timeslot.buffer_octets + timeslot.status;
        if (readable != (k < entries))
            abort();
    }
    if (message->type == E1D_SA_BITS)
        sum += e1d_sa_bits_of_octet(message->body[0]);
    for (uint32_t k = 0; k < message->body_octets; k++)
        sum += message->body[k];
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t count)
{
    static volatile unsigned sink;
    e1d_message message;
    /* A copy of exactly this size: the fuzzer's own buffer may be longer. */
    uint8_t *packet = malloc(count ? count : 1);
    if (!packet)
        return 0;
    memcpy(packet, octets, count);
    if (e1d_message_parse(packet, (uint32_t)count, &message) == 0)
        sink += read_all(&message);
    free(packet);
    return 0;
}
