/* A span of the DAHDI drivers: finding it and opening its channels, its alarms and counters, its maintenance. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ports/dahdi_driver_internal.h"
#include "ports/dahdi_span_internal.h"

enum {
    E1_CHANNELS = 31,
    ABCD_UNKNOWN = 0xFF,
};

static int fail(const dahdi_span *span, char *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int used = snprintf(error, DAHDI_ERROR_OCTETS, "dahdi span %u: ", span->options.span);
    vsnprintf(error + used, DAHDI_ERROR_OCTETS - (size_t)used, format, arguments);
    va_end(arguments);
    return -1;
}

static int options_check(const dahdi_span *span, char *error)
{
    if (span->options.span < 1 || span->options.span > DAHDI_SPANS_MAX)
        return fail(span, error, "spans are numbered 1-128");
    if (span->options.timeslots & 1)
        return fail(span, error, "timeslot 0 is the driver's own");
    return 0;
}

int dahdi_span_init(dahdi_span *span, const dahdi_options *options, char *error)
{
    span->options = *options;
    span->control = -1;
    lanes_clear(&span->lanes, &dahdi_channels_driver, span);
    return options_check(span, error);
}

/* ---- opening ---- */

bool dahdi_span_is_open(const dahdi_span *span)
{
    return span->control >= 0;
}

void dahdi_span_close(dahdi_span *span)
{
    lanes_close(&span->lanes);
    if (span->control >= 0)
        close(span->control);
    span->control = -1;
}

static int span_read(const dahdi_span *span, dahdi_span_info *info)
{
    memset(info, 0, sizeof *info);
    info->span = (int32_t)span->options.span;
    return ioctl(span->control, DAHDI_SPAN_INFO, info);
}

static void counter_run(counter *counter, uint32_t now)
{
    counter->total += now >= counter->last ? now - counter->last : now; /* reset in between */
    counter->last = now;
}

static void counters_run(dahdi_span *span, const dahdi_span_info *info)
{
    counter_run(&span->bipolar_violations, (uint32_t)info->bipolar_violations);
    counter_run(&span->fas_errors, (uint32_t)info->fas_errors);
    counter_run(&span->crc_errors, (uint32_t)info->crc_errors);
    counter_run(&span->e_bit_errors, (uint32_t)info->e_bit_errors);
}

/* From here on is counted. */
static void counters_begin(dahdi_span *span, const dahdi_span_info *info)
{
    span->bipolar_violations.last = (uint32_t)info->bipolar_violations;
    span->fas_errors.last = (uint32_t)info->fas_errors;
    span->crc_errors.last = (uint32_t)info->crc_errors;
    span->e_bit_errors.last = (uint32_t)info->e_bit_errors;
}

static int span_find(dahdi_span *span, char *error)
{
    dahdi_span_info info;
    span->control = open("/dev/dahdi/ctl", O_RDWR | O_CLOEXEC);
    if (span->control < 0)
        return fail(span, error, "/dev/dahdi/ctl: %s (is DAHDI loaded?)", strerror(errno));
    if (span_read(span, &info))
        return fail(span, error, "the driver has no such span: %s", strerror(errno));
    if (info.channels != E1_CHANNELS)
        return fail(span, error, "it has %d channels; an E1 has 31", info.channels);
    counters_begin(span, &info);
    return 0;
}

static bool takes(const dahdi_span *span, const dahdi_channel_info *info)
{
    uint32_t timeslots = span->options.timeslots;
    if (info->span != (int32_t)span->options.span || info->position < 1 || info->position >= DAHDI_TIMESLOTS)
        return false;
    return timeslots ? timeslots >> info->position & 1 : info->signalling != DAHDI_SIGNALLING_NONE;
}

static int signalling_check(const dahdi_span *span, const dahdi_channel_info *info, char *error)
{
    int32_t position = info->position;
    if (info->signalling == DAHDI_SIGNALLING_NONE)
        return fail(span, error, "timeslot %d is not configured in the driver (dahdi_cfg)", position);
    if (info->signalling != DAHDI_SIGNALLING_CLEAR && info->signalling != DAHDI_SIGNALLING_CAS)
        return fail(span, error, "timeslot %d must be clear or cas in the driver, not signalling %Xh", position,
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

static int channel_add(dahdi_span *span, const dahdi_channel_info *info, char *error)
{
    if (signalling_check(span, info, error))
        return -1;
    int descriptor = channel_open(info);
    if (descriptor < 0)
        return fail(span, error, "timeslot %d, channel %d: %s", info->position, info->channel,
                    errno == EBUSY ? "in use by another program" : strerror(errno));
    lanes_add(&span->lanes, descriptor, (unsigned)info->position, 1);
    if (info->signalling == DAHDI_SIGNALLING_CAS)
        span->cas_timeslots |= 1u << info->position;
    return 0;
}

/* Channels are numbered through all spans: each is asked where it belongs. */
static int channels_open(dahdi_span *span, char *error)
{
    for (int channel = 1; channel <= DAHDI_CHANNELS_MAX; channel++) {
        dahdi_channel_info info = {.channel = channel};
        if (ioctl(span->control, DAHDI_CHANNEL_INFO, &info) || !takes(span, &info))
            continue;
        if (span->lanes.count == LANES_MAX)
            return fail(span, error, "more than 31 channels");
        if (channel_add(span, &info, error))
            return -1;
    }
    if (span->lanes.count == 0)
        return fail(span, error, "no channel is configured in the driver (dahdi_cfg)");
    return 0;
}

/* What was asked for and is no channel of the span at all. */
static int timeslots_check(const dahdi_span *span, char *error)
{
    uint32_t missing = span->options.timeslots;
    for (unsigned lane = 0; lane < span->lanes.count; lane++)
        missing &= ~(1u << span->lanes.timeslots[lane]);
    return missing ? fail(span, error, "the span has no timeslot %d", __builtin_ctz(missing)) : 0;
}

int dahdi_span_open(dahdi_span *span, char *error)
{
    span->cas_timeslots = 0;
    if (span_find(span, error) || channels_open(span, error) || timeslots_check(span, error)) {
        dahdi_span_close(span);
        return -1;
    }
    span->changed_bits = span->cas_timeslots;
    memset(span->received_abcd, 0, sizeof span->received_abcd);
    memset(span->sent_abcd, ABCD_UNKNOWN, sizeof span->sent_abcd);
    return 0;
}

/* ---- alarms, maintenance ---- */

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

uint32_t dahdi_span_run(dahdi_span *span)
{
    dahdi_span_info info;
    if (!dahdi_span_is_open(span) || span_read(span, &info))
        return PORT_SIGNAL_LOST;
    counters_run(span, &info);
    bool silent = span->lanes.silent_looks >= DAHDI_SILENCE_MS;
    return alarms_of(info.alarms) | (silent ? PORT_SIGNAL_LOST : 0);
}

int dahdi_span_maintain(const dahdi_span *span, dahdi_maintenance command, char *error)
{
    dahdi_maintenance_info info = {.span = (int32_t)span->options.span, .command = (int32_t)command};
    if (!dahdi_span_is_open(span))
        return fail(span, error, "it is gone");
    if (ioctl(span->control, DAHDI_MAINTAIN, &info))
        return fail(span, error, "maintenance %d: %s", (int)command,
                    errno == ENOSYS ? "the driver cannot" : strerror(errno));
    return 0;
}
