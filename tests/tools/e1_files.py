"""Recorded lines for the tools to read, built bit by bit from G.704 and ISO/IEC 13239, with nothing of csrc/."""

import random
from collections.abc import Callable, Iterable, Sequence

from tests.engine.e1_reference import FRAME_BITS, CasSource, FrameSource, bits_of, octets_of

FRAME_OCTETS = 32
MULTIFRAME_OCTETS = 16 * FRAME_OCTETS

Change = Callable[[FrameSource, CasSource], None]


def recorded_line(
    frames: int, seed: int = 1, crc4: bool = True, changes: dict[int, Change] | None = None, cas: bool = True
) -> bytes:
    """Frames with noise in their timeslots, signalling in timeslot 16; `changes` are made before the frames whose
    numbers they have."""
    chance, source, signalling = random.Random(seed), FrameSource(crc4=crc4), CasSource()
    line = bytearray()
    for frame in range(frames):
        if changes and frame in changes:
            changes[frame](source, signalling)
        payload = bytearray(chance.randbytes(31))
        if cas:
            payload[15] = signalling.send()
        line += source.send(bytes(payload))
    return bytes(line)


def long_line(multiframes: int, seed: int = 1) -> bytes:
    """The same multiframe over and over: its C bits are those of itself."""
    chance = random.Random(seed)
    payloads = [chance.randbytes(31) for _ in range(16)]
    source, signalling = FrameSource(), CasSource()
    sent = b""
    for frame in range(32):
        payload = bytearray(payloads[frame % 16])
        payload[15] = signalling.send()
        sent += source.send(bytes(payload))
    return sent[MULTIFRAME_OCTETS:] * multiframes


def behind(line: bytes, bits: int, seed: int = 9) -> bytes:
    """The line behind so many bits of something else (spaces and marks by turns), cut to whole octets."""
    text = "".join(map(str, ([0, 1] * bits)[:bits])) + "".join(map(str, bits_of(line)))
    return octets_of([int(bit) for bit in text[: len(text) // 8 * 8]])


def flipped(line: bytes, bits: Iterable[int]) -> bytes:
    """With these bits of the line wrong."""
    changed = bytearray(line)
    for bit in bits:
        changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)


def replaced(line: bytes, begin_frame: int, end_frame: int, octet: int) -> bytes:
    """With the same octet all over these frames."""
    begin, end = begin_frame * FRAME_OCTETS, end_frame * FRAME_OCTETS
    return line[:begin] + bytes([octet]) * (end - begin) + line[end:]


def without_bits(line: bytes, at_bit: int, count: int) -> bytes:
    """Bits lost there; count < 0: as many come twice. Cut to whole octets."""
    bits = bits_of(line)
    bits = bits[:at_bit] + bits[at_bit + count :]
    return octets_of(bits[: len(bits) // 8 * 8])


def payload_bit(frame: int, timeslot: int = 9) -> int:
    """A bit of a timeslot in a frame of a line that begins with frame 0."""
    return frame * FRAME_BITS + 8 * timeslot + 3


# HDLC (ISO/IEC 13239, Q.921 2) ----------------------------------------------------------------------------------


def frame_check(octets: bytes, width: int) -> list[int]:
    """FCS-16 (x^16+x^12+x^5+1) or FCS-32, preset to ones, complemented, in the order in which it is sent."""
    polynomial, register = {16: (0x1021, 0xFFFF), 32: (0x04C11DB7, 0xFFFFFFFF)}[width]
    for octet in octets:
        for place in range(8):  # least significant bit first
            feedback = register >> (width - 1) ^ (octet >> place & 1)
            register = (register << 1) & ((1 << width) - 1)
            if feedback:
                register ^= polynomial
    return [1 - (register >> place & 1) for place in range(width - 1, -1, -1)]


FLAG = [0, 1, 1, 1, 1, 1, 1, 0]


def hdlc_bits(frame: bytes, width: int = 16) -> list[int]:
    """A frame and its closing flag: octets least significant bit first, a zero behind five ones."""
    bits = [octet >> place & 1 for octet in frame for place in range(8)] + frame_check(frame, width)
    stuffed: list[int] = []
    ones = 0
    for bit in bits:
        stuffed.append(bit)
        ones = ones + 1 if bit else 0
        if ones == 5:
            stuffed.append(0)
            ones = 0
    return stuffed + FLAG


def with_hdlc(line: bytes, timeslots: Sequence[int], bits: list[int]) -> bytes:
    """A line whose timeslots carry these bits, in the order in which they travel, then flags."""
    changed, source = bytearray(line), iter([*FLAG, *bits])
    rest: list[int] = []
    for frame in range(0, len(line), FRAME_OCTETS):
        for timeslot in timeslots:
            octet: list[int] = []
            while len(octet) < 8:
                bit = rest.pop(0) if rest else next(source, None)
                if bit is None:
                    rest = list(FLAG)
                    continue
                octet.append(bit)
            changed[frame + timeslot] = octets_of(octet)[0]
    return bytes(changed)
