/* What a port knows of its line. */
#ifndef TRUNKSHELF_PORT_STATUS_H
#define TRUNKSHELF_PORT_STATUS_H

#include <stdint.h>

/* What the back end itself knows of its line, as bits of port_status.alarms. */
typedef enum {
    PORT_SIGNAL_LOST = 1,     /* nothing is received: LOS seen by the adaptor, a dead peer, an ended file */
    PORT_AIS = 2,             /* framed ports: alarm indication signal */
    PORT_FRAME_LOST = 4,      /* framed ports: loss of frame alignment */
    PORT_REMOTE_ALARM = 8,    /* bit A; over IP the R bit: the far end does not hear us */
    PORT_MULTIFRAME_LOST = 16 /* framed ports: loss of CRC-4 multiframe alignment */
} port_alarm;

/* Counters never wrap and count since the port was made. A back end leaves at 0 what it does not know. */
typedef struct {
    uint32_t alarms;              /* port_alarm bits that stand now */
    uint32_t sa_bits;             /* framed ports: Sa4-Sa8 received, Sa4 most significant of five */
    uint64_t underruns;           /* milliseconds in which nothing was there to receive */
    uint64_t overruns;            /* milliseconds received or to be sent that found no room */
    uint64_t reconnections;       /* times the peer was found again */
    uint64_t bipolar_violations;  /* framed ports: the adaptor's own counters */
    uint64_t fas_errors;
    uint64_t crc_errors;
    uint64_t e_bit_errors;
} port_status;

#endif
