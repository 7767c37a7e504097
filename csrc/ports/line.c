/* Two joined ports: what one sends in one direction the other receives. */
#include "ports/line.h"

#include <stdlib.h>

#include "ports/line_direction_internal.h"

enum {
    DELAY_BITS_MAX = 65535,
    OFFSET_PPB_MAX = 1000000,
};

typedef struct {
    port port;
    line_direction *send, *receive;
} line_end;

static void line_receive(port *port, line_block *block)
{
    line_direction_take(((line_end *)port)->receive, block);
}

static unsigned line_backlog_bits(port *port)
{
    return line_direction_backlog_bits(((line_end *)port)->send);
}

/* Keeps one to two blocks on their way: a line faster or slower than the shelf then takes one more or less. */
static unsigned line_blocks_wanted(port *port)
{
    unsigned backlog_bits = line_backlog_bits(port);
    if (line_direction_one_ended(((line_end *)port)->send))
        return 1;
    return backlog_bits < BLOCK_BITS ? 2 : backlog_bits < 2 * BLOCK_BITS ? 1 : 0;
}

static void line_transmit(port *port, const line_block *block)
{
    line_direction_put(((line_end *)port)->send, block);
}

static void line_read_status(port *port, port_status *status)
{
    bool alone = line_direction_one_ended(((line_end *)port)->receive);
    *status = (port_status){.alarms = alone ? PORT_SIGNAL_LOST : 0};
}

static void line_free(port *port)
{
    line_end *end = (line_end *)port;
    line_direction_release(end->send);
    line_direction_release(end->receive);
    free(end);
}

static const port_operations operations = {
    .kind = PORT_LINE,
    .receive = line_receive,
    .blocks_wanted = line_blocks_wanted,
    .backlog_bits = line_backlog_bits,
    .transmit = line_transmit,
    .read_status = line_read_status,
    .free = line_free,
};

static bool valid(const line_options *options)
{
    return options->delay_bits[0] <= DELAY_BITS_MAX && options->delay_bits[1] <= DELAY_BITS_MAX &&
           options->offset_ppb >= -OFFSET_PPB_MAX && options->offset_ppb <= OFFSET_PPB_MAX;
}

int line_new(const line_options *options, port **end_a, port **end_b)
{
    if (!valid(options))
        return -1;
    line_end *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    line_direction *to_b = line_direction_new(options, 0, -1), *to_a = line_direction_new(options, 1, 1);
    if (!a || !b || !to_b || !to_a) {
        free(a);
        free(b);
        line_direction_release(to_b);
        line_direction_release(to_a);
        return -1;
    }
    line_direction_hold(to_b);
    line_direction_hold(to_a);
    *a = (line_end){{&operations}, to_b, to_a};
    *b = (line_end){{&operations}, to_a, to_b};
    *end_a = &a->port;
    *end_b = &b->port;
    return 0;
}

bool line_is(const port *port)
{
    return port->operations == &operations;
}

int line_impair(port *end, const line_impairments *impairments)
{
    return line_direction_impair(((line_end *)end)->receive, impairments);
}

void line_read_counters(const port *end, line_counters *counters)
{
    *counters = *line_direction_counters(((const line_end *)end)->receive);
}
