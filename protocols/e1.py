"""The words of an E1 frame (G.704 2.3 and 5.1.3.2), as layouts, with vectors worked from its tables by hand."""

import crcmod
from construct import BitsInteger, BitStruct, Const, Flag

FRAME_OCTETS = 32
MULTIFRAME_FRAMES = 16
MULTIFRAME_MS = 2

# Timeslots that carry a channel each where timeslot 16 carries their signalling (G.704 5.1.3.2).
CAS_TIMESLOT = 16
CHANNEL_TIMESLOTS = [timeslot for timeslot in range(1, 32) if timeslot != CAS_TIMESLOT]

# G.704 table 5A: timeslot 0 of frames with the frame alignment signal.
FAS_WORD = BitStruct("si" / Flag, "fas" / Const(0b0011011, BitsInteger(7)))

# G.704 table 5A: timeslot 0 of frames without it; A = remote alarm indication.
NFAS_WORD = BitStruct("si" / Flag, "not_fas" / Const(1, BitsInteger(1)), "a" / Flag, "sa" / BitsInteger(5))

# G.704 5.1.3.2.2: timeslot 16 of frame 0 of the signalling multiframe; y = remote multiframe alarm.
CAS_ALIGNMENT_WORD = BitStruct(
    "alignment" / Const(0, BitsInteger(4)), "x1" / Flag, "y" / Flag, "x2" / Flag, "x3" / Flag
)

# G.704 table 9: timeslot 16 of frames 1-15: abcd of timeslot n, then of timeslot n + 16.
CAS_WORD = BitStruct("abcd" / BitsInteger(4), "abcd_plus_16" / BitsInteger(4))

# Each word with an octet worked by hand from its table: (layout, values, octets).
VECTORS = [
    (FAS_WORD, {"si": True}, bytes.fromhex("9B")),
    (FAS_WORD, {"si": False}, bytes.fromhex("1B")),
    (NFAS_WORD, {"si": True, "a": False, "sa": 0b11111}, bytes.fromhex("DF")),
    (NFAS_WORD, {"si": False, "a": True, "sa": 0b00000}, bytes.fromhex("60")),
    (CAS_ALIGNMENT_WORD, {"x1": True, "y": False, "x2": True, "x3": True}, bytes.fromhex("0B")),
    (CAS_ALIGNMENT_WORD, {"x1": True, "y": True, "x2": True, "x3": True}, bytes.fromhex("0F")),
    (CAS_WORD, {"abcd": 0b1001, "abcd_plus_16": 0b1101}, bytes.fromhex("9D")),
]

# Bit 1 of frames 1, 3, 5, 7, 9, 11 of the CRC-4 multiframe (G.704 table 5B).
MULTIFRAME_SIGNAL = (0, 0, 1, 0, 1, 1)

# x^4+x+1 times x^4: crcmod's smallest register is eight bits, and the remainder stands in its upper four.
_crc8 = crcmod.mkCrcFun(0x130, initCrc=0, rev=False)


def crc4(octets: bytes) -> int:
    """CRC-4 of a sub-multiframe whose C bits are 0 (G.704 2.3.3.5); C1 is bit 3 of the result."""
    return int(_crc8(octets)) >> 4
