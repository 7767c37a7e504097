"""Error performance (G.826): every count against seconds classified with full hindsight, as annex A words it."""

import random
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import NamedTuple

import pytest

from drivers._native import ffi, lib

INTERVAL_S = 900
INTERVALS = 96


class Second(NamedTuple):
    blocks: int
    errored_blocks: int
    defect: bool


@dataclass
class Counts:
    seconds: int = 0
    es: int = 0
    ses: int = 0
    uas: int = 0
    bbe: int = 0
    blocks: int = 0


CLEAN = Second(1000, 0, False)
SEVERE = Second(1000, 1000, False)


def is_severe(second: Second, limit: int) -> bool:
    """G.826 4.5: a defect, or 30 % of the blocks (the limit) errored."""
    return second.defect or second.errored_blocks >= limit


def unavailable_seconds(seconds: list[Second], limit: int) -> list[bool]:
    """G.826 annex A: ten severely errored seconds begin it at their onset, ten others end it at theirs."""
    severe = [is_severe(second, limit) for second in seconds]
    result, unavailable = [], False
    for onset in range(len(severe)):
        ten = severe[onset : onset + 10]
        if len(ten) == 10 and all(severe_one != unavailable for severe_one in ten):
            unavailable = not unavailable
        result.append(unavailable)
    return result


def added_up(seconds: list[Second], unavailable: list[bool], limit: int) -> Counts:
    counts = Counts(seconds=len(seconds), uas=sum(unavailable))
    for second, is_unavailable in zip(seconds, unavailable, strict=True):
        if is_unavailable:
            continue
        counts.es += second.defect or second.errored_blocks > 0
        if is_severe(second, limit):
            counts.ses += 1
        else:
            counts.bbe += second.errored_blocks
            counts.blocks += second.blocks
    return counts


class Meter:
    """The engine's object, read as plain tuples."""

    def __init__(self, severe_blocks: int = 300) -> None:
        self.pointer = ffi.gc(lib.performance_new({"severe_blocks": severe_blocks}), lib.performance_free)
        self._second = ffi.new("performance_second *")
        self._counts = ffi.new("performance_counts *")

    def put(self, *seconds: Second) -> None:
        for second in seconds:
            self._second.blocks, self._second.errored_blocks, self._second.defect = second
            lib.performance_put_second(self.pointer, self._second)

    def pass_by(self, seconds: int) -> None:
        for _ in range(seconds):
            lib.performance_pass_second(self.pointer)

    def _read(self) -> Counts:
        c = self._counts
        return Counts(c.seconds, c.es, c.ses, c.uas, c.bbe, c.blocks)

    def interval(self, back: int) -> Counts | None:
        return self._read() if lib.performance_interval(self.pointer, back, self._counts) else None

    def day(self) -> Counts:
        lib.performance_day(self.pointer, self._counts)
        return self._read()

    def total(self) -> Counts:
        lib.performance_total(self.pointer, self._counts)
        return self._read()

    @property
    def unavailable(self) -> bool:
        return bool(lib.performance_unavailable(self.pointer))


def now_unavailable(seconds: list[Second], limit: int) -> bool:
    """What is known after the last second: whose ten came last."""
    unavailable = False
    for end in range(10, len(seconds) + 1):
        ten = [is_severe(second, limit) for second in seconds[end - 10 : end]]
        unavailable = all(ten) or (unavailable and any(ten))
    return unavailable


def check(meter: Meter, seconds: list[Second], limit: int) -> None:
    unavailable = unavailable_seconds(seconds, limit)
    whole = added_up(seconds, unavailable, limit)
    assert meter.total() == whole
    complete = min(len(seconds) // INTERVAL_S, INTERVALS)
    present = len(seconds) // INTERVAL_S * INTERVAL_S
    for back in range(complete + 1):
        part = slice(present - back * INTERVAL_S, present - back * INTERVAL_S + INTERVAL_S)
        assert meter.interval(back) == added_up(seconds[part], unavailable[part], limit), f"{back} back"
    assert meter.interval(complete + 1) is None
    day = slice(present - complete * INTERVAL_S, None)
    assert meter.day() == added_up(seconds[day], unavailable[day], limit)
    assert meter.unavailable == now_unavailable(seconds, limit)


def near_the_limits(chance: random.Random, limit: int) -> Iterator[Second]:
    """Runs of about ten seconds of one kind, their blocks about the limit, without end."""
    severe = chance.random() < 0.5
    while True:
        severe = not severe
        for _ in range(chance.choice([1, 2, 8, 9, 9, 10, 10, 11, 12, 19, 20, 21])):
            defect = severe and chance.random() < 0.3
            if severe and not defect:
                errored = chance.choice([limit, limit + 1, 1000])
            else:
                errored = chance.choice([0, 0, 1, limit - 1])
            yield Second(chance.choice([1000, 1000, 999]), errored, defect)


LIMITS = [300, 805, 832]


@pytest.mark.parametrize("limit", LIMITS)
def test_short_sequences_after_each_second(limit: int) -> None:
    chance = random.Random(limit)
    for _ in range(700):
        meter = Meter(limit)
        seconds: list[Second] = []
        source = near_the_limits(chance, limit)
        for _ in range(chance.randrange(1, 60)):
            seconds.append(next(source))
            meter.put(seconds[-1])
            if chance.random() < 0.2:
                check(meter, seconds, limit)
        check(meter, seconds, limit)


@pytest.mark.parametrize("limit", LIMITS)
def test_over_interval_borders(limit: int) -> None:
    chance = random.Random(limit + 1)
    for _ in range(40):
        meter = Meter(limit)
        seconds: list[Second] = []
        source = near_the_limits(chance, limit)
        for border in range(1, 4):
            quiet = border * INTERVAL_S - chance.randrange(1, 25) - len(seconds)
            stretch = [chance.choice([CLEAN, SEVERE])] * quiet + [next(source) for _ in range(10)]
            seconds += stretch
            meter.put(*stretch)
            for _ in range(35):
                seconds.append(next(source))
                meter.put(seconds[-1])
                if chance.random() < 0.1:
                    check(meter, seconds, limit)
        check(meter, seconds, limit)


def test_a_day_and_more() -> None:
    chance, limit = random.Random(5), 300
    meter = Meter(limit)
    seconds: list[Second] = []
    source = near_the_limits(chance, limit)
    for count in (INTERVAL_S * 95, INTERVAL_S - 1, 1, 1, INTERVAL_S - 1, 1, 5, INTERVAL_S * 3 + 17):
        stretch = [next(source) for _ in range(count)]
        seconds += stretch
        meter.put(*stretch)
    check(meter, seconds, limit)
    assert meter.interval(96) is not None


# Worked by hand: (kinds of seconds, what interval 0 counts as seconds, es, ses, uas).
HAND_WORKED = [
    ("S" * 9, (9, 9, 9, 0)),
    ("S" * 10, (10, 0, 0, 10)),
    ("S" * 9 + ".", (10, 9, 9, 0)),
    ("S" * 10 + "." * 9, (19, 0, 0, 19)),
    ("S" * 10 + "." * 10, (20, 0, 0, 10)),
    ("S" * 10 + "e" * 10, (20, 10, 0, 10)),
    ("S" * 10 + "e" * 9 + "S", (20, 0, 0, 20)),
    ("S" * 10 + "." * 9 + "S" + "." * 10, (30, 0, 0, 20)),
    ("D" * 5 + "S" * 5 + "." * 10 + "S" * 9, (29, 9, 9, 10)),
    ("." * 10, (10, 0, 0, 0)),
]
KINDS = {"S": Second(1000, 300, False), "e": Second(1000, 299, False), "D": Second(0, 0, True), ".": CLEAN}


@pytest.mark.parametrize(("kinds", "expected"), HAND_WORKED)
def test_hand_worked(kinds: str, expected: tuple[int, ...]) -> None:
    meter = Meter()
    meter.put(*(KINDS[kind] for kind in kinds))
    counts = meter.interval(0)
    assert counts is not None
    assert astuple(counts)[:4] == expected


def test_correction_reaches_the_interval_before() -> None:
    """Four severe seconds end a quarter-hour and six begin the next: each keeps its share."""
    meter = Meter()
    meter.put(*[CLEAN] * 896, *[SEVERE] * 9)
    before = meter.interval(1)
    assert before is not None
    assert (before.ses, before.uas) == (4, 0)
    meter.put(SEVERE)
    before, present = meter.interval(1), meter.interval(0)
    assert before == Counts(seconds=900, uas=4, blocks=896_000)
    assert present == Counts(seconds=6, uas=6)


def test_seconds_that_pass_unassessed_are_no_seconds_but_time_goes_on() -> None:
    meter = Meter()
    meter.put(*[CLEAN] * 5)
    meter.pass_by(INTERVAL_S - 6)
    assert meter.interval(0) == Counts(seconds=5, blocks=5000)
    assert meter.interval(1) is None
    meter.pass_by(1)
    assert meter.interval(1) == meter.total() == meter.day() == Counts(seconds=5, blocks=5000)
    assert meter.interval(0) == Counts()


def test_ten_seconds_with_one_unassessed_among_them_change_nothing() -> None:
    meter = Meter()
    meter.put(*[SEVERE] * 9)
    meter.pass_by(1)
    meter.put(*[SEVERE] * 9)
    assert not meter.unavailable
    assert meter.total() == Counts(seconds=18, es=18, ses=18)
    meter.put(SEVERE)
    assert meter.unavailable
    assert meter.total() == Counts(seconds=19, es=9, ses=9, uas=10)
    meter.put(*[CLEAN] * 9)
    meter.pass_by(1)
    meter.put(CLEAN)
    assert meter.unavailable


def test_a_reset_begins_a_quarter_hour() -> None:
    meter = Meter()
    meter.pass_by(INTERVAL_S - 1)
    lib.performance_reset(meter.pointer)
    meter.put(CLEAN)
    assert meter.interval(1) is None and meter.interval(0) == Counts(seconds=1, blocks=1000)


def test_zero_takes_the_default_limit() -> None:
    meter = Meter(0)
    meter.put(Second(1000, 299, False), Second(1000, 300, False))
    assert meter.total() == Counts(seconds=2, es=2, ses=1, bbe=299, blocks=1000)


@pytest.mark.parametrize("before_reset", range(13))
def test_reset_forgets_counts_but_not_the_state(before_reset: int) -> None:
    """A reset amid the ten: only seconds after it are counted, and the ten go on."""
    limit, seconds = 300, [SEVERE] * 15 + [CLEAN] * 15
    for kinds in (seconds, seconds[::-1]):
        meter = Meter()
        meter.put(*kinds[:before_reset])
        lib.performance_reset(meter.pointer)
        assert meter.interval(1) is None
        meter.put(*kinds[before_reset:])
        unavailable = unavailable_seconds(kinds, limit)
        expected = added_up(kinds[before_reset:], unavailable[before_reset:], limit)
        assert meter.total() == meter.interval(0) == meter.day() == expected


def test_reset_forgets_intervals() -> None:
    meter = Meter()
    meter.put(*[CLEAN] * (3 * INTERVAL_S + 5))
    lib.performance_reset(meter.pointer)
    assert meter.interval(0) == meter.day() == meter.total() == Counts()
    assert meter.interval(1) is None
    meter.put(*[CLEAN] * INTERVAL_S)
    assert meter.interval(1) == Counts(seconds=INTERVAL_S, blocks=1000 * INTERVAL_S)
    assert meter.interval(2) is None


def test_blocks_count_beyond_32_bits() -> None:
    meter = Meter(0xFFFFFFFF)
    meter.put(*[Second(0xFFFFFFFF, 0xFFFFFFFE, False)] * 5)
    assert meter.total() == Counts(seconds=5, es=5, bbe=5 * 0xFFFFFFFE, blocks=5 * 0xFFFFFFFF)
