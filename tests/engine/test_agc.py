"""Automatic gain control (csrc/voice/agc.h), measured from outside: what comes out of what goes in."""

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import pytest

from drivers._native import ffi, lib


class Options(NamedTuple):
    target_dbm0: float = -18
    gain_max_db: float = 20
    loss_max_db: float = 15
    attack_ms: float = 30
    release_ms: float = 300


def agc(options: Options, lanes: Sequence[int] = (0,)) -> Any:
    made = ffi.new("agc *")
    lib.agc_init(made)
    for lane in lanes:
        assert lib.agc_start(made, lane, ffi.new("agc_options *", options)) == 0
    return made


def controlled(control: Any, samples: list[int], lane: int = 0) -> list[int]:
    """What becomes of a lane's samples."""
    result: list[int] = []
    tile = ffi.new("voice_tile *")
    for at in range(0, len(samples), 8):
        for s in range(8):
            tile.sample[s][lane] = samples[at + s]
        lib.agc_apply(control, tile)
        result += [tile.sample[s][lane] for s in range(8)]
    return result


def peak(dbm0: float) -> float:
    return 32768 * float(10 ** ((dbm0 - 3.14) / 20))


def level(samples: list[int]) -> float:
    """dBm0 of their power, whatever they are."""
    mean_square = sum(sample * sample for sample in samples) / len(samples)
    return 3.14 + 10 * math.log10(max(mean_square, 1e-9) / (32768**2 / 2))


def tone(dbm0: float, ms: int, hz: float = 420) -> list[int]:
    return [round(peak(dbm0) * math.sin(2 * math.pi * hz * n / 8000)) for n in range(8 * ms)]


def noise(dbm0: float, ms: int, seed: int = 1) -> list[int]:
    chance = random.Random(seed)
    return [round(chance.gauss(0, peak(dbm0) / math.sqrt(2))) for _ in range(8 * ms)]


def words(dbm0: float, seconds: int, background_dbm0: float = -65) -> list[int]:
    """Syllables of 160 ms, 3 dB up and down, 60 ms apart; a pause of 260 ms after one in four."""
    chance = random.Random(2)
    samples: list[int] = []
    while len(samples) < 8000 * seconds:
        pitch, dbm0_now = chance.uniform(100, 180), dbm0 + chance.uniform(-3, 3)
        for n in range(1280):
            # Three harmonics that are 4.8 dB down each have the power of one sine.
            phases = [2 * math.pi * pitch * harmonic * n / 8000 for harmonic in (2, 3, 7)]
            samples.append(round(peak(dbm0_now) / math.sqrt(3) * sum(map(math.sin, phases))))
        samples += [0] * (480 if chance.random() < 0.75 else 2080)
    background = noise(background_dbm0, 1000 * seconds)
    return [a + b for a, b in zip(samples, background, strict=False)]


def active(samples: list[int], source: list[int], dbm0: float) -> float:
    """Level of the speech: of the 20 ms in which the source is louder than 9 dB below `dbm0`."""
    spans = range(0, len(samples), 160)
    kept = [sample for at in spans if level(source[at : at + 160]) > dbm0 - 9 for sample in samples[at : at + 160]]
    return level(kept)


@pytest.mark.parametrize("dbm0", [-36, -30, -24, -18, -12, -6])
def test_speech_comes_to_the_target(dbm0: float) -> None:
    """Within 2 dB in the third and later seconds; the gain needed is 18 dB at most, the loss 12."""
    source = words(dbm0, 6)
    result = controlled(agc(Options()), source)
    assert active(result[16000:], source[16000:], dbm0) == pytest.approx(-18, abs=2)


@pytest.mark.parametrize("dbm0", [-28, -20, -10, 0])
@pytest.mark.parametrize("hz", [130, 420, 3000])
def test_a_tone_comes_to_the_target(dbm0: float, hz: float) -> None:
    result = controlled(agc(Options(loss_max_db=20)), tone(dbm0, 3000, hz))
    assert level(result[-4000:]) == pytest.approx(-18, abs=0.5)


@pytest.mark.parametrize(("dbm0", "expected"), [(-28, -23), (-2, -7)])
def test_no_more_gain_or_loss_than_allowed(dbm0: float, expected: float) -> None:
    result = controlled(agc(Options(target_dbm0=-14, gain_max_db=5, loss_max_db=5)), tone(dbm0, 4000))
    assert level(result[-4000:]) == pytest.approx(expected, abs=0.1)


def test_pauses_are_not_pumped_up() -> None:
    """Ten seconds of line noise after soft speech: as much louder at their end as at their begin, to 0.2 dB."""
    control = agc(Options())
    source = words(-32, 4)
    controlled(control, source)
    result = controlled(control, noise(-62, 10000, seed=3))
    begin, end = level(result[800:4800]), level(result[-4000:])
    assert end == pytest.approx(begin, abs=0.2)
    assert -62 < begin < -62 + 20.2


@pytest.mark.parametrize("dbm0", [-70, -60, -50, -42, -36])
def test_noise_alone_is_not_raised(dbm0: float) -> None:
    """From the begin on, even where it is louder than soft speech."""
    source = noise(dbm0, 8000, seed=4)
    result = controlled(agc(Options()), source)
    assert level(result) == pytest.approx(level(source), abs=1)
    assert level(result[-8000:]) == pytest.approx(level(source[-8000:]), abs=1.5)


def test_it_never_clips(cpu_level: int) -> None:
    """Bursts at full scale right after speech that is raised by 29 dB: all their samples get the same gain."""
    control = agc(Options(target_dbm0=-6, gain_max_db=30))
    controlled(control, words(-35, 3))
    chance = random.Random(5)
    for _ in range(50):
        controlled(control, words(-35, 1)[:1600])
        block = [chance.choice([32767, -32768, 12000, -12000, 3000]) for _ in range(8)]
        block[chance.randrange(8)] = chance.choice([32767, -32768])
        result = controlled(control, block)
        ratios = [after / before for before, after in zip(block, result, strict=True)]
        assert max(ratios) - min(ratios) < 0.0004
        assert 0.99 < max(ratios) <= 1


def test_gain_moves_evenly_from_sample_to_sample() -> None:
    """A direct voltage through it goes in straight lines, from block to block without a jump."""
    control = agc(Options(attack_ms=5, release_ms=50))
    result = controlled(control, [6000] * 4000 + [3000] * 8000)
    assert result[-1] == pytest.approx(peak(-18) / math.sqrt(2), rel=0.02)
    falls = 0
    for at in (*range(8, 4000, 8), *range(4008, 12000, 8)):
        steps = [after - before for before, after in pairwise(result[at - 1 : at + 8])]
        assert max(steps) - min(steps) <= 2
        falls += sum(steps) < -100
    assert falls > 5


def time_to_target(control: Any, dbm0: float) -> int:
    """Milliseconds until 20 ms are within 1 dB of -18 dBm0 for good."""
    result = controlled(control, tone(dbm0, 5000))
    outside = [at for at in range(0, len(result), 160) if abs(level(result[at : at + 160]) + 18) > 1]
    return (outside[-1] + 160) // 8 if outside else 0


def test_attack_and_release_take_their_time() -> None:
    """From 12 dB too loud and back: about three time constants, and what it takes to measure (0.2 s)."""
    for attack_ms, release_ms in ((20, 200), (200, 800)):
        control = agc(Options(attack_ms=attack_ms, release_ms=release_ms))
        controlled(control, tone(-24, 5000))
        assert attack_ms < time_to_target(control, -12) < 4 * attack_ms + 300
        assert 1.2 * release_ms < time_to_target(control, -24) < 4 * release_ms + 300


def test_lanes_that_it_is_off_for_stay_as_they_are(cpu_level: int) -> None:
    """Never on, or on once: to the bit, full scale included."""
    control, chance = agc(Options(), lanes=(3, 4, 31)), random.Random(6)
    tile = ffi.new("voice_tile *")
    for block in range(300):
        if block == 200:
            lib.agc_stop(control, 4)
        rows = [chance.choices([-32768, 32767, -3000, 2999, 17, 0], k=32) for _ in range(8)]
        tile.sample = rows
        lib.agc_apply(control, tile)
        on = {3, 31} | ({4} if block < 200 else set())
        for s in range(8):
            assert all(tile.sample[s][lane] == rows[s][lane] for lane in range(32) if lane not in on)
    assert any(tile.sample[s][3] != rows[s][3] for s in range(8))


def test_lanes_do_not_mind_each_other() -> None:
    """32 sources at levels of their own on 32 lanes come out as each does alone."""
    sources = [words(-40 + lane, 1)[:4000] for lane in range(0, 32, 5)]
    alone = [controlled(agc(Options()), source) for source in sources]
    control = agc(Options(), lanes=range(32))
    tile = ffi.new("voice_tile *")
    together: list[list[int]] = [[] for _ in sources]
    for at in range(0, 4000, 8):
        for s in range(8):
            tile.sample[s] = [sources[lane % len(sources)][at + s] for lane in range(32)]
        lib.agc_apply(control, tile)
        for place, result in enumerate(together):
            result += [tile.sample[s][place + 3 * len(sources)] for s in range(8)]
    assert together == alone


def test_every_cpu_level_gives_the_same() -> None:
    levels = [lib.CPU_PORTABLE, lib.CPU_AVX2, lib.CPU_AVX512]
    results = []
    for cpu in levels[: int(lib.cpu_level_available()) + 1]:
        lib.cpu_level_use(cpu)
        results.append(controlled(agc(Options(), lanes=range(32)), words(-30, 2) + noise(-8, 500), lane=17))
    lib.cpu_level_use(lib.cpu_level_available())
    assert all(result == results[0] for result in results)


BAD: list[Callable[[Options], Options]] = [
    lambda good: good._replace(target_dbm0=0.1),
    lambda good: good._replace(target_dbm0=-41),
    lambda good: good._replace(gain_max_db=31),
    lambda good: good._replace(gain_max_db=-1),
    lambda good: good._replace(loss_max_db=31),
    lambda good: good._replace(attack_ms=0.5),
    lambda good: good._replace(release_ms=10001),
    lambda good: good._replace(release_ms=math.nan),
]


@pytest.mark.parametrize("spoil", BAD)
def test_refusals_change_nothing(spoil: Callable[[Options], Options]) -> None:
    control = agc(Options())
    before = bytes(ffi.buffer(control))
    assert lib.agc_start(control, 0, ffi.new("agc_options *", spoil(Options()))) == -1
    assert lib.agc_start(control, 32, ffi.new("agc_options *", Options())) == -1
    lib.agc_stop(control, 32)
    assert bytes(ffi.buffer(control)) == before
