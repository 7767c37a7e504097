"""A span: an E1 port with line code, framer, signalling, data links, tests and loopbacks."""

import enum
from typing import Any, NamedTuple

from drivers._native import ffi, lib
from drivers.engine.errors import EngineError, check
from drivers.engine.events import Event
from drivers.engine.hdlc_link import HdlcLink
from drivers.engine.port import Port
from drivers.engine.shelf import EventHandler, Shelf, ShelfElement
from drivers.engine.span_status import PerformanceCounts, SpanStatus, performance_counts, span_status


class Framing(enum.IntEnum):
    """How the far end frames (G.704 2.3); AUTOMATIC finds out (G.706 annex B)."""

    DOUBLE_FRAME = lib.FRAMING_DOUBLE_FRAME
    CRC4 = lib.FRAMING_CRC4
    AUTOMATIC = lib.FRAMING_AUTOMATIC


class LineCode(enum.IntEnum):
    """How bits become marks (G.703); NONE for ports that carry bits."""

    NONE = lib.LINE_CODE_NONE
    AMI = lib.LINE_CODE_AMI
    HDB3 = lib.LINE_CODE_HDB3


class LineStateRule(enum.IntEnum):
    """By whose rule LOS and AIS are raised and cleared."""

    G775 = lib.LINE_STATE_G775
    ETS300233 = lib.LINE_STATE_ETS300233


class Maintenance(enum.IntFlag):
    """Loopbacks and forced signals."""

    NONE = 0
    LOOP_LOCAL = lib.SPAN_LOOP_LOCAL
    LOOP_LINE = lib.SPAN_LOOP_LINE
    LOOP_PAYLOAD = lib.SPAN_LOOP_PAYLOAD
    FORCE_AIS = lib.SPAN_FORCE_AIS
    FORCE_REMOTE_ALARM = lib.SPAN_FORCE_REMOTE_ALARM


class Injection(enum.IntEnum):
    """What can be sent wrong on purpose."""

    VIOLATION = lib.SPAN_INJECT_VIOLATION
    FAS = lib.SPAN_INJECT_FAS
    CRC = lib.SPAN_INJECT_CRC
    CAS = lib.SPAN_INJECT_CAS
    TEST = lib.SPAN_INJECT_TEST


class AdaptorMaintenance(enum.IntEnum):
    """What a DAHDI card does itself (DAHDI_MAINT): loops stand until another is asked for, errors come once."""

    LOOP_NONE = lib.DAHDI_LOOP_NONE
    LOOP_LOCAL = lib.DAHDI_LOOP_LOCAL
    LOOP_LINE = lib.DAHDI_LOOP_LINE
    LOOP_PAYLOAD = lib.DAHDI_LOOP_PAYLOAD
    ERROR_FAS = lib.DAHDI_ERROR_FAS
    ERROR_CRC = lib.DAHDI_ERROR_CRC
    ERROR_CAS = lib.DAHDI_ERROR_CAS
    ERROR_BIPOLAR = lib.DAHDI_ERROR_BIPOLAR


class BitErrorPattern(enum.IntEnum):
    """Pseudo-random patterns (O.150)."""

    PRBS_2E9 = lib.TEST_PATTERN_2E9
    PRBS_2E11 = lib.TEST_PATTERN_2E11
    PRBS_2E15 = lib.TEST_PATTERN_2E15
    PRBS_2E20 = lib.TEST_PATTERN_2E20
    PRBS_2E23 = lib.TEST_PATTERN_2E23


class BitErrorResult(NamedTuple):
    """A bit-error test so far: `sent` and `inserted` by the generator, the rest by the synchronised checker.

    `errors` are the line's; `slip_errors` stood between a bit slip or a jump of the pattern and its discovery.
    """

    sent_bits: int
    inserted_errors: int
    synchronised: bool
    bits: int
    errors: int
    slip_errors: int
    sync_losses: int
    bit_slips: int


class PerformanceEnd(enum.IntEnum):
    """Whose reception: our own, or the far end's as it tells us."""

    NEAR = lib.NEAR_END
    FAR = lib.FAR_END


class Impairments(NamedTuple):
    """What ails a line on its way to a span (csrc/ports/line.h); ratios are per bit."""

    bit_error_ratio: float = 0.0
    burst_ratio: float = 0.0
    burst_bits: int = 0
    burst_error_ratio: float = 0.0
    violation_ratio: float = 0.0
    slip_ratio: float = 0.0
    slip_bits: int = 0
    cut: bool = False
    ais: bool = False


class LineCounters(NamedTuple):
    """What the impairments have done so far."""

    bits: int
    bit_errors: int
    bursts: int
    violations: int
    bits_lost: int
    bits_repeated: int


class SpanOptions(NamedTuple):
    """What a span is set to; the defaults are the Recommendations'. `cas`: timeslot 16 carries signalling, whose
    changes must stand `cas_debounce_multiframes` (2 ms each)."""

    framing: Framing = Framing.CRC4
    line_code: LineCode = LineCode.HDB3
    cas: bool = True
    cas_debounce_multiframes: int = 2
    bad_fas_limit: int = 3
    bad_bit2_limit: int = 3
    line_state_rule: LineStateRule = LineStateRule.G775
    severe_blocks: int = 300
    slack_frames: int = 1


DEFAULTS = SpanOptions()
ANY_TIMESLOTS = int(ffi.cast("uint32_t", lib.SPAN_TEST_UNFRAMED))
DAY = -1
TOTAL = -2


def timeslot_mask(timeslots: list[int]) -> int:
    """Bit t for each timeslot t (1-31: timeslot 0 is the span's own)."""
    for timeslot in timeslots:
        if not 1 <= timeslot <= 31:
            raise EngineError(f"timeslot {timeslot}", lib.ENGINE_BAD_TIMESLOT)
    return sum(1 << timeslot for timeslot in set(timeslots))


def _native_options(options: SpanOptions) -> Any:
    """The C span_options."""
    native = ffi.new("span_options *", lib.span_options_default(options.framing))
    native.line_code = options.line_code
    native.slack_frames = options.slack_frames
    receiver = native.receiver
    receiver.cas = options.cas
    receiver.cas_debounce = options.cas_debounce_multiframes
    receiver.framer.bad_fas_limit = options.bad_fas_limit
    receiver.framer.bad_bit2_limit = options.bad_bit2_limit
    receiver.line = lib.line_state_options_default(options.line_state_rule)
    receiver.performance.severe_blocks = options.severe_blocks
    return native


class Span(ShelfElement):
    """Owner of a span on `shelf`; receives nothing until it is given a port or joined to another span."""

    def __init__(self, shelf: Shelf, options: SpanOptions = DEFAULTS) -> None:
        number = ffi.new("uint32_t *")
        super().__init__(shelf, "span", lib.shelf_add_span(shelf.native, _native_options(options), number))
        self._object = int(number[0])
        self._since = ffi.new("uint64_t *")
        self.options = options
        self.stream = int(lib.span_stream(self.native))

    @property
    def since_ns(self) -> int:
        """When its counters began: the shelf's clock as it was last restarted or unplugged, 0 if it never was."""
        return int(self._since[0])

    def listen(self, handler: EventHandler) -> None:
        """Sends the span's events to `handler` from now on, but for those of a life it has ended."""

        def of_this_life(event: Event) -> None:
            if event.time_ns > self._since[0]:
                handler(event)

        self._shelf.handle(self._object, of_this_life)

    def restart(self, options: SpanOptions) -> None:
        """Begins anew with these options, on the same port: counters from 0, no loop, no test, no data link.

        What is sent stays (stream, abcd). Raises EngineError, nothing changed, if the line code is not the port's.
        """
        check("restart", lib.span_restart(self.native, _native_options(options), self._since))
        self.options = options

    def unplug(self) -> None:
        """Closes the span's port, and begins anew without one; the far end of a line has no signal any more."""
        check("unplug", lib.span_unplug(self.native, self._since))

    def plug(self, port: Port) -> None:
        """Gives the span its port, which it then owns."""
        check("port", lib.span_plug(self.native, port.native))
        port.handed_over()

    def tap(self, port: Port) -> None:
        """Sends a copy of every received line bit to a port that records, which the span then owns."""
        check("tap", lib.span_tap(self.native, port.native))
        port.handed_over()

    def join(
        self,
        far_end: "Span",
        delay_bits: int = 0,
        far_end_delay_bits: int = 0,
        far_end_offset_ppb: int = 0,
        seed: int = 0,
    ) -> None:
        """Joins a line to another span of the shelf.

        Its two directions' delays set the bit phase of arrival; the far end's clock may run faster than nominal;
        `seed` is that of whatever ails the line.
        """
        options = ffi.new("line_options *")
        options.delay_bits = [delay_bits, far_end_delay_bits]
        options.offset_ppb = far_end_offset_ppb
        options.seed = seed
        check("line", lib.span_join(self.native, far_end.native, options))

    def impair(self, impairments: Impairments) -> None:
        """Ails what this span receives over its line, from now on."""
        check("line", lib.span_impair(self.native, ffi.new("line_impairments *", impairments._asdict())))

    def line_counters(self) -> LineCounters:
        """What the line's impairments have done to what this span receives."""
        counters = ffi.new("line_counters *")
        check("line", lib.span_read_line_counters(self.native, counters))
        return LineCounters(*(getattr(counters, field) for field in LineCounters._fields))

    def lock_clock(self) -> None:
        """Makes the shelf's clock follow this span's received line from now on."""
        check("clock source", lib.span_lock_clock(self.native))

    def attach(self, stream: int) -> None:
        """Sends a stream of the shelf from the next block on."""
        check("span", lib.span_attach(self.native, stream))

    def set_cas(self, timeslot: int, abcd: int) -> None:
        """Sends abcd (four bits, a most significant, not 0) for a timeslot (1-15, 17-31)."""
        check(f"timeslot {timeslot}", lib.span_set_cas(self.native, timeslot, abcd))

    def maintain_adaptor(self, what: AdaptorMaintenance) -> None:
        """Has a `dahdi:` port's card loop or spoil its line itself; raises EngineError: the driver's reason."""
        error = ffi.new("char[200]")
        result = lib.span_maintain_adaptor(self.native, what, error)
        text = ffi.string(error).decode(errors="replace") if result == lib.ENGINE_REFUSED else ""
        if result < 0:
            raise EngineError("adaptor", result, text)

    def set_sa_bits(self, sa_bits: int) -> None:
        """Sends Sa4-Sa8 (five bits, Sa4 most significant)."""
        check("Sa bits", lib.span_set_sa_bits(self.native, sa_bits))

    def set_sa_code(self, n: int, code: int) -> None:
        """Sends a 4-bit code on Sa<n> (4-8) in every sub-multiframe: a synchronization status message, say."""
        check(f"Sa{n}", lib.span_set_sa_code(self.native, n, code))

    def maintain(self, maintenance: Maintenance, looped_timeslots: list[int] | None = None) -> None:
        """Puts exactly these loopbacks and forced signals in force; timeslots may be looped one by one."""
        mask = timeslot_mask(looped_timeslots or [])
        check("maintenance", lib.span_maintain(self.native, maintenance, mask))

    def inject(self, what: Injection, count: int = 1) -> None:
        """Sends so many errors."""
        check("error injection", lib.span_inject(self.native, what, count))

    def test_start(self, pattern: BitErrorPattern, timeslots: list[int] | None = None) -> None:
        """Sends a pattern on timeslots and compares what comes back; without them, on every bit of the line."""
        mask = ANY_TIMESLOTS if timeslots is None else timeslot_mask(timeslots)
        check("bit-error test", lib.span_test_start(self.native, pattern, mask))

    def test_stop(self) -> None:
        """Ends the test; its result stays."""
        check("bit-error test", lib.span_test_stop(self.native))

    def test_result(self) -> BitErrorResult:
        """The test so far."""
        generator, checker = ffi.new("test_generator *"), ffi.new("test_checker *")
        check("bit-error test", lib.span_test_read(self.native, generator, checker))
        return BitErrorResult(
            generator.bits,
            generator.errors,
            bool(checker.synchronised),
            checker.bits,
            checker.errors - checker.slip_errors,
            checker.slip_errors,
            checker.sync_losses,
            checker.bit_slips,
        )

    def open_hdlc(self, timeslots: list[int], fcs_octets: int = 2, mru_octets: int = 1600) -> HdlcLink:
        """Opens an HDLC link on timeslots that no other link has; HDLC_FRAME events bring its number."""
        return HdlcLink(self, timeslot_mask(timeslots), fcs_octets, mru_octets)

    def status(self) -> SpanStatus:
        """State and counters as of the last block."""
        status = ffi.new("span_status *")
        lib.span_read_status(self.native, status)
        return span_status(status)

    def performance(self, end: PerformanceEnd, back: int = 0) -> PerformanceCounts:
        """A quarter-hour: 0 is the present, 1 the one before … 96; DAY: the last 24 hours; TOTAL: everything."""
        counts = ffi.new("performance_counts *")
        check(f"quarter-hour {back}", lib.span_read_performance(self.native, end, back, counts))
        return performance_counts(counts)

    def reset_performance(self) -> None:
        """Counts from 0 again."""
        lib.span_reset_performance(self.native)
