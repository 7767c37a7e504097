/* A port: where a span's line bits come from and go to. One table of operations per back end. */
#ifndef TRUNKSHELF_PORT_H
#define TRUNKSHELF_PORT_H

#include <stdint.h>

typedef struct port port;

typedef struct {
    /* Fills `bits` with the next millisecond of line (at most 320 octets) and returns how many bits there are. */
    unsigned (*receive)(port *port, uint8_t *bits);
    /* Sends a millisecond: 256 octets. */
    void (*transmit)(port *port, const uint8_t *bits);
    void (*free)(port *port);
} port_operations;

/* Back ends put this first in their own struct. */
struct port {
    const port_operations *operations;
};

enum { PORT_RECEIVE_OCTETS = 320 };

#endif
