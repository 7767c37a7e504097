"""Performance of spans by the second (G.826): what ails a line, when, and what both ends then say of it."""

from collections.abc import Callable

import pytest

from drivers.engine import (
    DAY,
    TOTAL,
    EngineError,
    EventKind,
    Framing,
    Impairments,
    Injection,
    Maintenance,
    PerformanceCounts,
    PerformanceEnd,
    SecondAilment,
    Span,
    SpanStatus,
)
from tests.engine.spans import Bench, PythonPort, uncoded

NEAR, FAR = PerformanceEnd.NEAR, PerformanceEnd.FAR
BLOCKS_A_S = 1000
CUT, WHOLE = Impairments(cut=True), Impairments()


class Seconds:
    """Two spans in service, at a second's beginning, with nothing counted so far."""

    def __init__(self, bench: Bench, framing: Framing = Framing.CRC4, **options: object) -> None:
        self.bench = bench
        self.near, self.far = bench.pair(framing, **options)
        bench.run(2000)
        self.near.reset_performance()
        self.far.reset_performance()

    def run(self, seconds: int) -> None:
        self.bench.run(1000 * seconds)

    def second(self, act: Callable[[], None], for_ms: int = 100, then: Callable[[], None] = lambda: None) -> None:
        """One second: in its midst `act`, and `then` so much later."""
        self.bench.run(400)
        act()
        self.bench.run(for_ms)
        then()
        self.bench.run(600 - for_ms)

    @property
    def said(self) -> tuple[PerformanceCounts, PerformanceCounts]:
        """Of the direction near to far: by the receiving end, and by the sending end from what it is told."""
        return self.far.performance(NEAR, TOTAL), self.near.performance(FAR, TOTAL)


def counts(performance: PerformanceCounts) -> tuple[int, int, int, int, int]:
    return performance[:5]  # seconds, es, ses, uas, bbe


def test_clean_line_has_seconds_and_blocks_and_nothing_else() -> None:
    with Bench() as bench:
        line = Seconds(bench)
        line.run(5)
        for span in (line.near, line.far):
            for end in PerformanceEnd:
                performance = span.performance(end, TOTAL)
                assert counts(performance) == (5, 0, 0, 0, 0)
                assert performance.blocks == 5 * BLOCKS_A_S


def test_errored_blocks_are_errored_seconds_at_both_ends() -> None:
    with Bench() as bench:
        line = Seconds(bench)
        line.second(lambda: line.near.inject(Injection.CRC, 1))
        line.run(1)
        line.second(lambda: line.near.inject(Injection.CRC, 7))
        line.run(3)
        for performance in line.said:
            assert counts(performance) == (6, 2, 0, 0, 8)
            assert performance.errored_second_ratio == 2 / 6
            assert performance.background_block_error_ratio == 8 / (6 * BLOCKS_A_S)
        # The other direction was in order.
        assert counts(line.near.performance(NEAR, TOTAL)) == (6, 0, 0, 0, 0)
        assert counts(line.far.performance(FAR, TOTAL)) == (6, 0, 0, 0, 0)


@pytest.mark.parametrize(("severe_blocks", "limit"), [(300, 300), (805, 450)])
def test_second_is_severely_errored_from_the_threshold_on(severe_blocks: int, limit: int) -> None:
    """30 % of 1 000 blocks (G.826 4.5), or another threshold in use; all errors must fit into half a second."""
    with Bench() as bench:
        line = Seconds(bench, severe_blocks=severe_blocks)
        line.bench.run(50)
        line.near.inject(Injection.CRC, limit - 1)
        line.bench.run(950)
        line.bench.run(50)
        line.near.inject(Injection.CRC, limit)
        line.bench.run(950)
        line.run(1)
        severe = severe_blocks == limit
        for performance in line.said:
            assert counts(performance) == (3, 2, severe, 0, limit - 1 + (0 if severe else limit))
            assert performance.blocks == BLOCKS_A_S * (3 - severe)


@pytest.mark.parametrize(
    "fault",
    [Impairments(cut=True), Impairments(ais=True), Impairments(bit_error_ratio=0.5)],
    ids=["LOS", "AIS", "LOF"],
)
@pytest.mark.parametrize("for_ms", [5, 300])
def test_defect_makes_its_second_severely_errored_at_both_ends(fault: Impairments, for_ms: int) -> None:
    with Bench() as bench:
        line = Seconds(bench)
        line.second(lambda: line.far.impair(fault), for_ms=for_ms, then=lambda: line.far.impair(Impairments()))
        line.run(2)
        for performance in line.said:
            assert counts(performance) == (3, 1, 1, 0, 0)


def test_remote_alarm_alone_is_the_far_end_s_defect() -> None:
    with Bench() as bench:
        line = Seconds(bench)
        line.second(
            lambda: line.far.maintain(Maintenance.FORCE_REMOTE_ALARM),
            then=lambda: line.far.maintain(Maintenance.NONE),
        )
        line.run(1)
        assert counts(line.near.performance(FAR, TOTAL)) == (2, 1, 1, 0, 0)
        assert counts(line.near.performance(NEAR, TOTAL)) == (2, 0, 0, 0, 0)
        assert counts(line.far.performance(NEAR, TOTAL)) == (2, 0, 0, 0, 0)


def unavailable(near: SpanStatus, far: SpanStatus) -> tuple[bool, bool, bool, bool]:
    """Near to far as seen by both; far to near as seen by both."""
    return (
        far.near_end_unavailable,
        near.far_end_unavailable,
        near.near_end_unavailable,
        far.far_end_unavailable,
    )


@pytest.mark.parametrize(("seconds", "uas"), [(9, 0), (10, 10), (13, 13)])
def test_ten_severely_errored_seconds_are_unavailable_time(seconds: int, uas: int) -> None:
    with Bench() as bench:
        line = Seconds(bench)
        bench.run(500)
        line.far.impair(Impairments(cut=True))
        for second in range(1, seconds):
            bench.run(1000)
            assert any(unavailable(line.near.status(), line.far.status())) == (second >= 10)
        line.far.impair(Impairments())
        bench.run(500)
        now = unavailable(line.near.status(), line.far.status())
        assert now == (bool(uas), bool(uas), False, False)
        for performance in line.said:
            severe = 0 if uas else seconds
            assert counts(performance) == (seconds, severe, severe, uas, 0)
        # Ten seconds that are none end it, and count as available, errored ones as errored.
        line.second(lambda: line.near.inject(Injection.CRC, 2))
        line.run(8)
        assert unavailable(line.near.status(), line.far.status()) == now
        line.run(1)
        assert not any(unavailable(line.near.status(), line.far.status()))
        for performance in line.said:
            assert counts(performance) == (seconds + 10, severe + 1, severe, uas, 2)


def test_double_framed_line_counts_fas_errors_in_blocks_of_eight_frames() -> None:
    with Bench() as bench:
        line = Seconds(bench, Framing.DOUBLE_FRAME)
        line.second(lambda: line.near.inject(Injection.FAS, 2))  # in one block or in two
        for _ in range(3):
            line.second(lambda: line.near.inject(Injection.FAS, 1))
        line.run(1)
        performance = line.far.performance(NEAR, TOTAL)
        assert counts(performance)[:4] == (5, 4, 0, 0)
        assert 4 <= performance.bbe <= 5
        assert performance.blocks == 5 * BLOCKS_A_S
        # Without E bits the far end's blocks are not known, only its alarm.
        assert counts(line.near.performance(FAR, TOTAL)) == (5, 0, 0, 0, 0)


def test_errors_of_the_line_are_blocks_errored() -> None:
    with Bench() as bench:
        line = Seconds(bench, **uncoded())
        before = line.far.status().crc_errors
        line.far.impair(Impairments(bit_error_ratio=1e-6))
        line.run(20)
        line.far.impair(Impairments())
        line.run(1)
        errored = line.far.status().crc_errors - before
        # Hardly two errors in one block: 2 bits a second.
        assert 0 <= line.far.line_counters().bit_errors - errored <= 2
        for performance in line.said:
            assert performance.bbe == errored > 20
            assert 10 <= performance.es <= 20 and performance.ses == performance.uas == 0


def test_quarter_hours_follow_each_other_and_add_up() -> None:
    with Bench() as bench:
        line = Seconds(bench, **uncoded())
        line.second(lambda: line.near.inject(Injection.CRC, 3))
        line.run(899)
        line.second(lambda: line.near.inject(Injection.CRC, 5))
        line.run(9)
        for span, end in ((line.far, NEAR), (line.near, FAR)):
            assert counts(span.performance(end)) == (10, 1, 0, 0, 5)
            assert counts(span.performance(end, 1)) == (900, 1, 0, 0, 3)
            assert counts(span.performance(end, DAY)) == counts(span.performance(end, TOTAL)) == (910, 2, 0, 0, 8)
            for back in (2, 96, 97, -3):
                with pytest.raises(EngineError, match=f"quarter-hour {back}"):
                    span.performance(end, back)
        line.far.reset_performance()
        assert counts(line.far.performance(NEAR, TOTAL)) == (0, 0, 0, 0, 0)
        assert counts(line.near.performance(FAR, TOTAL)) == (910, 2, 0, 0, 8)


@pytest.mark.parametrize("plugged", [False, True])
def test_line_that_never_comes_has_never_failed(plugged: bool) -> None:
    with Bench() as bench:
        span = bench.span(**uncoded())
        if plugged:
            bench.plug(span, PythonPort())
        bench.run(12_000)
        for end in PerformanceEnd:
            assert counts(span.performance(end, TOTAL)) == (0, 0, 0, 0, 0)
        assert not span.status().near_end_unavailable and not span.status().far_end_unavailable


@pytest.mark.parametrize(("connected_after_ms", "seconds"), [(0, 9), (2500, 7)])
def test_seconds_count_from_the_first_whole_one_in_service(connected_after_ms: int, seconds: int) -> None:
    with Bench() as bench:
        spans = bench.span(), bench.span()
        spans[0].join(spans[1], delay_bits=1234, far_end_delay_bits=777)
        for span in spans:
            span.impair(Impairments(cut=connected_after_ms > 0))
        bench.run(connected_after_ms)
        for span in spans:
            span.impair(Impairments())
        bench.run(10_000 - connected_after_ms)
        for span in spans:
            for end in PerformanceEnd:
                assert counts(span.performance(end, TOTAL)) == (seconds, 0, 0, 0, 0)
        # From then on a line that goes has failed.
        spans[0].impair(Impairments(cut=True))
        bench.run(11_000)
        assert counts(spans[0].performance(NEAR, TOTAL)) == (seconds + 11, 0, 0, 11, 0)
        assert spans[0].status().near_end_unavailable


def test_reset_in_midst_of_a_second_leaves_nothing_of_it() -> None:
    with Bench() as bench:
        line = Seconds(bench)
        bench.run(300)
        line.near.inject(Injection.CRC, 3)
        line.far.impair(Impairments(bit_error_ratio=1e-3))
        bench.run(100)
        line.far.impair(Impairments(cut=True))
        bench.run(100)
        line.far.impair(Impairments())
        bench.run(150)
        for span in (line.near, line.far):
            span.reset_performance()
        line.run(3)
        for performance in line.said:
            assert counts(performance) == (3, 0, 0, 0, 0)
            assert performance.blocks == 3 * BLOCKS_A_S


def test_of_the_far_end_nothing_is_counted_while_nothing_is_received_from_it() -> None:
    """The far end is in trouble before, while and after our own reception fails: seconds of ours with a defect
    tell nothing of it, neither good nor bad (far-end monitoring is inhibited)."""
    with Bench() as bench:
        line = Seconds(bench)
        line.far.maintain(Maintenance.FORCE_REMOTE_ALARM)
        line.run(4)
        line.near.impair(Impairments(cut=True))
        line.run(20)
        status = line.near.status()
        assert not status.remote_alarm and status.near_end_unavailable and not status.far_end_unavailable
        # Severely errored seconds of before do not add up with those of after.
        line.near.impair(Impairments())
        line.run(8)
        assert counts(line.near.performance(FAR, TOTAL)) == (4 + 7, 11, 11, 0, 0)
        assert not line.near.status().far_end_unavailable
        line.far.maintain(Maintenance.NONE)
        line.run(2)
        far_end = line.near.performance(FAR, TOTAL)
        assert counts(far_end) == (13, 12, 12, 0, 0)  # the alarm still stood as the second began
        assert line.near.performance(NEAR, TOTAL).seconds == 4 + 20 + 8 + 2


def test_quarter_hours_of_the_far_end_keep_step_with_ours() -> None:
    with Bench() as bench:
        line = Seconds(bench, **uncoded())
        line.near.impair(Impairments(cut=True))
        line.run(10)
        line.near.impair(Impairments())
        line.run(892)
        assert line.near.performance(NEAR, 1).seconds == 900
        assert line.near.performance(FAR, 1).seconds == 900 - 11  # and the second that began without a signal
        assert line.near.performance(NEAR).seconds == line.near.performance(FAR).seconds == 2


def told(bench: Bench, span: Span) -> list[SecondAilment]:
    return [SecondAilment(event.value) for event in bench.of_kind(span, EventKind.SECOND)]


@pytest.mark.parametrize(
    ("errors", "near", "far"),
    [
        (49, [], []),
        (50, [], [SecondAilment.FAR_ERRORS, SecondAilment.NONE]),
        (299, [], [SecondAilment.FAR_ERRORS, SecondAilment.NONE]),
        (300, [SecondAilment.SEVERE, SecondAilment.NONE], [SecondAilment.FAR_ERRORS, SecondAilment.NONE]),
    ],
)
def test_second_that_ails_is_told_when_it_is_over_and_so_is_the_next_that_does_not(
    errors: int, near: list[SecondAilment], far: list[SecondAilment]
) -> None:
    """G.826 3.2.2: 30 % of a second's 1 000 blocks make it severely errored."""
    with Bench() as bench:
        line = Seconds(bench)
        line.second(lambda: line.near.inject(Injection.CRC, errors), for_ms=500)
        line.run(3)
        assert told(bench, line.far) == near
        assert told(bench, line.near) == far


@pytest.mark.parametrize(("violations", "told_of"), [(19, False), (20, True)])
def test_violations_of_a_second(violations: int, told_of: bool) -> None:
    with Bench() as bench:
        line = Seconds(bench)
        line.second(lambda: line.near.inject(Injection.VIOLATION, violations))
        line.run(2)
        ailments = [SecondAilment.VIOLATIONS in each for each in told(bench, line.far)]
        assert ailments == ([True, False] if told_of else [])


def test_second_with_a_defect_is_told_by_the_defect_alone_until_the_line_is_unavailable() -> None:
    with Bench() as bench:
        line = Seconds(bench)
        line.second(lambda: line.far.impair(CUT), then=lambda: line.far.impair(WHOLE))
        line.run(2)
        assert bench.of_kind(line.far, EventKind.SIGNAL_LOST)
        assert told(bench, line.far) == []
        line.far.impair(CUT)
        line.run(11)
        assert told(bench, line.far) == [SecondAilment.UNAVAILABLE]
