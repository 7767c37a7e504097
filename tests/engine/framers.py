"""Owners of the framer's C objects, and lines to feed them."""

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from drivers._native import ffi, lib
from tests.engine.e1_reference import (
    FRAME_BITS,
    FRAME_OCTETS,
    PAYLOAD_OCTETS,
    REMOTE_ALARM,
    Event,
    FrameSource,
)

MULTIFRAME_OCTETS = 16 * FRAME_OCTETS
BLOCK_BITS = 8 * FRAME_BITS
SILENCE = b"\xd5" * PAYLOAD_OCTETS
DOUBLE_FRAME, CRC4 = lib.FRAMING_DOUBLE_FRAME, lib.FRAMING_CRC4


class Receiver:
    """A framer_receiver, and everything it has said."""

    def __init__(self, mode: int = CRC4, **options: int) -> None:
        chosen = lib.framer_options_default(mode)
        for name, value in options.items():
            setattr(chosen, name, value)
        self.native = ffi.gc(lib.framer_receiver_new(chosen), lib.framer_receiver_free)
        self.events: list[Event] = []
        self.frames: list[bytes] = []
        self._block = ffi.new("stream_block *")
        self._events = ffi.new("framer_event[]", 256)

    def put(self, octets: bytes, bit_count: int) -> None:
        lib.framer_receiver_put(self.native, octets, bit_count)
        while lib.framer_receiver_take(self.native, self._block):
            raw = bytes(ffi.buffer(self._block))
            self.frames += [raw[frame::8] for frame in range(8)]
        count = lib.framer_receiver_events(self.native, self._events, 256)
        # Only the kinds that every framing has: others may stand between them.
        self.events += [
            Event(event.bit, event.kind, event.value)
            for event in self._events[0:count]
            if event.kind <= REMOTE_ALARM
        ]

    def run(self, line: bytes) -> "Receiver":
        """Puts a line in, a block at a time."""
        for at in range(0, len(line), BLOCK_BITS // 8):
            part = line[at : at + BLOCK_BITS // 8]
            self.put(part, 8 * len(part))
        return self

    @property
    def status(self) -> Any:
        return lib.framer_receiver_status(self.native)

    def of_kind(self, *kinds: int) -> list[Event]:
        return [event for event in self.events if event.kind in kinds]


def delayed(line: bytes, bits: int) -> bytes:
    """The line behind so many zeros."""
    length = 8 * len(line) + bits
    octets = (length + 7) // 8
    return (int.from_bytes(line, "big") << (8 * octets - length)).to_bytes(octets, "big")


def from_bit(line: bytes, bits: int) -> bytes:
    """The line without its first bits."""
    kept = 8 * len(line) - bits
    return ((int.from_bytes(line, "big") & ((1 << kept) - 1)) << bits % 8).to_bytes((kept + 7) // 8, "big")


def flipped(octets: bytes, bit: int) -> bytes:
    changed = bytearray(octets)
    changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)


def line_of(
    frames: int, source: FrameSource | None = None, payload: Callable[[int], bytes] | None = None
) -> bytes:
    source = source or FrameSource()
    return b"".join(source.send(payload(frame) if payload else SILENCE) for frame in range(frames))


def noise(seed: int) -> Callable[[int], bytes]:
    chance = random.Random(seed)
    return lambda _: chance.randbytes(PAYLOAD_OCTETS)


def timeslot0(frames: Iterable[bytes]) -> list[int]:
    return [frame[0] for frame in frames]


def errored(line: bytes, bits: Iterable[int]) -> bytes:
    for bit in bits:
        line = flipped(line, bit)
    return line


def fas_bit(frame: int) -> int:
    return frame * FRAME_BITS + 3


def not_fas_bit(frame: int) -> int:
    return frame * FRAME_BITS + 1


class Transmitter:
    """A framer_transmitter."""

    def __init__(self, mode: int = CRC4) -> None:
        self.native = ffi.gc(lib.framer_transmitter_new(mode), lib.framer_transmitter_free)
        self._block = ffi.new("stream_block *")
        self._bits = ffi.new("uint8_t[]", BLOCK_BITS // 8)

    def send(self, payloads: Sequence[bytes]) -> bytes:
        """Eight frames around timeslots 1-31; what stands in timeslot 0 is not looked at."""
        for frame, payload in enumerate(payloads):
            for timeslot in range(1, 32):
                self._block.octet[timeslot][frame] = payload[timeslot - 1]
            self._block.octet[0][frame] = 0xA5
        lib.framer_transmit(self.native, self._block, self._bits)
        return bytes(ffi.buffer(self._bits))

    def run(self, blocks: int, payload: Callable[[int], bytes] | None = None) -> bytes:
        return b"".join(
            self.send([payload(8 * block + frame) if payload else SILENCE for frame in range(8)])
            for block in range(blocks)
        )
