"""A box's clock: which span the shelf follows, by priority, signal and quality; holdover and free run."""

import asyncio
import logging

from drivers.engine import Event, EventKind, Shelf, Span
from firmware.qm.configuration import ClockConfiguration
from protocols.clock_selection import (
    Clock,
    ClockOptions,
    ClockSelection,
    ClockState,
    Quality,
    Report,
    Signal,
    SourceState,
    Start,
    Stop,
    Timer,
)
from protocols.clock_selection import Event as SelectionEvent
from protocols.synchronization_status import quality_of

MS_PER_S = 1000
MS_PER_HOUR = 3_600_000

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


def _name(number: int) -> str:
    return f"span {number}"


class BoxClock:
    """Chooses among `spans` (numbered from 1 by people) and makes `shelf` follow; give it the spans' events."""

    def __init__(self, shelf: Shelf, spans: list[Span], configuration: ClockConfiguration) -> None:
        self._shelf = shelf
        self._spans = {_name(number): spans[number - 1] for number in configuration.sources}
        self._ssm_bit = configuration.ssm_bit
        options = ClockOptions(
            revertive=configuration.revertive,
            use_quality=configuration.ssm_bit != 0,
            hold_off_ms=configuration.hold_off_ms,
            wait_to_restore_ms=round(configuration.wait_to_restore_s * MS_PER_S),
            holdover_ms=round(configuration.holdover_h * MS_PER_HOUR),
        )
        self._selection = ClockSelection(list(self._spans), options)
        self._timers: dict[Timer, asyncio.TimerHandle] = {}
        self._log = logging.getLogger("trunkshelf.clock")

    @property
    def clock(self) -> Clock:
        """What the clock does now, and the source it is locked to."""
        return self._selection.clock

    def handle(self, number: int, event: Event) -> None:
        """Takes in what a span's line told; `number` counts from 1."""
        name = _name(number)
        if name not in self._spans:
            return
        if event.kind in SIGNAL_EVENTS:
            good = self._spans[name].status().in_service
            if not good and self._selection.state(name) is SourceState.UNSEEN:
                return  # a line that has yet to come up has not failed
            self._feed(Report(name, Signal.GOOD if good else Signal.FAILED))
        elif event.kind is EventKind.SA_CODE and event.timeslot == self._ssm_bit:
            self._feed(Quality(name, quality_of(event.value)))

    def _feed(self, event: SelectionEvent) -> None:
        for action in self._selection.feed(event):
            match action:
                case Start(timer, after_ms):
                    loop = asyncio.get_running_loop()
                    self._timers[timer] = loop.call_later(after_ms / MS_PER_S, self._expire, timer)
                case Stop(timer):
                    self._timers.pop(timer).cancel()
                case Clock(state, source):
                    self._follow(state, source)

    def _expire(self, timer: Timer) -> None:
        del self._timers[timer]
        self._feed(timer)

    def _follow(self, state: ClockState, source: str | None) -> None:
        self._log.info("clock: %s %s", state.name, source or "")
        if source is not None:
            self._spans[source].lock_clock()
        elif state is ClockState.HOLDOVER:
            self._shelf.hold_clock()
        else:
            self._shelf.steer(0)
