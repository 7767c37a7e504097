"""The elastic store: a slip is one frame, and only where the level has wandered a frame from where it began."""

import functools
import itertools
import math
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from drivers._native import ffi, lib

BLOCK_BITS = 2048
FRAME_BITS = 256
WAITING_MAX = BLOCK_BITS - 1
STEADY, REPEATED, DELETED = lib.STORE_STEADY, lib.STORE_REPEATED, lib.STORE_DELETED
FILLING, UNDERRUN, OVERRUN = lib.STORE_FILLING, lib.STORE_UNDERRUN, lib.STORE_OVERRUN


@functools.cache
def frame_octets(number: int) -> bytes:
    """A frame that says its number; every timeslot says something else."""
    said = [number & 0xFF, number >> 8 & 0xFF, number >> 16 & 0xFF]
    return bytes([*said, *((number * 31 + t) & 0xFF for t in range(3, 32))])


class Store:
    """An elastic_store that is fed numbered frames; `take` gives the numbers it reads."""

    def __init__(self, slack_frames: int = 1, waiting_max: int = WAITING_MAX) -> None:
        self.native = ffi.new("elastic_store *")
        lib.elastic_store_init(self.native, slack_frames, waiting_max)
        self.put_frames = 0
        self._block = ffi.new("stream_block *")

    def put(self) -> None:
        octets = bytearray(BLOCK_BITS // 8)
        for frame in range(8):
            octets[frame::8] = frame_octets(self.put_frames + frame)
        ffi.buffer(self._block)[:] = octets
        self.put_frames += 8
        lib.elastic_store_put(self.native, self._block)

    def take(self, waiting: int) -> tuple[int, list[int]]:
        untouched = bytes(ffi.buffer(self._block))
        result = lib.elastic_store_take(self.native, waiting, self._block)
        octets = bytes(ffi.buffer(self._block))
        if result >= FILLING:
            assert octets == untouched
            return result, []
        frames = [octets[frame::8] for frame in range(8)]
        numbers = [frame[0] | frame[1] << 8 | frame[2] << 16 for frame in frames]
        assert frames == [frame_octets(number) for number in numbers]
        return result, numbers

    @property
    def counters(self) -> tuple[int, int, int, int]:
        """Repeated, deleted, underruns, overruns."""
        native = self.native
        return native.repeated, native.deleted, native.underruns, native.overruns


class NaiveStore:
    """The rule of csrc/e1/elastic_store.h with a list of frame numbers."""

    def __init__(self, slack_frames: int, waiting_max: int) -> None:
        self.slack_bits = slack_frames * FRAME_BITS
        self.waiting_max = waiting_max
        self.frames: list[int] = []
        self.next_number = 0
        self.last_read = -1
        self.centre: int | None = None
        self.counters = [0, 0, 0, 0]

    def put(self) -> None:
        self.frames += range(self.next_number, self.next_number + 8)
        self.next_number += 8

    def restart(self, result: int) -> tuple[int, list[int]]:
        self.frames, self.centre = [], None
        return result, []

    def take(self, waiting: int) -> tuple[int, list[int]]:
        level = len(self.frames) * FRAME_BITS + waiting
        if len(self.frames) > lib.ELASTIC_STORE_FRAMES:
            self.counters[3] += 1
            return self.restart(OVERRUN)
        if self.centre is None:
            # Begins where the level can fall by the slack, all that may wait outside, and eight frames are there.
            if (level - self.slack_bits - self.waiting_max - 1) // FRAME_BITS < 7:
                return FILLING, []
            self.centre = level
        result = STEADY
        if level <= self.centre - self.slack_bits:
            self.frames.insert(0, self.last_read)
            self.counters[0] += 1
            result = REPEATED
        elif level >= self.centre + self.slack_bits:
            del self.frames[0]
            self.counters[1] += 1
            result = DELETED
        if len(self.frames) < 8:
            self.counters[2] += 1
            return self.restart(UNDERRUN)
        numbers, self.frames = self.frames[:8], self.frames[8:]
        self.last_read = numbers[-1]
        return result, numbers


def line(
    rates: Iterable[float], store: Store, held: Callable[[], int] = lambda: 0
) -> Iterator[tuple[float, int, list[int]]]:
    """A line that brings so many bits each millisecond, a block to the store whenever eight frames are whole and
    `held` bits more have come, and a shelf that reads: how far the level is from where reading began, and what the
    store gave."""
    brought, put_bits = 0.0, 0
    read = 0
    begun: float | None = None
    for bits in rates:
        brought += bits
        hold = held()
        while int(brought) - put_bits >= BLOCK_BITS + hold:
            store.put()
            put_bits += BLOCK_BITS
        result, numbers = store.take(int(brought) - put_bits)
        if numbers and begun is None:
            begun = brought
        yield (brought - begun - read * BLOCK_BITS if begun is not None else 0.0), result, numbers
        read += begun is not None


def read_off(
    rates: Iterable[float], store: Store, held: Callable[[], int] = lambda: 0
) -> tuple[list[int], list[tuple[float, int]]]:
    """All frame numbers read, and each slip with the level's distance from the beginning when it came."""
    numbers: list[int] = []
    slips = []
    for distance, result, block in line(rates, store, held):
        numbers += block
        if result in (REPEATED, DELETED):
            slips.append((distance, result))
    return numbers, slips


def wander(peak_bits: float, period_ms: int, count: int, offset_bits: float = 0) -> Iterator[float]:
    """Rates whose sum swings by peak_bits either way around a level that rises by offset_bits all in all."""
    before = 0.0
    for ms in range(1, count + 1):
        now = peak_bits * math.sin(2 * math.pi * ms / period_ms) + offset_bits * min(1, ms / (count / 2))
        yield BLOCK_BITS + now - before
        before = now


def in_succession(numbers: list[int]) -> bool:
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


@pytest.mark.parametrize("slack_frames", [1, 3])
@pytest.mark.parametrize("period_ms", [40, 501, 4000])
def test_wander_of_less_than_the_slack_never_slips(slack_frames: int, period_ms: int) -> None:
    store = Store(slack_frames)
    # Reading begins somewhere on the way: at the worst at a peak, with the other peak twice as far away.
    numbers, slips = read_off(wander(slack_frames * 127.4, period_ms, 4500), store)
    assert slips == []
    assert in_succession(numbers) and len(numbers) > 8 * 4490
    assert store.counters == (0, 0, 0, 0)


def test_wander_of_just_over_the_slack_slips() -> None:
    """The same judge says yes where it must."""
    store = Store()
    quiet = [float(BLOCK_BITS)] * 10  # reading has begun
    _, slips = read_off([*quiet, *wander(257, 1000, 250)], store)
    assert [result for _, result in slips] == [DELETED]
    store = Store()
    _, slips = read_off([*quiet, *wander(-257, 1000, 250)], store)
    assert [result for _, result in slips] == [REPEATED]
    store = Store()
    _, slips = read_off([*quiet, *wander(255, 1000, 1000)], store)
    assert slips == []


@pytest.mark.parametrize("ppm", [50, 400, -50, -400])
def test_offset_slips_one_frame_for_each_frame_of_drift(ppm: int) -> None:
    store = Store()
    ms = 10_000_000 // abs(ppm) // 4
    rate = BLOCK_BITS * (1 + ppm * 1e-6)
    quiet = [float(BLOCK_BITS)] * 4
    numbers, slips = read_off([*quiet, *([rate] * ms)], store)
    drift = ms * BLOCK_BITS * abs(ppm) * 1e-6
    assert abs(len(slips) - drift / FRAME_BITS) <= 1 and len(slips) >= 19
    assert {result for _, result in slips} == {DELETED if ppm > 0 else REPEATED}
    expected = (0, len(slips)) if ppm > 0 else (len(slips), 0)
    assert store.counters == (*expected, 0, 0)
    # Each slip is exactly one frame, all timeslots at once, and nothing else is missing or twice.
    steps = [after - before for before, after in itertools.pairwise(numbers)]
    other = 2 if ppm > 0 else 0
    assert sorted(set(steps)) == sorted({1, other})
    assert steps.count(other) == len(slips)
    # It comes when the level has gone a frame, to the bit, from where the slip before left it.
    for k, (distance, _) in enumerate(slips, 1):
        assert abs(abs(distance) - k * FRAME_BITS) <= 1 + BLOCK_BITS * abs(ppm) * 1e-6


def test_wander_around_the_limit_does_not_slip_to_and_fro() -> None:
    """A frame's drift, then wander around just that level: one slip, and never one back."""
    store = Store()
    quiet = [float(BLOCK_BITS)] * 10
    _, slips = read_off([*quiet, *wander(120, 200, 4000, offset_bits=256)], store)
    assert [result for _, result in slips] == [DELETED]
    store = Store()
    _, slips = read_off([*quiet, *wander(120, 200, 4000, offset_bits=-256)], store)
    assert [result for _, result in slips] == [REPEATED]


def test_slips_back_when_the_level_comes_back_a_whole_frame() -> None:
    rates = [float(BLOCK_BITS)] * 10 + [BLOCK_BITS + 1.0] * 300 + [BLOCK_BITS - 1.0] * 700
    _, slips = read_off(rates, Store())
    # Up 256: out. That is the new middle; it goes on to 300, down to 0: in. And at -256 another.
    assert [(round(distance), result) for distance, result in slips] == [
        (256, DELETED),
        (0, REPEATED),
        (-256, REPEATED),
    ]


def test_line_that_stops_is_an_underrun_and_fills_anew() -> None:
    store = Store()
    for _ in range(2):
        store.put()
    # The level falls by eight frames a millisecond: that calls for one to be repeated, before there are none.
    assert [store.take(0)[0] for _ in range(4)] == [STEADY, REPEATED, UNDERRUN, FILLING]
    assert store.native.underruns == 1
    begun = store.put_frames
    store.put()
    assert store.take(WAITING_MAX - 1)[0] == FILLING
    store.put()
    result, numbers = store.take(0)
    # What it holds is what came after it ran empty, nothing older.
    assert (result, numbers) == (STEADY, list(range(begun, begun + 8)))
    assert store.native.underruns == 1


def test_line_that_nobody_reads_is_an_overrun_and_fills_anew() -> None:
    store = Store()
    store.put()
    store.put()
    assert store.take(0)[0] == STEADY
    for _ in range(lib.ELASTIC_STORE_FRAMES // 8):
        store.put()
    assert store.take(0)[0] == OVERRUN
    assert store.counters == (0, 0, 0, 1)
    assert store.take(0)[0] == FILLING
    begun = store.put_frames
    store.put()
    store.put()
    assert store.take(0) == (STEADY, list(range(begun, begun + 8)))


def test_restart_forgets_frames_and_keeps_counters() -> None:
    store = Store()
    read_off([BLOCK_BITS * 1.01] * 100, store)
    before = store.counters
    assert before[1] > 0
    lib.elastic_store_restart(store.native)
    assert store.take(0)[0] == FILLING
    begun = store.put_frames
    store.put()
    store.put()
    assert store.take(0) == (STEADY, list(range(begun, begun + 8)))
    assert store.counters == before


@pytest.mark.parametrize("bits_a_ms", [0.9, -0.9])
def test_frames_are_there_however_many_bits_wait_outside(bits_a_ms: float) -> None:
    """As behind a line that holds up to a block more than the eight frames in the making."""
    chance = random.Random(4)
    store = Store(waiting_max=2 * BLOCK_BITS - 1)
    numbers, slips = read_off([BLOCK_BITS + bits_a_ms] * 6000, store, held=lambda: chance.randrange(BLOCK_BITS))
    assert len(slips) == pytest.approx(6000 * 0.9 / FRAME_BITS, abs=1)
    assert len({result for _, result in slips}) == 1
    assert store.counters[2:] == (0, 0)
    assert len(numbers) > 8 * 5990


def abused(chance: random.Random, store: Any, waiting_max: int) -> Iterator[tuple[int, list[int]]]:
    """Puts and takes as no line would send them, with stops and jumps."""
    rate, waiting = 0.0, 0
    for _ in range(600):
        if chance.random() < 0.02:
            rate = chance.choice([0.0, 3.0, -3.0, 40.0, -40.0])
        puts = 1
        if chance.random() < 0.02:
            puts = chance.choice([0, 0, 2, 3, 9])
        for _ in range(puts):
            store.put()
        waiting = min(max(int(waiting + rate + chance.randrange(-20, 21)), 0), waiting_max)
        yield store.take(waiting)


@pytest.mark.parametrize("slack_frames", [1, 2, 16])
@pytest.mark.parametrize("seed", range(6))
def test_whatever_comes_it_does_what_a_list_of_frames_does(slack_frames: int, seed: int) -> None:
    waiting_max = (0, WAITING_MAX, 2 * BLOCK_BITS - 1)[seed % 3]
    store, naive = Store(slack_frames, waiting_max), NaiveStore(slack_frames, waiting_max)
    expected = list(abused(random.Random(seed), naive, waiting_max))
    assert list(abused(random.Random(seed), store, waiting_max)) == expected
    assert store.counters == tuple(naive.counters)
    assert len({result for result, _ in expected}) >= 4


@pytest.mark.usefixtures("cpu_level")
@pytest.mark.parametrize("slips", range(8))
def test_every_octet_of_a_block_wherever_it_begins(slips: int) -> None:
    """After so many frames left out, blocks are read across those put in: noise, compared octet by octet."""
    chance, native, block = random.Random(slips), ffi.new("elastic_store *"), ffi.new("stream_block *")
    lib.elastic_store_init(native, 1, WAITING_MAX)
    timeslots: list[bytes] = [b""] * 32
    waiting, at, result = 0, 0, FILLING
    for _ in range(40):
        put = chance.randbytes(BLOCK_BITS // 8)
        timeslots = [octets + put[8 * t : 8 * t + 8] for t, octets in enumerate(timeslots)]
        ffi.buffer(block)[:] = put
        lib.elastic_store_put(native, block)
        waiting += FRAME_BITS if native.deleted < slips and result != FILLING else 0
        result = lib.elastic_store_take(native, waiting, block)
        if result == FILLING:
            continue
        at += result == DELETED
        assert bytes(ffi.buffer(block)) == b"".join(octets[at : at + 8] for octets in timeslots)
        at += 8
    assert native.deleted == slips
