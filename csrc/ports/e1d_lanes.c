/* Octets to and from the sockets of osmo-e1d; how sending keeps step stands in the header. */
#include "ports/e1d_lanes_internal.h"

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BLOCK_OCTETS_MAX = 31 * BLOCK_FRAMES,
    IDLE = 0xFF,
};

static int socket_read(void *owner, unsigned lane, uint8_t *octets, uint32_t room)
{
    const e1d_lanes *lanes = owner;
    ssize_t count = recv(lanes->receive.descriptors[lane], octets, room, MSG_DONTWAIT);
    if (count < 0)
        return would_block() ? 0 : -1;
    return count ? (int)count : -1;
}

static const lanes_driver driver = {.read_octets = 1, .start_frames = E1D_START_FRAMES, .read = socket_read};

static void send_clear(e1d_lanes *lanes)
{
    lanes->sending = false;
    lanes->lead = E1D_SEND_LEAD;
    lanes->empty_looks = lanes->uneven_looks = 0;
}

void e1d_lanes_clear(e1d_lanes *lanes)
{
    lanes_clear(&lanes->receive, &driver, lanes);
    send_clear(lanes);
}

void e1d_lanes_close(e1d_lanes *lanes)
{
    lanes_close(&lanes->receive);
    send_clear(lanes);
}

/* What a socket has been sent that its reader has not read, as the kernel accounts for it. */
static uint32_t unread_cost(int descriptor)
{
    int cost = 0;
    return ioctl(descriptor, SIOCOUTQ, &cost) == 0 && cost > 0 ? (uint32_t)cost : 0;
}

/* What the kernel accounts for one block, found by sending one that nobody reads. 0 if that could not be done. */
static uint32_t block_cost(unsigned width)
{
    uint8_t octets[BLOCK_OCTETS_MAX] = {0};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return 0;
    ssize_t sent = send(pair[0], octets, BLOCK_FRAMES * width, MSG_DONTWAIT | MSG_NOSIGNAL);
    uint32_t cost = sent > 0 ? unread_cost(pair[0]) : 0;
    close(pair[0]);
    close(pair[1]);
    return cost;
}

int e1d_lanes_begin(e1d_lanes *lanes)
{
    lanes->block_cost = block_cost(lanes->receive.width);
    return lanes->block_cost ? 0 : -1;
}

static void send_restart(e1d_lanes *lanes)
{
    lanes->sending = false;
    lanes->empty_looks = lanes->uneven_looks = 0;
    lanes->restarts++;
}

static void ran_dry(e1d_lanes *lanes)
{
    lanes->dry++;
    if (lanes->lead < E1D_SEND_LEAD_MAX)
        lanes->lead++;
    send_restart(lanes);
}

/* One lane may run empty; of several each must hold a pass of ten frames, or some will be read short and some not. */
static uint32_t lowest_cost(const e1d_lanes *lanes)
{
    return lanes->receive.count > 1 ? 2 * lanes->block_cost : lanes->block_cost;
}

/* Levels that stay unequal while nothing is read are those of a daemon held up in the middle of a pass. */
static void send_check(e1d_lanes *lanes, uint32_t fewest, uint32_t most, bool reads)
{
    if (reads)
        lanes->uneven_looks = fewest == most ? 0 : lanes->uneven_looks + 1;
    if (fewest < lowest_cost(lanes))
        ran_dry(lanes);
    else if (lanes->uneven_looks >= E1D_UNEVEN_LOOKS)
        send_restart(lanes);
}

static void send_look(e1d_lanes *lanes)
{
    uint32_t fewest = UINT32_MAX, most = 0;
    uint64_t unread = 0;
    for (unsigned lane = 0; lane < lanes->receive.count; lane++) {
        uint32_t cost = unread_cost(lanes->receive.descriptors[lane]);
        unread += cost;
        fewest = cost < fewest ? cost : fewest;
        most = cost > most ? cost : most;
    }
    lanes->queued_blocks = most / lanes->block_cost;
    lanes->empty_looks = most == 0 ? lanes->empty_looks + 1 : 0;
    if (lanes->sending)
        send_check(lanes, fewest, most, unread < lanes->unread);
    lanes->unread = unread;
}

int e1d_lanes_look(e1d_lanes *lanes)
{
    send_look(lanes);
    return lanes_look(&lanes->receive);
}

unsigned e1d_lanes_blocks_wanted(const e1d_lanes *lanes)
{
    if (!lanes->sending)
        return 1;
    if (lanes->queued_blocks <= lanes->lead / 2)
        return 2;
    return lanes->queued_blocks < 2 * lanes->lead ? 1 : 0;
}

/* 1 sent, 0 no room, -1 dead. Small writes to a stream socket of this family are taken whole or not at all. */
static int lane_send(const e1d_lanes *lanes, unsigned lane, const stream_block *block)
{
    uint8_t octets[BLOCK_OCTETS_MAX];
    unsigned count = lanes_octets(&lanes->receive, lane, block, octets);
    ssize_t sent = send(lanes->receive.descriptors[lane], octets, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0)
        return would_block() ? 0 : -1;
    return sent == (ssize_t)count;
}

static int send_all(e1d_lanes *lanes, const stream_block *block)
{
    for (unsigned lane = 0; lane < lanes->receive.count; lane++) {
        int sent = lane_send(lanes, lane, block);
        if (sent < 0)
            return -1;
        if (sent) {
            lanes->unread += lanes->block_cost;
            continue;
        }
        lanes->overruns++;
        if (lane)
            send_restart(lanes); /* the lanes before it have got the block */
        break;
    }
    return 0;
}

/* All lanes are empty: each gets the same lead of idle octets. */
static int send_begin(e1d_lanes *lanes)
{
    stream_block idle;
    memset(&idle, IDLE, sizeof idle);
    lanes->sending = true;
    for (unsigned k = 0; k < lanes->lead && lanes->sending; k++)
        if (send_all(lanes, &idle))
            return -1;
    return 0;
}

int e1d_lanes_send(e1d_lanes *lanes, const stream_block *block)
{
    if (!lanes->sending && lanes->empty_looks < 2)
        return 0;
    if (!lanes->sending && send_begin(lanes))
        return -1;
    return lanes->sending ? send_all(lanes, block) : 0;
}
