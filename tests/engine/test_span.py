"""Spans joined by a line, in virtual time: alignment in all framings, alarms and what they bring about."""

import itertools
import random
from collections.abc import Callable

import pytest

from drivers._native import ffi, lib
from drivers.engine import (
    Alignment,
    EngineError,
    Event,
    EventKind,
    Framing,
    Impairments,
    Maintenance,
    PortError,
    Span,
)
from tests.engine import e1_reference as reference
from tests.engine.e1_reference import FrameSource
from tests.engine.framers import SILENCE, Receiver, from_bit, line_of
from tests.engine.spans import (
    FRAME_OCTETS,
    Bench,
    PythonPort,
    fed,
    line_frames,
    number_of,
    numbered_frames,
    uncoded,
)

DOUBLE, CRC4, AUTOMATIC = Framing.DOUBLE_FRAME, Framing.CRC4, Framing.AUTOMATIC
FRAME_BITS = 256
BIT_A, SA = 0x20, 0x1F
# From the first bit: the FAS within four frames (G.706 4.1.2), the multiframe within 8 ms of it (4.2), the line.
ALIGNED_MS = 20
NON_CRC_MS = 400  # G.706 annex B

FOUND = {CRC4: Alignment.MULTIFRAME, DOUBLE: Alignment.BASIC}


def joined(bench: Bench, near: Framing, far: Framing, **options: object) -> tuple[Span, Span]:
    ends = bench.span(near, **options), bench.span(far, **options)
    ends[0].join(ends[1], delay_bits=321, far_end_delay_bits=99)
    return ends


@pytest.mark.parametrize(
    ("mine", "other", "found"),
    [
        (CRC4, CRC4, Alignment.MULTIFRAME),
        (CRC4, AUTOMATIC, Alignment.MULTIFRAME),
        (DOUBLE, DOUBLE, Alignment.BASIC),
        (DOUBLE, CRC4, Alignment.BASIC),  # bit 1 is not looked at
        (DOUBLE, AUTOMATIC, Alignment.BASIC),
        (AUTOMATIC, AUTOMATIC, Alignment.MULTIFRAME),
        (AUTOMATIC, CRC4, Alignment.MULTIFRAME),
    ],
)
def test_aligns_as_its_framing_demands(mine: Framing, other: Framing, found: Alignment) -> None:
    with Bench() as bench:
        near, _ = joined(bench, mine, other)
        bench.run_until(lambda: near.status().alignment is found, ALIGNED_MS)
        bench.run(1000)
        status = near.status()
        assert status.in_service and status.alignment is found
        assert status.alignment_losses == status.fas_errors == status.bit2_errors == status.crc_errors == 0
        assert status.multiframe_errors == 0
        assert (status.crc_blocks >= 990) == (found is Alignment.MULTIFRAME)


def test_crc4_alone_never_takes_a_far_end_without_it_into_service() -> None:
    with Bench() as bench:
        near, far = joined(bench, CRC4, DOUBLE)
        for _ in range(50):
            bench.run(20)
            assert not near.status().in_service
        # Every 8 ms and what the search takes, the alignment is given up as a mimic (G.706 4.2).
        losses = bench.of_kind(near, EventKind.ALIGNMENT_LOST)
        assert len(losses) > 80 and {event.value for event in losses} == {lib.LOSS_NO_MULTIFRAME}
        # The far end hears bit A all the time.
        assert far.status().in_service and far.status().remote_alarm


def e_bits(line: bytes) -> list[int]:
    """The E bits of a line, by the naive receiver: 0 for each it tells."""
    received = reference.receive(line)
    multiframe = next(event.bit for event in received.events if event.kind == reference.MULTIFRAME)
    assert not [event for event in received.events if event.kind == reference.LOST]
    told = [event for event in received.events if event.kind == reference.E_BIT]
    # Frame 11 has just ended; 13 and 15 of this multiframe and of every one after it.
    whole = (8 * len(line) - multiframe - 4 * FRAME_BITS) // (16 * FRAME_BITS) + 1
    expected = {multiframe + (16 * k + offset) * FRAME_BITS for k in range(whole) for offset in (2, 4)}
    zeros = {event.bit for event in told} & expected
    return [0 if bit in zeros else 1 for bit in sorted(expected)]


def test_far_end_without_crc4_is_declared_after_400_ms_and_told_so_with_e_0() -> None:
    with Bench() as bench:
        near, far = joined(bench, AUTOMATIC, DOUBLE)
        tap = bench.tap(far)
        bench.run(300)
        assert near.status().alignment is Alignment.BASIC and near.status().in_service
        bench.run(400)
        (aligned,) = bench.of_kind(near, EventKind.FRAME_ALIGNED)
        (declared,) = bench.of_kind(near, EventKind.NON_CRC)
        # The bit at which it aligned is two frames and a timeslot behind its first FAS; 3 200 frames are 400 ms.
        first_fas = aligned.bit - 2 * FRAME_BITS - 8
        assert declared.bit == first_fas + NON_CRC_MS * 8 * FRAME_BITS
        status = near.status()
        assert status.alignment is Alignment.NON_CRC and status.in_service
        assert status.alignment_losses == status.crc_blocks == status.crc_errors == 0
        # We send CRC-4 all the same, with E = 0 before and after the decision.
        for from_ms in (100, 600):
            bits = e_bits(bytes(tap.sent[from_ms * 256 : (from_ms + 60) * 256]))
            assert len(bits) >= 40 and set(bits) == {0}
        # And hold basic alignment for good, however errored the multiframe signal that is none.
        bench.run(5000)
        assert near.status().alignment is Alignment.NON_CRC and near.status().in_service


def test_e_bits_are_1_once_the_multiframe_is_found() -> None:
    with Bench() as bench:
        _, far = joined(bench, AUTOMATIC, CRC4)
        tap = bench.tap(far)
        bench.run(200)
        assert set(e_bits(bytes(tap.sent[100 * 256 : 160 * 256]))) == {1}


def mimicked_line(frames: int, seed: int, crc4: bool = True) -> bytes:
    """Its timeslot 7 looks like timeslot 0 without CRC-4, and comes first: the line begins behind the true FAS."""
    chance = random.Random(seed)

    def payload(frame: int) -> bytes:
        return SILENCE[:6] + bytes([0x9B if frame % 2 == 0 else 0xDF]) + SILENCE[7:20] + chance.randbytes(11)

    return from_bit(line_of(frames, FrameSource(crc4=crc4), payload), 6 * 8)


def test_automatic_finds_crc4_behind_a_mimic_fas_in_the_payload() -> None:
    line = mimicked_line(1600, seed=1)
    receiver = Receiver(lib.FRAMING_AUTOMATIC).run(line)
    mimic, true, multiframe, *more = receiver.events
    assert (mimic.kind, mimic.value) == (reference.ALIGNED, 8)
    assert (true.kind, true.value) == (reference.ALIGNED, 2 * FRAME_BITS - 6 * 8)
    assert multiframe.kind == reference.MULTIFRAME
    # 8 ms for the mimic to show a multiframe, as long again for the other alignment, and the searches.
    assert multiframe.bit <= (64 + 64 + 8) * FRAME_BITS
    assert more == []
    assert receiver.status.alignment == lib.ALIGNMENT_MULTIFRAME
    assert receiver.status.crc_blocks > 150 and receiver.status.crc_errors == 0
    # What is taken from there on are the true frames.
    last = receiver.frames[-100:]
    naive = reference.receive(line).frames
    assert last == naive[naive.index(last[0]) :][:100]


def test_automatic_span_finds_crc4_behind_a_mimic_fas_too() -> None:
    line = mimicked_line(1600, seed=2)
    with Bench() as bench:
        span = bench.span(AUTOMATIC, **uncoded(cas=False))
        blocks = iter([line[at : at + 256] for at in range(0, len(line) - 256, 256)])
        bench.plug(span, PythonPort(lambda: next(blocks, b"")))
        bench.run(190)
        assert [event.value for event in bench.of_kind(span, EventKind.FRAME_ALIGNED)] == [8, 464]
        assert span.status().alignment is Alignment.MULTIFRAME
        assert bench.of_kind(span, EventKind.ALIGNMENT_LOST, EventKind.NON_CRC) == []


def test_automatic_believes_the_only_alignment_there_is() -> None:
    receiver = Receiver(lib.FRAMING_AUTOMATIC).run(line_of(3400, FrameSource(crc4=False)))
    assert receiver.status.alignment == lib.ALIGNMENT_NON_CRC
    assert [event.kind for event in receiver.events] == [reference.ALIGNED]


# What befalls a line, and within how many frames the rule for it can first be fulfilled.
FAULTS = {
    "LOS": (Impairments(cut=True), 1),  # 176 spaces (G.775), and the line code's four bits
    "AIS": (Impairments(ais=True), 6),  # two periods of 512 bits, which may just have begun (G.775)
    "LOF": (Impairments(bit_error_ratio=0.5), 6),  # three bad FAS, of which the first may be two frames away
}
CONSEQUENT_FRAMES = 16  # 2 ms (G.732 table 2)


def not_fas_words(tap: PythonPort, span: Span) -> list[int]:
    """Timeslot 0 of the frames without FAS that the span has received since the beginning."""
    return [frame[0] for frame in line_frames(bytes(tap.sent), span.status().bit_phase)[1::2]]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("start_ms", [200, 201, 233])
def test_fault_is_told_to_the_far_end_within_2_ms_and_the_end_of_it_too(fault: str, start_ms: int) -> None:
    """By the far end's line bits: bit A against a change of Sa bits made at the instant the fault begins."""
    impairments, detection_frames = FAULTS[fault]
    with Bench() as bench:
        near, far = bench.pair()
        tap = bench.tap(far)
        bench.run(start_ms)
        near.impair(impairments)
        near.set_sa_bits(0)
        bench.run(40)
        assert not near.status().in_service and far.status().remote_alarm
        (raised,) = bench.of_kind(far, EventKind.REMOTE_ALARM)[2:]
        near.impair(Impairments())
        near.set_sa_bits(SA)
        bench.run(60)
        words = not_fas_words(tap, far)
        # At the very first near had no alignment either.
        settled = 4 * (start_ms - 20)
        begun = next(k for k in range(settled, len(words)) if not words[k] & SA)
        alarmed = next(k for k in range(settled, len(words)) if words[k] & BIT_A)
        assert 0 <= 2 * (alarmed - begun) <= detection_frames + CONSEQUENT_FRAMES
        assert raised.value == 1
        ended = next(k for k in range(begun, len(words)) if words[k] & SA)
        cleared = next(k for k in range(alarmed, len(words)) if not words[k] & BIT_A)
        assert all(word & BIT_A for word in words[alarmed:cleared])
        # Aligned again: the line's signal, FAS in four frames, the multiframe in 8 ms; then at once.
        assert 0 < 2 * (cleared - ended) <= 8 * 20
        assert not any(word & BIT_A for word in words[cleared:])
        assert near.status().in_service and not far.status().remote_alarm


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_puts_all_ones_on_the_64_kbit_s_side(fault: str) -> None:
    impairments, detection_frames = FAULTS[fault]
    with Bench() as bench:
        source, far, near, sink = (bench.span(DOUBLE, **uncoded(cas=False)) for _ in range(4))
        if fault == "LOS":  # which only a coded line can show
            far, near = (bench.span(DOUBLE, cas=False) for _ in range(2))
        bench.plug(source, PythonPort(fed(numbered_frames(), itertools.repeat(2048))))
        far.join(near, delay_bits=300)
        far.attach(source.stream)
        recorded = PythonPort()
        bench.plug(sink, recorded)
        sink.attach(near.stream)
        bench.run(100)
        near.impair(impairments)
        fault_frame = len(recorded.sent) // FRAME_OCTETS
        bench.run(50)
        frames = line_frames(bytes(recorded.sent), 0)
        numbers = [number_of(frame) for frame in frames]
        ones = [frame[1:] == b"\xff" * 31 for frame in frames]
        last_good = max(k for k, number in enumerate(numbers) if number is not None)
        first_ones = next(k for k in range(last_good, len(frames)) if ones[k])
        assert all(ones[first_ones:])
        # Good frames up to the fault, what the elastic store held; rubbish only until it was detected.
        assert first_ones - last_good - 1 <= detection_frames
        assert 0 < first_ones - fault_frame <= detection_frames + CONSEQUENT_FRAMES + 16
        assert numbers[last_good - 100 : last_good + 1] == list(
            range(numbers[last_good - 100] or 0, (numbers[last_good] or 0) + 1)
        )


def test_signalling_is_frozen_while_the_line_is_lost_and_told_with_bit_y() -> None:
    with Bench() as bench:
        near, far = bench.pair()
        far.set_cas(5, 0b0110)
        bench.run(100)
        assert near.status().cas_aligned and far.status().cas_aligned and not far.status().cas_remote_alarm
        assert [event.value for event in bench.of_kind(near, EventKind.CAS_BITS) if event.timeslot == 5] == [6]
        told = len(bench.of_kind(near, EventKind.CAS_BITS))
        near.impair(Impairments(ais=True))
        bench.run(20)
        far.set_cas(5, 0b1001)
        bench.run(100)
        assert not near.status().cas_aligned and far.status().cas_remote_alarm
        assert len(bench.of_kind(near, EventKind.CAS_BITS)) == told
        near.impair(Impairments())
        bench.run(100)
        (change,) = bench.of_kind(near, EventKind.CAS_BITS)[told:]
        assert change[4:6] == (5, 0b1001)
        assert near.status().cas_aligned and not far.status().cas_remote_alarm
        assert [event.value for event in bench.of_kind(far, EventKind.CAS_REMOTE_ALARM)][-2:] == [1, 0]


def test_signalling_multiframe_that_never_comes_is_told_with_bit_y() -> None:
    """By timeslot 16 of the line: 0000 1y11 once in 16 frames (G.704 5.1.3.2.2)."""
    with Bench() as bench:
        near, far = bench.span(), bench.span(cas=False)
        near.join(far)
        tap = bench.tap(far)
        bench.run(200)
        octets = [frame[16] for frame in line_frames(bytes(tap.sent), far.status().bit_phase)][-160:]
        assert octets.count(0b00001111) == 10 and octets.count(0b00001011) == 0
        assert {octet for octet in octets if octet >> 4 == 0} == {0b00001111}
        assert not near.status().cas_aligned and near.status().in_service


@pytest.mark.parametrize("timeslot", [1, 15, 17, 31])
def test_signalling_bits_travel_both_ways(timeslot: int) -> None:
    with Bench() as bench:
        near, far = bench.pair()
        bench.run(60)
        for one, other in ((near, far), (far, near)):
            for abcd in (0b1000, 0b0001, 0b1111, 0b0101):
                before = len(bench.events[other])
                one.set_cas(timeslot, abcd)
                bench.run(16)
                told = [(event.kind, event.timeslot, event.value) for event in bench.events[other][before:]]
                assert told == [(EventKind.CAS_BITS, timeslot, abcd)]


def test_forced_ais_and_remote_alarm_reach_the_far_end_and_leave_our_own_reception_alone() -> None:
    with Bench() as bench:
        near, far = bench.pair()
        bench.run(100)
        near.maintain(Maintenance.FORCE_REMOTE_ALARM)
        bench.run(20)
        assert far.status().remote_alarm and far.status().in_service
        near.maintain(Maintenance.NONE)
        bench.run(20)
        assert not far.status().remote_alarm
        near.maintain(Maintenance.FORCE_AIS)
        bench.run(20)
        assert far.status().ais and not far.status().in_service and not far.status().signal_lost
        # Near is in order; only that it hears of it.
        assert near.status().in_service and near.status().remote_alarm
        near.maintain(Maintenance.NONE)
        bench.run(60)
        assert far.status().in_service and not far.status().ais and not near.status().remote_alarm
        assert near.status().alignment_losses == near.status().crc_errors == 0
        assert far.status().bipolar_violations == far.status().code_violations == 0


def test_ais_is_out_of_service_even_to_a_framer_that_would_hold_on() -> None:
    with Bench() as bench:
        near, far = bench.pair(DOUBLE, bad_fas_limit=1000, bad_bit2_limit=0)
        bench.run(100)
        near.impair(Impairments(ais=True))
        bench.run(20)
        status = near.status()
        assert status.ais and not status.in_service and status.alignment_losses == 0
        assert far.status().remote_alarm


def test_open_line_is_out_of_service_and_sends_ones_to_the_shelf() -> None:
    with Bench() as bench:
        alone, sink = bench.span(), bench.span(DOUBLE, **uncoded(cas=False))
        recorded = PythonPort()
        bench.plug(sink, recorded)
        sink.attach(alone.stream)
        bench.run(30)
        assert not alone.status().in_service
        assert {frame[1:] for frame in line_frames(bytes(recorded.sent), 0)[64:]} == {b"\xff" * 31}


def seen(bench: Bench, span: Span) -> list[Event]:
    return [event for event in bench.events[span] if event.kind not in (EventKind.CAS_BITS, EventKind.SA_BITS)]


def test_events_carry_the_time_and_the_bit_at_which_they_were_decided() -> None:
    with Bench() as bench:
        near, far = bench.span(**uncoded()), bench.span(**uncoded())
        near.join(far, delay_bits=1000)
        bench.run(100)
        aligned, multiframe = bench.of_kind(far, EventKind.FRAME_ALIGNED, EventKind.MULTIFRAME_ALIGNED)
        assert aligned.bit == 1000 + 2 * FRAME_BITS + 8
        # Two whole signals: frame 11 of the second multiframe has ended.
        assert multiframe.bit == 1000 + (16 + 12) * FRAME_BITS
        assert aligned.time_ns == 2_000_000  # sent in the first millisecond, received in the second
        assert [event.sequence for event in seen(bench, far)] == sorted(
            event.sequence for event in seen(bench, far)
        )


def test_what_cannot_be_set_is_refused_and_changes_nothing() -> None:
    with Bench() as bench:
        near, far = bench.pair()
        bench.run(60)
        before = len(bench.events[far])
        refusals: list[Callable[[], None]] = [
            lambda: near.set_cas(0, 1),
            lambda: near.set_cas(16, 1),
            lambda: near.set_cas(32, 1),
            lambda: near.set_cas(1, 0),
            lambda: near.set_cas(1, 16),
            lambda: near.set_sa_bits(32),
            lambda: near.set_sa_code(3, 1),
            lambda: near.set_sa_code(9, 1),
            lambda: near.set_sa_code(4, 16),
            lambda: near.attach(9999),
            lambda: near.maintain(Maintenance(32)),
            lambda: near.maintain(Maintenance.NONE, [0]),
            lambda: near.maintain(Maintenance.NONE, [32]),
        ]
        for refused in refusals:
            with pytest.raises(EngineError):
                refused()
        bench.run(60)
        assert bench.events[far][before:] == []
        assert far.status().in_service


def test_port_that_a_span_refuses_stays_with_its_owner() -> None:
    with Bench() as bench:
        near, _ = bench.pair()
        port, tap = PythonPort(), PythonPort()
        bench.tap(near)
        with pytest.raises(EngineError, match=r"port: .*already joined"):
            near.plug(port)
        with pytest.raises(EngineError, match="tap: "):
            near.tap(tap)
        other = bench.span(**uncoded())
        bench.plug(other, port)
        with pytest.raises(PortError, match="a span has it"):
            other.plug(port)
        bench.run(60)
        assert near.status().in_service
        tap.close()


def test_no_memory_is_shared_between_options_and_a_span() -> None:
    """The receiver of a span is set as the options say, not as they become."""
    options = ffi.new("span_options *", lib.span_options_default(lib.FRAMING_CRC4))
    assert (options.receiver.framer.bad_fas_limit, options.receiver.performance.severe_blocks) == (3, 300)
    assert (options.receiver.cas, options.line_code, options.slack_frames) == (True, lib.LINE_CODE_HDB3, 1)
