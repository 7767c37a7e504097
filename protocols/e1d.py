"""osmo-e1d's control protocol (its include/osmocom/e1d/proto.h), as layouts, with vectors worked from it by hand.

Packets of a SOCK_SEQPACKET Unix socket, in the byte order of the machine: client and daemon share one.
"""

import enum
import sys

from construct import Byte, Const, GreedyBytes, GreedyRange, Int16un, Struct

MAGIC = 0x01E1
MESSAGE_OCTETS_MAX = 4096
UNSET = 0xFF
SUPERCHANNEL = 0xFE
OPEN_FORCE = 0x80


class Command(enum.IntEnum):
    """Types a client sends."""

    QUERY_INTERFACES = 0
    QUERY_LINES = 1
    QUERY_TIMESLOTS = 2
    SET_LINE_MODE = 3
    OPEN_TIMESLOT = 4
    SET_SA_BITS = 5


class Kind(enum.IntEnum):
    """The upper two bits of types a daemon sends."""

    EVENT = 0x40
    RESPONSE = 0x80
    ERROR = 0xC0


class Event(enum.IntEnum):
    """Types told to every client unasked."""

    LOS_ON = 0x40
    LOS_OFF = 0x41
    AIS_ON = 0x42
    AIS_OFF = 0x43
    RAI_ON = 0x44
    RAI_OFF = 0x45
    LOF_ON = 0x46
    LOF_OFF = 0x47
    SA_BITS = 0x7F


class LineMode(enum.IntEnum):
    """Modes of a line a client may ask for."""

    CHANNELISED = 0x20
    SUPERCHANNEL = 0x21


class TimeslotMode(enum.IntEnum):
    """Modes of a timeslot."""

    OFF = 0x00
    RAW = 0x10
    HDLC = 0x11


HEADER = Struct(
    "magic" / Const(MAGIC, Int16un),
    "length" / Int16un,  # of the whole packet
    "type" / Byte,
    "interface" / Byte,
    "line" / Byte,
    "timeslot" / Byte,
)
HEADER_OCTETS = HEADER.sizeof()
MESSAGE = Struct("header" / HEADER, "body" / GreedyBytes)

INTERFACE = Struct("id" / Byte, "lines" / Byte)
LINE_CONFIGURATION = Struct("mode" / Byte)
LINE = Struct("id" / Byte, "mode" / Byte, "status" / Byte)
TIMESLOT_CONFIGURATION = Struct("mode" / Byte, "flags" / Byte, "buffer_octets" / Int16un)
TIMESLOT = Struct("id" / Byte, "configuration" / TIMESLOT_CONFIGURATION, "status" / Byte)

INTERFACES = GreedyRange(INTERFACE)
LINES = GreedyRange(LINE)
TIMESLOTS = GreedyRange(TIMESLOT)


def build_message(kind: int, interface: int = 0, line: int = 0, timeslot: int = 0, body: bytes = b"") -> bytes:
    """A packet. Responses carry no interface, line and timeslot: the daemon leaves them at 0."""
    header = {
        "length": HEADER_OCTETS + len(body),
        "type": kind,
        "interface": interface,
        "line": line,
        "timeslot": timeslot,
    }
    return bytes(MESSAGE.build({"header": header, "body": body}))


def _u16(value: int) -> bytes:
    return value.to_bytes(2, sys.byteorder)


# Each layout with octets worked by hand from the header: (layout, values, octets).
VECTORS = [
    (
        HEADER,
        {"length": 8, "type": Command.QUERY_TIMESLOTS, "interface": 0, "line": 1, "timeslot": UNSET},
        _u16(0x01E1) + _u16(8) + b"\x02\x00\x01\xff",
    ),
    (INTERFACE, {"id": 3, "lines": 2}, b"\x03\x02"),
    (LINE_CONFIGURATION, {"mode": LineMode.SUPERCHANNEL}, b"\x21"),
    (LINE, {"id": 1, "mode": LineMode.CHANNELISED, "status": 0}, b"\x01\x20\x00"),
    (
        TIMESLOT_CONFIGURATION,
        {"mode": TimeslotMode.RAW, "flags": OPEN_FORCE, "buffer_octets": 160},
        b"\x10\x80" + _u16(160),
    ),
    (
        TIMESLOT,
        {
            "id": 31,
            "configuration": {"mode": TimeslotMode.HDLC, "flags": 0, "buffer_octets": 264},
            "status": 0xA5,
        },
        b"\x1f\x11\x00" + _u16(264) + b"\xa5",
    ),
]
