"""Where a box takes its clock from: sources by priority, failover, revert, hold-off, holdover (after G.781).

Two tables. Each source has a state of its own:

    UNSEEN       good -> USABLE     failed -> FAILED
    USABLE                          failed -> HOLDING_OFF, starts the hold-off
    HOLDING_OFF  good -> USABLE     hold-off over -> FAILED
    FAILED       good -> WAITING, starts the wait to restore
    WAITING                         failed -> FAILED          wait to restore over -> USABLE

A failure shorter than the hold-off changes no choice. A source that has failed must be good for the time of the
wait to restore before it counts again; one never seen before counts at once: a box that boots need not wait.

After every event one source is chosen, or none: of those usable (and, where quality counts, not DO_NOT_USE) the
best quality first, then the highest priority. Without revert the chosen one is kept as long as no other's quality
is better. A forced source is the only one looked at: it need not wait, nor be of any quality, but its signal must
be good. A chosen source that holds off stays chosen, but nothing is locked to it. The clock:

    FREE_RUN --good source chosen--> LOCKED --none, or it holds off--> HOLDOVER --holdover over--> FREE_RUN
                                       ^-----good source chosen-----------+

HOLDOVER keeps the last good frequency. FREE_RUN is the box's own: from the start, and when holdover is too old.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from protocols.synchronization_status import QualityLevel, rank


class SourceState(enum.Enum):
    """States of one source."""

    UNSEEN = enum.auto()
    USABLE = enum.auto()
    HOLDING_OFF = enum.auto()
    FAILED = enum.auto()
    WAITING = enum.auto()


class ClockState(enum.Enum):
    """States of the box's clock."""

    FREE_RUN = enum.auto()
    LOCKED = enum.auto()
    HOLDOVER = enum.auto()


class Signal(enum.Enum):
    """What is reported of a source: fit to take a clock from, or not (LOS, AIS, LOF, unplugged)."""

    GOOD = enum.auto()
    FAILED = enum.auto()


class Timeout(enum.Enum):
    """Timers; the first two are each source's own."""

    HOLD_OFF = enum.auto()
    WAIT_TO_RESTORE = enum.auto()
    HOLDOVER = enum.auto()


class Choice(enum.Enum):
    """What the choice brought that follows every event."""

    FOUND = enum.auto()
    NONE = enum.auto()


class ToStart(NamedTuple):
    """In a table: start this timer."""

    timeout: Timeout


class ToStop(NamedTuple):
    """In a table: stop this timer."""

    timeout: Timeout


Do = tuple[ToStart | ToStop, ...]

# What is not here changes nothing: a report that is no news, a timer that has been overtaken.
SOURCE: dict[tuple[SourceState, Signal | Timeout], tuple[SourceState, Do]] = {
    (SourceState.UNSEEN, Signal.GOOD): (SourceState.USABLE, ()),
    (SourceState.UNSEEN, Signal.FAILED): (SourceState.FAILED, ()),
    (SourceState.USABLE, Signal.FAILED): (SourceState.HOLDING_OFF, (ToStart(Timeout.HOLD_OFF),)),
    (SourceState.HOLDING_OFF, Signal.GOOD): (SourceState.USABLE, (ToStop(Timeout.HOLD_OFF),)),
    (SourceState.HOLDING_OFF, Timeout.HOLD_OFF): (SourceState.FAILED, ()),
    (SourceState.FAILED, Signal.GOOD): (SourceState.WAITING, (ToStart(Timeout.WAIT_TO_RESTORE),)),
    (SourceState.WAITING, Signal.FAILED): (SourceState.FAILED, (ToStop(Timeout.WAIT_TO_RESTORE),)),
    (SourceState.WAITING, Timeout.WAIT_TO_RESTORE): (SourceState.USABLE, ()),
}

CLOCK: dict[tuple[ClockState, Choice | Timeout], tuple[ClockState, Do]] = {
    (ClockState.FREE_RUN, Choice.FOUND): (ClockState.LOCKED, ()),
    (ClockState.LOCKED, Choice.NONE): (ClockState.HOLDOVER, (ToStart(Timeout.HOLDOVER),)),
    (ClockState.HOLDOVER, Choice.FOUND): (ClockState.LOCKED, (ToStop(Timeout.HOLDOVER),)),
    (ClockState.HOLDOVER, Timeout.HOLDOVER): (ClockState.FREE_RUN, ()),
}


# Events.


class Report(NamedTuple):
    """A source's signal is good, or has failed."""

    source: str
    signal: Signal


class Quality(NamedTuple):
    """A source says what clock it follows (synchronization status message)."""

    source: str
    level: QualityLevel


class Force(NamedTuple):
    """Take this source and no other; None ends that."""

    source: str | None


class Timer(NamedTuple):
    """A timer: its expiry is an event. The source is None for HOLDOVER."""

    timeout: Timeout
    source: str | None = None


Event = Report | Quality | Force | Timer


# Actions.


class Start(NamedTuple):
    """Start a timer; feed it back after this time."""

    timer: Timer
    after_ms: int


class Stop(NamedTuple):
    """Stop a timer."""

    timer: Timer


class Clock(NamedTuple):
    """What the box's clock is to do from now on; the source to lock to, None but in LOCKED."""

    state: ClockState
    source: str | None = None


Action = Start | Stop | Clock


@dataclass(frozen=True)
class ClockOptions:
    """How to choose; times in milliseconds."""

    revertive: bool = True
    use_quality: bool = False
    hold_off_ms: int = 300  # G.781: 300-1 800 ms
    wait_to_restore_ms: int = 300_000  # G.781: 0-12 min, 5 min where nothing else is said
    holdover_ms: int = 86_400_000  # how long the last good frequency is better than the box's own

    def duration_ms(self, timeout: Timeout) -> int:
        """How long a timer runs; 0 is over at once."""
        return {
            Timeout.HOLD_OFF: self.hold_off_ms,
            Timeout.WAIT_TO_RESTORE: self.wait_to_restore_ms,
            Timeout.HOLDOVER: self.holdover_ms,
        }[timeout]

    def __post_init__(self) -> None:
        for timeout in Timeout:
            if self.duration_ms(timeout) < 0:
                raise ValueError(f"{timeout.name.lower()}_ms is {self.duration_ms(timeout)}: less than no time")


class UnknownSourceError(Exception):
    """An event names a source that is not in the list."""


class _Source:
    """What is known of one source."""

    def __init__(self) -> None:
        self.state = SourceState.UNSEEN
        self.quality = QualityLevel.UNKNOWN

    @property
    def good(self) -> bool:
        return self.state in {SourceState.USABLE, SourceState.WAITING}


def _each_once(sources: Sequence[str]) -> None:
    if len(set(sources)) != len(sources):
        raise ValueError(f"a clock source stands twice in {', '.join(sources)}")


class ClockSelection:
    """Feed it events, carry out the actions it returns. `clock` is what the box's clock does now."""

    def __init__(self, sources: Sequence[str], options: ClockOptions) -> None:
        """`sources` are names, highest priority first."""
        _each_once(sources)
        self._sources = {name: _Source() for name in sources}
        self._options = options
        self._forced: str | None = None
        self._chosen: str | None = None
        self.clock = Clock(ClockState.FREE_RUN)

    def state(self, source: str) -> SourceState:
        """The state of a source."""
        return self._source(source).state

    @property
    def forced(self) -> str | None:
        """The source that is forced, if one is."""
        return self._forced

    def quality(self, source: str) -> QualityLevel:
        """What a source has said of its clock."""
        return self._source(source).quality

    def reconfigure(self, sources: Sequence[str], options: ClockOptions) -> tuple[Action, ...]:
        """Other sources or options from now on; what is known of those that stay is kept, and so is a lock on one.

        Timers that run, run anew with the new times.
        """
        _each_once(sources)
        actions: list[Action] = []
        running = [
            timer for timer in self._running() if options.duration_ms(timer.timeout) != self._duration(timer)
        ]
        gone = [timer for timer in self._running() if timer.source is not None and timer.source not in sources]
        actions += [Stop(timer) for timer in dict.fromkeys(running + gone)]
        self._sources = {name: self._sources.get(name) or _Source() for name in sources}
        self._options = options
        if self._forced not in self._sources:
            self._forced = None
        if self._chosen not in self._sources:
            self._chosen = None
        for timer in running:
            if timer not in gone:
                self._run_anew(timer, actions)
        self._choose_again(False, actions)
        return tuple(actions)

    def _running(self) -> list[Timer]:
        """The timers that have been started and neither stopped nor expired."""
        of_state = {SourceState.HOLDING_OFF: Timeout.HOLD_OFF, SourceState.WAITING: Timeout.WAIT_TO_RESTORE}
        timers = [
            Timer(of_state[source.state], name)
            for name, source in self._sources.items()
            if source.state in of_state
        ]
        return timers + ([Timer(Timeout.HOLDOVER)] if self.clock.state is ClockState.HOLDOVER else [])

    def _duration(self, timer: Timer) -> int:
        return self._options.duration_ms(timer.timeout)

    def _run_anew(self, timer: Timer, actions: list[Action]) -> None:
        if self._duration(timer):
            actions.append(Start(timer, self._duration(timer)))
        elif timer.source is not None:
            self._move_source(timer.source, timer.timeout, actions)
        else:
            self._move_clock(timer.timeout, actions)
            actions.append(self.clock)

    def feed(self, event: Event) -> tuple[Action, ...]:
        """Takes an event in; returns timers to start and stop, then, if it changed, what the clock is to do."""
        actions: list[Action] = []
        holdover_over = self._take(event, actions)
        self._choose_again(holdover_over, actions)
        return tuple(actions)

    def _take(self, event: Event, actions: list[Action]) -> bool:
        """Brings a source, or what is known of it, up to date; true if it is holdover that is over."""
        if isinstance(event, Force):
            self._forced = self._known(event.source)
        elif isinstance(event, Quality):
            self._source(event.source).quality = event.level
        elif isinstance(event, Report):
            self._move_source(event.source, event.signal, actions)
        elif event.timeout is not Timeout.HOLDOVER:
            self._move_source(event.source, event.timeout, actions)
        return isinstance(event, Timer) and event.timeout is Timeout.HOLDOVER

    def _choose_again(self, holdover_over: bool, actions: list[Action]) -> None:
        self._chosen = self._choose()
        found = self._chosen is not None and self._sources[self._chosen].good
        before = self.clock
        self._move_clock(Choice.FOUND if found else Choice.NONE, actions)
        if holdover_over:
            self._move_clock(Timeout.HOLDOVER, actions)
        if self.clock != before:
            actions.append(self.clock)

    def _choose(self) -> str | None:
        if self._forced is not None:
            return self._forced if self._sources[self._forced].good else None
        candidates = [name for name in self._sources if self._is_candidate(name)]
        best = min(map(self._rank, candidates), default=0)
        of_best_quality = [name for name in candidates if self._rank(name) == best]
        if not self._options.revertive and self._chosen in of_best_quality:
            return self._chosen
        return next(iter(of_best_quality), None)

    def _is_candidate(self, name: str) -> bool:
        source = self._sources[name]
        held = source.state is SourceState.HOLDING_OFF and name == self._chosen
        fit = not self._options.use_quality or source.quality is not QualityLevel.DO_NOT_USE
        return fit and (held or source.state is SourceState.USABLE)

    def _rank(self, name: str) -> int:
        return rank(self._sources[name].quality) if self._options.use_quality else 0

    def _move_source(self, name: str | None, event: Signal | Timeout, actions: list[Action]) -> None:
        source = self._source(name)
        source.state, todo = SOURCE.get((source.state, event), (source.state, ()))
        for each in todo:
            timer = Timer(each.timeout, name)
            if self._start_or_stop(each, timer, actions):
                self._move_source(name, each.timeout, actions)

    def _move_clock(self, event: Choice | Timeout, actions: list[Action]) -> None:
        state, todo = CLOCK.get((self.clock.state, event), (self.clock.state, ()))
        self.clock = Clock(state, self._chosen if state is ClockState.LOCKED else None)
        for each in todo:
            if self._start_or_stop(each, Timer(each.timeout), actions):
                self._move_clock(each.timeout, actions)

    def _start_or_stop(self, todo: ToStart | ToStop, timer: Timer, actions: list[Action]) -> bool:
        """True when the timer, of no duration, is over as it starts."""
        duration_ms = self._options.duration_ms(timer.timeout)
        if duration_ms == 0:
            return True  # and its state is left at once, so that it is never there to be stopped
        actions.append(Start(timer, duration_ms) if isinstance(todo, ToStart) else Stop(timer))
        return False

    def _known(self, name: str | None) -> str | None:
        if name is not None:
            self._source(name)
        return name

    def _source(self, name: str | None) -> _Source:
        if name is None or name not in self._sources:
            raise UnknownSourceError(
                f"clock source {name} is not in the list ({', '.join(self._sources)}): add it, or correct the name"
            )
        return self._sources[name]
