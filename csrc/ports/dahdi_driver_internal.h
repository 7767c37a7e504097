/* The interface of the DAHDI drivers (dahdi/user.h), as far as it is used: numbers and layouts. */
#ifndef TRUNKSHELF_DAHDI_DRIVER_INTERNAL_H
#define TRUNKSHELF_DAHDI_DRIVER_INTERNAL_H

#include <stdint.h>
#include <sys/ioctl.h>

/* Packed in the driver: 314 octets. */
typedef struct __attribute__((packed)) {
    int32_t span;
    char name[20];
    char description[40];
    int32_t alarms;
    int32_t transmit_level, receive_level;
    int32_t bipolar_violations, crc_errors, e_bit_errors, fas_errors;
    uint32_t framing_errors, code_violations, bit_errors, pattern, errored_seconds;
    int32_t missed_interrupts;
    int32_t clock_source;
    int32_t channels_configured, channels;
    int32_t spans;
    int32_t line_build_out;
    int32_t line_configuration;
    char line_build_out_text[40];
    char location[40];
    char manufacturer[40];
    char device_type[40];
    int32_t interrupt;
    int32_t signalling_possible;
    char span_type[6];
} dahdi_span_info;

typedef struct {
    int32_t channel; /* asked for */
    int32_t span;
    int32_t position; /* in its span: 1-31, the timeslot */
    int32_t signalling;
    int32_t unused_bits[8];
    char name[40];
    int32_t unused_timings[11];
    uint32_t alarms;
} dahdi_channel_info;

typedef struct {
    int32_t transmit_policy;
    int32_t receive_policy;
    int32_t count;
    int32_t octets; /* of each, at least 16 */
    int32_t receive_full, transmit_full;
} dahdi_buffer_info;

typedef struct {
    int32_t span;
    int32_t command;
} dahdi_maintenance_info;

#define DAHDI_CODE 0xDA
#define DAHDI_FLUSH _IOW(DAHDI_CODE, 3, int)
#define DAHDI_CHANNEL_INFO _IOWR(DAHDI_CODE, 5, dahdi_channel_info)
#define DAHDI_GET_EVENT _IOR(DAHDI_CODE, 8, int)
#define DAHDI_SPAN_INFO _IOWR(DAHDI_CODE, 10, dahdi_span_info)
#define DAHDI_MAINTAIN _IOW(DAHDI_CODE, 11, dahdi_maintenance_info)
#define DAHDI_SET_BUFFERS _IOW(DAHDI_CODE, 27, dahdi_buffer_info)
#define DAHDI_SPECIFY _IOW(DAHDI_CODE, 38, int)
#define DAHDI_GET_RECEIVED_BITS _IOR(DAHDI_CODE, 43, int)
#define DAHDI_SET_SENT_BITS _IOW(DAHDI_CODE, 43, int)

enum {
    DAHDI_EVENT_PENDING = 500, /* errno of a read or write while an event waits */

    DAHDI_CHANNELS_MAX = 1024,
    DAHDI_SPANS_MAX = 128,
    DAHDI_BUFFERS_MAX = 32,
    DAHDI_POLICY_IMMEDIATE = 0,
    DAHDI_FLUSH_READ = 1,
    DAHDI_FLUSH_WRITE = 2,

    DAHDI_SIGNALLING_NONE = 0,
    DAHDI_SIGNALLING_CLEAR = 1 << 7, /* with further bits: HDLC by the driver */
    DAHDI_SIGNALLING_CAS = 1 << 15,

    DAHDI_EVENT_NONE = 0,
    DAHDI_EVENT_BITS_CHANGED = 13,
    DAHDI_EVENT_REMOVED = 20,

    DAHDI_ALARM_YELLOW = 1 << 2,
    DAHDI_ALARM_RED = 1 << 3,
    DAHDI_ALARM_BLUE = 1 << 4,
    DAHDI_ALARM_NOT_OPEN = 1 << 5,
    DAHDI_ALARM_LOS = 1 << 8,
    DAHDI_ALARM_LFA = 1 << 9,
    DAHDI_ALARM_LMFA = 1 << 10,
};

#endif
