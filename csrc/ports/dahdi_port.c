/* A port on a DAHDI span: its channels as lanes, alarms and counters from the driver, signalling bits, the way back. */
#include "ports/dahdi_port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ports/dahdi_driver_internal.h"
#include "ports/lanes_internal.h"

enum {
    ERROR_OCTETS = 200,
    TIMESLOTS = 32,
    E1_CHANNELS = 31,
    IDLE = 0xFF,
    START_FRAMES = 24, /* blocks of 16 come every 2 ms; 1 ms to spare */
    SEND_LEAD = 4,     /* blocks kept under way to the driver */
    EVENTS_A_TURN = 64, /* the driver's queue holds no more */
    TRIES = 4,         /* of a read or write that events stand before */
    ABCD_UNKNOWN = 0xFF,
};

/* A counter of the driver, which may be reset or wrap, and what it has come to since the port was made. */
typedef struct {
    uint64_t total;
    uint32_t last;
} counter;

typedef struct {
    port port;
    dahdi_options options;
    int control; /* -1: the span is gone */
    lanes lanes;
    bool ticked;         /* this millisecond has begun */
    bool sending;        /* the driver holds the lead */
    int32_t owed_blocks; /* the driver has sent since, and not been given */
    uint32_t waited_ms, pause_ms;
    uint32_t cas_timeslots, changed_bits; /* masks: CAS channels; those whose bits are to be read */
    uint8_t received_abcd[TIMESLOTS], sent_abcd[TIMESLOTS];
    counter bipolar_violations, fas_errors, crc_errors, e_bit_errors;
    uint64_t underruns, overruns, reconnections, events, failed_attempts;
} dahdi_port;

static int fail(const dahdi_port *dahdi, char *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int used = snprintf(error, ERROR_OCTETS, "dahdi span %u: ", dahdi->options.span);
    vsnprintf(error + used, ERROR_OCTETS - (size_t)used, format, arguments);
    va_end(arguments);
    return -1;
}

/* ---- events, octets ---- */

/* -1 if the channel is gone. */
static int event_take(dahdi_port *dahdi, unsigned timeslot, int event)
{
    dahdi->events++;
    if (event == DAHDI_EVENT_BITS_CHANGED)
        dahdi->changed_bits |= 1u << timeslot;
    return event == DAHDI_EVENT_REMOVED ? -1 : 0;
}

static int events_take(dahdi_port *dahdi, unsigned lane)
{
    for (unsigned k = 0; k < EVENTS_A_TURN; k++) {
        int event = DAHDI_EVENT_NONE;
        if (ioctl(dahdi->lanes.descriptors[lane], DAHDI_GET_EVENT, &event))
            return -1;
        if (event == DAHDI_EVENT_NONE)
            return 0;
        if (event_take(dahdi, dahdi->lanes.timeslots[lane], event))
            return -1;
    }
    return 0;
}

/* A transfer failed. 1: events stood before it and are taken, 0: it would have waited, -1: the channel is gone. */
static int hindrance(dahdi_port *dahdi, unsigned lane)
{
    if (errno == DAHDI_EVENT_PENDING)
        return events_take(dahdi, lane) ? -1 : 1;
    return would_block() ? 0 : -1;
}

/* One of the driver's buffers, always asked for whole: it forgets what a shorter read leaves. */
static int buffer_read(dahdi_port *dahdi, unsigned lane, uint8_t *octets)
{
    for (unsigned k = 0; k < TRIES; k++) {
        ssize_t count = read(dahdi->lanes.descriptors[lane], octets, DAHDI_BLOCK_OCTETS);
        if (count >= 0)
            return count ? (int)count : -1;
        int hindered = hindrance(dahdi, lane);
        if (hindered <= 0)
            return hindered;
    }
    return 0;
}

static int channel_read(void *owner, unsigned lane, uint8_t *octets, uint32_t room)
{
    uint32_t total = 0;
    while (room - total >= DAHDI_BLOCK_OCTETS) {
        int count = buffer_read(owner, lane, octets + total);
        if (count < 0)
            return -1;
        if (count == 0)
            break;
        total += (uint32_t)count;
    }
    return (int)total;
}

static int channel_flush(int descriptor)
{
    int both = DAHDI_FLUSH_READ | DAHDI_FLUSH_WRITE;
    return ioctl(descriptor, DAHDI_FLUSH, &both);
}

static const lanes_driver driver = {
    .read_octets = DAHDI_BLOCK_OCTETS, .start_frames = START_FRAMES, .read = channel_read, .flush = channel_flush};

/* 1 written, 0 no room, -1 the channel is gone. */
static int channel_write(dahdi_port *dahdi, unsigned lane, const stream_block *block)
{
    uint8_t octets[BLOCK_FRAMES];
    unsigned count = lanes_octets(&dahdi->lanes, lane, block, octets);
    for (unsigned k = 0; k < TRIES; k++) {
        ssize_t written = write(dahdi->lanes.descriptors[lane], octets, count);
        if (written >= 0)
            return written == (ssize_t)count;
        int hindered = hindrance(dahdi, lane);
        if (hindered <= 0)
            return hindered;
    }
    return 0;
}

/* ---- opening ---- */

static bool is_open(const dahdi_port *dahdi)
{
    return dahdi->control >= 0;
}

static void span_close(dahdi_port *dahdi)
{
    lanes_close(&dahdi->lanes);
    if (dahdi->control >= 0)
        close(dahdi->control);
    dahdi->control = -1;
}

static int span_read(const dahdi_port *dahdi, dahdi_span_info *info)
{
    memset(info, 0, sizeof *info);
    info->span = (int32_t)dahdi->options.span;
    return ioctl(dahdi->control, DAHDI_SPAN_INFO, info);
}

static void counter_run(counter *counter, uint32_t now)
{
    counter->total += now >= counter->last ? now - counter->last : now; /* reset in between */
    counter->last = now;
}

static void counters_run(dahdi_port *dahdi, const dahdi_span_info *info)
{
    counter_run(&dahdi->bipolar_violations, (uint32_t)info->bipolar_violations);
    counter_run(&dahdi->fas_errors, (uint32_t)info->fas_errors);
    counter_run(&dahdi->crc_errors, (uint32_t)info->crc_errors);
    counter_run(&dahdi->e_bit_errors, (uint32_t)info->e_bit_errors);
}

/* From here on is counted. */
static void counters_begin(dahdi_port *dahdi, const dahdi_span_info *info)
{
    dahdi->bipolar_violations.last = (uint32_t)info->bipolar_violations;
    dahdi->fas_errors.last = (uint32_t)info->fas_errors;
    dahdi->crc_errors.last = (uint32_t)info->crc_errors;
    dahdi->e_bit_errors.last = (uint32_t)info->e_bit_errors;
}

static int span_find(dahdi_port *dahdi, char *error)
{
    dahdi_span_info info;
    dahdi->control = open("/dev/dahdi/ctl", O_RDWR | O_CLOEXEC);
    if (dahdi->control < 0)
        return fail(dahdi, error, "/dev/dahdi/ctl: %s (is DAHDI loaded?)", strerror(errno));
    if (span_read(dahdi, &info))
        return fail(dahdi, error, "the driver has no such span: %s", strerror(errno));
    if (info.channels != E1_CHANNELS)
        return fail(dahdi, error, "it has %d channels; an E1 has 31", info.channels);
    counters_begin(dahdi, &info);
    return 0;
}

static bool takes(const dahdi_port *dahdi, const dahdi_channel_info *info)
{
    uint32_t timeslots = dahdi->options.timeslots;
    if (info->span != (int32_t)dahdi->options.span || info->position < 1 || info->position >= TIMESLOTS)
        return false;
    return timeslots ? timeslots >> info->position & 1 : info->signalling != DAHDI_SIGNALLING_NONE;
}

static int signalling_check(const dahdi_port *dahdi, const dahdi_channel_info *info, char *error)
{
    int32_t position = info->position;
    if (info->signalling == DAHDI_SIGNALLING_NONE)
        return fail(dahdi, error, "timeslot %d is not configured in the driver (dahdi_cfg)", position);
    if (info->signalling != DAHDI_SIGNALLING_CLEAR && info->signalling != DAHDI_SIGNALLING_CAS)
        return fail(dahdi, error, "timeslot %d must be clear or cas in the driver, not signalling %Xh", position,
                    (unsigned)info->signalling);
    return 0;
}

/* The descriptor, or -1. */
static int channel_open(const dahdi_channel_info *info)
{
    int channel = info->channel;
    dahdi_buffer_info buffers = {.transmit_policy = DAHDI_POLICY_IMMEDIATE, .count = DAHDI_BUFFERS_MAX,
                                 .octets = DAHDI_BLOCK_OCTETS};
    int descriptor = open("/dev/dahdi/channel", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return -1;
    if (ioctl(descriptor, DAHDI_SPECIFY, &channel) || ioctl(descriptor, DAHDI_SET_BUFFERS, &buffers)) {
        int reason = errno;
        close(descriptor);
        errno = reason;
        return -1;
    }
    return descriptor;
}

static int channel_add(dahdi_port *dahdi, const dahdi_channel_info *info, char *error)
{
    if (signalling_check(dahdi, info, error))
        return -1;
    int descriptor = channel_open(info);
    if (descriptor < 0)
        return fail(dahdi, error, "timeslot %d, channel %d: %s", info->position, info->channel,
                    errno == EBUSY ? "in use by another program" : strerror(errno));
    lanes_add(&dahdi->lanes, descriptor, (unsigned)info->position, 1);
    if (info->signalling == DAHDI_SIGNALLING_CAS)
        dahdi->cas_timeslots |= 1u << info->position;
    return 0;
}

/* Channels are numbered through all spans: each is asked where it belongs. */
static int channels_open(dahdi_port *dahdi, char *error)
{
    for (int channel = 1; channel <= DAHDI_CHANNELS_MAX; channel++) {
        dahdi_channel_info info = {.channel = channel};
        if (ioctl(dahdi->control, DAHDI_CHANNEL_INFO, &info) || !takes(dahdi, &info))
            continue;
        if (dahdi->lanes.count == LANES_MAX)
            return fail(dahdi, error, "more than 31 channels");
        if (channel_add(dahdi, &info, error))
            return -1;
    }
    if (dahdi->lanes.count == 0)
        return fail(dahdi, error, "no channel is configured in the driver (dahdi_cfg)");
    return 0;
}

/* What was asked for and is no channel of the span at all. */
static int timeslots_check(const dahdi_port *dahdi, char *error)
{
    uint32_t missing = dahdi->options.timeslots;
    for (unsigned lane = 0; lane < dahdi->lanes.count; lane++)
        missing &= ~(1u << dahdi->lanes.timeslots[lane]);
    return missing ? fail(dahdi, error, "the span has no timeslot %d", __builtin_ctz(missing)) : 0;
}

static int span_open(dahdi_port *dahdi, char *error)
{
    dahdi->cas_timeslots = 0;
    dahdi->sending = false;
    if (span_find(dahdi, error) || channels_open(dahdi, error) || timeslots_check(dahdi, error)) {
        span_close(dahdi);
        return -1;
    }
    dahdi->changed_bits = dahdi->cas_timeslots;
    memset(dahdi->received_abcd, 0, sizeof dahdi->received_abcd);
    memset(dahdi->sent_abcd, ABCD_UNKNOWN, sizeof dahdi->sent_abcd);
    return 0;
}

/* ---- a millisecond ---- */

static void lost(dahdi_port *dahdi)
{
    span_close(dahdi);
    dahdi->waited_ms = 0;
}

static void look_for(dahdi_port *dahdi)
{
    char error[ERROR_OCTETS];
    if (++dahdi->waited_ms < dahdi->pause_ms)
        return;
    dahdi->waited_ms = 0;
    if (span_open(dahdi, error) == 0) {
        dahdi->reconnections++;
        dahdi->pause_ms = DAHDI_PAUSE_MS_MIN;
        return;
    }
    dahdi->failed_attempts++;
    dahdi->pause_ms = dahdi->pause_ms * 2 > DAHDI_PAUSE_MS_MAX ? DAHDI_PAUSE_MS_MAX : dahdi->pause_ms * 2;
}

/* The driver sends a block for each it receives. What it is owed beyond the lead it has missed: that is not made up. */
static void owe(dahdi_port *dahdi)
{
    dahdi->owed_blocks += (int32_t)(dahdi->lanes.last_octets / BLOCK_FRAMES);
    if (dahdi->owed_blocks > SEND_LEAD)
        dahdi->owed_blocks = SEND_LEAD;
}

static void millisecond(dahdi_port *dahdi)
{
    dahdi->ticked = true;
    if (!is_open(dahdi)) {
        look_for(dahdi);
        return;
    }
    if (lanes_look(&dahdi->lanes)) {
        lost(dahdi);
        return;
    }
    owe(dahdi);
    if (dahdi->lanes.state == LANES_DRAINING)
        dahdi->sending = false; /* draining flushes both ways */
}

static bool dahdi_receive_frames(port *port, stream_block *block)
{
    dahdi_port *dahdi = (dahdi_port *)port;
    bool first = !dahdi->ticked;
    if (first)
        millisecond(dahdi);
    else if (!is_open(dahdi) || !lanes_surplus(&dahdi->lanes))
        return false;
    bool taken = is_open(dahdi) && lanes_take(&dahdi->lanes, block);
    if (first && !taken && dahdi->lanes.state != LANES_FILLING)
        dahdi->underruns++;
    return taken;
}

static unsigned dahdi_blocks_wanted(port *port)
{
    dahdi_port *dahdi = (dahdi_port *)port;
    dahdi->ticked = false;
    if (!is_open(dahdi) || !dahdi->sending)
        return 1;
    return dahdi->owed_blocks > 2 ? 2 : dahdi->owed_blocks < -1 ? 0 : 1;
}

/* To all channels or, where the first has no room, to none. -1 if a channel is gone. */
static int write_all(dahdi_port *dahdi, const stream_block *block)
{
    for (unsigned lane = 0; lane < dahdi->lanes.count; lane++) {
        int written = channel_write(dahdi, lane, block);
        if (written < 0)
            return -1;
        if (written)
            continue;
        dahdi->overruns++;
        if (lane)
            lanes_restart(&dahdi->lanes); /* the channels before it have got the block */
        return 0;
    }
    dahdi->owed_blocks--;
    return 0;
}

static int send_begin(dahdi_port *dahdi)
{
    stream_block idle;
    memset(&idle, IDLE, sizeof idle);
    for (unsigned k = 0; k < SEND_LEAD; k++)
        if (write_all(dahdi, &idle))
            return -1;
    dahdi->sending = true;
    dahdi->owed_blocks = 0;
    return 0;
}

static void dahdi_transmit_frames(port *port, const stream_block *block)
{
    dahdi_port *dahdi = (dahdi_port *)port;
    if (!is_open(dahdi) || dahdi->lanes.state == LANES_DRAINING)
        return;
    if ((!dahdi->sending && send_begin(dahdi)) || write_all(dahdi, block))
        lost(dahdi);
}

/* ---- signalling bits ---- */

/* The driver's bits are a 8, b 4, c 2, d 1. */
static void bits_read(dahdi_port *dahdi, unsigned lane)
{
    unsigned timeslot = dahdi->lanes.timeslots[lane];
    int bits = 0;
    if (dahdi->changed_bits >> timeslot & 1 &&
        ioctl(dahdi->lanes.descriptors[lane], DAHDI_GET_RECEIVED_BITS, &bits) == 0)
        dahdi->received_abcd[timeslot] = bits & 0xF;
}

static void dahdi_receive_cas(port *port, uint8_t abcd[32])
{
    dahdi_port *dahdi = (dahdi_port *)port;
    for (unsigned lane = 0; dahdi->changed_bits && lane < dahdi->lanes.count; lane++)
        bits_read(dahdi, lane);
    dahdi->changed_bits = 0;
    memcpy(abcd, dahdi->received_abcd, sizeof dahdi->received_abcd);
}

static void dahdi_transmit_cas(port *port, const uint8_t abcd[32])
{
    dahdi_port *dahdi = (dahdi_port *)port;
    for (unsigned lane = 0; lane < dahdi->lanes.count; lane++) {
        unsigned timeslot = dahdi->lanes.timeslots[lane];
        int bits = abcd[timeslot] & 0xF;
        if (!(dahdi->cas_timeslots >> timeslot & 1) || dahdi->sent_abcd[timeslot] == bits)
            continue;
        if (ioctl(dahdi->lanes.descriptors[lane], DAHDI_SET_SENT_BITS, &bits) == 0)
            dahdi->sent_abcd[timeslot] = (uint8_t)bits;
    }
}

/* ---- status ---- */

static uint32_t alarms_of(int32_t driver_alarms)
{
    static const struct {
        int32_t of_driver;
        uint32_t of_port;
    } table[] = {
        {DAHDI_ALARM_YELLOW, PORT_REMOTE_ALARM}, {DAHDI_ALARM_BLUE, PORT_AIS},
        {DAHDI_ALARM_NOT_OPEN, PORT_SIGNAL_LOST}, {DAHDI_ALARM_LOS, PORT_SIGNAL_LOST},
        {DAHDI_ALARM_LFA, PORT_FRAME_LOST},       {DAHDI_ALARM_LMFA, PORT_MULTIFRAME_LOST},
    };
    uint32_t alarms = 0;
    for (unsigned k = 0; k < sizeof table / sizeof *table; k++)
        if (driver_alarms & table[k].of_driver)
            alarms |= table[k].of_port;
    /* Drivers without the detailed bits say only that the line is of no use. */
    if (driver_alarms & DAHDI_ALARM_RED && !(alarms & (PORT_SIGNAL_LOST | PORT_FRAME_LOST | PORT_MULTIFRAME_LOST)))
        alarms |= PORT_FRAME_LOST;
    return alarms;
}

static uint32_t alarms_read(dahdi_port *dahdi)
{
    dahdi_span_info info;
    if (!is_open(dahdi) || span_read(dahdi, &info))
        return PORT_SIGNAL_LOST;
    counters_run(dahdi, &info);
    bool silent = dahdi->lanes.silent_looks >= DAHDI_SILENCE_MS;
    return alarms_of(info.alarms) | (silent ? PORT_SIGNAL_LOST : 0);
}

static void dahdi_read_status(port *port, port_status *status)
{
    dahdi_port *dahdi = (dahdi_port *)port;
    uint32_t alarms = alarms_read(dahdi);
    *status = (port_status){
        .alarms = alarms,
        .underruns = dahdi->underruns,
        .overruns = dahdi->lanes.overruns + dahdi->overruns,
        .reconnections = dahdi->reconnections,
        .bipolar_violations = dahdi->bipolar_violations.total,
        .fas_errors = dahdi->fas_errors.total,
        .crc_errors = dahdi->crc_errors.total,
        .e_bit_errors = dahdi->e_bit_errors.total,
    };
}

static void dahdi_free(port *port)
{
    span_close((dahdi_port *)port);
    free(port);
}

static const port_operations clear_operations = {
    .kind = PORT_FRAMED,
    .real_time = true,
    .receive_frames = dahdi_receive_frames,
    .blocks_wanted = dahdi_blocks_wanted,
    .transmit_frames = dahdi_transmit_frames,
    .read_status = dahdi_read_status,
    .free = dahdi_free,
};

static const port_operations cas_operations = {
    .kind = PORT_FRAMED,
    .real_time = true,
    .receive_frames = dahdi_receive_frames,
    .blocks_wanted = dahdi_blocks_wanted,
    .transmit_frames = dahdi_transmit_frames,
    .receive_cas = dahdi_receive_cas,
    .transmit_cas = dahdi_transmit_cas,
    .read_status = dahdi_read_status,
    .free = dahdi_free,
};

static int options_check(const dahdi_port *dahdi, char *error)
{
    if (dahdi->options.span < 1 || dahdi->options.span > DAHDI_SPANS_MAX)
        return fail(dahdi, error, "spans are numbered 1-128");
    if (dahdi->options.timeslots & 1)
        return fail(dahdi, error, "timeslot 0 is the driver's own");
    return 0;
}

port *dahdi_port_open(const dahdi_options *options, char error[200])
{
    dahdi_port *dahdi = calloc(1, sizeof *dahdi);
    if (!dahdi) {
        snprintf(error, ERROR_OCTETS, "dahdi: no memory");
        return NULL;
    }
    dahdi->options = *options;
    dahdi->control = -1;
    dahdi->pause_ms = DAHDI_PAUSE_MS_MIN;
    lanes_clear(&dahdi->lanes, &driver, dahdi);
    if (options_check(dahdi, error) || span_open(dahdi, error)) {
        dahdi_free(&dahdi->port);
        return NULL;
    }
    dahdi->port.operations = dahdi->cas_timeslots ? &cas_operations : &clear_operations;
    return &dahdi->port;
}

int dahdi_port_maintain(port *port, dahdi_maintenance command, char error[200])
{
    const dahdi_port *dahdi = (const dahdi_port *)port;
    dahdi_maintenance_info info = {.span = (int32_t)dahdi->options.span, .command = (int32_t)command};
    if (!is_open(dahdi))
        return fail(dahdi, error, "it is gone");
    if (ioctl(dahdi->control, DAHDI_MAINTAIN, &info))
        return fail(dahdi, error, "maintenance %d: %s", (int)command,
                    errno == ENOSYS ? "the driver cannot" : strerror(errno));
    return 0;
}

void dahdi_port_read_counters(port *port, dahdi_counters *counters)
{
    const dahdi_port *dahdi = (const dahdi_port *)port;
    *counters = (dahdi_counters){
        .restarts = dahdi->lanes.restarts,
        .events = dahdi->events,
        .failed_attempts = dahdi->failed_attempts,
        .cas_timeslots = is_open(dahdi) ? dahdi->cas_timeslots : 0,
    };
    for (unsigned lane = 0; lane < dahdi->lanes.count; lane++)
        counters->timeslots |= 1u << dahdi->lanes.timeslots[lane];
}
