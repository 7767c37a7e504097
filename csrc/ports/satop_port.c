/* The `satop:` back end: a connected, non-blocking UDP socket between a packetiser and a jitter buffer. */
#include "ports/satop_port.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ports/satop_pace.h"

enum {
    DATAGRAMS_AT_ONCE = 256,           /* read in a millisecond at most, whatever floods in */
    RECEIVE_BUFFER_OCTETS = 256 * 1024, /* what waits in the socket while the shelf's thread is late */
    DEAD_PEER_MS = 1000,
};

typedef struct {
    port port;
    int socket;
    satop_port_options options;
    satop_packetiser *packetiser;
    satop_jitter_buffer *buffer;
    satop_pace pace;
    satop_port_statistics statistics;
    uint64_t underruns, reconnections;
    uint32_t silent_ms; /* since the last valid packet */
    bool peer_lost;     /* nothing heard for dead_peer_ms, or not yet */
    bool peer_known;    /* it has been heard */
} satop_port;

satop_port_options satop_port_options_default(void)
{
    return (satop_port_options){.pseudowire = satop_options_default(), .dead_peer_ms = DEAD_PEER_MS};
}

/* Asynchronous errors that an ICMP message brought about: the far end is not there, or not yet. */
static bool is_unreachable(int error)
{
    return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH || error == EHOSTDOWN ||
           error == ENOPROTOOPT || error == EACCES;
}

static void error_count(satop_port *made, int error)
{
    if (is_unreachable(error))
        made->statistics.peer_unreachable++;
    else
        made->statistics.socket_errors++;
}

static void peer_heard(satop_port *made)
{
    made->reconnections += made->peer_lost && made->peer_known;
    made->peer_lost = false;
    made->peer_known = true;
    made->silent_ms = 0;
}

/* Takes one datagram, or an error that stood in its place; false: there is no more. */
static bool datagram_receive(satop_port *made)
{
    uint8_t datagram[SATOP_PACKET_OCTETS_MAX + 1]; /* one more, so that too long a datagram is seen to be so */
    ssize_t octets = recv(made->socket, datagram, sizeof datagram, MSG_DONTWAIT);
    if (octets < 0) {
        int error = errno;
        if (error != EAGAIN && error != EINTR)
            error_count(made, error);
        return is_unreachable(error);
    }
    if (satop_jitter_buffer_put(made->buffer, datagram, (uint32_t)octets) == SATOP_VALID)
        peer_heard(made);
    return true;
}

/* Datagrams that find the buffer full wait in the socket: a late thread catches up, and nothing is dropped. */
static void datagrams_receive(satop_port *made)
{
    for (unsigned count = 0; count < DATAGRAMS_AT_ONCE; count++)
        if (satop_jitter_buffer_full(made->buffer) || !datagram_receive(made))
            return;
}

static void silence_note(satop_port *made)
{
    if (made->silent_ms < made->options.dead_peer_ms)
        made->silent_ms++;
    made->peer_lost |= made->silent_ms >= made->options.dead_peer_ms;
}

static void satop_receive(port *port, line_block *block)
{
    satop_port *made = (satop_port *)port;
    silence_note(made);
    datagrams_receive(made);
    uint32_t octets = satop_pace_octets(&made->pace, satop_jitter_buffer_status(made->buffer));
    uint32_t dry = satop_jitter_buffer_take(made->buffer, block->positive, octets);
    memset(block->negative, 0, sizeof block->negative);
    block->bit_count = 8 * octets;
    made->underruns += dry && !made->peer_lost;
}

static unsigned satop_blocks_wanted(port *port)
{
    (void)port;
    return 1;
}

static void datagram_send(satop_port *made, const uint8_t *packet, size_t octets)
{
    ssize_t sent = send(made->socket, packet, octets, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && is_unreachable(errno)) {
        /* It tells of an earlier packet, and this one was not sent. */
        made->statistics.peer_unreachable++;
        sent = send(made->socket, packet, octets, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    if (sent >= 0) {
        made->statistics.packets_sent++;
        return;
    }
    made->statistics.packets_unsent++;
    if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
        error_count(made, errno);
}

static void satop_transmit(port *port, const line_block *block)
{
    satop_port *made = (satop_port *)port;
    uint8_t packet[SATOP_PACKET_OCTETS_MAX];
    uint32_t octets;
    satop_packetiser_set_remote_defect(made->packetiser, satop_jitter_buffer_status(made->buffer)->loss_state);
    satop_packetiser_put(made->packetiser, block->positive, block->bit_count / 8);
    while ((octets = satop_packetiser_take(made->packetiser, packet)))
        datagram_send(made, packet, octets);
}

static uint64_t milliseconds_of(const satop_port *made, uint64_t packets)
{
    return (packets * made->options.pseudowire.payload_octets + LINE_BLOCK_OCTETS - 1) / LINE_BLOCK_OCTETS;
}

static void satop_read_status(port *port, port_status *status)
{
    satop_port *made = (satop_port *)port;
    const satop_jitter_status *received = satop_jitter_buffer_status(made->buffer);
    *status = (port_status){
        .alarms = (made->peer_lost ? PORT_SIGNAL_LOST : 0) | (received->remote_defect ? PORT_REMOTE_ALARM : 0),
        .underruns = made->underruns,
        .overruns = milliseconds_of(made, received->dropped + made->statistics.packets_unsent),
        .reconnections = made->reconnections,
    };
}

static void satop_free(port *port)
{
    satop_port *made = (satop_port *)port;
    if (made->socket >= 0)
        close(made->socket);
    satop_packetiser_free(made->packetiser);
    satop_jitter_buffer_free(made->buffer);
    free(made);
}

static const port_operations operations = {
    .kind = PORT_LINE,
    .real_time = true,
    .receive = satop_receive,
    .blocks_wanted = satop_blocks_wanted,
    .transmit = satop_transmit,
    .read_status = satop_read_status,
    .free = satop_free,
};

/* Says what was wrong with which address; returns NULL. */
static struct addrinfo *address_fail(char *error, const char *host, unsigned udp_port, const char *why)
{
    snprintf(error, SATOP_ERROR_OCTETS, "satop: %.100s port %u: %s", host ? host : "any address", udp_port, why);
    return NULL;
}

static struct addrinfo *address_find(const char *host, uint16_t udp_port, int family, char *error)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM}, *found;
    char service[8];
    snprintf(service, sizeof service, "%u", udp_port);
    hints.ai_flags = AI_NUMERICSERV | (host ? 0 : AI_PASSIVE);
    int result = getaddrinfo(host, service, &hints, &found);
    if (result == 0)
        return found;
    return address_fail(error, host, udp_port, result == EAI_SYSTEM ? strerror(errno) : gai_strerror(result));
}

/* Expedited forwarding, and room for a late thread. Both are wishes: without them the socket works all the same. */
static void socket_tune(int descriptor, int family)
{
    const int expedited = 46 << 2; /* DSCP EF (RFC 3246); RFC 4553 7 asks for low loss and jitter */
    const int room = RECEIVE_BUFFER_OCTETS;
    if (family == AF_INET6)
        setsockopt(descriptor, IPPROTO_IPV6, IPV6_TCLASS, &expedited, sizeof expedited);
    else
        setsockopt(descriptor, IPPROTO_IP, IP_TOS, &expedited, sizeof expedited);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
}

static int socket_bind(const satop_port_options *options, const struct addrinfo *local, char *error)
{
    int descriptor = socket(local->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor >= 0 && bind(descriptor, local->ai_addr, local->ai_addrlen) == 0) {
        socket_tune(descriptor, local->ai_family);
        return descriptor;
    }
    address_fail(error, options->local_host, options->local_port, strerror(errno));
    if (descriptor >= 0)
        close(descriptor);
    return -1;
}

static int socket_connect(const satop_port_options *options, const struct addrinfo *remote, char *error)
{
    struct addrinfo *local = address_find(options->local_host, options->local_port, remote->ai_family, error);
    if (!local)
        return -1;
    int descriptor = socket_bind(options, local, error);
    freeaddrinfo(local);
    /* Connected, it hears its peer only, and is told when ICMP says that the peer is not there. */
    if (descriptor < 0 || connect(descriptor, remote->ai_addr, remote->ai_addrlen) == 0)
        return descriptor;
    address_fail(error, options->remote_host, options->remote_port, strerror(errno));
    close(descriptor);
    return -1;
}

static int socket_open(const satop_port_options *options, char *error)
{
    struct addrinfo *remotes = address_find(options->remote_host, options->remote_port, AF_UNSPEC, error);
    int descriptor = -1;
    for (struct addrinfo *remote = remotes; remote && descriptor < 0; remote = remote->ai_next)
        descriptor = socket_connect(options, remote, error);
    if (remotes)
        freeaddrinfo(remotes);
    return descriptor;
}

static const char *options_fault(const satop_port_options *options)
{
    if (!options->remote_host || !*options->remote_host || !options->remote_port)
        return "remote_host, remote_port: a far end is needed";
    if (!options->dead_peer_ms)
        return "dead_peer_ms: not from 1";
    return satop_options_fault(&options->pseudowire);
}

static satop_port *port_new(const satop_port_options *options)
{
    satop_port *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    *made = (satop_port){.port = {&operations}, .socket = -1, .options = *options, .peer_lost = true};
    made->options.local_host = made->options.remote_host = NULL; /* the caller's, needed no more */
    made->packetiser = satop_packetiser_new(&options->pseudowire);
    made->buffer = satop_jitter_buffer_new(&options->pseudowire);
    if (made->packetiser && made->buffer)
        return made;
    satop_free(&made->port);
    return NULL;
}

port *satop_port_open(const satop_port_options *options, char error[SATOP_ERROR_OCTETS])
{
    const char *fault = options_fault(options);
    satop_port *made = fault ? NULL : port_new(options);
    if (!made) {
        snprintf(error, SATOP_ERROR_OCTETS, "satop: %s", fault ? fault : "out of memory");
        return NULL;
    }
    made->socket = socket_open(options, error);
    if (made->socket >= 0)
        return &made->port;
    satop_free(&made->port);
    return NULL;
}

uint16_t satop_port_local_port(const port *port)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    if (getsockname(((const satop_port *)port)->socket, (struct sockaddr *)&address, &length))
        return 0;
    /* The port stands at the same place in both families' addresses, but is spelt twice. */
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

void satop_port_read_statistics(port *port, satop_port_statistics *statistics)
{
    satop_port *made = (satop_port *)port;
    *statistics = made->statistics;
    statistics->received = *satop_jitter_buffer_status(made->buffer);
}

bool satop_port_is(const port *port)
{
    return port->operations == &operations;
}
