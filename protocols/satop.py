"""SAToP packets over UDP (RFC 4553): RTP header (optional, RFC 3550), control word, octets of E1; with vectors."""

from typing import NamedTuple

from construct import BitsInteger, BitStruct, Const, ConstructError, Default, Flag, Struct

PAYLOAD_OCTETS = 256  # RFC 4553 5.1: an E1's default, 1 ms
LINE_OCTETS_PER_S = 256_000
LEN_LIMIT = 64  # packets this long and longer carry LEN = 0 (RFC 4553 4.3.1)

# RFC 4553 4.3.1. RSV is sent as 0 and ignored.
CONTROL_WORD = BitStruct(
    "zero" / Const(0, BitsInteger(4)),
    "local_defect" / Default(Flag, False),  # L: the payload is invalid
    "remote_defect" / Default(Flag, False),  # R: packets are not received
    "reserved" / Default(BitsInteger(2), 0),
    "fragment" / Const(0, BitsInteger(2)),
    "length" / Default(BitsInteger(6), 0),
    "sequence" / BitsInteger(16),
)

# RFC 3550 5.1, as RFC 4553 4.3.2 uses it: no padding, extension, contributing sources or marker.
RTP_HEADER = BitStruct(
    "version" / Const(2, BitsInteger(2)),
    "padding" / Const(0, BitsInteger(1)),
    "extension" / Const(0, BitsInteger(1)),
    "sources" / Const(0, BitsInteger(4)),
    "marker" / Default(Flag, False),
    "payload_type" / BitsInteger(7),
    "sequence" / BitsInteger(16),
    "timestamp" / BitsInteger(32),
    "ssrc" / BitsInteger(32),
)

PLAIN_HEADER = Struct("control_word" / CONTROL_WORD)
HEADER_WITH_RTP = Struct("rtp" / RTP_HEADER, "control_word" / CONTROL_WORD)

# Each layout with octets worked by hand from the RFCs' figures: (layout, values, octets).
VECTORS = [
    (CONTROL_WORD, {"sequence": 0x1234}, bytes.fromhex("00 00 12 34")),
    (CONTROL_WORD, {"local_defect": True, "sequence": 0}, bytes.fromhex("08 00 00 00")),
    (CONTROL_WORD, {"remote_defect": True, "sequence": 65535}, bytes.fromhex("04 00 FF FF")),
    (
        CONTROL_WORD,
        {"local_defect": True, "remote_defect": True, "length": 4, "sequence": 1},
        bytes.fromhex("0C 04 00 01"),
    ),
    (CONTROL_WORD, {"length": 63, "sequence": 256}, bytes.fromhex("00 3F 01 00")),
    (
        RTP_HEADER,
        {"payload_type": 96, "sequence": 0x1234, "timestamp": 8, "ssrc": 0xDEADBEEF},
        bytes.fromhex("80 60 12 34 00 00 00 08 DE AD BE EF"),
    ),
    (
        RTP_HEADER,
        {"marker": True, "payload_type": 127, "sequence": 0, "timestamp": 0xFFFFFFFF, "ssrc": 1},
        bytes.fromhex("80 FF 00 00 FF FF FF FF 00 00 00 01"),
    ),
]


class SatopError(ValueError):
    """Why a datagram is no packet of this pseudowire."""


class Rtp(NamedTuple):
    """What both ends agree upon when packets carry an RTP header."""

    payload_type: int = 96
    ssrc: int = 0
    timestamp_hz: int = 8000


class Packet(NamedTuple):
    """A packet taken apart. `payload` is empty where an invalid one (L) was left out."""

    sequence: int
    payload: bytes
    local_defect: bool = False
    remote_defect: bool = False
    timestamp: int = 0


def build(packet: Packet, rtp: Rtp | None = None) -> bytes:
    """The packet's octets; LEN is filled in."""
    layout = HEADER_WITH_RTP if rtp else PLAIN_HEADER
    octets = layout.sizeof() + len(packet.payload)
    values = {
        "control_word": {
            "local_defect": packet.local_defect,
            "remote_defect": packet.remote_defect,
            "length": octets if octets < LEN_LIMIT else 0,
            "sequence": packet.sequence,
        }
    }
    if rtp:
        values["rtp"] = {
            "payload_type": rtp.payload_type,
            "sequence": packet.sequence,
            "timestamp": packet.timestamp,
            "ssrc": rtp.ssrc,
        }
    header: bytes = layout.build(values)
    return header + packet.payload


def parse(datagram: bytes, payload_octets: int = PAYLOAD_OCTETS, rtp: Rtp | None = None) -> Packet:
    """Takes a datagram apart; raises SatopError where it breaks RFC 4553 or what the ends agreed upon."""
    layout = HEADER_WITH_RTP if rtp else PLAIN_HEADER
    try:
        header = layout.parse(datagram)
    except ConstructError as error:
        raise SatopError(f"no SAToP header: {error}") from None
    word, payload = header.control_word, datagram[layout.sizeof() :]
    if rtp and (header.rtp.payload_type, header.rtp.sequence) != (rtp.payload_type, word.sequence):
        raise SatopError(f"RTP payload type {header.rtp.payload_type}, sequence number {header.rtp.sequence}")
    if word.length not in (0, len(datagram)):
        raise SatopError(f"LEN says {word.length}, {len(datagram)} octets came")
    if len(payload) != payload_octets and (payload or not word.local_defect):
        raise SatopError(f"{len(payload)} octets of payload, {payload_octets} agreed upon")
    timestamp = header.rtp.timestamp if rtp else 0
    return Packet(word.sequence, payload, word.local_defect, word.remote_defect, timestamp)
