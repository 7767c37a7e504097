"""An HDLC link on timeslots of a span: frames in and out."""

from typing import NamedTuple

from drivers._native import ffi, lib
from drivers.engine.errors import check
from drivers.engine.shelf import ShelfElement


class HdlcCounters(NamedTuple):
    """Since the link was opened (csrc/e1/hdlc.h)."""

    frames: int
    octets: int
    fcs_errors: int
    aborts: int
    non_octet: int
    too_short: int
    too_long: int
    overruns: int


class HdlcLink:
    """Owner of a link that Span.open_hdlc opened; `number` is what its events carry. FCS is not part of them."""

    def __init__(self, span: ShelfElement, timeslots: int, fcs_octets: int, mru_octets: int) -> None:
        options = ffi.new("hdlc_options *", {"fcs": fcs_octets, "mru_octets": mru_octets})
        self._span = span
        self._buffer = ffi.new("uint8_t[]", mru_octets)
        self.number = check("HDLC link", lib.span_hdlc_open(span.native, timeslots, options))

    def send(self, frame: bytes) -> None:
        """Queues a frame; raises EngineError where it does not fit."""
        check(f"HDLC link {self.number}", lib.span_hdlc_send(self._span.native, self.number, frame, len(frame)))

    def receive(self) -> bytes | None:
        """The oldest frame that waits, or None."""
        count = check(
            f"HDLC link {self.number}",
            lib.span_hdlc_receive(self._span.native, self.number, self._buffer, len(self._buffer)),
        )
        return bytes(ffi.buffer(self._buffer, count)) if count else None

    def counters(self) -> HdlcCounters:
        """What came, good and bad."""
        counters = ffi.new("hdlc_counters *")
        check(f"HDLC link {self.number}", lib.span_hdlc_read_counters(self._span.native, self.number, counters))
        return HdlcCounters(*(getattr(counters, field) for field in HdlcCounters._fields))

    def close(self) -> None:
        """Closes the link; what waits in it is dropped."""
        check(f"HDLC link {self.number}", lib.span_hdlc_close(self._span.native, self.number))
