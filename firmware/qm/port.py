"""A trunk port: its span, its settings, its channels; started, restarted and stopped while the shelf runs."""

import asyncio
from collections.abc import Callable, Iterable

from drivers.engine import Event, EventKind, LineCode, Maintenance, Port, Span, SpanOptions, SpanStatus
from drivers.ports import SLACK_FRAMES
from firmware.configuration.target import Faults
from firmware.qm.channel import Hold, TrunkCall, TrunkChannel
from firmware.qm.configuration import LINE, PortConfiguration
from firmware.qm.port_alarms import PortAlarms
from firmware.qm.port_test import PortTest
from protocols.e1 import CHANNEL_TIMESLOTS, MULTIFRAME_MS

# A line that dies under a call may come back, and the far end then says whether the call still is: so it is held,
# as Q.424 has an answered call held until the line is back and it is cleared. But not for ever: a message of all
# ones need not be longer than this, and the voice channel serves others.
INTERRUPTION_S = 120.0

Lines = Callable[[int, Span], None]


def span_options(configuration: PortConfiguration) -> SpanOptions:
    """What a span is set to for this port; ports of the outside world carry bits, and unevenly."""
    options = SpanOptions(
        framing=configuration.engine_framing,
        line_code=configuration.engine_line_code,
        line_state_rule=configuration.engine_line_state_rule,
        cas_debounce_multiframes=configuration.recognition_ms // MULTIFRAME_MS,
    )
    if configuration.url == LINE:
        return options
    return options._replace(line_code=LineCode.NONE, slack_frames=SLACK_FRAMES)


class TrunkPort:
    """Port `number` on its span. `seized` is told of every seizure; `lines` joins a `line:` to an exchange."""

    def __init__(
        self,
        number: int,
        span: Span,
        configuration: PortConfiguration,
        faults: Faults,
        seized: Callable[["TrunkPort", TrunkChannel], None],
        lines: Lines | None,
    ) -> None:
        self.number = number
        self.span = span
        self.configuration = configuration
        self.where = f"port {number}"
        self.plugged = False
        self.failure = ""  # why it has no line
        self.maintenance = Maintenance.NONE
        self.looped_timeslots: tuple[int, ...] = ()
        self.adaptor_loop = ""  # that the card of a dahdi: port makes itself
        self.test: PortTest | None = None
        self.alarms = PortAlarms(faults, self.where, span)
        self.counting_since_ns = 0
        self._counted_before: SpanStatus | None = None
        self._lines = lines
        self._interruption: asyncio.TimerHandle | None = None
        self.channels = {
            timeslot: TrunkChannel(timeslot, span.set_cas, lambda channel: seized(self, channel))
            for timeslot in CHANNEL_TIMESLOTS
        }

    # Its life.

    def start(self, port: Port | None, failure: str = "") -> None:
        """Begins on a span without a port: on `port`, on a line of the bench, or, with a failure, on nothing."""
        self.span.restart(span_options(self.configuration))
        if port is not None:
            self.span.plug(port)
        elif not failure and self.configuration.url == LINE and self._lines is not None:
            self._lines(self.number, self.span)
        elif not failure:
            failure = "nothing is joined to the line"
        self.plugged = not failure
        self.failure = failure
        self._begin()

    def restart(self) -> None:
        """Begins anew on the line it has; its calls are lost."""
        self.end_calls(f"{self.where} was restarted")
        self.span.restart(span_options(self.configuration))
        self._begin()

    def stop(self, reason: str) -> None:
        """Ends its calls and gives its line up; `start` may follow."""
        self.end_calls(reason)
        self._interruption_over()
        if self.plugged:
            self.span.unplug()
        self.plugged = False

    def close(self) -> None:
        """After `stop`: the port is no more."""
        for channel in self.channels.values():
            channel.close()
        self.alarms.close()

    def _begin(self) -> None:
        self.maintenance, self.looped_timeslots, self.adaptor_loop, self.test = Maintenance.NONE, (), "", None
        self.counting_since_ns, self._counted_before = self.span.since_ns, None
        self._interruption_over()
        for channel in self.channels.values():
            channel.holds -= {Hold.LOOP, Hold.TEST}
            channel.begin()
        for name in ("PORT_LOOPED", "TEST_RUNNING"):
            self.alarms.set(name, False)
        self.alarms.begin(self.failure)

    # Its line.

    def handle(self, event: Event) -> None:
        """Takes in what the span tells."""
        self.alarms.handle(event)
        match event.kind:
            case EventKind.CAS_BITS if event.timeslot in self.channels:
                self.channels[event.timeslot].receive(event.value)
            case EventKind.CAS_LOST if self._interruption is None:
                loop = asyncio.get_running_loop()
                self._interruption = loop.call_later(INTERRUPTION_S, self._interrupted)
            case EventKind.CAS_ALIGNED:
                self._interruption_over()
            case _:
                pass

    def _interrupted(self) -> None:
        self._interruption = None
        self.end_calls(f"{self.where} was out of service for {INTERRUPTION_S:g} s")

    def _interruption_over(self) -> None:
        if self._interruption is not None:
            self._interruption.cancel()
            self._interruption = None

    # Its calls.

    def calls(self, timeslots: Iterable[int] = CHANNEL_TIMESLOTS) -> list[TrunkCall]:
        """Those in progress on these timeslots."""
        found = [self.channels[timeslot].call for timeslot in timeslots if timeslot in self.channels]
        return [call for call in found if call is not None and not call.over.is_set()]

    def end_calls(self, reason: str, timeslots: Iterable[int] = CHANNEL_TIMESLOTS) -> None:
        """Ends the calls on these timeslots from our side."""
        for call in self.calls(timeslots):
            call.end(reason)

    def hold(self, why: Hold, timeslots: Iterable[int]) -> None:
        """Keeps calls off these timeslots."""
        for timeslot in timeslots:
            self.channels[timeslot].hold(why)
        self._tell_blocked()

    def let_go(self, why: Hold, timeslots: Iterable[int] = CHANNEL_TIMESLOTS) -> None:
        """Ends that."""
        for timeslot in timeslots:
            self.channels[timeslot].let_go(why)
        self._tell_blocked()

    def _tell_blocked(self) -> None:
        timeslots = self.blocked_timeslots
        self.alarms.set("PORT_BLOCKED", self.blocked)
        self.alarms.set("TIMESLOTS_BLOCKED", bool(timeslots), f"timeslots {', '.join(map(str, timeslots))}")

    @property
    def blocked(self) -> bool:
        """By BLK PORT."""
        return all(Hold.PORT in channel.holds for channel in self.channels.values())

    @property
    def blocked_timeslots(self) -> list[int]:
        """By BLK TS."""
        return [timeslot for timeslot, channel in self.channels.items() if Hold.TIMESLOT in channel.holds]

    # Its counters.

    def counters(self) -> dict[str, int]:
        """Raw counters of the span since the port was started or they were reset."""
        status = self.span.status()
        before = self._counted_before
        return {name: getattr(status, name) - (getattr(before, name) if before else 0) for name in COUNTERS}

    def reset_counters(self, now_ns: int) -> None:
        """Counts from 0 again, G.826 and raw."""
        self.span.reset_performance()
        self._counted_before = self.span.status()
        self.counting_since_ns = now_ns


# Of SpanStatus, with what people call them.
COUNTERS = {
    "fas_errors": "FAS errors",
    "crc_errors": "CRC-4 block errors",
    "crc_blocks": "CRC-4 blocks",
    "e_bit_errors": "E bits (far end's block errors)",
    "bipolar_violations": "bipolar violations",
    "code_violations": "code violations",
    "excess_zeros": "excess zeros",
    "alignment_losses": "losses of frame alignment",
    "multiframe_errors": "multiframe signal errors",
    "cas_losses": "losses of signalling alignment",
    "cas_word_errors": "signalling alignment word errors",
    "slips_repeated": "slips: frames repeated",
    "slips_deleted": "slips: frames left out",
    "transmit_slips_repeated": "transmit slips: frames repeated",
    "transmit_slips_deleted": "transmit slips: frames left out",
    "store_restarts": "elastic store restarts",
    "transmit_store_restarts": "transmit store restarts",
    "ais_frames": "frames received under AIS",
    "remote_alarm_frames": "frames received under remote alarm",
    "events_dropped": "events not told",
}
