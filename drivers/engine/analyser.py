"""A recorded line, taken apart by the very receiver that serves spans."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from drivers._native import ffi, lib
from drivers.engine.errors import EngineError
from drivers.engine.events import EventKind
from drivers.engine.hdlc_link import HdlcCounters
from drivers.engine.span import Framing
from drivers.engine.span_status import PerformanceCounts, performance_counts, receiver_fields

PUT_OCTETS = int(lib.ANALYSER_PUT_OCTETS)


class LineEvent(NamedTuple):
    """What happened when so many bits of the line had been received (csrc/e1/line_event.h)."""

    bit: int
    kind: EventKind
    timeslot: int
    value: int


class HdlcFrame(NamedTuple):
    """A frame without FCS, and the bits of the line received when it had ended (to the block of eight frames)."""

    bit: int
    link: int
    octets: bytes


class Analyser:
    """Owner of a C analyser; put the recording in, piece by piece, and take out what each piece brings."""

    def __init__(self, framing: Framing = Framing.AUTOMATIC, cas: bool = True) -> None:
        options = ffi.new("receiver_options *", lib.receiver_options_default(framing))
        options.cas = cas
        options.cas_debounce = 1  # every change there was
        options.tell_errors = True
        options.whole_recording = True
        made = lib.analyser_new(options)
        if made == ffi.NULL:
            raise EngineError("analyser", lib.ENGINE_NO_MEMORY)
        self._native = ffi.gc(made, lib.analyser_free)
        self._receiver = lib.analyser_receiver(self._native)

    def add_link(self, timeslots: int, fcs_octets: int = 2, mru_octets: int = 8192) -> int:
        """Also takes HDLC frames off a bundle of timeslots (bit t each, not 0); returns the link's number."""
        options = ffi.new("hdlc_options *", {"fcs": fcs_octets, "mru_octets": mru_octets})
        link = int(lib.analyser_add_link(self._native, timeslots, options))
        if link < 0:
            raise EngineError(f"HDLC link on timeslots {timeslots:#x}", lib.ENGINE_BAD_TIMESLOT)
        return link

    def put(self, octets: bytes) -> None:
        """Takes at most PUT_OCTETS of the recording in; take events and frames out afterwards."""
        self._check(lib.analyser_put(self._native, octets, len(octets)))

    def end(self) -> None:
        """The recording ends: what is left is looked at, too."""
        self._check(lib.analyser_end(self._native))

    def events(self) -> Iterator[LineEvent]:
        """Everything that the last `put` or `end` brought."""
        pointer = ffi.new("line_event const **")
        count = lib.analyser_events(self._native, pointer)
        for event in pointer[0][0:count] if count else ():
            yield LineEvent(event.bit, EventKind(event.kind), event.timeslot, event.value)

    def frames(self) -> Iterator[HdlcFrame]:
        """Every HDLC frame that the last `put` or `end` brought."""
        pointer, octets = ffi.new("analyser_frame const **"), ffi.new("uint8_t const **")
        count = lib.analyser_frames(self._native, pointer, octets)
        at = 0
        for frame in pointer[0][0:count] if count else ():
            yield HdlcFrame(frame.bit, frame.link, bytes(ffi.buffer(octets[0] + at, frame.octets)))
            at += frame.octets

    def status(self) -> dict[str, Any]:
        """State and counters, by the field names of SpanStatus that a receiver alone knows."""
        status = ffi.new("receiver_status *")
        lib.receiver_read_status(self._receiver, status)
        return receiver_fields(status)

    def performance(self, end: int) -> PerformanceCounts:
        """G.826 counts of the whole recording; `end` is a PerformanceEnd."""
        counts = ffi.new("performance_counts *")
        lib.performance_total(lib.receiver_performance(self._receiver, end), counts)
        return performance_counts(counts)

    def link_counters(self, link: int) -> HdlcCounters:
        """What an HDLC link brought, good and bad."""
        counters = lib.analyser_link_counters(self._native, link)
        return HdlcCounters(*(getattr(counters, field) for field in HdlcCounters._fields))

    @staticmethod
    def _check(result: int) -> None:
        if result:
            raise EngineError("analyser", lib.ENGINE_NO_MEMORY)
