"""A span: an E1 port with its framer and channel-associated signalling."""

import enum
from typing import NamedTuple

from drivers._native import ffi, lib
from drivers.engine.errors import check
from drivers.engine.shelf import EventHandler, Shelf, ShelfElement


class Framing(enum.IntEnum):
    """How the far end frames (G.704 2.3)."""

    DOUBLE_FRAME = lib.FRAMING_DOUBLE_FRAME
    CRC4 = lib.FRAMING_CRC4


class SpanStatus(NamedTuple):
    """State and counters since the span was made; counters never wrap."""

    in_service: bool
    bit_phase: int
    remote_alarm: bool
    cas_aligned: bool
    cas_remote_alarm: bool
    sa_bits: int
    bits: int
    frames: int
    fas_errors: int
    bit2_errors: int
    crc_blocks: int
    crc_errors: int
    e_bit_errors: int
    multiframe_errors: int
    alignment_losses: int
    cas_word_errors: int
    cas_losses: int


class Span(ShelfElement):
    """Owner of a span on `shelf`; with `cas`, timeslot 16 carries signalling whose changes must stand
    `cas_debounce_multiframes` (2 ms each) to be reported."""

    def __init__(
        self,
        shelf: Shelf,
        framing: Framing = Framing.CRC4,
        cas: bool = True,
        cas_debounce_multiframes: int = 10,
    ) -> None:
        options = ffi.new("span_options *")
        options.framer = lib.framer_options_default(framing)
        options.cas = cas
        options.cas_debounce = cas_debounce_multiframes
        number = ffi.new("uint32_t *")
        super().__init__(shelf, "span", lib.shelf_add_span(shelf.native, options, number))
        self.stream = int(lib.span_stream(self._native))
        self._object = int(number[0])

    def listen(self, handler: EventHandler) -> None:
        """Sends the span's events to `handler` from now on."""
        self._shelf.handle(self._object, handler)

    def join(self, far_end: "Span", delay_bits: int = 0, far_end_delay_bits: int = 0) -> None:
        """Joins a line to another span of the shelf: its two directions' delays set the bit phase of arrival."""
        check("line", lib.span_join(self._native, far_end._native, delay_bits, far_end_delay_bits))

    def attach(self, stream: int) -> None:
        """Sends a stream of the shelf from the next block on."""
        check("span", lib.span_attach(self._native, stream))

    def set_cas(self, timeslot: int, abcd: int) -> None:
        """Sends abcd (four bits, a most significant, not 0) for a timeslot (1-15, 17-31)."""
        check(f"timeslot {timeslot}", lib.span_set_cas(self._native, timeslot, abcd))

    def status(self) -> SpanStatus:
        """State and counters as of the last block."""
        status = ffi.new("span_status *")
        lib.span_read_status(self._native, status)
        framer = status.framer
        return SpanStatus(
            in_service=bool(status.in_service),
            bit_phase=framer.bit_phase,
            remote_alarm=bool(framer.remote_alarm),
            cas_aligned=bool(status.cas_aligned),
            cas_remote_alarm=bool(status.cas_remote_alarm),
            sa_bits=framer.sa_bits,
            bits=framer.bits,
            frames=framer.frames,
            fas_errors=framer.fas_errors,
            bit2_errors=framer.bit2_errors,
            crc_blocks=framer.crc_blocks,
            crc_errors=framer.crc_errors,
            e_bit_errors=framer.e_bit_errors,
            multiframe_errors=framer.multiframe_errors,
            alignment_losses=framer.alignment_losses,
            cas_word_errors=status.cas_word_errors,
            cas_losses=status.cas_losses,
        )
