"""Spans whose far end has another clock: controlled slips and nothing else; bad lines that stay aligned."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from drivers.engine import (
    BitErrorPattern,
    EngineError,
    EventKind,
    Framing,
    Impairments,
    Maintenance,
    PerformanceEnd,
    Span,
)
from tests.engine import e1_reference as reference
from tests.engine.spans import (
    BLOCK_BITS,
    FRAME_OCTETS,
    Bench,
    PythonPort,
    fed,
    line_frames,
    number_of,
    numbered_frames,
    uncoded,
)

DOUBLE, CRC4 = Framing.DOUBLE_FRAME, Framing.CRC4
FRAMES_A_S = 8000
REPEATED, DELETED = 1, 2


def frame_steps(recorded: PythonPort) -> list[int]:
    """From each frame to the next, from the first numbered one on; every frame is whole, in all its timeslots."""
    numbers = [number_of(frame) for frame in line_frames(bytes(recorded.sent), 0)]
    first = next(k for k, number in enumerate(numbers) if number is not None)
    whole = [number for number in numbers[first:] if number is not None]
    assert len(whole) == len(numbers) - first
    return [(after - before) & 0xFFFF for before, after in itertools.pairwise(whole)]


def counts(nominal: int, step: int, every: int) -> Iterator[int]:
    """Bits a millisecond: `step` more each so many."""
    return itertools.cycle([nominal] * (every - 1) + [nominal + step])


@pytest.mark.parametrize(("step", "slip"), [(64, DELETED), (-64, REPEATED)])
def test_line_of_another_rate_slips_one_octet_in_each_timeslot_and_no_more(step: int, slip: int) -> None:
    """A line made and a stream read by Python: 1 000 ppm, whole frames but for one now and then."""
    with Bench() as bench:
        near, sink = bench.span(DOUBLE, **uncoded(cas=False)), bench.span(DOUBLE, **uncoded(cas=False))
        bench.plug(near, PythonPort(fed(numbered_frames(), counts(BLOCK_BITS, step, 31))))
        recorded = PythonPort()
        bench.plug(sink, recorded)
        sink.attach(near.stream)
        bench.run(2500)
        slips = bench.of_kind(near, EventKind.SLIP)
        steps = frame_steps(recorded)
        other = 2 if slip == DELETED else 0
        assert set(steps) == {1, other}
        # The last slip's frame may not have reached the other port yet.
        assert len(slips) - 1 <= steps.count(other) <= len(slips)
        assert len(slips) == pytest.approx(2500 / 31 * 64 / 256, abs=1)
        assert {event.value for event in slips} == {slip}
        status = near.status()
        assert (status.slips_deleted if slip == DELETED else status.slips_repeated) == len(slips)
        assert (status.slips_repeated if slip == DELETED else status.slips_deleted) == 0
        assert (status.alignment_losses, status.fas_errors, status.store_restarts) == (0, 0, 0)


class Carrier:
    """What carries a span's bits away at a rate of its own."""

    def __init__(self, bit_counts: Iterator[int]) -> None:
        self.taken = 0
        self._counts = bit_counts
        self.port = PythonPort(self._take, self._wanted, self._backlog)

    def _backlog(self) -> int:
        return 8 * len(self.port.sent) - self.taken

    def _wanted(self) -> int:
        return (self._backlog() < BLOCK_BITS) + (self._backlog() < 2 * BLOCK_BITS)

    def _take(self) -> bytes:
        bits = next(self._counts)
        self.taken += bits if self._backlog() >= bits else 0
        return b""


@pytest.mark.parametrize(("step", "slip"), [(64, REPEATED), (-64, DELETED), (0, 0)])
def test_line_that_carries_away_at_another_rate_slips_frames_as_well(step: int, slip: int) -> None:
    with Bench() as bench:
        source, near = bench.span(DOUBLE, **uncoded(cas=False)), bench.span(DOUBLE, **uncoded(cas=False))
        bench.plug(source, PythonPort(fed(numbered_frames(), itertools.repeat(BLOCK_BITS))))
        carrier = Carrier(counts(BLOCK_BITS, step, 31))
        bench.plug(near, carrier.port)
        near.attach(source.stream)
        bench.run(2500)
        steps, status = frame_steps(carrier.port), near.status()
        counted = {1: 0, 0: status.transmit_slips_repeated, 2: status.transmit_slips_deleted}
        assert set(steps) == {1, *({0} if slip == REPEATED else {2} if slip == DELETED else set())}
        assert [steps.count(0), steps.count(2)] == [counted[0], counted[2]]
        assert steps.count(0) + steps.count(2) == pytest.approx(2500 / 31 * abs(step) / 256, abs=1)


def offset_pair(bench: Bench, ppb: int, framing: Framing = CRC4) -> tuple[Span, Span]:
    near, far = bench.span(framing), bench.span(framing)
    near.join(far, delay_bits=100, far_end_delay_bits=1000, far_end_offset_ppb=ppb)
    return near, far


def slips(span: Span) -> tuple[int, int]:
    return span.status().slips_repeated, span.status().slips_deleted


@pytest.mark.parametrize("framing", [CRC4, DOUBLE])
@pytest.mark.parametrize("ppb", [50_000, -50_000, 1_000_000, -1_000_000])
def test_slips_come_at_8000_times_the_offset_and_disturb_nothing(ppb: int, framing: Framing) -> None:
    seconds = 40 if abs(ppb) == 50_000 else 4
    with Bench() as bench:
        near, far = offset_pair(bench, ppb, framing)
        bench.run(100)
        bench.run(1000 * seconds)
        expected = FRAMES_A_S * abs(ppb) * 1e-9 * seconds
        assert expected >= 16
        fast, slow = (near, far) if ppb > 0 else (far, near)
        # The one whose line is faster leaves frames out, the other repeats.
        assert slips(fast)[0] == slips(slow)[1] == 0
        assert [slips(fast)[1], slips(slow)[0]] == pytest.approx([expected, expected], abs=1)
        for span in (near, far):
            status = span.status()
            assert (status.crc_errors, status.fas_errors, status.alignment_losses, status.cas_losses) == (0,) * 4
            assert (status.bipolar_violations, status.store_restarts, status.cas_word_errors) == (0, 0, 0)
            told = bench.of_kind(span, EventKind.SLIP)
            assert len(told) == sum(slips(span))
        assert near.performance(PerformanceEnd.NEAR).es <= 1  # the second in which it aligned


def test_slips_follow_each_other_regularly() -> None:
    with Bench() as bench:
        near, _ = offset_pair(bench, 200_000)
        bench.run(20_000)
        times_ms = [event.time_ns / 1e6 for event in bench.of_kind(near, EventKind.SLIP)]
        gaps = [after - before for before, after in itertools.pairwise(times_ms)]
        # 1.6 a second; the line delivers in steps of 64 bits, a quarter of a frame.
        assert all(625 - 160 <= gap <= 625 + 160 for gap in gaps)
        assert sum(gaps) / len(gaps) == pytest.approx(625, abs=5)


def test_steering_to_the_far_end_s_clock_stops_the_slips() -> None:
    with Bench() as bench:
        near, far = offset_pair(bench, 50_000)
        bench.run(10_000)
        assert sum(slips(near)) >= 3
        bench.shelf.steer(50_000)
        bench.run(20)
        before = slips(near), slips(far), far.status().transmit_slips_repeated
        bench.run(60_000)
        assert (slips(near), slips(far), far.status().transmit_slips_repeated) == before
        # Steered too far, they come back with the other sign.
        bench.shelf.steer(100_000)
        bench.run(20_000)
        assert slips(near)[0] - before[0][0] == pytest.approx(8, abs=1)
        assert slips(near)[1] == before[0][1]


def test_wander_of_the_clocks_within_a_frame_makes_no_slips() -> None:
    """The shelf hunts about its source: 120 bits to either side, again and again."""
    with Bench() as bench:
        near, far = offset_pair(bench, 50_000)
        for _ in range(20):
            for steer_ppb in (0, 100_000, 100_000, 0):
                bench.shelf.steer(steer_ppb)
                bench.run(900)  # 50 ppm of 2 048 000 bits/s: 92 bits
        for span in (near, far):
            status = span.status()
            assert slips(span) == (0, 0)
            assert status.transmit_slips_repeated == status.transmit_slips_deleted == status.store_restarts == 0


def naive_crc_remainders() -> list[int]:
    """For each octet the remainder (of G.704's register) it leaves behind it, from a register of zeros."""
    return [
        int("".join(map(str, reference.crc4([octet >> place & 1 for place in range(7, -1, -1)]))), 2)
        for octet in range(256)
    ]


def naive_crc4(octets: bytes, remainders: list[int]) -> int:
    """The register an octet at a time: the four bits it shifts out meet the octet's first four."""
    register = 0
    for octet in octets:
        register = remainders[octet ^ register << 4]
    return register


def sub_multiframes_in_error(frames: list[bytes]) -> int:
    """From frame 0 of a multiframe: how many are not what the C bits of the next say (G.706 4.3.1)."""
    remainders = naive_crc_remainders()
    errored = 0
    for at in range(0, len(frames) - 15, 8):
        block = bytearray(b"".join(frames[at : at + 8]))
        for frame in range(0, 8, 2):
            block[frame * FRAME_OCTETS] &= 0x7F
        c = [frames[at + 8 + frame][0] >> 7 for frame in range(0, 8, 2)]
        errored += naive_crc4(bytes(block), remainders) != int("".join(map(str, c)), 2)
    return errored


def test_line_with_1e_3_errors_stays_aligned_and_counts_each_errored_block() -> None:
    """Judged by the very bits it received: not one block more or less than a naive check of them finds."""
    with Bench() as bench:
        near, far = bench.span(CRC4, **uncoded()), bench.span(CRC4, **uncoded())
        near.join(far, delay_bits=700, seed=21)
        tap = bench.tap(far)
        bench.run(100)
        far.impair(Impairments(bit_error_ratio=1e-3))
        bench.run(4000)
        far.impair(Impairments())
        bench.run(100)
        status, line = far.status(), far.line_counters()
        assert status.alignment_losses == 0 and status.in_service
        assert abs(line.bit_errors - 4000 * 2.048) <= 5 * (4000 * 2.048) ** 0.5
        (multiframe,) = bench.of_kind(far, EventKind.MULTIFRAME_ALIGNED)
        frames = line_frames(bytes(tap.sent), status.bit_phase)
        # It ended with frame 11: the first whole multiframe begins four frames later.
        first = (multiframe.bit - status.bit_phase) // 256 + 4
        assert status.crc_errors == sub_multiframes_in_error(frames[first:])
        assert status.fas_errors == sum(frame[0] & 0x7F != 0x1B for frame in frames[first::2])
        # 1 - (1 - 1e-3)^2048 of 4 000 blocks hold an error; one in sixteen of those with two or more hides it.
        assert status.crc_errors == pytest.approx(4000 * (0.871 - 0.607 / 16), abs=150)
        # The far end is told of each.
        assert near.status().e_bit_errors - status.crc_errors == pytest.approx(0, abs=20)


def test_bad_line_s_blocks_are_told_to_the_far_end_one_by_one() -> None:
    with Bench() as bench:
        near, far = bench.pair(CRC4, **uncoded())
        bench.run(100)
        told_before = near.status().e_bit_errors
        far.impair(Impairments(bit_error_ratio=1e-4))
        bench.run(5000)
        far.impair(Impairments())
        bench.run(50)
        assert far.status().crc_errors > 500
        assert near.status().e_bit_errors - told_before == far.status().crc_errors


@pytest.mark.parametrize("ratio", [1e-4, 1e-3])
def test_hdb3_line_with_errors_stays_in_service(ratio: float) -> None:
    """Errors in the line code, too, do not add up to what the rules for loss of alignment ask for."""
    with Bench() as bench:
        _, far = bench.pair()
        bench.run(100)
        far.impair(Impairments(bit_error_ratio=ratio))
        bench.run(5000)
        status = far.status()
        assert status.in_service and status.alignment_losses == 0
        assert status.bipolar_violations + status.code_violations > far.line_counters().bit_errors / 3


def stalled(at_ms: int, for_ms: int) -> Callable[[], int]:
    ms = itertools.count()
    return lambda: 0 if at_ms <= next(ms) < at_ms + for_ms else BLOCK_BITS


@pytest.mark.parametrize("for_ms", [3, 20])
def test_line_that_stalls_restarts_the_store_and_is_told(for_ms: int) -> None:
    """Its bits come later, none lost: the framer goes on, the elastic store runs empty once."""
    bits = stalled(500, for_ms)
    with Bench() as bench:
        near = bench.span(DOUBLE, **uncoded(cas=False))
        bench.plug(near, PythonPort(fed(numbered_frames(), iter(bits, -1))))
        bench.run(1000)
        status = near.status()
        assert status.store_restarts == 1 == len(bench.of_kind(near, EventKind.STORE_RESTARTED))
        assert (status.alignment_losses, status.fas_errors) == (0, 0)
        assert status.in_service


@pytest.mark.parametrize("ppb", [50_000, -50_000, 1_000_000, -1_000_000])
def test_line_loopback_at_another_clock_gives_our_own_bits_back(ppb: int) -> None:
    """Line bits sent are line bits received, none lost or twice, whatever the clocks."""
    with Bench() as bench:
        near, far = offset_pair(bench, ppb)
        bench.run(200)
        far.maintain(Maintenance.LOOP_LINE)
        bench.run(1000)
        near.test_start(BitErrorPattern.PRBS_2E15, [5, 6])
        bench.run(100)
        before = near.status()
        bench.run(60_000)
        result, after = near.test_result(), near.status()
        assert result.synchronised
        assert (result.errors, result.sync_losses, result.bit_slips) == (0, 0, 0)
        assert after.crc_errors == before.crc_errors and after.alignment_losses == before.alignment_losses
        assert after.store_restarts == before.store_restarts


@pytest.mark.parametrize("ppb", [1_000_000, -1_000_000])
def test_line_goes_on_as_before_when_a_loopback_ends(ppb: int) -> None:
    with Bench() as bench:
        near, far = offset_pair(bench, ppb)
        for maintenance in (Maintenance.LOOP_LOCAL, Maintenance.LOOP_LINE):
            far.maintain(maintenance)
            bench.run(20_000)
            far.maintain(Maintenance.NONE)
            bench.run(200)
            before = slips(near), slips(far), near.status().crc_errors, far.status().crc_errors
            bench.run(4000)
            assert near.status().in_service and far.status().in_service
            assert (near.status().crc_errors, far.status().crc_errors) == before[2:]
            expected = FRAMES_A_S * abs(ppb) * 1e-9 * 4
            assert sum(slips(near)) - sum(before[0]) == pytest.approx(expected, abs=1)
            assert sum(slips(far)) - sum(before[1]) == pytest.approx(expected, abs=1)


def test_source_without_a_signal_does_not_pull_the_clock_away() -> None:
    with Bench() as bench:
        near, far = bench.span(), bench.span()
        near.join(far, far_end_offset_ppb=20_000)
        bench.run(1000)
        near.lock_clock()
        bench.run(120_000)
        locked_ppb = bench.shelf.clock_status().steer_ppb
        assert locked_ppb == pytest.approx(20_000, abs=2_500)
        near.impair(Impairments(cut=True))
        bench.run(60_000)
        assert bench.shelf.clock_status().steer_ppb == pytest.approx(20_000, abs=2_500)
        near.impair(Impairments())
        bench.run(60_000)
        assert bench.shelf.clock_status().steer_ppb == pytest.approx(20_000, abs=2_500)


def test_clock_locked_while_the_line_comes_up_settles_all_the_same() -> None:
    with Bench() as bench:
        near, far = bench.span(), bench.span()
        near.join(far, delay_bits=5000)
        near.lock_clock()
        for _ in range(30):
            bench.run(1000)
            assert abs(bench.shelf.clock_status().steer_ppb) <= 2_500
        assert near.status().slips_deleted + near.status().slips_repeated <= 1


def test_span_without_a_port_is_no_clock_source() -> None:
    with Bench() as bench, pytest.raises(EngineError, match="the span has no port"):
        bench.span().lock_clock()
