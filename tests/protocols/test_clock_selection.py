"""Clock selection: its tables walked whole, stories worked by hand, and random lives against rules about time."""

from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.clock_selection import (
    CLOCK,
    SOURCE,
    Action,
    Choice,
    Clock,
    ClockOptions,
    ClockSelection,
    ClockState,
    Event,
    Force,
    Quality,
    Report,
    Signal,
    SourceState,
    Start,
    Stop,
    Timeout,
    Timer,
    ToStart,
    ToStop,
    UnknownSourceError,
)
from protocols.synchronization_status import QualityLevel, rank

GOOD, FAILED = Signal.GOOD, Signal.FAILED
OPTIONS = ClockOptions(hold_off_ms=300, wait_to_restore_ms=5000, holdover_ms=20_000)


class Box:
    """A box's clock: carries out the actions, and keeps what really happened in its own way."""

    def __init__(self, sources: Iterable[str], options: ClockOptions) -> None:
        self.sources, self.options = list(sources), options
        self.selection = ClockSelection(self.sources, options)
        self.now_ms = 0
        self.timers: dict[Timer, int] = {}
        self.reports: dict[str, list[tuple[int, Signal]]] = {name: [] for name in self.sources}
        self.quality = dict.fromkeys(self.sources, QualityLevel.UNKNOWN)
        self.forced: str | None = None
        self.clock = Clock(ClockState.FREE_RUN)
        self.lock_lost_ms: int | None = None
        self.last_locked: str | None = None

    def feed(self, event: Event) -> tuple[Action, ...]:
        if isinstance(event, Report):
            self.reports[event.source].append((self.now_ms, event.signal))
        elif isinstance(event, Quality):
            self.quality[event.source] = event.level
        elif isinstance(event, Force):
            self.forced = event.source
        before, actions = self.clock, self.selection.feed(event)
        for action in actions:
            self._carry_out(action)
        assert self.clock == self.selection.clock
        self.check(before)
        return actions

    def _carry_out(self, action: Action) -> None:
        if isinstance(action, Start):
            assert action.timer not in self.timers, "started twice"
            assert action.after_ms > 0
            self.timers[action.timer] = self.now_ms + action.after_ms
        elif isinstance(action, Stop):
            del self.timers[action.timer]
        else:
            assert action != self.clock, "no news"
            if self.clock.state is ClockState.LOCKED and action.state is not ClockState.LOCKED:
                self.lock_lost_ms = self.now_ms
            self.clock = action
            self.last_locked = action.source or self.last_locked

    def pass_time(self, duration_ms: int) -> None:
        end = self.now_ms + duration_ms
        while self.timers and min(self.timers.values()) <= end:
            timer = min(self.timers, key=lambda each: self.timers[each])
            self.now_ms = self.timers.pop(timer)
            self.feed(timer)
        self.now_ms = end

    # What must hold, said in times and signals instead of states.

    def signal_good(self, source: str) -> bool:
        reports = self.reports[source]
        return bool(reports) and reports[-1][1] is GOOD

    def usable(self, source: str) -> bool:
        """Good, and for the wait to restore if it has ever failed for the hold-off or failed while waiting."""
        counts_from, down_from, was_usable = None, None, False
        for at, signal in self.reports[source]:
            if signal is FAILED and down_from is None:
                down_from, was_usable = at, counts_from is not None and counts_from <= at
            elif signal is GOOD and down_from is not None:
                if not (was_usable and at - down_from < self.options.hold_off_ms):
                    counts_from = at + self.options.wait_to_restore_ms
                down_from = None
            elif signal is GOOD and counts_from is None:
                counts_from = at
        return down_from is None and counts_from is not None and counts_from <= self.now_ms

    def fit(self, source: str) -> bool:
        """May be chosen by itself."""
        refused = self.options.use_quality and self.quality[source] is QualityLevel.DO_NOT_USE
        return self.usable(source) and not refused

    def better(self, source: str, than: str) -> bool:
        return self.options.use_quality and rank(self.quality[source]) < rank(self.quality[than])

    def equal(self, source: str, other: str) -> bool:
        return not self.better(source, other) and not self.better(other, source)

    def check(self, before: Clock) -> None:
        # Timers due at one time fire one by one: rules about what should be used wait for the last.
        due = any(at <= self.now_ms for at in self.timers.values())
        locked = self.clock.source
        assert (locked is not None) == (self.clock.state is ClockState.LOCKED)
        if locked is not None:
            self._check_locked(locked, before.source, due)
        elif not due:
            candidates = [self.forced] if self.forced else self.sources
            held = Timer(Timeout.HOLD_OFF, self.last_locked) in self.timers
            assert held or not any(
                self.signal_good(name) if self.forced else self.fit(name) for name in candidates
            )
            self._check_unlocked()

    def _check_locked(self, locked: str, before: str | None, due: bool) -> None:
        assert self.signal_good(locked), "locked to a failed source"
        if self.forced is not None:
            assert locked == self.forced
            return
        assert self.fit(locked)
        if due:
            return
        for other in filter(self.fit, self.sources):
            assert not self.better(other, locked)
            if self.options.revertive and self.equal(other, locked):
                assert self.sources.index(locked) <= self.sources.index(other)
        if before is not None and before != locked and self.fit(before) and self.equal(before, locked):
            assert self.options.revertive, "reverted"

    def _check_unlocked(self) -> None:
        if self.clock.state is ClockState.HOLDOVER:
            assert self.lock_lost_ms is not None
            assert self.now_ms - self.lock_lost_ms < self.options.holdover_ms
        elif self.lock_lost_ms is not None:
            assert self.now_ms - self.lock_lost_ms >= self.options.holdover_ms


def locked_to(source: str) -> Clock:
    return Clock(ClockState.LOCKED, source)


HOLDOVER, FREE_RUN = Clock(ClockState.HOLDOVER), Clock(ClockState.FREE_RUN)


# --- the tables


def test_every_source_state_and_event() -> None:
    """All pairs, in words; "-" changes nothing."""
    events: list[Signal | Timeout] = [GOOD, FAILED, Timeout.HOLD_OFF, Timeout.WAIT_TO_RESTORE]
    expected = {
        SourceState.UNSEEN: ["USABLE", "FAILED", "-", "-"],
        SourceState.USABLE: ["-", "HOLDING_OFF", "-", "-"],
        SourceState.HOLDING_OFF: ["USABLE", "-", "FAILED", "-"],
        SourceState.FAILED: ["WAITING", "-", "-", "-"],
        SourceState.WAITING: ["-", "FAILED", "-", "USABLE"],
    }
    assert set(expected) == set(SourceState)
    for state, event in product(SourceState, events):
        step = SOURCE.get((state, event))
        assert (step[0].name if step else "-") == expected[state][events.index(event)], (state, event)
    assert len(SOURCE) == sum(name != "-" for row in expected.values() for name in row)


def test_every_clock_state_and_event() -> None:
    events: list[Choice | Timeout] = [Choice.FOUND, Choice.NONE, Timeout.HOLDOVER]
    expected = {
        ClockState.FREE_RUN: ["LOCKED", "-", "-"],
        ClockState.LOCKED: ["-", "HOLDOVER", "-"],
        ClockState.HOLDOVER: ["LOCKED", "-", "FREE_RUN"],
    }
    for state, event in product(ClockState, events):
        step = CLOCK.get((state, event))
        assert (step[0].name if step else "-") == expected[state][events.index(event)], (state, event)
    assert len(CLOCK) == sum(name != "-" for row in expected.values() for name in row)


def test_a_timer_runs_in_just_the_state_that_waits_for_it() -> None:
    """Entered: started. Left by another event: stopped. So no timer is left over."""
    waits: dict[SourceState | ClockState, Timeout] = {
        SourceState.HOLDING_OFF: Timeout.HOLD_OFF,
        SourceState.WAITING: Timeout.WAIT_TO_RESTORE,
        ClockState.HOLDOVER: Timeout.HOLDOVER,
    }
    rows = [(*key, *step) for table in (SOURCE, CLOCK) for key, step in table.items()]
    for state, event, next_state, todo in rows:
        expected: list[ToStart | ToStop] = []
        if state in waits and event is not waits[state]:
            expected.append(ToStop(waits[state]))
        if next_state in waits:
            expected.append(ToStart(waits[next_state]))
        assert list(todo) == expected, (state, event)


def test_every_state_is_reached() -> None:
    for table, first, states in (
        (SOURCE, SourceState.UNSEEN, SourceState),
        (CLOCK, ClockState.FREE_RUN, ClockState),
    ):
        reached, size = {first}, 0
        while len(reached) != size:
            size = len(reached)
            reached |= {step[0] for (state, _), step in table.items() if state in reached}
        assert reached == set(states)


# --- stories


def test_boots_free_running_and_locks_at_once() -> None:
    box = Box("AB", OPTIONS)
    assert box.selection.clock == FREE_RUN
    assert box.feed(Report("B", GOOD)) == (locked_to("B"),)
    assert box.feed(Report("A", GOOD)) == (locked_to("A"),)
    assert box.feed(Report("A", GOOD)) == ()


def test_failover_and_revert() -> None:
    box = Box("AB", OPTIONS)
    box.feed(Report("A", GOOD))
    box.feed(Report("B", GOOD))
    assert box.feed(Report("A", FAILED)) == (
        Start(Timer(Timeout.HOLD_OFF, "A"), 300),
        Start(Timer(Timeout.HOLDOVER), 20_000),
        HOLDOVER,
    )
    box.pass_time(299)
    assert box.clock == HOLDOVER
    box.pass_time(1)
    assert box.clock == locked_to("B")
    assert Timer(Timeout.HOLDOVER) not in box.timers
    assert box.feed(Report("A", GOOD)) == (Start(Timer(Timeout.WAIT_TO_RESTORE, "A"), 5000),)
    box.pass_time(4999)
    assert box.clock == locked_to("B")
    box.pass_time(1)
    assert box.clock == locked_to("A")


def test_stays_without_revert() -> None:
    box = Box("AB", ClockOptions(False, False, 300, 5000, 20_000))
    box.feed(Report("A", GOOD))
    box.feed(Report("B", GOOD))
    box.feed(Report("A", FAILED))
    box.pass_time(300)
    box.feed(Report("A", GOOD))
    box.pass_time(100_000)
    assert box.clock == locked_to("B")
    box.feed(Report("B", FAILED))
    box.pass_time(300)
    assert box.clock == locked_to("A")


def test_short_failure_is_held_off() -> None:
    """Nothing is locked to the dead signal meanwhile, and it need not wait to restore."""
    box = Box("AB", OPTIONS)
    box.feed(Report("A", GOOD))
    box.feed(Report("B", GOOD))
    box.feed(Report("A", FAILED))
    box.pass_time(299)
    assert box.clock == HOLDOVER
    assert box.feed(Report("A", GOOD)) == (
        Stop(Timer(Timeout.HOLD_OFF, "A")),
        Stop(Timer(Timeout.HOLDOVER)),
        locked_to("A"),
    )


def test_holdover_grows_old() -> None:
    box = Box("A", OPTIONS)
    box.feed(Report("A", GOOD))
    box.feed(Report("A", FAILED))
    box.pass_time(19_999)
    assert box.clock == HOLDOVER
    box.pass_time(1)
    assert box.clock == FREE_RUN
    box.feed(Report("A", GOOD))
    box.pass_time(5000)
    assert box.clock == locked_to("A")


def test_failing_while_it_waits_begins_the_wait_again() -> None:
    box = Box("A", OPTIONS)
    box.feed(Report("A", FAILED))
    box.feed(Report("A", GOOD))
    box.pass_time(4000)
    assert box.feed(Report("A", FAILED)) == (Stop(Timer(Timeout.WAIT_TO_RESTORE, "A")),)
    box.feed(Report("A", GOOD))
    box.pass_time(4999)
    assert box.clock == FREE_RUN
    box.pass_time(1)
    assert box.clock == locked_to("A")


def test_forced_source() -> None:
    """Locked to whatever its quality and its wait; in holdover, with others good, when it fails."""
    box = Box("AB", ClockOptions(True, True, 300, 5000, 20_000))
    box.feed(Report("A", GOOD))
    box.feed(Report("B", FAILED))
    box.feed(Report("B", GOOD))
    box.feed(Quality("B", QualityLevel.DO_NOT_USE))
    assert box.feed(Force("B")) == (locked_to("B"),)
    box.feed(Report("B", FAILED))
    assert box.clock == HOLDOVER
    assert box.feed(Force(None))[-1] == locked_to("A")


def test_forced_in_vain_it_has_no_claim_afterwards() -> None:
    box = Box("AB", ClockOptions(False, False, 300, 5000, 20_000))
    box.feed(Report("A", GOOD))
    box.feed(Report("B", GOOD))
    box.feed(Report("B", FAILED))
    assert box.feed(Force("B"))[-1] == HOLDOVER
    assert box.feed(Force(None))[-1] == locked_to("A")


def test_quality_comes_before_priority() -> None:
    box = Box("ABC", ClockOptions(True, True, 300, 5000, 20_000))
    for name in "ABC":
        box.feed(Report(name, GOOD))
    assert box.clock == locked_to("A")
    assert box.feed(Quality("C", QualityLevel.SSU_A)) == (locked_to("C"),)
    assert box.feed(Quality("B", QualityLevel.PRC)) == (locked_to("B"),)
    assert box.feed(Quality("A", QualityLevel.PRC)) == (locked_to("A"),)
    assert box.feed(Quality("A", QualityLevel.DO_NOT_USE)) == (locked_to("B"),)
    box.feed(Quality("B", QualityLevel.DO_NOT_USE))
    assert box.feed(Quality("C", QualityLevel.DO_NOT_USE))[-1] == HOLDOVER


def test_quality_is_not_looked_at_unless_it_counts() -> None:
    box = Box("AB", OPTIONS)
    box.feed(Report("A", GOOD))
    box.feed(Report("B", GOOD))
    assert box.feed(Quality("A", QualityLevel.DO_NOT_USE)) == ()
    assert box.feed(Quality("B", QualityLevel.PRC)) == ()


def test_times_of_nothing_are_over_at_once() -> None:
    box = Box("AB", ClockOptions(True, False, 0, 0, 0))
    box.feed(Report("A", GOOD))
    box.feed(Report("B", GOOD))
    assert box.feed(Report("A", FAILED)) == (locked_to("B"),)
    assert box.feed(Report("A", GOOD)) == (locked_to("A"),)
    box.feed(Report("B", FAILED))
    assert box.feed(Report("A", FAILED)) == (FREE_RUN,)


def test_overtaken_timers_change_nothing() -> None:
    box = Box("A", OPTIONS)
    box.feed(Report("A", GOOD))
    timers = [Timer(Timeout.HOLD_OFF, "A"), Timer(Timeout.WAIT_TO_RESTORE, "A"), Timer(Timeout.HOLDOVER)]
    for timer in timers:
        assert box.feed(timer) == ()


@pytest.mark.parametrize(
    "event",
    [
        Report("X", GOOD),
        Quality("X", QualityLevel.PRC),
        Force("X"),
        Timer(Timeout.HOLD_OFF, "X"),
        Timer(Timeout.WAIT_TO_RESTORE),
    ],
)
def test_unknown_source_is_refused_and_changes_nothing(event: Event) -> None:
    selection = ClockSelection(["A", "B"], OPTIONS)
    selection.feed(Report("A", GOOD))
    with pytest.raises(UnknownSourceError, match=r"(X|None) is not in the list \(A, B\)"):
        selection.feed(event)
    assert selection.clock == locked_to("A")
    assert selection.feed(Report("B", GOOD)) == ()


def test_bad_lists_and_times_are_refused() -> None:
    with pytest.raises(ValueError, match="A, B, A"):
        ClockSelection(["A", "B", "A"], OPTIONS)
    with pytest.raises(ValueError, match="hold_off_ms is -1"):
        ClockOptions(hold_off_ms=-1)


# --- random lives

NAMES = "ABC"
times_ms = st.sampled_from([0, 1, 299, 300, 301, 4700, 4999, 5000, 5001, 20_000])
events = st.one_of(
    st.builds(Report, st.sampled_from(NAMES), st.sampled_from(Signal)),
    st.builds(Report, st.sampled_from(NAMES), st.sampled_from(Signal)),
    st.builds(Quality, st.sampled_from(NAMES), st.sampled_from(QualityLevel)),
    st.builds(Force, st.sampled_from([None, None, *NAMES])),
)
options = st.builds(
    ClockOptions,
    revertive=st.booleans(),
    use_quality=st.booleans(),
    hold_off_ms=st.sampled_from([0, 300]),
    wait_to_restore_ms=st.sampled_from([0, 5000]),
    holdover_ms=st.sampled_from([0, 200, 20_000]),
)


@settings(max_examples=600, deadline=None, derandomize=True)
@given(options, st.lists(st.tuples(times_ms, events), max_size=40))
def test_random_lives(options: ClockOptions, life: list[tuple[int, Event]]) -> None:
    """Never locked to a failed or unrested source, never reverted without leave, no timer left over."""
    box = Box(NAMES, options)
    for after_ms, event in life:
        box.pass_time(after_ms)
        box.feed(event)
        running = {timer for timer in box.timers if timer.source is not None}
        waiting = {
            SourceState.HOLDING_OFF: Timeout.HOLD_OFF,
            SourceState.WAITING: Timeout.WAIT_TO_RESTORE,
        }
        states = {name: box.selection.state(name) for name in NAMES}
        assert running == {Timer(waiting[state], name) for name, state in states.items() if state in waiting}
        assert (Timer(Timeout.HOLDOVER) in box.timers) == (box.clock.state is ClockState.HOLDOVER)
        for name, state in states.items():
            assert (state is SourceState.USABLE) == box.usable(name)
