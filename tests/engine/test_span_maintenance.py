"""Loopbacks, bit-error tests and errors on purpose: through which bits go, and what is counted where."""

import itertools
from collections.abc import Iterator

import pytest

from drivers.engine import (
    BitErrorPattern,
    BitErrorResult,
    EngineError,
    EventKind,
    Framing,
    Impairments,
    Injection,
    LineCode,
    Maintenance,
    Span,
    SpanOptions,
)
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

P15 = BitErrorPattern.PRBS_2E15
CHANNEL_BITS_A_MS = 64
ALL_TIMESLOTS = list(range(1, 32))


def bit_serial(stages: int, tap: int, inverted: bool) -> Iterator[int]:
    """O.150 clause 5: the register's last stage is the output; it begins with ones."""
    register = [1] * stages
    while True:
        yield register[-1] ^ inverted
        register = [register[-1] ^ register[tap - 1], *register[:-1]]


REGISTERS = {
    BitErrorPattern.PRBS_2E9: (9, 5, False),
    BitErrorPattern.PRBS_2E11: (11, 9, False),
    BitErrorPattern.PRBS_2E15: (15, 14, True),
    BitErrorPattern.PRBS_2E20: (20, 3, False),
    BitErrorPattern.PRBS_2E23: (23, 18, True),
}


def assert_clean(result: BitErrorResult, timeslots: int, ms: int) -> None:
    """Synchronised all but the first moments of so many milliseconds, without an error."""
    assert result.synchronised
    assert (result.errors, result.sync_losses, result.bit_slips) == (0, 0, 0)
    assert timeslots * CHANNEL_BITS_A_MS * (ms - 12) <= result.bits <= result.sent_bits


@pytest.mark.parametrize("pattern", list(BitErrorPattern))
def test_pattern_is_on_the_timeslots_in_the_order_in_which_they_travel(pattern: BitErrorPattern) -> None:
    with Bench() as bench:
        span = bench.span(Framing.DOUBLE_FRAME, **uncoded())
        port = PythonPort()
        bench.plug(span, port)
        bench.run(3)
        before = len(port.sent) // FRAME_OCTETS
        span.test_start(pattern, [7, 3, 31])
        bench.run(30)
        frames = line_frames(bytes(port.sent), 0)[before:]
        octets = b"".join(bytes([frame[3], frame[7], frame[31]]) for frame in frames)
        expected = bit_serial(*REGISTERS[pattern])
        assert [octet >> place & 1 for octet in octets for place in range(7, -1, -1)] == list(
            itertools.islice(expected, 8 * len(octets))
        )
        # The other timeslots carry what they carried.
        assert {frame[5] for frame in frames} == {0xD5}
        assert span.test_result().sent_bits == 8 * len(octets)


@pytest.mark.parametrize("pattern", list(BitErrorPattern))
@pytest.mark.parametrize(
    ("timeslots", "cas"), [([1], True), ([16], False), ([2, 3, 20], True), (ALL_TIMESLOTS, False)]
)
def test_bit_error_test_between_two_ends_counts_just_what_was_inserted(
    pattern: BitErrorPattern, timeslots: list[int], cas: bool
) -> None:
    with Bench() as bench:
        near, far = bench.pair(cas=cas)
        bench.run(60)
        near.test_start(pattern, timeslots)
        far.test_start(pattern, timeslots)
        bench.run(100)
        assert far.test_result().errors == 0
        near.inject(Injection.TEST, 9)
        bench.run(400)
        there, back = far.test_result(), near.test_result()
        assert (there.errors, back.inserted_errors, there.sync_losses, there.bit_slips) == (9, 9, 0, 0)
        assert there.synchronised
        assert_clean(back, len(timeslots), 500)
        assert len(timeslots) * CHANNEL_BITS_A_MS * 488 <= there.bits <= back.sent_bits
        assert far.status().in_service and far.status().crc_errors == 0


@pytest.mark.parametrize("code", list(LineCode))
def test_bit_error_test_on_every_bit_of_the_line(code: LineCode) -> None:
    """No frame is left: timeslot 0 is the pattern's too."""
    with Bench() as bench:
        near, far = bench.pair(line_code=code)
        bench.run(60)
        near.test_start(P15)
        far.test_start(P15)
        bench.run(100)
        near.inject(Injection.TEST, 5)
        bench.run(400)
        result = far.test_result()
        assert result.synchronised and not far.status().in_service
        assert result.errors == 5
        assert BLOCK_BITS * 490 <= result.bits <= near.test_result().sent_bits == BLOCK_BITS * 500
        near.test_stop()
        far.test_stop()
        bench.run(60)
        assert near.status().in_service and far.status().in_service
        assert near.test_result().sent_bits == BLOCK_BITS * 500  # the result stays


def test_bit_error_test_counts_the_errors_of_the_line() -> None:
    """Uncoded and unframed every bit of the line is compared: each error is one."""
    with Bench() as bench:
        near, far = bench.pair(Framing.DOUBLE_FRAME, **uncoded())
        bench.run(60)
        near.test_start(P15)
        far.test_start(P15)
        bench.run(100)
        before = far.line_counters().bit_errors
        far.impair(Impairments(bit_error_ratio=1e-4))
        bench.run(1000)
        far.impair(Impairments())
        bench.run(1)
        result = far.test_result()
        assert result.errors == far.line_counters().bit_errors - before > 100
        assert (result.sync_losses, result.bit_slips) == (0, 0)


def test_starting_anew_counts_anew() -> None:
    with Bench() as bench:
        near, far = bench.pair()
        bench.run(60)
        for errors in (5, 3):
            near.test_start(P15, [4])
            bench.run(20)
            far.test_start(P15, [4])
            bench.run(100)
            near.inject(Injection.TEST, errors)
            bench.run(20)
            assert far.test_result().errors == near.test_result().inserted_errors == errors
            assert far.test_result().bits < near.test_result().sent_bits == 140 * CHANNEL_BITS_A_MS


@pytest.mark.parametrize("timeslots", [[], [0], [0, 1], [32], [-1], list(range(32))])
def test_tests_on_timeslots_that_are_none_are_refused(timeslots: list[int]) -> None:
    with Bench() as bench:
        near, far = bench.pair()
        near.test_start(P15, [4])
        far.test_start(P15, [4])
        bench.run(60)
        before = near.test_result()
        with pytest.raises(EngineError, match="timeslot"):
            near.test_start(P15, timeslots)
        bench.run(40)
        after = near.test_result()
        assert after.sent_bits == before.sent_bits + 40 * CHANNEL_BITS_A_MS
        assert far.test_result().synchronised


def test_unknown_pattern_is_refused_and_the_test_goes_on() -> None:
    with Bench() as bench:
        near, far = bench.pair()
        near.test_start(P15, [4])
        far.test_start(P15, [4])
        bench.run(100)
        before = near.test_result()
        for pattern in (0, 10, 24, 1000):
            with pytest.raises(EngineError, match="value out of range"):
                near.test_start(pattern, [4])  # type: ignore[arg-type]
        assert near.test_result() == before
        bench.run(60)
        assert_clean(near.test_result(), 1, 100)


def with_source_and_sink(bench: Bench, near: Span) -> PythonPort:
    """Numbered frames for `near` to send, and a recorder of what it receives."""
    source, sink = (bench.span(Framing.DOUBLE_FRAME, **uncoded(cas=False)) for _ in range(2))
    bench.plug(source, PythonPort(fed(numbered_frames(), itertools.repeat(BLOCK_BITS))))
    recorded = PythonPort()
    bench.plug(sink, recorded)
    near.attach(source.stream)
    sink.attach(near.stream)
    return recorded


def assert_numbered(recorded: PythonPort, last_frames: int) -> None:
    """The last frames recorded are whole, each after the one before."""
    frames = line_frames(bytes(recorded.sent), 0)[-last_frames:]
    numbers = [number_of(frame) for frame in frames]
    first = numbers[0]
    assert first is not None
    assert numbers == list(range(first, first + last_frames))


@pytest.mark.parametrize("code", list(LineCode))
def test_local_loopback_gives_back_what_is_sent_and_ais_to_the_line(code: LineCode) -> None:
    with Bench() as bench:
        near, far = bench.pair(line_code=code, cas=False)
        recorded = with_source_and_sink(bench, near)
        tap = bench.tap(far)
        bench.run(60)
        near.impair(Impairments(cut=True))  # the line is not needed
        near.maintain(Maintenance.LOOP_LOCAL)
        bench.run(100)
        assert near.status().in_service and not near.status().signal_lost
        assert far.status().ais and not far.status().in_service
        assert set(tap.sent[-50 * 256 :]) == {0xFF}
        assert_numbered(recorded, 8 * 60)
        near.test_start(P15, [1, 2, 9])
        bench.run(300)
        assert_clean(near.test_result(), 3, 300)
        before = near.status().crc_errors
        near.inject(Injection.TEST, 4)
        near.inject(Injection.CRC, 3)
        bench.run(100)
        assert near.test_result().errors == 4
        # What is sent wrong is received wrong, by the same span.
        assert near.status().crc_errors - before == 3
        near.test_stop()
        near.impair(Impairments())
        near.maintain(Maintenance.NONE)
        bench.run(100)
        assert near.status().in_service and far.status().in_service


@pytest.mark.parametrize("code", list(LineCode))
@pytest.mark.parametrize("timeslots", [[5], [1, 17, 30], None])
def test_line_loopback_gives_every_bit_back(code: LineCode, timeslots: list[int] | None) -> None:
    with Bench() as bench:
        near, far = bench.pair(line_code=code)
        bench.run(60)
        far.set_sa_bits(0)
        far.maintain(Maintenance.LOOP_LINE)
        bench.run(100)
        # Near hears its own frames, whose Sa bits are ones; far goes on receiving.
        assert near.status().in_service and near.status().sa_bits == 0b11111
        assert far.status().in_service
        near.test_start(P15, timeslots)
        bench.run(300)
        assert_clean(near.test_result(), len(timeslots) if timeslots else 32, 300)
        near.inject(Injection.TEST, 6)
        bench.run(100)
        assert near.test_result().errors == 6
        near.test_stop()
        bench.run(60)
        errors = near.status().crc_errors, near.status().bipolar_violations
        near.inject(Injection.CRC, 5)
        if code is not LineCode.NONE:
            near.inject(Injection.VIOLATION, 7)
        bench.run(100)
        # Errors of the line code and of frames come back as they are.
        assert near.status().crc_errors - errors[0] == 5
        assert near.status().bipolar_violations - errors[1] == (7 if code is not LineCode.NONE else 0)
        far.maintain(Maintenance.NONE)
        bench.run(100)
        assert near.status().in_service and near.status().sa_bits == 0


@pytest.mark.parametrize("timeslots", [[5], [1, 16, 30], ALL_TIMESLOTS])
def test_payload_loopback_gives_timeslots_back_in_frames_of_its_own(timeslots: list[int]) -> None:
    with Bench() as bench:
        near, far = bench.pair(cas=False)
        recorded = with_source_and_sink(bench, near)
        bench.run(60)
        far.set_sa_bits(0b01010)
        far.maintain(Maintenance.LOOP_PAYLOAD)
        bench.run(100)
        assert near.status().sa_bits == 0b01010 and far.status().sa_bits == 0b11111
        assert_numbered(recorded, 8 * 60)
        near.test_start(P15, timeslots)
        bench.run(300)
        assert_clean(near.test_result(), len(timeslots), 300)
        near.inject(Injection.TEST, 6)
        near.inject(Injection.CRC, 5)
        before = near.status()
        bench.run(100)
        after = near.status()
        assert near.test_result().errors == 6
        # Far's frames are right whatever ours were; it says so in E bits.
        assert after.crc_errors == before.crc_errors == 0
        assert after.e_bit_errors - before.e_bit_errors == 5
        assert far.status().crc_errors == 5


def test_payload_loopback_takes_signalling_along() -> None:
    with Bench() as bench:
        near, far = bench.pair()
        bench.run(60)
        far.set_cas(9, 0b1010)
        bench.run(20)
        far.maintain(Maintenance.LOOP_PAYLOAD)
        near.set_cas(9, 0b0111)
        bench.run(60)
        told = [event.value for event in bench.of_kind(near, EventKind.CAS_BITS) if event.timeslot == 9]
        assert told[-3:] == [0b1010, 0b1101, 0b0111]  # far's, then near's own from before and now
        assert near.status().cas_aligned


def test_timeslots_looped_one_by_one_leave_the_others_alone() -> None:
    with Bench() as bench:
        near, far = bench.pair(cas=False)
        near_recorded, far_recorded = with_source_and_sink(bench, near), with_source_and_sink(bench, far)
        bench.run(60)
        far.maintain(Maintenance.NONE, [4, 21])
        near.test_start(P15, [4, 21])
        bench.run(300)
        assert_clean(near.test_result(), 2, 300)
        near.inject(Injection.TEST, 3)
        bench.run(50)
        assert near.test_result().errors == 3
        near.test_start(P15, [5])  # which is not looped
        bench.run(300)
        assert not near.test_result().synchronised and near.test_result().bits == 0
        near.test_stop()
        bench.run(50)
        # Far receives near's frames whole, timeslots 4 and 21 too.
        assert_numbered(far_recorded, 8 * 40)
        # Near gets far's own frames but for the two timeslots, which carry its own numbers.
        frames = line_frames(bytes(near_recorded.sent), 0)[-320:]
        numbers = [frame[1] | frame[2] << 8 for frame in frames]
        assert numbers == list(range(numbers[0], numbers[0] + 320))
        others = [t for t in range(3, 32) if t not in (4, 21)]
        assert all(
            frame[t] == (number * 31 + t) & 0xFF
            for frame, number in zip(frames, numbers, strict=True)
            for t in others
        )
        lags = {
            ((frame[t] - t) * 223 - number) & 0xFF
            for frame, number in zip(frames, numbers, strict=True)
            for t in (4, 21)
        }
        assert len(lags) == 1 and lags != {0}  # 223 is the inverse of 31 modulo 256


def test_loopbacks_in_both_ends_at_once_and_off_again() -> None:
    """Nothing circulates or grows: after it the line is as before."""
    with Bench() as bench:
        near, far = bench.pair()
        bench.run(60)
        for maintenance in (
            Maintenance.LOOP_LINE,
            Maintenance.LOOP_LOCAL,
            Maintenance.LOOP_PAYLOAD,
            Maintenance.LOOP_LOCAL | Maintenance.LOOP_LINE,
        ):
            near.maintain(maintenance)
            far.maintain(maintenance)
            bench.run(200)
            near.maintain(Maintenance.NONE)
            far.maintain(Maintenance.NONE)
            bench.run(100)
            assert near.status().in_service and far.status().in_service
        errors = near.status().crc_errors, far.status().crc_errors, near.status().alignment_losses
        bench.run(500)
        assert errors == (near.status().crc_errors, far.status().crc_errors, near.status().alignment_losses)


@pytest.mark.parametrize("count", [1, 7, 100])
@pytest.mark.parametrize("code", [LineCode.HDB3, LineCode.AMI])
def test_violations_sent_are_violations_counted(count: int, code: LineCode) -> None:
    with Bench() as bench:
        near, far = bench.pair(line_code=code)
        bench.run(60)
        near.inject(Injection.VIOLATION, count)
        bench.run(100)
        status = far.status()
        assert status.bipolar_violations == count
        assert (status.crc_errors, status.fas_errors, status.alignment_losses) == (0, 0, 0)
        assert near.status().bipolar_violations == 0


@pytest.mark.parametrize("framing", [Framing.CRC4, Framing.DOUBLE_FRAME])
def test_errored_fas_are_counted_and_the_third_in_succession_loses_alignment(framing: Framing) -> None:
    with Bench() as bench:
        near, far = bench.pair(framing)
        bench.run(60)
        for _ in range(20):
            near.inject(Injection.FAS, 2)
            bench.run(10)
        status = far.status()
        assert (status.fas_errors, status.alignment_losses, status.crc_errors) == (40, 0, 0)
        near.inject(Injection.FAS, 3)
        bench.run(60)
        status = far.status()
        assert (status.fas_errors, status.alignment_losses) == (43, 1)
        assert status.in_service


@pytest.mark.parametrize("count", [1, 2, 250])
def test_errored_sub_multiframes_are_counted_at_the_far_end_and_come_back_as_e_bits(count: int) -> None:
    with Bench() as bench:
        near, far = bench.pair()
        bench.run(100)
        before = near.status().e_bit_errors, far.status().e_bit_errors  # from before alignment
        near.inject(Injection.CRC, count)
        bench.run(count + 100)
        assert far.status().crc_errors == count
        assert near.status().e_bit_errors - before[0] == count
        assert near.status().crc_errors == 0 and far.status().e_bit_errors == before[1]
        assert far.status().fas_errors == far.status().alignment_losses == 0


def test_errored_signalling_words_are_counted_and_two_in_succession_lose_the_multiframe() -> None:
    with Bench() as bench:
        near, far = bench.pair()
        bench.run(100)
        losses = far.status().cas_losses
        for _ in range(10):
            near.inject(Injection.CAS, 1)
            bench.run(10)
        assert (far.status().cas_word_errors, far.status().cas_losses) == (10, losses)
        near.inject(Injection.CAS, 2)
        bench.run(20)
        assert (far.status().cas_word_errors, far.status().cas_losses) == (12, losses + 1)
        assert far.status().cas_aligned and near.status().in_service and far.status().in_service
        assert far.status().crc_errors == 0


def test_errors_of_another_kind_are_refused() -> None:
    with Bench() as bench:
        near, _ = bench.pair()
        for what in (0, 6, 99):
            with pytest.raises(EngineError, match="error injection"):
                near.inject(what)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("what", "options"),
    [
        (Injection.VIOLATION, uncoded()),
        (Injection.CRC, {"framing": Framing.DOUBLE_FRAME}),
        (Injection.CAS, {"cas": False}),
        (Injection.TEST, {}),
    ],
)
def test_errors_that_could_never_be_sent_are_refused(what: Injection, options: dict[str, object]) -> None:
    """A count that waits for ever, or until a later test, would be worse than a refusal."""
    with Bench() as bench:
        span = bench.span(**options)  # type: ignore[arg-type]
        with pytest.raises(EngineError, match="error injection"):
            span.inject(what)


def test_cut_line_is_no_synchronised_test() -> None:
    with Bench() as bench:
        near, far = bench.pair()
        bench.run(50)
        near.test_start(P15, [1, 2, 3])
        far.maintain(Maintenance.LOOP_PAYLOAD)
        bench.run(100)
        assert near.test_result().synchronised
        near.impair(Impairments(cut=True))
        bench.run(100)
        result = near.test_result()
        assert (result.synchronised, result.sync_losses) == (False, 1)
        near.impair(Impairments())
        bench.run(100)
        assert near.test_result().synchronised


def test_same_test_anew_begins_from_nothing_without_a_break() -> None:
    with Bench() as bench:
        near, far = bench.pair()
        far.maintain(Maintenance.LOOP_PAYLOAD)
        bench.run(50)
        near.test_start(P15, [1, 2, 3])
        bench.run(100)
        near.inject(Injection.TEST, 3)
        bench.run(100)
        assert near.test_result().errors == 3
        near.test_start(P15, [1, 2, 3])
        bench.run(100)
        assert_clean(near.test_result(), 3, 100)


@pytest.mark.parametrize("timeslots", [[0, 1], [16], [5, 6]])
def test_timeslots_of_framing_signalling_and_links_are_not_tested_on(timeslots: list[int]) -> None:
    with Bench() as bench:
        near, _ = bench.pair()
        near.open_hdlc([5])
        with pytest.raises(EngineError, match=r"timeslot out of range .*, or taken"):
            near.test_start(P15, timeslots)
        bench.run(50)
        assert near.test_result().sent_bits == 0


def test_span_is_looped_while_its_peer_is_dead() -> None:
    with Bench() as bench:
        near = bench.span(**uncoded())
        bench.plug(near, PythonPort(signal_lost=True))
        near.maintain(Maintenance.LOOP_LOCAL)
        bench.run(50)
        near.test_start(P15, ALL_TIMESLOTS[:15])
        bench.run(100)
        assert near.status().in_service
        assert_clean(near.test_result(), 15, 100)


def test_local_loop_does_not_slip_whatever_the_line_does() -> None:
    with Bench() as bench:
        near, far = bench.span(), bench.span()
        near.join(far, far_end_offset_ppb=50_000)
        bench.run(1000)
        near.maintain(Maintenance.LOOP_LOCAL)
        bench.run(100)
        before = near.status()
        bench.run(60_000)
        after = near.status()
        assert before.in_service
        assert after.in_service
        for field in ("slips_deleted", "slips_repeated", "store_restarts", "transmit_store_restarts"):
            assert getattr(after, field) == getattr(before, field)
        assert after.transmit_slips_deleted == before.transmit_slips_deleted
        assert after.transmit_slips_repeated == before.transmit_slips_repeated


def test_errors_seen_in_a_line_loop_are_not_reported_long_after() -> None:
    """E bits go with the frames of our own: those of a loopback's time are gone when it ends, but for a few."""
    with Bench() as bench:
        near, far = bench.pair()
        bench.run(100)
        near.maintain(Maintenance.LOOP_LINE)
        near.impair(Impairments(bit_error_ratio=1e-4))
        bench.run(5000)
        near.impair(Impairments())
        bench.run(100)
        assert near.status().crc_errors > 500
        near.maintain(Maintenance.NONE)
        bench.run(100)
        before = far.status().e_bit_errors
        bench.run(2000)
        assert far.status().e_bit_errors - before <= 4


def test_refused_spans_leave_nothing() -> None:
    with Bench(streams=2) as bench:
        bench.pair()
        for _ in range(3):
            with pytest.raises(EngineError, match="no stream left"):
                bench.span()
        with pytest.raises(EngineError, match="span"):
            Span(bench.shelf, SpanOptions(slack_frames=17))
        bench.run(10)
