/* Error texts. */
#include "shelf/engine.h"

const char *engine_error_text(int error)
{
    switch (error) {
    case ENGINE_OK: return "no error";
    case ENGINE_NO_MEMORY: return "out of memory";
    case ENGINE_BAD_STREAM: return "no such stream in this shelf";
    case ENGINE_BAD_TIMESLOT: return "timeslot out of range (0-31), or taken by framing, signalling or a data link";
    case ENGINE_BAD_PORT: return "no such port on this switch";
    case ENGINE_QUEUE_FULL: return "the queue is full: try again when something of it has been sent";
    case ENGINE_BAD_VALUE: return "value out of range";
    case ENGINE_JOINED: return "the span is already joined to a line";
    case ENGINE_RUNNING: return "the shelf runs in real time; stop it first";
    case ENGINE_NO_THREAD: return "the system refused a thread or a descriptor";
    case ENGINE_RECORDING: return "the channel is recording already";
    case ENGINE_NO_STREAMS: return "the shelf has no stream left for another board";
    case ENGINE_NOT_A_LINE: return "the span's port is no line: it cannot be impaired";
    case ENGINE_BAD_LINK: return "no such HDLC link is open";
    case ENGINE_NO_PORT: return "the span has no port: plug one, or join it to a line";
    case ENGINE_CODED: return "the port carries bits: the span must be made without a line code";
    case ENGINE_FRAMED: return "the adaptor frames this line: use its own loops and error insertion";
    case ENGINE_REAL_TIME: return "a port of the shelf is tied to the outside world: it runs in real time only";
    case ENGINE_REFUSED: return "the adaptor refused";
    default: return "unknown engine error";
    }
}
