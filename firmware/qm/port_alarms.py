"""What ails a port, told as faults: the state of its line, the second just over, slips, what people have done."""

from collections.abc import Callable, Iterable

from drivers.engine import Alignment, Event, EventKind, SecondAilment, Span, SpanStatus
from drivers.port_statistics import port_statistics
from firmware.configuration.target import Faults

LINE_EVENTS = frozenset(
    {
        EventKind.SIGNAL_LOST,
        EventKind.AIS,
        EventKind.FRAME_ALIGNED,
        EventKind.MULTIFRAME_ALIGNED,
        EventKind.NON_CRC,
        EventKind.ALIGNMENT_LOST,
        EventKind.REMOTE_ALARM,
        EventKind.CAS_ALIGNED,
        EventKind.CAS_LOST,
        EventKind.CAS_REMOTE_ALARM,
    }
)

# By the names of the catalogue (firmware/alarms/catalogue): which fault a state of the line is.
STATES: tuple[tuple[str, Callable[[SpanStatus], bool]], ...] = (
    ("LOS", lambda status: status.signal_lost),
    ("AIS", lambda status: status.ais),
    ("LOF", lambda status: not status.in_service),
    ("RAI", lambda status: status.remote_alarm),
    ("NON_CRC", lambda status: status.alignment is Alignment.NON_CRC),
    ("CAS_LOSS", lambda status: not status.cas_aligned),
    ("CAS_RAI", lambda status: status.cas_remote_alarm),
)

# Likewise of the second just over.
SECONDS = {
    "UNAVAILABLE": SecondAilment.UNAVAILABLE,
    "CRC_EXCESSIVE": SecondAilment.SEVERE,
    "FAR_END_ERRORS": SecondAilment.FAR_ERRORS,
    "CODE_VIOLATIONS": SecondAilment.VIOLATIONS,
    "PACKETS_LOST": SecondAilment.UNDERRUNS,
}

# Likewise of what people have done to the port.
MADE = ("PORT_LOOPED", "PORT_BLOCKED", "TIMESLOTS_BLOCKED", "TEST_RUNNING")

NOT_OPENED, ADAPTOR_LOST = "PORT_NOT_OPENED", "PORT_ADAPTOR_LOST"


class PortAlarms:
    """Tells `faults` of the port `where` ("port 3") what its span's events mean."""

    def __init__(self, faults: Faults, where: str, span: Span) -> None:
        self._faults = faults
        self._where = where
        self._span = span

    def begin(self, failure: str) -> None:
        """A life begins: with a line, out of frame until that has aligned; or, with a failure, without one."""
        self._recover(SECONDS)
        self._recover((ADAPTOR_LOST,))
        self.set(NOT_OPENED, bool(failure), failure)
        self._look()

    def close(self) -> None:
        """The port is no more: nothing ails it."""
        self._recover(name for name, _ in STATES)
        self._recover((*SECONDS, *MADE, NOT_OPENED, ADAPTOR_LOST))

    def handle(self, event: Event) -> None:
        """Takes in what the span tells."""
        if event.kind in LINE_EVENTS:
            self._look()
        elif event.kind is EventKind.SECOND:
            self._second(SecondAilment(event.value))
        elif event.kind is EventKind.SLIP:
            self._slip()

    def set(self, name: str, stands: bool, detail: str = "") -> None:
        """Tells whether a fault stands."""
        if stands:
            self._faults.fault(name, self._where, detail)
        else:
            self._faults.recover(name, self._where)

    def _recover(self, names: Iterable[str]) -> None:
        for name in names:
            self.set(name, False)

    def _look(self) -> None:
        status = self._span.status()
        for name, stands in STATES:
            self.set(name, stands(status))
        gone = status.signal_lost and port_statistics(self._span).gone
        self.set(ADAPTOR_LOST, gone)

    def _second(self, ailment: SecondAilment) -> None:
        for name, bit in SECONDS.items():
            self.set(name, bool(ailment & bit))

    def _slip(self) -> None:
        """Over as soon as it has happened; how long it is told of is the alarm's affair."""
        status = self._span.status()
        counted = f"{status.slips_repeated} frames repeated, {status.slips_deleted} left out"
        self.set("SLIPS", True, counted)
        self.set("SLIPS", False)
