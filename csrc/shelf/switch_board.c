/* A switch board's connection memory: for every timeslot it sends, the bus word it is taken from. */
#include "shelf/switch_board.h"

#include <stdlib.h>

#include "e1/timeslot_switch.h"
#include "shelf/shelf_internal.h"

struct switch_board {
    element element;
    unsigned ports;                   /* port p sends stream element.stream + p */
    unsigned attached[SWITCH_PORTS_MAX];
    int32_t *from;                    /* by output word: port * 32 + timeslot it is connected from, or ~octet */
    uint32_t *source;                 /* the same as a word of the bus: stream * 32 + timeslot */
};

static void switch_run(element *element, const stream_block *bus, stream_block *next)
{
    switch_board *board = (switch_board *)element;
    /* The bus is allocated in whole words. */
    timeslot_switch_block((const uint64_t *)bus, board->source, (uint64_t *)(next + board->element.stream),
                          board->ports * FRAME_TIMESLOTS);
}

static void switch_free(element *element)
{
    switch_board *board = (switch_board *)element;
    free(board->from);
    free(board->source);
    free(board);
}

static const element_operations operations = {switch_run, switch_free};

/* Constant octets are the first 256 words of the bus, by value. */
static void source_find(switch_board *board, unsigned word)
{
    int32_t from = board->from[word];
    board->source[word] = from < 0 ? (uint32_t)~from
                                   : board->attached[from / FRAME_TIMESLOTS] * FRAME_TIMESLOTS +
                                         (uint32_t)from % FRAME_TIMESLOTS;
}

static void disconnect_all(switch_board *board)
{
    for (unsigned port = 0; port < board->ports; port++)
        board->attached[port] = SHELF_IDLE_STREAM;
    for (unsigned word = 0; word < board->ports * FRAME_TIMESLOTS; word++) {
        board->from[word] = ~SHELF_IDLE_CODE;
        source_find(board, word);
    }
}

switch_board *shelf_add_switch_board(shelf *shelf, unsigned ports)
{
    if (ports == 0 || ports > SWITCH_PORTS_MAX)
        return NULL;
    switch_board *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->ports = ports;
    made->from = malloc(ports * FRAME_TIMESLOTS * sizeof *made->from);
    made->source = malloc(ports * FRAME_TIMESLOTS * sizeof *made->source);
    if (made->from && made->source)
        disconnect_all(made);
    if (!made->from || !made->source || shelf_adopt(shelf, &made->element, &operations, ports)) {
        switch_free(&made->element);
        return NULL;
    }
    return made;
}

int switch_board_stream(const switch_board *board, unsigned port)
{
    return port < board->ports ? (int)(board->element.stream + port) : ENGINE_BAD_PORT;
}

int switch_board_attach(switch_board *board, unsigned port, unsigned stream)
{
    shelf *shelf = board->element.shelf;
    if (port >= board->ports)
        return ENGINE_BAD_PORT;
    shelf_lock(shelf);
    bool valid = shelf_has_stream(shelf, stream);
    if (valid) {
        board->attached[port] = stream;
        for (unsigned word = 0; word < board->ports * FRAME_TIMESLOTS; word++)
            source_find(board, word);
    }
    shelf_unlock(shelf);
    return valid ? ENGINE_OK : ENGINE_BAD_STREAM;
}

static int from_set(switch_board *board, unsigned port, unsigned timeslot, int32_t from)
{
    if (port >= board->ports)
        return ENGINE_BAD_PORT;
    if (timeslot >= FRAME_TIMESLOTS)
        return ENGINE_BAD_TIMESLOT;
    shelf_lock(board->element.shelf);
    board->from[port * FRAME_TIMESLOTS + timeslot] = from;
    source_find(board, port * FRAME_TIMESLOTS + timeslot);
    shelf_unlock(board->element.shelf);
    return ENGINE_OK;
}

int switch_board_connect(switch_board *board, unsigned from_port, unsigned from_timeslot, unsigned to_port,
                         unsigned to_timeslot)
{
    if (from_port >= board->ports)
        return ENGINE_BAD_PORT;
    if (from_timeslot >= FRAME_TIMESLOTS)
        return ENGINE_BAD_TIMESLOT;
    return from_set(board, to_port, to_timeslot, (int32_t)(from_port * FRAME_TIMESLOTS + from_timeslot));
}

int switch_board_send_code(switch_board *board, unsigned to_port, unsigned to_timeslot, unsigned octet)
{
    if (octet > 0xFF)
        return ENGINE_BAD_VALUE;
    return from_set(board, to_port, to_timeslot, ~(int32_t)octet);
}
