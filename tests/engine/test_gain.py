"""Gain by lane (csrc/voice/gain.h): exact to the rounding of a sample."""

import math
import random
from typing import Any

import pytest

from drivers._native import ffi, lib

GAIN_DB_MIN, GAIN_DB_MAX = int(lib.GAIN_DB_MIN), int(lib.GAIN_DB_MAX)


def gains(by_lane: dict[int, float]) -> Any:
    made = ffi.new("lane_gain *")
    lib.lane_gain_init(made)
    for lane, db in by_lane.items():
        assert lib.lane_gain_set(made, lane, db) == 0
    return made


def apply(gain: Any, rows: list[list[int]]) -> list[list[int]]:
    tile = ffi.new("voice_tile *", (rows,))
    lib.lane_gain_apply(gain, tile)
    return [list(tile.sample[s]) for s in range(8)]


def is_rounded(sample: int, db: float, result: int) -> bool:
    """Whether the result is the nearest to the exact product, saturated (a float's factor is off by 1 in 2^24)."""
    exact = max(-32768.0, min(32767.0, sample * 10 ** (db / 20)))
    return abs(result - exact) <= 0.5 + abs(exact) / 2**23


@pytest.mark.parametrize("db", [-60, -20.5, -6.02, -0.1, 0, 0.1, 3, 6.0206, 29.99, 30])
def test_every_sample(db: float, cpu_level: int) -> None:
    gain = gains(dict.fromkeys(range(32), db))
    for first in range(-32768, 32768, 256):
        samples = list(range(first, first + 256))
        rows = apply(gain, [samples[32 * s : 32 * s + 32] for s in range(8)])
        results = [sample for row in rows for sample in row]
        assert all(is_rounded(sample, db, result) for sample, result in zip(samples, results, strict=True))


def test_each_lane_has_its_own(cpu_level: int) -> None:
    """And those left alone, or set back to 0 dB, are as they were to the bit."""
    chance = random.Random(1)
    by_lane = {lane: round(chance.uniform(GAIN_DB_MIN, GAIN_DB_MAX), 3) for lane in chance.sample(range(32), 20)}
    gain = gains(by_lane)
    for lane in list(by_lane)[:5]:
        assert lib.lane_gain_set(gain, lane, 0) == 0
        del by_lane[lane]
    for _ in range(20):
        rows = [[chance.randrange(-32768, 32768) for _ in range(32)] for _ in range(8)]
        for row, result in zip(rows, apply(gain, rows), strict=True):
            assert all(result[lane] == row[lane] for lane in range(32) if lane not in by_lane)
            assert all(is_rounded(row[lane], db, result[lane]) for lane, db in by_lane.items())


@pytest.mark.parametrize(
    ("lane", "db"), [(32, 1), (0, -60.1), (0, 30.1), (0, math.nan), (0, math.inf), (0, -math.inf)]
)
def test_refusals_change_nothing(lane: int, db: float) -> None:
    gain = gains({0: 6})
    before = bytes(ffi.buffer(gain))
    assert lib.lane_gain_set(gain, lane, db) == -1
    assert bytes(ffi.buffer(gain)) == before
