"""A day of line time: what was injected is what was counted, rates do not drift, and memory does not grow.

TRUNKSHELF_SOAK_HOURS=24 asks for the day, which takes half a minute; the suite runs an hour, six minutes under
sanitizers, which are slow.
"""

import math
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.engine import Framing, Impairments, Injection, PerformanceEnd, Span
from drivers.engine.span import TOTAL
from tests.engine.spans import BLOCK_BITS, Bench, uncoded

SANITIZED = "asan" in os.environ.get("LD_PRELOAD", "")
HOURS = float(os.environ.get("TRUNKSHELF_SOAK_HOURS", "0.1" if SANITIZED else "1"))
STRETCHES = 24
STRETCH_S = max(10, int(HOURS * 3600 / STRETCHES))
MS_A_S = 1000
BLOCKS_A_S = 1000
SETTLING_MS = 1000  # a second in full, so that what is counted by the second is counted in whole ones
# The interpreter's own lists may grow, the more so behind other tests; an octet a millisecond would be 3.4 MB in
# an hour. A sanitizer keeps what has been freed for a while.
GROWTH_OCTETS = (64 if SANITIZED else 2) * 2**20


def memory_octets() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.fixture
def no_growth() -> Iterator[list[int]]:
    """Takes memory in use once a stretch; after a third of them it stays what it is."""
    taken: list[int] = []
    yield taken
    assert len(taken) == STRETCHES
    settled = STRETCHES // 3
    assert max(taken[settled:]) - taken[settled - 1] <= GROWTH_OCTETS


def near_poisson(count: int, expected: float) -> bool:
    return abs(count - expected) <= 5 * math.sqrt(expected)


def test_errors_of_a_day_are_counted_one_by_one(no_growth: list[int]) -> None:
    """Uncoded, CRC-4: single errors, so rare that hardly two fall into one block, and slips of the clocks."""
    ratio, ppb = 1e-7, 4_600  # 205 errors in 1 000 s; an offset as of a free-running clock
    with Bench() as bench:
        near, far = bench.span(Framing.CRC4, **uncoded()), bench.span(Framing.CRC4, **uncoded())
        near.join(far, delay_bits=1000, far_end_delay_bits=77, far_end_offset_ppb=ppb, seed=2026)
        bench.run(SETTLING_MS)
        near.reset_performance()
        far.reset_performance()
        told_before = near.status().e_bit_errors
        far.impair(Impairments(bit_error_ratio=ratio))
        for _ in range(STRETCHES):
            bench.run(STRETCH_S * MS_A_S)
            bench.events[near].clear()
            bench.events[far].clear()
            no_growth.append(memory_octets())
        far.impair(Impairments())
        bench.run(SETTLING_MS)
        status, line = far.status(), far.line_counters()
        seconds = STRETCHES * STRETCH_S
        bits = seconds * MS_A_S * BLOCK_BITS
        assert near_poisson(line.bit_errors, ratio * bits)
        # Two in one block: one error block; a block's neighbours are a few percent of a percent away.
        doubles = ratio * BLOCK_BITS / 2 * line.bit_errors
        assert 0 <= line.bit_errors - status.crc_errors <= doubles + 5 * math.sqrt(doubles) + 1
        assert near.status().e_bit_errors - told_before == status.crc_errors
        assert near.status().crc_errors == 0
        assert status.alignment_losses == near.status().alignment_losses == 0
        assert_no_drift(near, far, ppb, seconds)
        near_end, far_end = (
            far.performance(PerformanceEnd.NEAR, TOTAL),
            near.performance(PerformanceEnd.FAR, TOTAL),
        )
        assert near_end.bbe == far_end.bbe == status.crc_errors
        assert near_end.seconds == far_end.seconds == seconds + 1
        assert near_end[2:4] == far_end[2:4] == (0, 0)
        # One in some hundred is told at the other end in the second after, some milliseconds later.
        assert far_end.es == pytest.approx(near_end.es, rel=0.01, abs=2)
        for performance, rate in ((near_end, 1 - ppb * 1e-9), (far_end, 1 + ppb * 1e-9)):
            assert performance.blocks == pytest.approx((seconds + 1) * BLOCKS_A_S * rate, abs=2)


def assert_no_drift(near: Span, far: Span, ppb: int, seconds: int) -> None:
    """Bits by the clocks' offset, to the step in which lines deliver; slips by 8 000 times the offset."""
    faster = ppb * 1e-9
    total_ms = seconds * MS_A_S + 2 * SETTLING_MS
    for span, rate in ((near, 1 + faster), (far, 1 - faster)):
        assert span.line_counters().bits == pytest.approx(total_ms * BLOCK_BITS * rate, abs=BLOCK_BITS + 64)
    slips = 8 * total_ms * faster
    assert near.status().slips_deleted == pytest.approx(slips, abs=1)
    assert far.status().slips_repeated == pytest.approx(slips, abs=1)
    assert near.status().slips_repeated == far.status().slips_deleted == 0
    assert near.status().store_restarts == far.status().store_restarts == 0


def test_what_is_injected_all_day_is_counted(no_growth: list[int]) -> None:
    """HDB3: violations, FAS, CRC and signalling errors on purpose, with rests between; as many at the far end."""
    seconds = max(1, STRETCH_S // 12)  # coded lines take some three times as long
    injected = dict.fromkeys(Injection, 0)
    with Bench() as bench:
        near, far = bench.pair()
        bench.run(SETTLING_MS)
        before = near.status().e_bit_errors
        for stretch in range(STRETCHES):
            counts = {
                Injection.VIOLATION: 1 + stretch % 7,
                Injection.FAS: 1 + stretch % 2,
                Injection.CRC: stretch % 5,
                Injection.CAS: stretch % 2,
            }
            for what, count in counts.items():
                near.inject(what, count)
                injected[what] += count
            bench.run(seconds * MS_A_S)
            no_growth.append(memory_octets())
        status = far.status()
        assert status.bipolar_violations == injected[Injection.VIOLATION]
        assert status.fas_errors == injected[Injection.FAS]
        assert status.crc_errors == injected[Injection.CRC] == near.status().e_bit_errors - before
        assert status.cas_word_errors == injected[Injection.CAS]
        assert status.excess_zeros == 0
        assert status.alignment_losses == status.slips_deleted == status.slips_repeated == 0


def test_a_bad_day_of_cuts_bursts_and_slips_leaves_no_trace(no_growth: list[int]) -> None:
    """Whatever happened, afterwards the line is as good as new, and every bit is accounted for."""
    seconds = max(1, STRETCH_S // 12)
    ailments = [
        Impairments(cut=True),
        Impairments(ais=True),
        Impairments(bit_error_ratio=0.02),
        Impairments(burst_ratio=1e-6, burst_bits=3000, burst_error_ratio=0.5),
        Impairments(slip_ratio=1e-7, slip_bits=-11),
        Impairments(slip_ratio=1e-7, slip_bits=11),
    ]
    with Bench() as bench:
        near, far = bench.span(**uncoded()), bench.span(**uncoded())
        near.join(far, delay_bits=30_000, seed=7)
        bench.run(SETTLING_MS)
        for stretch in range(STRETCHES):
            far.impair(ailments[stretch % len(ailments)])
            bench.run(seconds * MS_A_S // 2)
            far.impair(Impairments())
            bench.run(seconds * MS_A_S // 2)
            assert far.status().in_service and near.status().in_service
            errors = far.status().crc_errors
            bench.run(SETTLING_MS)
            assert far.status().crc_errors == errors
            bench.events[near].clear()
            bench.events[far].clear()
            no_growth.append(memory_octets())
        line, status = far.line_counters(), far.status()
        assert status.bits == line.bits
        assert near.status().alignment_losses == near.status().crc_errors == 0
        assert line.bursts > 0 and line.bits_lost % 11 == line.bits_repeated % 11 == 0
        total_ms = SETTLING_MS + STRETCHES * (seconds * MS_A_S // 2 * 2 + SETTLING_MS)
        assert line.bits == pytest.approx(total_ms * BLOCK_BITS, abs=BLOCK_BITS)
