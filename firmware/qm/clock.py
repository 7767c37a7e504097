"""A box's clock: which port's line the shelf follows, by priority, signal and quality; holdover and free run."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple

from drivers.engine import Event, EventKind, Shelf, Span
from firmware.configuration.target import Faults
from firmware.qm.configuration import ClockConfiguration
from protocols.clock_selection import (
    Action,
    Clock,
    ClockOptions,
    ClockSelection,
    ClockState,
    Force,
    Quality,
    Report,
    Signal,
    SourceState,
    Start,
    Stop,
    Timer,
)
from protocols.clock_selection import Event as SelectionEvent
from protocols.synchronization_status import SA_BITS, QualityLevel, quality_of

MS_PER_S = 1000
MS_PER_HOUR = 3_600_000
SA_CODE_MAX = 0xF

# What can make a span fit to take a clock from, or unfit.
SIGNAL_EVENTS = frozenset(
    {
        EventKind.SIGNAL_LOST,
        EventKind.AIS,
        EventKind.FRAME_ALIGNED,
        EventKind.MULTIFRAME_ALIGNED,
        EventKind.ALIGNMENT_LOST,
    }
)


# What the clock does, by the names of the catalogue.
FREE_RUN, HOLDOVER = "CLOCK_FREE_RUN", "CLOCK_HOLDOVER"
SOURCE_FAILED, FORCED = "CLOCK_SOURCE_FAILED", "CLOCK_FORCED"
UNFIT = {SourceState.FAILED, SourceState.WAITING}


def source_name(number: int) -> str:
    """A port as a clock source."""
    return f"port {number}"


def _options(configuration: ClockConfiguration) -> ClockOptions:
    return ClockOptions(
        revertive=configuration.revertive,
        use_quality=configuration.ssm_bit != 0,
        hold_off_ms=configuration.hold_off_ms,
        wait_to_restore_ms=round(configuration.wait_to_restore_s * MS_PER_S),
        holdover_ms=round(configuration.holdover_h * MS_PER_HOUR),
    )


class ClockSource(NamedTuple):
    """A source as it stands, for people; `number` is its port's, `priority` counts from 1."""

    number: int
    priority: int
    state: SourceState
    quality: QualityLevel | None
    chosen: bool
    forced: bool


class BoxClock:
    """Chooses among ports, by number, and makes `shelf` follow one; give it their events.

    `span_of` is asked for a port's span; None where there is no such port.
    """

    def __init__(
        self,
        shelf: Shelf,
        span_of: Callable[[int], Span | None],
        configuration: ClockConfiguration,
        faults: Faults,
    ) -> None:
        self._shelf = shelf
        self._span_of = span_of
        self._configuration = configuration
        self._faults = faults
        self._selection = ClockSelection([source_name(n) for n in configuration.sources], _options(configuration))
        self._timers: dict[Timer, asyncio.TimerHandle] = {}
        self._log = logging.getLogger("trunkshelf.clock")
        self._tell()

    @property
    def clock(self) -> Clock:
        """What the clock does now, and the source it is locked to."""
        return self._selection.clock

    @property
    def following(self) -> int | None:
        """The port the clock is locked to."""
        source = self._selection.clock.source
        return next((n for n in self._configuration.sources if source_name(n) == source), None)

    @property
    def sources(self) -> list[ClockSource]:
        """All of them, best first."""
        return [
            ClockSource(
                number=number,
                priority=priority,
                state=self._selection.state(source_name(number)),
                quality=self._selection.quality(source_name(number)) if self._configuration.ssm_bit else None,
                chosen=self._selection.clock.source == source_name(number),
                forced=self._selection.forced == source_name(number),
            )
            for priority, number in enumerate(self._configuration.sources, 1)
        ]

    def force(self, number: int | None) -> None:
        """Takes this source, one of the configured, and no other; None ends that."""
        self._feed(Force(None if number is None else source_name(number)))

    def reconfigure(self, configuration: ClockConfiguration) -> None:
        """Other sources or times from now on; a lock on a source that stays is kept."""
        known = set(self._configuration.sources)
        for number in known - set(configuration.sources):
            self._faults.recover(SOURCE_FAILED, f"clock source {number}")
        same_bit = configuration.ssm_bit == self._configuration.ssm_bit
        self._configuration = configuration
        names = [source_name(number) for number in configuration.sources]
        self._carry_out(self._selection.reconfigure(names, _options(configuration)))
        for number in configuration.sources:
            if number not in known:
                self.look(number)
            if number not in known or not same_bit:
                self._look_at_quality(number)

    def handle(self, number: int, event: Event) -> None:
        """Takes in what a port's line told."""
        if number not in self._configuration.sources:
            return
        if event.kind in SIGNAL_EVENTS:
            self.look(number)
        elif event.kind is EventKind.SA_CODE and event.timeslot == self._configuration.ssm_bit:
            self._feed(Quality(source_name(number), quality_of(event.value)))

    def look(self, number: int) -> None:
        """The port's line, or which one it is, may have changed."""
        if number not in self._configuration.sources:
            return
        span = self._span_of(number)
        good = span is not None and span.status().in_service
        if not good and self._selection.state(source_name(number)) is SourceState.UNSEEN:
            return  # a line that has yet to come up has not failed
        self._feed(Report(source_name(number), Signal.GOOD if good else Signal.FAILED))

    def _look_at_quality(self, number: int) -> None:
        bit, span = self._configuration.ssm_bit, self._span_of(number)
        if bit and span is not None and span.status().in_service:
            code = span.status().sa_codes[bit - SA_BITS[0]]
            if code <= SA_CODE_MAX:  # more: none has stood long enough yet
                self._feed(Quality(source_name(number), quality_of(code)))

    def _feed(self, event: SelectionEvent) -> None:
        self._carry_out(self._selection.feed(event))

    def _carry_out(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Start(timer, after_ms):
                    loop = asyncio.get_running_loop()
                    self._timers[timer] = loop.call_later(after_ms / MS_PER_S, self._expire, timer)
                case Stop(timer):
                    self._timers.pop(timer).cancel()
                case Clock(state, source):
                    self._follow(state, source)
        self._tell()

    def _expire(self, timer: Timer) -> None:
        del self._timers[timer]
        self._feed(timer)

    def _follow(self, state: ClockState, source: str | None) -> None:
        self._log.info("clock: %s %s", state.name, source or "")
        span = None if self.following is None else self._span_of(self.following)
        if source is not None and span is not None:
            span.lock_clock()
        elif state is ClockState.HOLDOVER:
            self._shelf.hold_clock()
        else:
            self._shelf.steer(0)

    def _tell(self) -> None:
        """What is wrong with the clock; told again it changes nothing."""
        state = self._selection.clock.state
        wanted = bool(self._configuration.sources)
        self._set(FREE_RUN, wanted and state is ClockState.FREE_RUN)
        self._set(HOLDOVER, state is ClockState.HOLDOVER)
        self._set(FORCED, self._selection.forced is not None)
        for source in self.sources:
            self._set(SOURCE_FAILED, source.state in UNFIT, f"clock source {source.number}")

    def _set(self, name: str, stands: bool, where: str = "") -> None:
        if stands:
            self._faults.fault(name, where)
        else:
            self._faults.recover(name, where)
