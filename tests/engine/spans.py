"""Spans under test: a shelf whose events are kept, and ports written in Python that see and feed every bit."""

import itertools
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

from drivers._native import ffi, lib
from drivers.engine import Event, EventKind, Framing, LineCode, Shelf, Span, SpanOptions
from drivers.engine.port import Port

NS_PER_MS = 1_000_000
BLOCK_OCTETS = 256
BLOCK_BITS = 2048
FRAME_OCTETS = 32


class Bench:
    """A shelf in virtual time; `events` holds what each of its spans has told, by name."""

    def __init__(self, streams: int = 16) -> None:
        self.shelf = Shelf(streams)
        self.events: dict[Span, list[Event]] = {}
        self._ports: list[Port] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shelf.close()

    def span(self, framing: Framing = Framing.CRC4, **options: Any) -> Span:
        span = Span(self.shelf, SpanOptions(framing=framing, **options))
        self.events[span] = []
        span.listen(self.events[span].append)
        return span

    def pair(self, framing: Framing = Framing.CRC4, **options: Any) -> tuple[Span, Span]:
        """Two spans of the same options, joined by a line of some length each way."""
        near, far = self.span(framing, **options), self.span(framing, **options)
        near.join(far, delay_bits=1234, far_end_delay_bits=777, seed=5)
        return near, far

    def plug(self, span: Span, port: Port) -> None:
        self._ports.append(port)  # the C object lives in the Python one
        span.plug(port)

    def tap(self, span: Span) -> "PythonPort":
        """Everything the span receives, as bits, from now on."""
        port = PythonPort()
        self._ports.append(port)
        span.tap(port)
        return port

    def run(self, ms: int) -> None:
        until_ns = self.shelf.now_ns + ms * NS_PER_MS
        while self.shelf.now_ns < until_ns:
            self.shelf.run(until_ns)
            self.shelf.dispatch()

    def run_until(self, condition: Callable[[], bool], limit_ms: int) -> int:
        """Runs a millisecond at a time until the condition holds: after how many."""
        for ms in range(limit_ms + 1):
            if condition():
                return ms
            self.run(1)
        raise AssertionError(f"did not come about within {limit_ms} ms")

    def of_kind(self, span: Span, *kinds: EventKind) -> list[Event]:
        return [event for event in self.events[span] if event.kind in kinds]


class PythonPort(Port):
    """A line's other end, uncoded: `sent` is what its span has sent; `feed` gives what the span receives each
    millisecond (octets in eights), `wanted` how many blocks are to be sent and `backlog` what waits to go."""

    def __init__(
        self,
        feed: Callable[[], bytes] = lambda: b"",
        wanted: Callable[[], int] = lambda: 1,
        backlog: Callable[[], int] | None = None,
        signal_lost: bool = False,
    ) -> None:
        self.sent = bytearray()

        def receive(_: Any, block: Any) -> None:
            octets = feed()
            ffi.memmove(block.positive, octets, len(octets))
            ffi.buffer(block.negative)[:] = bytes(len(block.negative))
            block.bit_count = 8 * len(octets)

        def transmit(_: Any, block: Any) -> None:
            self.sent += ffi.buffer(block.positive, block.bit_count // 8)

        def read_status(_: Any, status: Any) -> None:
            status[0] = ffi.new("port_status *", {"alarms": lib.PORT_SIGNAL_LOST if signal_lost else 0})[0]

        self._callbacks = {
            "receive": ffi.callback("void(port *, line_block *)", receive),
            "blocks_wanted": ffi.callback("unsigned(port *)", lambda _: wanted()),
            "transmit": ffi.callback("void(port *, const line_block *)", transmit),
            "read_status": ffi.callback("void(port *, port_status *)", read_status),
            "free": ffi.callback("void(port *)", lambda _: None),
        }
        if backlog is not None:
            self._callbacks["backlog_bits"] = ffi.callback("unsigned(port *)", lambda _: backlog())
        self._operations = ffi.new("port_operations *", {"kind": lib.PORT_LINE, **self._callbacks})
        self._object = ffi.new("port *", {"operations": self._operations})
        super().__init__(self._object, "python")


def line_frames(octets: bytes, bit_phase: int) -> list[bytes]:
    """The line's frames, from the first with FAS on, where the first bit of one is number `bit_phase`."""
    line, bits = int.from_bytes(octets, "big"), 8 * len(octets) - bit_phase
    count = bits // (8 * FRAME_OCTETS)
    aligned = (line & (1 << bits) - 1) >> bits % (8 * FRAME_OCTETS)
    whole = aligned.to_bytes(count * FRAME_OCTETS, "big")
    return [whole[at : at + FRAME_OCTETS] for at in range(0, len(whole), FRAME_OCTETS)]


def numbered_frames() -> Iterator[bytes]:
    """Double frames (G.704 table 5A) whose other timeslots say the frame's number, each in its own way."""
    for number in itertools.count():
        yield bytes([(0x9B, 0xDF)[number % 2], number & 0xFF, number >> 8 & 0xFF, *_signature(number)])


def _signature(number: int) -> bytes:
    return bytes((number * 31 + timeslot) & 0xFF for timeslot in range(3, FRAME_OCTETS))


def number_of(frame: bytes) -> int | None:
    """The number a frame says in timeslots 1-31, if they all say the same."""
    number = frame[1] | frame[2] << 8
    return number if frame[3:] == _signature(number) else None


def fed(frames: Iterator[bytes], bit_counts: Iterator[int]) -> Callable[[], bytes]:
    """A PythonPort's `feed`: frames one behind the other, so many bits of them each millisecond."""
    waiting = bytearray()

    def feed() -> bytes:
        octets = next(bit_counts) // 8
        while len(waiting) < octets:
            waiting.extend(next(frames))
        part = bytes(waiting[:octets])
        del waiting[:octets]
        return part

    return feed


def uncoded(**options: Any) -> dict[str, Any]:
    """Options for spans whose ports carry bits."""
    return {"line_code": LineCode.NONE, **options}
