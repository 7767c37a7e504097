/* From descriptors to blocks of eight frames; how lanes keep step stands in the header. */
#include "ports/lanes_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    IDLE = 0xFF,
    DRAIN_ROUNDS = 8, /* reads of a lane in one look while draining */
};

bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

void lanes_clear(lanes *lanes, const lanes_driver *driver, void *owner)
{
    uint64_t restarts = lanes->restarts, overruns = lanes->overruns;
    memset(lanes, 0, sizeof *lanes);
    lanes->driver = driver;
    lanes->owner = owner;
    lanes->restarts = restarts;
    lanes->overruns = overruns;
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
    lanes_clear(lanes, lanes->driver, lanes->owner);
}

/* ---- reading ---- */

static uint32_t queue_octets(const lanes *lanes)
{
    return LANE_FRAMES * lanes->width;
}

/* A superchannel's one lane has the room of all. */
static uint8_t *lane_queue(lanes *lanes, unsigned lane)
{
    return lanes->queues + lane * LANE_FRAMES;
}

static int lane_read(lanes *lanes, unsigned lane)
{
    uint32_t level = lanes->levels[lane], room = queue_octets(lanes) - level;
    if (room < lanes->driver->read_octets)
        return 0;
    int octets = lanes->driver->read(lanes->owner, lane, lane_queue(lanes, lane) + level, room);
    if (octets > 0)
        lanes->levels[lane] += (uint32_t)octets;
    return octets;
}

/* Octets read from all lanes, -1 if a descriptor is dead. */
static int lanes_read(lanes *lanes)
{
    int octets = 0;
    for (unsigned lane = 0; lane < lanes->count; lane++) {
        int got = lane_read(lanes, lane);
        if (got < 0)
            return -1;
        octets += got;
        if (lane == 0)
            lanes->last_octets += (uint32_t)got;
    }
    return octets;
}

/* ---- keeping step ---- */

static uint32_t fewest_frames(const lanes *lanes)
{
    uint32_t fewest = UINT32_MAX;
    for (unsigned lane = 0; lane < lanes->count; lane++)
        if (lanes->levels[lane] < fewest)
            fewest = lanes->levels[lane];
    return fewest / lanes->width;
}

static bool uneven(const lanes *lanes)
{
    for (unsigned lane = 1; lane < lanes->count; lane++)
        if (lanes->levels[lane] != lanes->levels[0])
            return true;
    return false;
}

static void queues_empty(lanes *lanes)
{
    memset(lanes->levels, 0, sizeof lanes->levels);
    lanes->suspicion = 0;
    lanes->looks = 0;
    lanes->lowest_frames = UINT32_MAX;
}

void lanes_restart(lanes *lanes)
{
    queues_empty(lanes);
    lanes->state = LANES_DRAINING;
    lanes->restarts++;
}

static int flush_all(const lanes *lanes)
{
    if (!lanes->driver->flush)
        return 0;
    for (unsigned lane = 0; lane < lanes->count; lane++)
        if (lanes->driver->flush(lanes->descriptors[lane]))
            return -1;
    return 0;
}

/* Throws away what is there. Ends when two whole rounds over all lanes in succession find nothing. */
static int drain(lanes *lanes)
{
    int octets = 0;
    unsigned quiet = 0;
    if (flush_all(lanes))
        return -1;
    for (unsigned round = 0; quiet < 2 && round < DRAIN_ROUNDS; round++) {
        queues_empty(lanes);
        int got = lanes_read(lanes);
        if (got < 0)
            return -1;
        octets += got;
        quiet = got ? 0 : quiet + 1;
    }
    queues_empty(lanes);
    if (quiet == 2)
        lanes->state = LANES_FILLING;
    return octets;
}

static bool overflowed(const lanes *lanes)
{
    for (unsigned lane = 0; lane < lanes->count; lane++)
        if (queue_octets(lanes) - lanes->levels[lane] < lanes->driver->read_octets)
            return true;
    return false;
}

/* Levels that stay unequal while nothing comes are those of a driver held up in the middle of a pass. */
static void suspect(lanes *lanes, int octets)
{
    if (octets == 0)
        return;
    if (uneven(lanes))
        lanes->suspicion += LANE_UNEVEN_STEP;
    else if (lanes->suspicion)
        lanes->suspicion--;
}

static void check(lanes *lanes, int octets)
{
    suspect(lanes, octets);
    if (overflowed(lanes)) {
        lanes->overruns += LANE_FRAMES / BLOCK_FRAMES;
        lanes_restart(lanes);
    } else if (lanes->suspicion >= LANE_UNEVEN_LIMIT) {
        lanes_restart(lanes);
    } else if (lanes->state == LANES_FILLING && !lanes->suspicion &&
               fewest_frames(lanes) >= lanes->driver->start_frames) {
        lanes->state = LANES_RUNNING;
    }
}

/* Octets read, -1 if a descriptor is dead. */
static int look(lanes *lanes)
{
    if (lanes->state == LANES_DRAINING)
        return drain(lanes);
    int octets = lanes_read(lanes), more = 0;
    if (octets > 0 && uneven(lanes))
        more = lanes_read(lanes);
    if (octets < 0 || more < 0)
        return -1;
    check(lanes, octets + more);
    return octets + more;
}

int lanes_look(lanes *lanes)
{
    lanes->last_octets = 0;
    int octets = look(lanes);
    if (octets < 0)
        return -1;
    if (octets)
        lanes->silent_looks = 0;
    else if (lanes->silent_looks < UINT32_MAX)
        lanes->silent_looks++;
    return 0;
}

/* ---- blocks ---- */

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
    if (lanes->looks >= LANE_LOWEST_LOOKS) {
        lanes->looks = 0;
        lanes->lowest_frames = UINT32_MAX;
    }
    if (frames < lanes->lowest_frames)
        lanes->lowest_frames = frames;
    lanes->looks++;
}

bool lanes_take(lanes *lanes, stream_block *block)
{
    if (lanes->state != LANES_RUNNING || fewest_frames(lanes) < BLOCK_FRAMES)
        return false;
    memset(block, IDLE, sizeof *block);
    for (unsigned lane = 0; lane < lanes->count; lane++)
        lane_take(lanes, lane, block);
    lowest_note(lanes);
    return true;
}

bool lanes_surplus(const lanes *lanes)
{
    return lanes->looks >= LANE_LOWEST_LOOKS &&
           lanes->lowest_frames >= lanes->driver->start_frames + 2 * BLOCK_FRAMES;
}

unsigned lanes_octets(const lanes *lanes, unsigned lane, const stream_block *block, uint8_t *octets)
{
    unsigned first = lanes->timeslots[lane], width = lanes->width;
    for (unsigned frame = 0; frame < BLOCK_FRAMES; frame++)
        for (unsigned k = 0; k < width; k++)
            octets[frame * width + k] = block->octet[first + k][frame];
    return BLOCK_FRAMES * width;
}
