/* The `satop:` back end: a span's line over UDP to another TDM gateway (RFC 4553), IPv4 or IPv6. */
#ifndef TRUNKSHELF_SATOP_PORT_H
#define TRUNKSHELF_SATOP_PORT_H

#include "ports/port.h"
#include "ports/satop.h"
#include "ports/satop_jitter_buffer.h"

enum {
    SATOP_UDP_PORT = 2142, /* 0x085E (RFC 4553 4.2) */
    SATOP_ERROR_OCTETS = 200,
};

typedef struct {
    satop_options pseudowire;
    const char *remote_host; /* a name or an address; packets from elsewhere are not heard */
    const char *local_host;  /* NULL: every address of this machine */
    uint16_t remote_port;
    uint16_t local_port;     /* 0: one that is free */
    uint32_t dead_peer_ms;   /* without a valid packet for so long: PORT_SIGNAL_LOST */
} satop_port_options;

typedef struct {
    satop_jitter_status received;
    uint64_t packets_sent;
    uint64_t packets_unsent;    /* the socket had no room, or refused */
    uint64_t peer_unreachable;  /* ICMP said so: port, host or network */
    uint64_t socket_errors;     /* others */
} satop_port_statistics;

/* Pseudowire options by default; hosts and ports are the caller's. */
satop_port_options satop_port_options_default(void);

/*
 * Opens the socket (names are looked up here, which may take time); NULL with one line of what was wrong in `error`.
 * What is sent carries R while we are in packet loss state, and never L (RFC 4553 4.3.1): the span frames it itself.
 */
port *satop_port_open(const satop_port_options *options, char error[SATOP_ERROR_OCTETS]);

/* The UDP port it is bound to. */
uint16_t satop_port_local_port(const port *port);

void satop_port_read_statistics(port *port, satop_port_statistics *statistics);

/* True if the port is one of these. */
bool satop_port_is(const port *port);

#endif
