/* What every call into the engine may answer. */
#ifndef TRUNKSHELF_ENGINE_H
#define TRUNKSHELF_ENGINE_H

typedef enum {
    ENGINE_OK = 0,
    ENGINE_NO_MEMORY = -1,
    ENGINE_BAD_STREAM = -2,     /* no such stream in this shelf */
    ENGINE_BAD_TIMESLOT = -3,   /* timeslots are 0-31; channels with CAS 1-15 and 17-31 */
    ENGINE_BAD_PORT = -4,       /* no such port on this switch */
    ENGINE_QUEUE_FULL = -5,     /* a channel's play queue or an HDLC link's send queue holds no more */
    ENGINE_BAD_VALUE = -6,      /* outside the range the header names */
    ENGINE_JOINED = -7,         /* the span is joined to a line already */
    ENGINE_RUNNING = -8,        /* the shelf runs in real time: stop it first */
    ENGINE_NO_THREAD = -9,      /* the system refused a thread or a timer */
    ENGINE_RECORDING = -10,     /* the channel records already */
    ENGINE_NO_STREAMS = -11,    /* the shelf was made for fewer streams */
    ENGINE_NOT_A_LINE = -12,    /* only a line: port can be impaired */
    ENGINE_BAD_LINK = -13,      /* no such HDLC link is open */
    ENGINE_REAL_TIME = -14,     /* a port is tied to the outside world: no virtual time */
    ENGINE_FRAMED = -15,        /* the adaptor frames the line: that is not ours to do */
    ENGINE_NO_PORT = -16,       /* the span has no port */
    ENGINE_CODED = -17,         /* the port carries bits, and the span would code them */
    ENGINE_REFUSED = -18,       /* the adaptor refused */
} engine_error;

/* One line for people. */
const char *engine_error_text(int error);

#endif
