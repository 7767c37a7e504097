/* The conversation with osmo-e1d; its states are the table in the header. */
#include "ports/e1d_session_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const uint32_t TIMESLOTS_ALL = 0xFFFFFFFE; /* 1-31 */

enum {
    MESSAGES_A_RUN = 64,      /* what one run reads at most: a daemon that floods does not hold the caller */
    DESCRIPTORS_A_MESSAGE = 4, /* one is right; more are closed */
    SUPERCHANNEL_WIDTH = 31,
    TIMESLOTS = 32,
};

typedef struct {
    uint8_t octets[E1D_MESSAGE_OCTETS_MAX + 1];
    int descriptor; /* -1: none */
    e1d_message message;
} packet;

static int fail(session *session, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int used = snprintf(session->error, sizeof session->error, "e1d %s interface %u line %u: ", session->socket_path,
                        session->options.interface, session->options.line);
    if (used > 0 && (size_t)used < sizeof session->error)
        vsnprintf(session->error + used, sizeof session->error - (size_t)used, format, arguments);
    va_end(arguments);
    session_close(session);
    return -1;
}

static int options_check(session *session)
{
    const e1d_options *options = &session->options;
    uint32_t width = options->superchannel ? SUPERCHANNEL_WIDTH : 1;
    if (options->interface == E1D_UNSET || options->line == E1D_UNSET)
        return fail(session, "255 is not a number of an interface or a line");
    if (options->timeslots & 1)
        return fail(session, "timeslot 0 is the daemon's own");
    if (options->chunk_frames > E1D_START_FRAMES || options->chunk_frames * width > UINT16_MAX)
        return fail(session, "chunk_frames must be at most %d", E1D_START_FRAMES);
    return 0;
}

int session_init(session *session, const e1d_options *options, e1d_lanes *lanes)
{
    memset(session, 0, sizeof *session);
    session->options = *options;
    session->options.socket_path = NULL; /* the caller's; copied below */
    session->control = -1;
    session->lanes = lanes;
    if (options->timeslots == 0)
        session->options.timeslots = TIMESLOTS_ALL;
    if (options->chunk_frames == 0)
        session->options.chunk_frames = E1D_CHUNK_FRAMES;
    const char *path = options->socket_path ? options->socket_path : P_tmpdir "/osmo-e1d.ctl";
    size_t octets = strlen(path);
    snprintf(session->socket_path, sizeof session->socket_path, "%s", path);
    if (octets == 0 || octets >= sizeof session->socket_path)
        return fail(session, "the path of the socket must have 1-%zu octets", sizeof session->socket_path - 1);
    return options_check(session);
}

void session_close(session *session)
{
    if (session->control >= 0)
        close(session->control);
    session->control = -1;
    session->state = SESSION_CLOSED;
    e1d_lanes_close(session->lanes);
}

int session_connect(session *session)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, session->socket_path, sizeof address.sun_path);
    session->control = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (session->control < 0)
        return fail(session, "no socket: %s", strerror(errno));
    if (connect(session->control, (struct sockaddr *)&address, sizeof address)) {
        int reason = errno;
        fail(session, "cannot connect (is osmo-e1d running?): %s", strerror(reason));
        errno = reason;
        return -1;
    }
    session->state = SESSION_INTERFACES;
    session->asked = false;
    session->alarms = 0;
    session->sa_bits = 0;
    return 0;
}

/* ---- requests ---- */

static uint8_t line_mode(const session *session)
{
    return session->options.superchannel ? E1D_LINE_SUPERCHANNEL : E1D_LINE_CHANNELISED;
}

static unsigned encode_open(const session *session, uint8_t *octets)
{
    const e1d_options *options = &session->options;
    unsigned width = options->superchannel ? SUPERCHANNEL_WIDTH : 1;
    e1d_timeslot_info info = {
        .id = (uint8_t)session->opening,
        .mode = E1D_TIMESLOT_RAW,
        .flags = options->force ? E1D_OPEN_FORCE : 0,
        .buffer_octets = (uint16_t)(options->chunk_frames * width),
    };
    return e1d_encode_open_timeslot(octets, options->interface, options->line, &info);
}

static unsigned encode_request(const session *session, uint8_t *octets)
{
    uint8_t interface = session->options.interface, line = session->options.line;
    switch (session->state) {
    case SESSION_INTERFACES:
        return e1d_encode_query_interfaces(octets);
    case SESSION_LINES:
        return e1d_encode_query_lines(octets, interface);
    case SESSION_MODE:
        return e1d_encode_set_line_mode(octets, interface, line, line_mode(session));
    case SESSION_TIMESLOTS:
        return e1d_encode_query_timeslots(octets, interface, line);
    case SESSION_OPENING:
        return encode_open(session, octets);
    default:
        return 0;
    }
}

/* -1: closed. A socket without room is tried again at the next run. */
static int ask(session *session)
{
    uint8_t octets[E1D_REQUEST_OCTETS_MAX];
    unsigned count = encode_request(session, octets);
    if (session->asked || count == 0)
        return 0;
    ssize_t sent = send(session->control, octets, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        return fail(session, "the daemon is gone: %s", strerror(errno));
    session->asked = sent >= 0;
    return 0;
}

static void go(session *session, session_state state)
{
    session->state = state;
    session->asked = false;
}

/* ---- answers ---- */

static int interfaces_taken(session *session, const e1d_message *message)
{
    e1d_interface_info info;
    for (unsigned k = 0; e1d_message_interface(message, k, &info) == 0; k++)
        if (info.id == session->options.interface)
            return go(session, SESSION_LINES), 0;
    return fail(session, "the daemon has no such interface (%u others)", e1d_message_entries(message));
}

static int lines_taken(session *session, const e1d_message *message)
{
    e1d_line_info info;
    for (unsigned k = 0; e1d_message_line(message, k, &info) == 0; k++)
        if (info.id == session->options.line)
            return go(session, info.mode == line_mode(session) ? SESSION_TIMESLOTS : SESSION_MODE), 0;
    return fail(session, "the interface has no such line (%u others)", e1d_message_entries(message));
}

static int mode_taken(session *session, const e1d_message *message)
{
    e1d_line_info info;
    if (e1d_message_line(message, 0, &info) || info.mode != line_mode(session))
        return fail(session, "the daemon refuses to make the line %s",
                    session->options.superchannel ? "a superchannel" : "channelised");
    go(session, SESSION_TIMESLOTS);
    return 0;
}

/* Opens the next timeslot wanted from `timeslot` on; none left: open. */
static void open_next(session *session, unsigned timeslot)
{
    while (timeslot < TIMESLOTS && !(session->options.timeslots >> timeslot & 1))
        timeslot++;
    session->opening = timeslot;
    go(session, timeslot < TIMESLOTS ? SESSION_OPENING : SESSION_OPEN);
}

static void open_first(session *session)
{
    if (!session->options.superchannel) {
        open_next(session, 1);
        return;
    }
    session->opening = E1D_SUPERCHANNEL;
    go(session, SESSION_OPENING);
}

static int timeslots_taken(session *session, const e1d_message *message)
{
    e1d_timeslot_info info;
    uint32_t wanted = session->options.superchannel ? 0 : session->options.timeslots;
    if (e1d_message_entries(message) == 0)
        return fail(session, "the daemon tells of no timeslots");
    for (unsigned k = 0; e1d_message_timeslot(message, k, &info) == 0; k++)
        if (info.id < TIMESLOTS && wanted >> info.id & 1 && info.mode != E1D_TIMESLOT_OFF && !session->options.force)
            return fail(session, "timeslot %u is in use by another client", info.id);
    open_first(session);
    return 0;
}

static int open_refused(session *session)
{
    if (session->options.superchannel)
        return fail(session, "the daemon refuses the superchannel: in use by another client?");
    return fail(session, "the daemon refuses timeslot %u: in use by another client?", session->opening);
}

static int opening_taken(session *session, packet *packet)
{
    e1d_timeslot_info info;
    if (e1d_message_timeslot(&packet->message, 0, &info) || packet->descriptor < 0)
        return open_refused(session); /* a success with no body and no descriptor */
    if (info.id != session->opening || info.mode != E1D_TIMESLOT_RAW)
        return fail(session, "asked for timeslot %u the daemon opened %u", session->opening, info.id);
    bool superchannel = session->options.superchannel;
    lanes_add(&session->lanes->receive, packet->descriptor, superchannel ? 1 : session->opening,
              superchannel ? SUPERCHANNEL_WIDTH : 1);
    packet->descriptor = -1;
    open_next(session, superchannel ? TIMESLOTS : session->opening + 1);
    if (session->state == SESSION_OPEN && e1d_lanes_begin(session->lanes))
        return fail(session, "the kernel does not tell what waits in a socket: %s", strerror(errno));
    return 0;
}

static int response_taken(session *session, packet *packet)
{
    static const uint8_t commands[] = {
        [SESSION_INTERFACES] = E1D_QUERY_INTERFACES, [SESSION_LINES] = E1D_QUERY_LINES,
        [SESSION_MODE] = E1D_SET_LINE_MODE,          [SESSION_TIMESLOTS] = E1D_QUERY_TIMESLOTS,
        [SESSION_OPENING] = E1D_OPEN_TIMESLOT,       [SESSION_OPEN] = E1D_SET_SA_BITS,
    };
    if (packet->message.type != (E1D_RESPONSE | commands[session->state]))
        return fail(session, "the daemon answered type %02Xh to command %u", packet->message.type,
                    commands[session->state]);
    switch (session->state) {
    case SESSION_INTERFACES:
        return interfaces_taken(session, &packet->message);
    case SESSION_LINES:
        return lines_taken(session, &packet->message);
    case SESSION_MODE:
        return mode_taken(session, &packet->message);
    case SESSION_TIMESLOTS:
        return timeslots_taken(session, &packet->message);
    case SESSION_OPENING:
        return opening_taken(session, packet);
    default:
        return 0;
    }
}

static int error_taken(session *session, const e1d_message *message)
{
    if (session->state != SESSION_OPEN)
        return fail(session, "the daemon answered with error %u", message->type & 0x3F);
    session->refusals++;
    return 0;
}

/* Events are told to every client, for all lines. */
static void event_taken(session *session, const e1d_message *message)
{
    static const uint8_t alarms[] = {PORT_SIGNAL_LOST, PORT_AIS, PORT_REMOTE_ALARM, PORT_FRAME_LOST};
    if (message->interface != session->options.interface || message->line != session->options.line)
        return;
    if (message->type == E1D_SA_BITS)
        session->sa_bits = e1d_sa_bits_of_octet(message->body[0]);
    if (message->type > E1D_LOF_OFF)
        return;
    uint32_t alarm = alarms[(message->type - E1D_LOS_ON) / 2];
    bool on = (message->type - E1D_LOS_ON) % 2 == 0;
    session->alarms = on ? session->alarms | alarm : session->alarms & ~alarm;
}

static int message_taken(session *session, packet *packet)
{
    switch (packet->message.type & E1D_ERROR) {
    case E1D_EVENT:
        event_taken(session, &packet->message);
        return 0;
    case E1D_RESPONSE:
        return response_taken(session, packet);
    default:
        return error_taken(session, &packet->message);
    }
}

/* ---- packets ---- */

/* Keeps the first descriptor that came with a message, closes any other. */
static void descriptors_take(struct msghdr *header, packet *packet)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part; part = CMSG_NXTHDR(header, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t at = CMSG_LEN(0); at + sizeof(int) <= part->cmsg_len; at += sizeof(int)) {
            int descriptor;
            memcpy(&descriptor, (const uint8_t *)part + at, sizeof descriptor);
            if (packet->descriptor < 0)
                packet->descriptor = descriptor;
            else
                close(descriptor);
        }
    }
}

/* Octets of the packet, 0 where the daemon has hung up, -1 with errno. */
static ssize_t packet_receive(session *session, packet *packet)
{
    union {
        struct cmsghdr aligned;
        uint8_t octets[CMSG_SPACE(DESCRIPTORS_A_MESSAGE * sizeof(int))];
    } control;
    struct iovec part = {packet->octets, sizeof packet->octets};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
                            .msg_controllen = sizeof control};
    packet->descriptor = -1;
    ssize_t count = recvmsg(session->control, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (count >= 0)
        descriptors_take(&header, packet);
    return count;
}

static int packet_take(session *session, packet *packet, size_t count)
{
    int result;
    if (e1d_message_parse(packet->octets, (uint32_t)count, &packet->message)) {
        session->bad_messages++;
        result = fail(session, "the daemon sent something that is no message (%zu octets)", count);
    } else {
        result = message_taken(session, packet);
    }
    if (packet->descriptor >= 0)
        close(packet->descriptor);
    return result;
}

static int hung_up(session *session)
{
    if (session->state == SESSION_OPEN)
        return fail(session, "the daemon hung up");
    return fail(session, "the daemon hung up: it did not understand a request");
}

int session_run(session *session)
{
    packet packet;
    for (unsigned messages = 0; messages < MESSAGES_A_RUN; messages++) {
        if (ask(session))
            return -1;
        ssize_t count = packet_receive(session, &packet);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return 0;
        if (count < 0)
            return fail(session, "the daemon is gone: %s", strerror(errno));
        if (count == 0)
            return hung_up(session);
        if (packet_take(session, &packet, (size_t)count))
            return -1;
    }
    return 0;
}

void session_send_sa_bits(session *session, unsigned sa_bits)
{
    uint8_t octets[E1D_REQUEST_OCTETS_MAX];
    unsigned count = e1d_encode_set_sa_bits(octets, session->options.interface, session->options.line, sa_bits);
    if (session->state == SESSION_OPEN && send(session->control, octets, count, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        session->refusals++;
}
