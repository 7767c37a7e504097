/* Octets between the descriptors of osmo-e1d and blocks of eight frames; how lanes keep step stands in the header. */
#include "ports/e1d_lanes_internal.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BLOCK_OCTETS_MAX = 31 * BLOCK_FRAMES,
    IDLE = 0xFF,
    DRAIN_ROUNDS = 8, /* reads of a lane in one look while draining */
};

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

void lanes_clear(lanes *lanes)
{
    lanes_counters counters = lanes->counters;
    memset(lanes, 0, sizeof *lanes);
    lanes->counters = counters;
    lanes->lead = LANE_SEND_LEAD;
}

void lanes_add(lanes *lanes, int descriptor, unsigned timeslot, unsigned width)
{
    lanes->descriptors[lanes->count] = descriptor;
    lanes->timeslots[lanes->count] = (uint8_t)timeslot;
    lanes->width = width;
    lanes->count++;
}

void lanes_close(lanes *lanes)
{
    for (unsigned lane = 0; lane < lanes->count; lane++)
        close(lanes->descriptors[lane]);
    lanes_clear(lanes);
}

/* ---- receive ---- */

static uint32_t queue_octets(const lanes *lanes)
{
    return LANE_FRAMES * lanes->width;
}

/* A superchannel's one lane has the room of all. */
static uint8_t *lane_queue(lanes *lanes, unsigned lane)
{
    return lanes->queues + lane * LANE_FRAMES;
}

static uint32_t fewest_frames(const lanes *lanes)
{
    uint32_t fewest = UINT32_MAX;
    for (unsigned lane = 0; lane < lanes->count; lane++)
        if (lanes->levels[lane] < fewest)
            fewest = lanes->levels[lane];
    return fewest / lanes->width;
}

static bool levels_equal(const uint32_t *levels, unsigned count)
{
    for (unsigned lane = 1; lane < count; lane++)
        if (levels[lane] != levels[0])
            return false;
    return true;
}

/* Reads into a lane's queue. Octets read, 0 if there were none, -1 if the descriptor is dead. */
static int lane_read(lanes *lanes, unsigned lane)
{
    uint32_t level = lanes->levels[lane], room = queue_octets(lanes) - level;
    if (room == 0)
        return 0;
    ssize_t octets = recv(lanes->descriptors[lane], lane_queue(lanes, lane) + level, room, MSG_DONTWAIT);
    if (octets < 0)
        return would_block() ? 0 : -1;
    if (octets == 0)
        return -1;
    lanes->levels[lane] += (uint32_t)octets;
    return (int)octets;
}

static int lanes_read(lanes *lanes)
{
    int octets = 0;
    for (unsigned lane = 0; lane < lanes->count; lane++) {
        int got = lane_read(lanes, lane);
        if (got < 0)
            return -1;
        octets += got;
    }
    return octets;
}

static void receive_empty(lanes *lanes)
{
    memset(lanes->levels, 0, sizeof lanes->levels);
    lanes->uneven_receive = 0;
    lanes->looks = 0;
    lanes->lowest_frames = UINT32_MAX;
}

static void receive_restart(lanes *lanes)
{
    receive_empty(lanes);
    lanes->receiving = LANES_DRAINING;
    lanes->counters.receive_restarts++;
}

/* Throws away what is there. Ends when two whole rounds over all lanes in succession find nothing. */
static int receive_drain(lanes *lanes)
{
    int octets = 0;
    unsigned quiet = 0;
    for (unsigned round = 0; quiet < 2 && round < DRAIN_ROUNDS; round++) {
        receive_empty(lanes);
        int got = lanes_read(lanes);
        if (got < 0)
            return -1;
        octets += got;
        quiet = got ? 0 : quiet + 1;
    }
    receive_empty(lanes);
    if (quiet == 2)
        lanes->receiving = LANES_FILLING;
    return octets;
}

static bool receive_full(const lanes *lanes)
{
    for (unsigned lane = 0; lane < lanes->count; lane++)
        if (lanes->levels[lane] == queue_octets(lanes))
            return true;
    return false;
}

static void receive_check(lanes *lanes)
{
    lanes->uneven_receive = levels_equal(lanes->levels, lanes->count) ? 0 : lanes->uneven_receive + 1;
    if (receive_full(lanes)) {
        lanes->counters.receive_overruns += LANE_FRAMES / BLOCK_FRAMES;
        receive_restart(lanes);
    } else if (lanes->uneven_receive >= LANE_UNEVEN_LOOKS) {
        receive_restart(lanes);
    } else if (lanes->receiving == LANES_FILLING && fewest_frames(lanes) >= LANE_START_FRAMES) {
        lanes->receiving = LANES_RUNNING;
    }
}

/* Octets read, -1 if a descriptor is dead. */
static int receive_look(lanes *lanes)
{
    if (lanes->receiving == LANES_DRAINING)
        return receive_drain(lanes);
    int octets = lanes_read(lanes);
    if (octets >= 0)
        receive_check(lanes);
    return octets;
}

static void lane_take(lanes *lanes, unsigned lane, stream_block *block)
{
    uint8_t *queue = lane_queue(lanes, lane);
    unsigned first = lanes->timeslots[lane], width = lanes->width, octets = BLOCK_FRAMES * width;
    for (unsigned frame = 0; frame < BLOCK_FRAMES; frame++)
        for (unsigned k = 0; k < width; k++)
            block->octet[first + k][frame] = queue[frame * width + k];
    lanes->levels[lane] -= octets;
    memmove(queue, queue + octets, lanes->levels[lane]);
}

static void lowest_note(lanes *lanes)
{
    uint32_t frames = fewest_frames(lanes);
    if (frames < lanes->lowest_frames)
        lanes->lowest_frames = frames;
    lanes->looks++;
}

bool lanes_take(lanes *lanes, stream_block *block)
{
    if (lanes->receiving != LANES_RUNNING || fewest_frames(lanes) < BLOCK_FRAMES)
        return false;
    memset(block, IDLE, sizeof *block);
    for (unsigned lane = 0; lane < lanes->count; lane++)
        lane_take(lanes, lane, block);
    if (lanes->looks >= LANE_LOWEST_LOOKS) {
        lanes->looks = 0;
        lanes->lowest_frames = UINT32_MAX;
    }
    lowest_note(lanes);
    return true;
}

bool lanes_surplus(const lanes *lanes)
{
    return lanes->looks >= LANE_LOWEST_LOOKS && lanes->lowest_frames >= LANE_START_FRAMES + 2 * BLOCK_FRAMES;
}

/* ---- send ---- */

/* What a lane has been sent that the daemon has not read, as the kernel accounts for it. */
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

int lanes_begin(lanes *lanes)
{
    lanes->block_cost = block_cost(lanes->width);
    return lanes->block_cost ? 0 : -1;
}

static void send_restart(lanes *lanes)
{
    lanes->sending = LANES_DRAINING;
    lanes->empty_looks = 0;
    lanes->uneven_send = 0;
    lanes->counters.send_restarts++;
}

static void send_dry(lanes *lanes)
{
    lanes->counters.send_dry++;
    if (lanes->lead < LANE_SEND_LEAD_MAX)
        lanes->lead++;
    send_restart(lanes);
}

static void send_look(lanes *lanes)
{
    uint32_t costs[LANES_MAX], fewest = UINT32_MAX, most = 0;
    for (unsigned lane = 0; lane < lanes->count; lane++) {
        costs[lane] = unread_cost(lanes->descriptors[lane]);
        fewest = costs[lane] < fewest ? costs[lane] : fewest;
        most = costs[lane] > most ? costs[lane] : most;
    }
    lanes->queued_blocks = most / lanes->block_cost;
    lanes->empty_looks = most == 0 ? lanes->empty_looks + 1 : 0;
    if (lanes->sending != LANES_RUNNING)
        return;
    lanes->uneven_send = fewest == most ? 0 : lanes->uneven_send + 1;
    if (fewest == 0)
        send_dry(lanes);
    else if (lanes->uneven_send >= LANE_UNEVEN_LOOKS)
        send_restart(lanes);
}

int lanes_look(lanes *lanes)
{
    send_look(lanes);
    int octets = receive_look(lanes);
    if (octets < 0)
        return -1;
    lanes->silent_looks = octets ? 0 : lanes->silent_looks + 1;
    return 0;
}

unsigned lanes_blocks_wanted(const lanes *lanes)
{
    if (lanes->sending != LANES_RUNNING)
        return 1;
    if (lanes->queued_blocks <= lanes->lead / 2)
        return 2;
    return lanes->queued_blocks < 2 * lanes->lead ? 1 : 0;
}

static unsigned lane_octets(const lanes *lanes, unsigned lane, const stream_block *block, uint8_t *octets)
{
    unsigned first = lanes->timeslots[lane], width = lanes->width;
    for (unsigned frame = 0; frame < BLOCK_FRAMES; frame++)
        for (unsigned k = 0; k < width; k++)
            octets[frame * width + k] = block->octet[first + k][frame];
    return BLOCK_FRAMES * width;
}

/* 1 sent, 0 no room, -1 dead. Small writes to a stream socket of this family are taken whole or not at all. */
static int lane_send(lanes *lanes, unsigned lane, const stream_block *block)
{
    uint8_t octets[BLOCK_OCTETS_MAX];
    unsigned count = lane_octets(lanes, lane, block, octets);
    ssize_t sent = send(lanes->descriptors[lane], octets, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0)
        return would_block() ? 0 : -1;
    return sent == (ssize_t)count;
}

static int send_all(lanes *lanes, const stream_block *block)
{
    for (unsigned lane = 0; lane < lanes->count; lane++) {
        int sent = lane_send(lanes, lane, block);
        if (sent < 0)
            return -1;
        if (sent)
            continue;
        lanes->counters.send_overruns++;
        if (lane)
            send_restart(lanes); /* the lanes before it have got the block */
        break;
    }
    return 0;
}

/* All lanes are empty: each gets the same lead of idle octets. */
static int send_begin(lanes *lanes)
{
    stream_block idle;
    memset(&idle, IDLE, sizeof idle);
    lanes->sending = LANES_RUNNING;
    for (unsigned k = 0; k < lanes->lead && lanes->sending == LANES_RUNNING; k++)
        if (send_all(lanes, &idle))
            return -1;
    return 0;
}

int lanes_send(lanes *lanes, const stream_block *block)
{
    if (lanes->sending == LANES_DRAINING && lanes->empty_looks < 2)
        return 0;
    if (lanes->sending == LANES_DRAINING && send_begin(lanes))
        return -1;
    return send_all(lanes, block);
}
