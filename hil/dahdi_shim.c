/*
 * A stand-in for the DAHDI drivers: preloaded (LD_PRELOAD) it answers for /dev/dahdi/ctl and /dev/dahdi/channel in its
 * process, and everything else goes on to the C library. Spans, alarms, counters and time are moved by the dahdi_shim_*
 * functions, from the same process; nothing moves by itself.
 *
 * Written from the drivers' public interface (dahdi/user.h) and what they do: a channel's buffers are of at least 16
 * octets; a read hands one full buffer over and forgets what it has no room for; reads and writes fail with
 * errno 500 while an event waits; a channel whose card is gone fails with ENODEV, its event is 20. Numbers
 * here are worked by hand from that header and shared with nobody, so that they check those of the product.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SPANS = 4,
    CHANNELS_OF_SPAN = 31,
    CHANNELS = SPANS * CHANNELS_OF_SPAN,
    BUFFERS = 32,
    BUFFER_SPACE = 32768,
    EVENTS = 64,
    DESCRIPTORS = 4096,
    CHUNK = 8,
    IDLE = 0xFF,
    EVENT_WAITS = 500,
    SIGNALLING_CAS = 0x8000,
    EVENT_BITS = 13,
    EVENT_REMOVED = 20,
    SPAN_INFO_OCTETS = 314,
    CHANNEL_INFO_OCTETS = 136,
};

/* _IOC(direction, 0xDA, number, size): read 2, write 1, both 3 in the upper two bits, the size below them. */
enum {
    FLUSH = 0x4004DA03,
    GETEVENT = (int)0x8004DA08,
    MAINT = 0x4008DA0B,
    SET_BUFINFO = 0x4018DA1B,
    SPECIFY = 0x4004DA26,
    GETRXBITS = (int)0x8004DA2B,
    SETTXBITS = 0x4004DA2B,
    GET_PARAMS = (int)0xC088DA05,
    SPANSTAT = (int)0xC13ADA0A,
};

typedef struct {
    int open;
    int signalling;
    int buffer_octets, buffers;
    uint8_t received[BUFFER_SPACE], sent[BUFFER_SPACE];
    int received_full, received_first, received_fill; /* whole buffers waiting, the first of them, octets of the next */
    int sent_octets[BUFFERS], sent_full, sent_first, sent_at;
    int events[EVENTS], event_count;
    int received_bits, sent_bits;
    uint64_t lost_octets; /* that found all buffers full */
} channel;

typedef struct {
    int first_channel; /* 0: no such span */
    int channel_count;
    int present;
    int alarms, counters[4]; /* bipolar violations, CRC, E bits, FAS */
    int maintenance;
} span;

enum {
    KIND_NONE,
    KIND_CONTROL,
    KIND_UNSPECIFIED,
    KIND_CHANNEL,
};

static span spans[SPANS];
static channel channels[CHANNELS + 1];
static uint8_t kinds[DESCRIPTORS];
static uint16_t channel_of[DESCRIPTORS];
static int reads_left;
static void (*interrupt)(void);

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static span *span_of(int number)
{
    return number >= 1 && number <= SPANS && spans[number - 1].present ? &spans[number - 1] : NULL;
}

static span *span_of_channel(int number)
{
    for (int k = 0; k < SPANS; k++)
        if (spans[k].first_channel && number >= spans[k].first_channel &&
            number < spans[k].first_channel + spans[k].channel_count)
            return &spans[k];
    return NULL;
}

static channel *present_channel(int number)
{
    span *of = number >= 1 && number <= CHANNELS ? span_of_channel(number) : NULL;
    return of && of->present ? &channels[number] : NULL;
}

static int refuse(int reason)
{
    errno = reason;
    return -1;
}

/* ---- moved by tests ---- */

void dahdi_shim_reset(void)
{
    memset(spans, 0, sizeof spans);
    memset(channels, 0, sizeof channels);
}

void dahdi_shim_span(int number, int first_channel, int channel_count)
{
    spans[number - 1] = (span){.first_channel = first_channel, .channel_count = channel_count, .present = 1};
}

void dahdi_shim_configure(int number, int signalling)
{
    channels[number].signalling = signalling;
}

void dahdi_shim_alarms(int number, int alarms)
{
    spans[number - 1].alarms = alarms;
}

void dahdi_shim_counters(int number, int bipolar, int crc, int e_bit, int fas)
{
    int *counters = spans[number - 1].counters;
    counters[0] = bipolar;
    counters[1] = crc;
    counters[2] = e_bit;
    counters[3] = fas;
}

int dahdi_shim_maintenance(int number)
{
    return spans[number - 1].maintenance;
}

void dahdi_shim_event(int number, int event)
{
    channel *to = &channels[number];
    if (to->open && to->event_count < EVENTS)
        to->events[to->event_count++] = event;
}

void dahdi_shim_received_bits(int number, int bits)
{
    if (channels[number].received_bits != bits && channels[number].signalling == SIGNALLING_CAS)
        dahdi_shim_event(number, EVENT_BITS);
    channels[number].received_bits = bits;
}

int dahdi_shim_sent_bits(int number)
{
    return channels[number].sent_bits;
}

uint64_t dahdi_shim_lost_octets(int number)
{
    return channels[number].lost_octets;
}

/* The card goes, or comes back. */
void dahdi_shim_present(int number, int present)
{
    span *of = &spans[number - 1];
    of->present = present;
    for (int k = 0; k < of->channel_count && !present; k++) {
        dahdi_shim_event(of->first_channel + k, EVENT_REMOVED);
        channels[of->first_channel + k].open = 0;
        channels[of->first_channel + k].sent_bits = 0;
    }
}

/* Calls the handler once, after so many reads: an interrupt in the middle of a reader's round. */
void dahdi_shim_interrupt(int reads, void (*handler)(void))
{
    reads_left = reads;
    interrupt = handler;
}

static void chunk_receive(channel *to, const uint8_t *octets)
{
    if (!to->open)
        return;
    if (to->received_full == to->buffers) {
        to->lost_octets += CHUNK;
        return;
    }
    for (int k = 0; k < CHUNK; k++) {
        int last = (to->received_first + to->received_full) % to->buffers;
        to->received[last * to->buffer_octets + to->received_fill++] = octets[k];
        if (to->received_fill < to->buffer_octets)
            continue;
        to->received_fill = 0;
        if (++to->received_full == to->buffers)
            break; /* sizes are multiples of a chunk */
    }
}

static uint8_t octet_send(channel *from)
{
    if (!from->open || !from->sent_full)
        return IDLE;
    uint8_t octet = from->sent[from->sent_first * from->buffer_octets + from->sent_at++];
    if (from->sent_at == from->sent_octets[from->sent_first]) {
        from->sent_at = 0;
        from->sent_first = (from->sent_first + 1) % from->buffers;
        from->sent_full--;
    }
    return octet;
}

/* A millisecond of one channel: eight octets from the line, eight to it. */
void dahdi_shim_tick(int number, const uint8_t *from_line, uint8_t *to_line)
{
    for (int k = 0; k < CHUNK; k++)
        to_line[k] = octet_send(&channels[number]);
    chunk_receive(&channels[number], from_line);
}

/* ---- what the driver does ---- */

static void buffers_set(channel *of, int octets, int count)
{
    of->buffer_octets = octets;
    of->buffers = count;
    of->received_full = of->received_first = of->received_fill = 0;
    of->sent_full = of->sent_first = of->sent_at = 0;
}

static int channel_specify(int descriptor, int number)
{
    channel *of = present_channel(number);
    if (!of)
        return refuse(EINVAL);
    if (!of->signalling)
        return refuse(ENXIO);
    if (of->open)
        return refuse(EBUSY);
    of->open = 1;
    of->event_count = 0;
    buffers_set(of, 1024, 2);
    kinds[descriptor] = KIND_CHANNEL;
    channel_of[descriptor] = (uint16_t)number;
    return 0;
}

static int buffers_change(channel *of, const int32_t *info)
{
    int count = info[2], octets = info[3];
    if (octets < 16 || octets > 8192 || count < 1 || count > BUFFERS || octets * count > BUFFER_SPACE)
        return refuse(EINVAL);
    buffers_set(of, octets, count);
    return 0;
}

static int event_get(channel *of, int32_t *event)
{
    *event = of->event_count ? of->events[0] : 0;
    if (of->event_count)
        memmove(of->events, of->events + 1, (size_t)--of->event_count * sizeof *of->events);
    return 0;
}

static int flush(channel *of, int what)
{
    if (what & 1)
        of->received_full = of->received_first = of->received_fill = 0;
    if (what & 2)
        of->sent_full = of->sent_first = of->sent_at = 0;
    return 0;
}

static int channel_ioctl(int number, int request, int32_t *argument)
{
    channel *of = present_channel(number);
    if (!of || !of->open) {
        if (request == GETEVENT)
            *argument = EVENT_REMOVED;
        return refuse(ENODEV);
    }
    switch (request) {
    case FLUSH:
        return flush(of, *argument);
    case SET_BUFINFO:
        return buffers_change(of, argument);
    case GETEVENT:
        return event_get(of, argument);
    case GETRXBITS:
        *argument = of->received_bits;
        return 0;
    case SETTXBITS:
        if (of->signalling != SIGNALLING_CAS)
            return refuse(EINVAL);
        of->sent_bits = *argument;
        return 0;
    default:
        return refuse(ENOTTY);
    }
}

static void put(uint8_t *info, int offset, int32_t value)
{
    memcpy(info + offset, &value, sizeof value);
}

static int span_info(uint8_t *info)
{
    int32_t number;
    memcpy(&number, info, sizeof number);
    span *of = span_of(number);
    if (!of)
        return refuse(EINVAL);
    memset(info + 4, 0xEE, SPAN_INFO_OCTETS - 4); /* what nobody asked about is not zero */
    put(info, 64, of->alarms);
    for (int k = 0; k < 4; k++)
        put(info, 76 + 4 * k, of->counters[k]);
    put(info, 124, of->channel_count);
    return 0;
}

static int channel_info(uint8_t *info)
{
    int32_t number;
    memcpy(&number, info, sizeof number);
    channel *of = present_channel(number);
    if (!of)
        return refuse(EINVAL);
    span *belongs = span_of_channel(number);
    memset(info + 4, 0xEE, CHANNEL_INFO_OCTETS - 4);
    put(info, 4, (int32_t)(belongs - spans) + 1);
    put(info, 8, number - belongs->first_channel + 1);
    put(info, 12, of->signalling);
    return 0;
}

static int maintain(const int32_t *info)
{
    span *of = span_of(info[0]);
    if (!of)
        return refuse(EINVAL);
    if (info[1] == 13) /* a driver without payload loops */
        return refuse(ENOSYS);
    of->maintenance = info[1];
    return 0;
}

static int control_ioctl(int request, void *argument)
{
    switch (request) {
    case SPANSTAT:
        return span_info(argument);
    case GET_PARAMS:
        return channel_info(argument);
    case MAINT:
        return maintain(argument);
    default:
        return refuse(ENOTTY);
    }
}

static ssize_t channel_read(int number, uint8_t *octets, size_t room)
{
    channel *of = present_channel(number);
    if (!of || !of->open)
        return refuse(ENODEV);
    if (of->event_count)
        return refuse(EVENT_WAITS);
    if (!of->received_full)
        return refuse(EAGAIN);
    size_t count = room < (size_t)of->buffer_octets ? room : (size_t)of->buffer_octets;
    memcpy(octets, of->received + of->received_first * of->buffer_octets, count);
    of->received_first = (of->received_first + 1) % of->buffers;
    of->received_full--;
    return (ssize_t)count;
}

static ssize_t channel_write(int number, const uint8_t *octets, size_t room)
{
    channel *of = present_channel(number);
    if (!of || !of->open)
        return refuse(ENODEV);
    if (of->event_count)
        return refuse(EVENT_WAITS);
    if (of->sent_full == of->buffers)
        return refuse(EAGAIN);
    int to = (of->sent_first + of->sent_full) % of->buffers;
    size_t count = room < (size_t)of->buffer_octets ? room : (size_t)of->buffer_octets;
    memcpy(of->sent + to * of->buffer_octets, octets, count);
    of->sent_octets[to] = (int)count;
    of->sent_full++;
    return (ssize_t)count;
}

/* ---- the C library's functions ---- */

static int kind(int descriptor)
{
    return descriptor >= 0 && descriptor < DESCRIPTORS ? kinds[descriptor] : KIND_NONE;
}

/* A descriptor of its own for a device: one of /dev/null, so that its number is taken. */
static int device_open(const char *path, int flags, int (*open_next)(const char *, int, ...))
{
    int any = 0;
    for (int k = 0; k < SPANS; k++)
        any |= spans[k].first_channel;
    if (!any)
        return refuse(ENOENT);
    int descriptor = open_next("/dev/null", flags);
    if (descriptor >= DESCRIPTORS)
        abort();
    if (descriptor >= 0)
        kinds[descriptor] = strcmp(path, "/dev/dahdi/ctl") ? KIND_UNSPECIFIED : KIND_CONTROL;
    return descriptor;
}

static int open_any(const char *name, const char *path, int flags, int mode)
{
    int (*open_next)(const char *, int, ...);
    *(void **)&open_next = next(name);
    if (strcmp(path, "/dev/dahdi/ctl") == 0 || strcmp(path, "/dev/dahdi/channel") == 0)
        return device_open(path, flags, open_next);
    return open_next(path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    int mode = va_arg(arguments, int);
    va_end(arguments);
    return open_any("open", path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    int mode = va_arg(arguments, int);
    va_end(arguments);
    return open_any("open64", path, flags, mode);
}

int ioctl(int descriptor, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    int32_t *number = argument;
    switch (kind(descriptor)) {
    case KIND_CONTROL:
        return control_ioctl((int)request, argument);
    case KIND_UNSPECIFIED:
        return (int)request == SPECIFY ? channel_specify(descriptor, *number) : refuse(ENOSYS);
    case KIND_CHANNEL:
        return channel_ioctl(channel_of[descriptor], (int)request, number);
    default:
        break;
    }
    int (*ioctl_next)(int, unsigned long, ...);
    *(void **)&ioctl_next = next("ioctl");
    return ioctl_next(descriptor, request, argument);
}

static void interrupt_due(void)
{
    void (*handler)(void) = interrupt;
    if (!handler || --reads_left)
        return;
    interrupt = NULL;
    handler();
}

ssize_t read(int descriptor, void *octets, size_t room)
{
    if (kind(descriptor) == KIND_CHANNEL) {
        ssize_t count = channel_read(channel_of[descriptor], octets, room);
        int reason = errno;
        interrupt_due();
        errno = reason;
        return count;
    }
    ssize_t (*read_next)(int, void *, size_t);
    *(void **)&read_next = next("read");
    return read_next(descriptor, octets, room);
}

ssize_t write(int descriptor, const void *octets, size_t count)
{
    if (kind(descriptor) == KIND_CHANNEL)
        return channel_write(channel_of[descriptor], octets, count);
    ssize_t (*write_next)(int, const void *, size_t);
    *(void **)&write_next = next("write");
    return write_next(descriptor, octets, count);
}

int close(int descriptor)
{
    if (kind(descriptor) == KIND_CHANNEL)
        channels[channel_of[descriptor]].open = 0;
    if (kind(descriptor) != KIND_NONE)
        kinds[descriptor] = KIND_NONE;
    int (*close_next)(int);
    *(void **)&close_next = next("close");
    return close_next(descriptor);
}
