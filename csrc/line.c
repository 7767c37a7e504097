/* Two joined ports. A direction is a queue of bits that starts out holding `delay_bits` ones (no signal). */
#include "line.h"

#include <stdlib.h>
#include <string.h>

#include "block.h"

typedef struct {
    unsigned delay_bits;
    unsigned holders; /* ends that still use it */
    uint8_t octets[]; /* the queue: delay_bits waiting, then the block being sent */
} direction;

typedef struct {
    port port;
    direction *send, *receive;
} line_end;

static size_t queue_octets(unsigned delay_bits)
{
    return delay_bits / 8 + 1 + LINE_BLOCK_OCTETS + 1;
}

static direction *direction_new(unsigned delay_bits)
{
    direction *way = malloc(sizeof *way + queue_octets(delay_bits));
    if (!way)
        return NULL;
    way->delay_bits = delay_bits;
    way->holders = 2;
    memset(way->octets, 0xFF, queue_octets(delay_bits));
    return way;
}

static void direction_release(direction *way)
{
    if (way && --way->holders == 0)
        free(way);
}

static unsigned line_receive(port *port, uint8_t *bits)
{
    direction *way = ((line_end *)port)->receive;
    memcpy(bits, way->octets, LINE_BLOCK_OCTETS);
    memmove(way->octets, way->octets + LINE_BLOCK_OCTETS, way->delay_bits / 8 + 1);
    return BLOCK_BITS;
}

static void line_transmit(port *port, const uint8_t *bits)
{
    direction *way = ((line_end *)port)->send;
    uint8_t *to = way->octets + way->delay_bits / 8;
    unsigned shift = way->delay_bits % 8;
    to[0] &= (uint8_t)(0xFF00 >> shift);
    for (unsigned k = 0; k < LINE_BLOCK_OCTETS; k++) {
        to[k] = (uint8_t)((shift ? to[k] : 0) | bits[k] >> shift);
        to[k + 1] = (uint8_t)(bits[k] << (8 - shift));
    }
}

static void line_free(port *port)
{
    line_end *end = (line_end *)port;
    direction_release(end->send);
    direction_release(end->receive);
    free(end);
}

static const port_operations operations = {line_receive, line_transmit, line_free};

int line_new(unsigned delay_bits_a_to_b, unsigned delay_bits_b_to_a, port **end_a, port **end_b)
{
    line_end *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    direction *forward = direction_new(delay_bits_a_to_b), *backward = direction_new(delay_bits_b_to_a);
    if (!a || !b || !forward || !backward) {
        free(a);
        free(b);
        free(forward);
        free(backward);
        return -1;
    }
    *a = (line_end){{&operations}, forward, backward};
    *b = (line_end){{&operations}, backward, forward};
    *end_a = &a->port;
    *end_b = &b->port;
    return 0;
}
