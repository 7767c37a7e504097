/* A switch board: any timeslot of its ports to any other, through one connection memory. */
#ifndef TRUNKSHELF_SWITCH_BOARD_H
#define TRUNKSHELF_SWITCH_BOARD_H

#include "shelf/shelf.h"

typedef struct switch_board switch_board;

enum { SWITCH_PORTS_MAX = 128 };

/* Adds a switch with so many ports, every output sending the idle code. NULL without memory or streams. */
switch_board *shelf_add_switch_board(shelf *shelf, unsigned ports);

/* The stream a port sends. */
int switch_board_stream(const switch_board *board, unsigned port);

/* The stream a port receives; connections from the port follow. */
int switch_board_attach(switch_board *board, unsigned port, unsigned stream);

/* Sends what comes in on a timeslot of one port out on a timeslot of another, from the next block on. One way. */
int switch_board_connect(switch_board *board, unsigned from_port, unsigned from_timeslot, unsigned to_port,
                         unsigned to_timeslot);

/* Sends a constant octet there instead: the idle code, or a test code. */
int switch_board_send_code(switch_board *board, unsigned to_port, unsigned to_timeslot, unsigned octet);

#endif
