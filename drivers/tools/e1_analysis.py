"""What a recorded E1 line tells: from a file of raw bits to one typed report."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from drivers.engine.analyser import PUT_OCTETS, Analyser, HdlcFrame, LineEvent
from drivers.engine.events import AlignmentLoss, EventKind
from drivers.engine.span import PerformanceEnd
from drivers.errors import UserError

FRAME_BITS = 256
DOUBLE_FRAME_BITS = 512
MULTIFRAME_BITS = 4096
FRAMES_PER_S = 8000
LISTED_ERRORS_MAX = 10_000


class RecordingFileError(UserError):
    """A recorded line cannot be read."""


class AlignmentChange(msgspec.Struct, frozen=True):
    """The receiver's state from `frame` on: basic, multiframe, non-crc or searching, and why it had to search."""

    frame: int
    state: str
    reason: str = ""


class SignallingChange(msgspec.Struct, frozen=True):
    """Bits abcd of a timeslot from `frame` on, a first."""

    frame: int
    abcd: str


class AlarmChange(msgspec.Struct, frozen=True):
    """An alarm raised or cleared: LOF, AIS, RAI, CAS-LOSS, CAS-RAI."""

    frame: int
    alarm: str
    raised: bool


class ErroredBlock(msgspec.Struct, frozen=True):
    """A sub-multiframe (1 or 2) whose CRC-4 did not match: the one before that in which `frame` lies, where its C
    bits come."""

    frame: int
    sub_multiframe: int


class Slip(msgspec.Struct, frozen=True):
    """Alignment found again so many bits later than it was (bits were put in) or, negative, earlier (bits were
    lost): to within half a multiframe with CRC-4, else half a double frame."""

    frame: int
    bits: int


class G826(msgspec.Struct, frozen=True):
    """Seconds and blocks of one end (G.826)."""

    es: int
    ses: int
    bbe: int
    uas: int


class DataLink(msgspec.Struct, frozen=True):
    """What an HDLC link brought, good and bad."""

    frames: int
    octets: int
    fcs_errors: int
    aborts: int
    non_octet: int
    too_short: int
    too_long: int
    overruns: int


class Analysis(msgspec.Struct):
    """Everything in a recording; frames count from its first bit in units of 256 bits. The lists of errored
    blocks end at 10 000 entries; the counts go on."""

    frames: int = 0
    bit_phase: int | None = None
    framing: str = "none"
    alignment: list[AlignmentChange] = msgspec.field(default_factory=list)
    alarms: list[AlarmChange] = msgspec.field(default_factory=list)
    fas_errors: int = 0
    crc_errors: int = 0
    crc_errored_blocks: list[ErroredBlock] = msgspec.field(default_factory=list)
    e_bit_errors: int = 0
    rai_frames: int = 0
    ais_frames: int = 0
    sa: str = ""
    sa_codes: dict[str, list[AlignmentChange]] = msgspec.field(default_factory=dict)
    cas: dict[str, list[SignallingChange]] = msgspec.field(default_factory=dict)
    slips: list[Slip] = msgspec.field(default_factory=list)
    hdlc: dict[str, DataLink] = msgspec.field(default_factory=dict)
    g826: dict[str, G826] = msgspec.field(default_factory=dict)


ESTABLISHED_FRAMES = 32  # an alignment by chance is lost sooner: three FAS take six frames

_STATES = {
    EventKind.FRAME_ALIGNED: "basic",
    EventKind.MULTIFRAME_ALIGNED: "multiframe",
    EventKind.NON_CRC: "non-crc",
    EventKind.ALIGNMENT_LOST: "searching",
}
_LOSSES = {
    AlignmentLoss.BAD_FAS: "consecutive errored FAS",
    AlignmentLoss.BAD_BIT2: "consecutive errored bit 2",
    AlignmentLoss.NO_MULTIFRAME: "no CRC-4 multiframe within 8 ms",
    AlignmentLoss.FALSE_FRAMING: "915 of 1000 CRC-4 blocks errored",
}
_ALARMS = {
    EventKind.SIGNAL_LOST: "LOS",
    EventKind.AIS: "AIS",
    EventKind.REMOTE_ALARM: "RAI",
    EventKind.CAS_REMOTE_ALARM: "CAS-RAI",
}


class _Alignment:
    """Follows the alignment: what the framing is, and where it jumps.

    The multiframe tells slips of up to seven frames apart; without one a jump is known only within a double frame,
    and half of one might be either way.
    """

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._phase = self._multiframe_bit = -1
        self._since = 0
        self._lost = False

    def take(self, frame: int, event: LineEvent) -> None:
        """Takes an event of _STATES in."""
        match event.kind:
            case EventKind.FRAME_ALIGNED:
                self._found(frame, event)
            case EventKind.MULTIFRAME_ALIGNED:
                self._multiframe(frame, event.bit)
            case EventKind.ALIGNMENT_LOST:
                self.establish(frame)
                self._alarm(frame, raised=True)
            case _:
                pass

    def establish(self, frame: int) -> None:
        """Alignment ends at `frame`: if it has stood, it was one and not chance."""
        stood = frame - self._since >= ESTABLISHED_FRAMES or not self._analysis.alignment
        if self._phase < 0 or not stood or self._lost:
            return
        if self._analysis.bit_phase is None:
            self._analysis.bit_phase = self._phase
        if self._analysis.framing == "none":
            self._analysis.framing = "double"

    def end(self, frame: int) -> None:
        """The recording ends."""
        if not self._lost and self._phase >= 0:
            self._since = min(self._since, frame - ESTABLISHED_FRAMES)
            self.establish(frame)

    def _alarm(self, frame: int, raised: bool) -> None:
        self._lost = raised
        self._analysis.alarms.append(AlarmChange(frame, "LOF", raised))

    def _found(self, frame: int, event: LineEvent) -> None:
        if self._lost:
            self._alarm(frame, raised=False)
        slipped = event.value != self._phase and self._analysis.bit_phase is not None
        if slipped and self._multiframe_bit < 0:
            self._slip(frame, _nearest(event.value - self._phase, DOUBLE_FRAME_BITS))
        self._phase, self._since = event.value, frame

    def _multiframe(self, frame: int, bit: int) -> None:
        self._analysis.framing = "crc4"
        self.establish(self._since + ESTABLISHED_FRAMES)
        if self._multiframe_bit >= 0:
            self._slip(frame, _nearest(bit - self._multiframe_bit, MULTIFRAME_BITS))
        self._multiframe_bit = bit

    def _slip(self, frame: int, bits: int) -> None:
        if bits:
            self._analysis.slips.append(Slip(frame, bits))


def _nearest(difference: int, modulus: int) -> int:
    """A difference of two places in what repeats itself, the shorter way round."""
    return (difference + modulus // 2) % modulus - modulus // 2


class _Collector:
    """Builds an Analysis out of line events."""

    def __init__(self) -> None:
        self.analysis = Analysis()
        self.alignment = _Alignment(self.analysis)

    def take(self, event: LineEvent) -> None:
        frame = event.bit // FRAME_BITS
        analysis = self.analysis
        match event.kind:
            case kind if kind in _STATES:
                reason = _LOSSES[AlignmentLoss(event.value)] if kind is EventKind.ALIGNMENT_LOST else ""
                analysis.alignment.append(AlignmentChange(frame, _STATES[kind], reason))
                self.alignment.take(frame, event)
            case kind if kind in _ALARMS:
                analysis.alarms.append(AlarmChange(frame, _ALARMS[kind], bool(event.value)))
            case EventKind.CAS_LOST | EventKind.CAS_ALIGNED:
                lost = event.kind is EventKind.CAS_LOST
                analysis.alarms.append(AlarmChange(frame, "CAS-LOSS", lost))
            case EventKind.CAS_BITS:
                change = SignallingChange(frame, f"{event.value:04b}")
                analysis.cas.setdefault(str(event.timeslot), []).append(change)
            case EventKind.SA_CODE:
                code = AlignmentChange(frame, f"{event.value:04b}")
                analysis.sa_codes.setdefault(f"sa{event.timeslot}", []).append(code)
            case EventKind.CRC_ERROR if len(analysis.crc_errored_blocks) < LISTED_ERRORS_MAX:
                analysis.crc_errored_blocks.append(ErroredBlock(frame, event.value))
            case _:
                pass


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(PUT_OCTETS):
                yield piece
    except OSError as error:
        raise RecordingFileError(f"{path}: {error.strerror}") from None


def _finish(collector: _Collector, analyser: Analyser, octets: int) -> Analysis:
    analysis, status = collector.analysis, analyser.status()
    analysis.frames = octets * 8 // FRAME_BITS
    collector.alignment.end(analysis.frames)
    analysis.alarms.sort(key=lambda change: change.frame)  # an alarm may be known before what led to it is told
    analysis.cas = {timeslot: analysis.cas[timeslot] for timeslot in sorted(analysis.cas, key=int)}
    for field in ("fas_errors", "crc_errors", "e_bit_errors", "ais_frames"):
        setattr(analysis, field, status[field])
    analysis.rai_frames = status["remote_alarm_frames"]
    analysis.sa = f"{status['sa_bits']:05b}"
    for end in PerformanceEnd:
        counts = analyser.performance(end)
        analysis.g826[end.name.lower()] = G826(counts.es, counts.ses, counts.bbe, counts.uas)
    return analysis


def analyse(
    path: Path, bundles: list[list[int]], fcs_octets: int, cas: bool, on_frame: Any = lambda frame: None
) -> Analysis:
    """Analyses a file of raw 2 048 kbit/s bits, most significant first, at any bit phase.

    `bundles` lists the timeslots of each HDLC link to be read, whose frames (HdlcFrame) go to `on_frame`. Raises
    RecordingFileError where the file cannot be read or holds less than a frame.
    """
    analyser, collector, octets = Analyser(cas=cas), _Collector(), 0
    links = [analyser.add_link(sum(1 << timeslot for timeslot in bundle), fcs_octets) for bundle in bundles]

    def drain() -> None:
        for event in analyser.events():
            collector.take(event)
        for frame in analyser.frames():
            on_frame(frame)

    for piece in _pieces(path):
        octets += len(piece)
        analyser.put(piece)
        drain()
    if octets * 8 < FRAME_BITS:
        raise RecordingFileError(f"{path}: {octets} octets are less than a frame (32); record more of the line")
    analyser.end()
    drain()
    analysis = _finish(collector, analyser, octets)
    for bundle, link in zip(bundles, links, strict=True):
        counters = analyser.link_counters(link)
        analysis.hdlc["+".join(map(str, bundle))] = DataLink(*counters)
    return analysis


__all__ = ["Analysis", "HdlcFrame", "RecordingFileError", "analyse"]
