"""A naive E1 line in Python, written from G.704 and G.706 and from nothing in csrc/: slow, plain to see through.

`FrameSource` builds frames octet by octet, `receive` walks a line bit by bit, `CasSource` builds timeslot 16. What
the engine says of a line is compared with what these say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

FRAME_BITS = 256
FRAME_OCTETS = 32
PAYLOAD_OCTETS = 31
FAS = [0, 0, 1, 1, 0, 1, 1]  # bits 2-8 of frames with frame alignment signal (G.704 table 5A)
MULTIFRAME_SIGNAL = [0, 0, 1, 0, 1, 1]  # bit 1 of frames 1, 3, 5, 7, 9, 11 (G.704 table 5B)

ALIGNED, MULTIFRAME, LOST, CRC_ERROR, E_BIT, FAS_ERROR, REMOTE_ALARM = range(1, 8)
BAD_FAS, BAD_BIT2, NO_MULTIFRAME, FALSE_FRAMING = range(1, 5)

# FAS, bit 2 of the frame after it, FAS again: two frames and a timeslot 0.
ALIGNMENT_BITS = 2 * FRAME_BITS + 8
MULTIFRAME_SEARCH_FRAMES = 64  # 8 ms (G.706 4.2)


def bits_of(octets: Iterable[int]) -> list[int]:
    """In the order in which they travel, bit 1 (most significant) first."""
    return [octet >> place & 1 for octet in octets for place in range(7, -1, -1)]


def octets_of(bits: Sequence[int]) -> bytes:
    """The inverse; the last octet is filled up with zeros."""
    text = "".join(map(str, bits))
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big") if text else b""


def crc4(bits: Iterable[int]) -> list[int]:
    """C1 ... C4: the shift register of G.704 2.3.3.5, for x^4 + x + 1, from 0, C1 the most significant."""
    register = [0, 0, 0, 0]
    for bit in bits:
        feedback = register[0] ^ bit
        register = [register[1], register[2], register[3] ^ feedback, feedback]
    return register


@dataclass
class FrameSource:
    """A far end that sends frames; its attributes say what the next frames carry."""

    crc4: bool = True
    a: int = 0
    sa: list[int] = field(default_factory=lambda: [1] * 5)
    e: list[int] = field(default_factory=lambda: [1, 1])
    frame: int = 0
    _c: list[int] = field(default_factory=lambda: [0] * 4)
    _block: list[int] = field(default_factory=list)

    def _bit1(self) -> int:
        if not self.crc4:
            return 1
        if self.frame % 2 == 0:
            return self._c[self.frame % 8 // 2]
        if self.frame >= 13:
            return self.e[(self.frame - 13) // 2]
        return MULTIFRAME_SIGNAL[self.frame // 2]

    def timeslot0(self) -> list[int]:
        """Table 5A, with bit 1 by table 5B."""
        rest = FAS if self.frame % 2 == 0 else [1, self.a, *self.sa]
        return [self._bit1(), *rest]

    def send(self, payload: bytes) -> bytes:
        """The next frame, around timeslots 1-31."""
        bits = self.timeslot0() + bits_of(payload)
        counted = [0, *bits[1:]] if self.frame % 2 == 0 else bits  # C bits count as 0
        self._block += counted
        if self.crc4 and self.frame % 8 == 7:
            self._c = crc4(self._block)
        if self.frame % 8 == 7:
            self._block = []
        self.frame = (self.frame + 1) % 16
        return octets_of(bits)


@dataclass
class CasSource:
    """Timeslot 16 of a far end: 0000xyxx in frame 0, abcd of timeslots n and n + 16 in frame n (G.704 table 9)."""

    abcd: list[int] = field(default_factory=lambda: [0b1101] * 32)
    y: int = 0
    frame: int = 0

    def send(self) -> int:
        """The next frame's octet."""
        frame, self.frame = self.frame, (self.frame + 1) % 16
        if frame == 0:
            return 0b00001011 | self.y << 2
        return self.abcd[frame] << 4 | self.abcd[frame + 16]


class Event(NamedTuple):
    """As framer_event: bits received when it was decided, kind, value."""

    bit: int
    kind: int
    value: int


class _Receiver:
    """The receiving rules of G.706 over a whole line; `at` is the bit looked at."""

    def __init__(self, bits: list[int], crc: bool) -> None:
        self.bits = bits
        self.crc = crc
        self.at = 0
        self.events: list[Event] = []
        self.frames: list[bytes] = []
        self.alarm = 0

    def tell(self, kind: int, value: int) -> None:
        self.events.append(Event(self.at + FRAME_BITS, kind, value))

    def is_fas(self, at: int) -> bool:
        return self.bits[at + 1 : at + 8] == FAS

    def search(self) -> bool:
        """G.706 4.1.2: FAS in frame n, bit 2 = 1 in n + 1, FAS in n + 2."""
        while self.at + ALIGNMENT_BITS <= len(self.bits):
            at = self.at
            if self.is_fas(at) and self.bits[at + FRAME_BITS + 1] and self.is_fas(at + 2 * FRAME_BITS):
                self.events.append(Event(at + ALIGNMENT_BITS, ALIGNED, at % (2 * FRAME_BITS)))
                return True
            self.at += 1
        return False

    def run(self) -> None:
        while self.search():
            why = self.follow()
            if not why:
                return
            self.tell(LOST, why)
            if self.alarm:  # RDI is not detected without frames: the defect clears (ETS 300 417)
                self.alarm = 0
                self.tell(REMOTE_ALARM, 0)
            # After a mimic from the bit behind it; after errors from the frame that lost alignment.
            self.at += 1 if why in (NO_MULTIFRAME, FALSE_FRAMING) else 0

    def follow(self) -> int:
        """Frame after frame, the first one with FAS; returns why alignment was lost, 0 at the end of the line."""
        self.bad_fas = self.bad_bit2 = self.alarm_run = self.count = 0
        self.bit1: list[int] = []  # of the frames without FAS, until the multiframe is found
        self.number: int | None = None  # in the multiframe, once found
        self.block: list[int] | None = None  # bits of the sub-multiframe, from the first whole one on
        self.due: list[int] | None = None  # what the next C bits must be
        self.c: list[int] = []
        self.checked = self.errored = 0
        while self.at + FRAME_BITS <= len(self.bits):
            frame = self.bits[self.at : self.at + FRAME_BITS]
            why = self.with_fas(frame) if self.count % 2 == 0 else self.without_fas(frame)
            if why:
                return why
            self.frames.append(octets_of(frame))
            self.end_frame(frame)
            self.count += 1
            self.at += FRAME_BITS
        return 0

    def with_fas(self, frame: list[int]) -> int:
        if frame[1:8] == FAS:
            self.bad_fas = 0
        else:
            self.bad_fas += 1
            self.tell(FAS_ERROR, octets_of([0, *frame[1:8]])[0])
            if self.bad_fas == 3:
                return BAD_FAS
        if self.number is None:
            return 0
        self.c = [*self.c[-3:], frame[0]]
        if self.number % 8 == 6 and self.due is not None:
            return self.compare()
        return 0

    def compare(self) -> int:
        """G.706 4.3.1: the C bits of this sub-multiframe against what the one before comes to."""
        self.checked += 1
        if self.c != self.due:
            self.errored += 1
            self.tell(CRC_ERROR, 1 if self.number == 14 else 2)
        if self.checked < 1000:
            return 0
        errored, self.checked, self.errored = self.errored, 0, 0
        return FALSE_FRAMING if errored >= 915 else 0

    def without_fas(self, frame: list[int]) -> int:
        self.bad_bit2 = 0 if frame[1] else self.bad_bit2 + 1
        if self.bad_bit2 == 3:
            return BAD_BIT2
        self.alarm_run = self.alarm_run + 1 if frame[2] != self.alarm else 0
        if self.alarm_run == 3:
            self.alarm, self.alarm_run = frame[2], 0
            self.tell(REMOTE_ALARM, self.alarm)
        if self.number is not None:
            if self.number in (13, 15) and not frame[0]:
                self.tell(E_BIT, 1 if self.number == 13 else 2)
            return 0
        self.bit1.append(frame[0])
        return self.find_multiframe() if self.crc else 0

    def find_multiframe(self) -> int:
        """G.706 4.2: two signals n x 2 ms apart within 8 ms, the six bits of each in the frames followed."""
        ends = [end for end in range(6, len(self.bit1) + 1) if self.bit1[end - 6 : end] == MULTIFRAME_SIGNAL]
        newest = len(self.bit1)
        if newest in ends and any((newest - end) % 8 == 0 for end in ends[:-1]):
            self.number = 11
            self.tell(MULTIFRAME, 0)
        elif self.count + 1 >= MULTIFRAME_SEARCH_FRAMES:
            return NO_MULTIFRAME
        return 0

    def end_frame(self, frame: list[int]) -> None:
        if self.number is None:
            return
        if self.block is not None:
            self.block += [0, *frame[1:]] if self.number % 2 == 0 else frame
        if self.number % 8 == 7:
            self.due = None if self.block is None else crc4(self.block)
            self.block = []
        self.number = (self.number + 1) % 16


class Received(NamedTuple):
    """What `receive` found: events, and every frame taken while aligned."""

    events: list[Event]
    frames: list[bytes]


def receive(line: bytes, crc: bool = True) -> Received:
    """Walks a line from its first bit to its last."""
    receiver = _Receiver(bits_of(line), crc)
    receiver.run()
    return Received(receiver.events, receiver.frames)
