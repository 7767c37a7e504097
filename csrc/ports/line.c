/* Two joined ports. A direction is a queue of line bits that starts out holding `delay_bits` spaces (no signal). */
#include "ports/line.h"

#include <stdlib.h>
#include <string.h>

#include "base/block.h"

typedef struct {
    unsigned delay_bits;
    unsigned holders;   /* ends that still use it */
    uint8_t *planes[2]; /* the queue of each plane: delay_bits waiting, then the block being sent */
} direction;

typedef struct {
    port port;
    direction *send, *receive;
} line_end;

static size_t queue_octets(unsigned delay_bits)
{
    return delay_bits / 8 + 1 + LINE_BLOCK_OCTETS + 1;
}

static void direction_release(direction *way)
{
    if (!way || --way->holders)
        return;
    free(way->planes[0]);
    free(way->planes[1]);
    free(way);
}

static direction *direction_new(unsigned delay_bits)
{
    direction *way = calloc(1, sizeof *way);
    if (!way)
        return NULL;
    way->delay_bits = delay_bits;
    way->holders = 1;
    for (unsigned plane = 0; plane < 2; plane++)
        way->planes[plane] = calloc(1, queue_octets(delay_bits));
    if (way->planes[0] && way->planes[1])
        return way;
    direction_release(way);
    return NULL;
}

static void plane_receive(const direction *way, unsigned plane, uint8_t *bits)
{
    uint8_t *queue = way->planes[plane];
    memcpy(bits, queue, LINE_BLOCK_OCTETS);
    memmove(queue, queue + LINE_BLOCK_OCTETS, way->delay_bits / 8 + 1);
}

static void line_receive(port *port, line_block *block)
{
    const direction *way = ((line_end *)port)->receive;
    plane_receive(way, 0, block->positive);
    plane_receive(way, 1, block->negative);
    block->bit_count = BLOCK_BITS;
}

static unsigned line_blocks_wanted(port *port)
{
    (void)port;
    return 1;
}

static void plane_transmit(const direction *way, unsigned plane, const uint8_t *bits)
{
    uint8_t *to = way->planes[plane] + way->delay_bits / 8;
    unsigned shift = way->delay_bits % 8;
    to[0] &= (uint8_t)(0xFF00 >> shift);
    for (unsigned k = 0; k < LINE_BLOCK_OCTETS; k++) {
        to[k] = (uint8_t)((shift ? to[k] : 0) | bits[k] >> shift);
        to[k + 1] = (uint8_t)(bits[k] << (8 - shift));
    }
}

static void line_transmit(port *port, const line_block *block)
{
    const direction *way = ((line_end *)port)->send;
    plane_transmit(way, 0, block->positive);
    plane_transmit(way, 1, block->negative);
}

static void line_read_status(port *port, port_status *status)
{
    (void)port;
    *status = (port_status){0};
}

static void line_free(port *port)
{
    line_end *end = (line_end *)port;
    direction_release(end->send);
    direction_release(end->receive);
    free(end);
}

static const port_operations operations = {
    .kind = PORT_LINE,
    .receive = line_receive,
    .blocks_wanted = line_blocks_wanted,
    .transmit = line_transmit,
    .read_status = line_read_status,
    .free = line_free,
};

int line_new(unsigned delay_bits_a_to_b, unsigned delay_bits_b_to_a, port **end_a, port **end_b)
{
    line_end *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    direction *forward = direction_new(delay_bits_a_to_b), *backward = direction_new(delay_bits_b_to_a);
    if (!a || !b || !forward || !backward) {
        free(a);
        free(b);
        direction_release(forward);
        direction_release(backward);
        return -1;
    }
    forward->holders = backward->holders = 2;
    *a = (line_end){{&operations}, forward, backward};
    *b = (line_end){{&operations}, backward, forward};
    *end_a = &a->port;
    *end_b = &b->port;
    return 0;
}
