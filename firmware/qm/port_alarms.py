"""What ails a port, told as faults: by its state whenever the line tells of a change, and by what comes too often."""

import asyncio
from collections.abc import Callable

from drivers.engine import Event, EventKind, Span, SpanStatus
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

# A slip every minute is far beyond what two clocks of G.811 make (one in 70 days, G.822): slips stand together.
SLIPS_STAND_S = 60.0

# By the names of the catalogue (firmware/alarms/catalogue), worst first: which fault a state is.
STATES: tuple[tuple[str, Callable[[SpanStatus], bool]], ...] = (
    ("LOS", lambda status: status.signal_lost),
    ("AIS", lambda status: status.ais),
    ("LOF", lambda status: not status.in_service),
    ("RAI", lambda status: status.remote_alarm),
    ("CAS_LOSS", lambda status: not status.cas_aligned),
    ("CAS_RAI", lambda status: status.cas_remote_alarm),
)


class PortAlarms:
    """Tells `faults` of the port `where` ("port 3") what its span's events mean."""

    def __init__(self, faults: Faults, where: str, span: Span) -> None:
        self._faults = faults
        self._where = where
        self._span = span
        self._slips_stand: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """A line is plugged in: until it has aligned it is out of frame, whether or not it says anything."""
        self.set("PORT_ADAPTOR_LOST", False)
        self._look()

    def no_line(self, reason: str) -> None:
        """There is no line, and why."""
        for name, _ in STATES:
            self.set(name, False)
        self.set("PORT_ADAPTOR_LOST", True, reason)

    def close(self) -> None:
        """The port is no more: nothing ails it."""
        for name, _ in STATES:
            self.set(name, False)
        for name in ("PORT_ADAPTOR_LOST", "PORT_LOOPED", "PORT_BLOCKED", "CRC_EXCESSIVE"):
            self.set(name, False)
        self._slips_over()

    def handle(self, event: Event) -> None:
        """Takes in what the span tells."""
        if event.kind in LINE_EVENTS:
            self._look()
        elif event.kind is EventKind.SEVERELY_ERRORED:
            self.set("CRC_EXCESSIVE", bool(event.value))
        elif event.kind is EventKind.SLIP:
            self._slip()

    def set(self, name: str, stands: bool, detail: str = "") -> None:
        """Tells whether a fault stands."""
        if stands:
            self._faults.fault(name, self._where, detail)
        else:
            self._faults.recover(name, self._where)

    def _look(self) -> None:
        status = self._span.status()
        for name, holds in STATES:
            self.set(name, holds(status))
        gone = status.signal_lost and port_statistics(self._span).gone
        self.set("PORT_ADAPTOR_LOST", gone, "what the port talks to is gone" if gone else "")

    def _slip(self) -> None:
        self._forget_slips()
        status = self._span.status()
        counted = f"{status.slips_repeated} frames repeated, {status.slips_deleted} left out"
        self.set("SLIPS", True, counted)
        self._slips_stand = asyncio.get_running_loop().call_later(SLIPS_STAND_S, self._slips_over)

    def _slips_over(self) -> None:
        self._forget_slips()
        self.set("SLIPS", False)

    def _forget_slips(self) -> None:
        if self._slips_stand is not None:
            self._slips_stand.cancel()
            self._slips_stand = None
