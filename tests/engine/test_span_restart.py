"""Spans whose life begins anew beside others that go on: restarted, unplugged, joined again, added."""

import asyncio

import pytest

from drivers import clock
from drivers._native import lib
from drivers.engine import (
    Alignment,
    BitErrorPattern,
    EngineError,
    EventKind,
    Framing,
    Injection,
    LineCode,
    Maintenance,
    PerformanceEnd,
    Shelf,
    Span,
    SpanOptions,
)
from drivers.port_statistics import port_statistics
from drivers.ports import SLACK_FRAMES, open_port
from tests.engine.spans import Bench, uncoded

P15 = BitErrorPattern.PRBS_2E15
PAYLOAD = [2, 3, 20]
ALIGN_MS = 40  # CRC-4 multiframe alignment and CAS, on a clean line


def assert_carries(bench: Bench, near: Span, far: Span) -> None:
    """Both ways, every bit."""
    for span in (near, far):
        span.test_start(P15, PAYLOAD)
    bench.run(60)
    for span in (near, far):
        result = span.test_result()
        assert result.synchronised and result.errors == 0
        assert result.bits > 64 * len(PAYLOAD) * 45
        span.test_stop()


@pytest.mark.usefixtures("cpu_level")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SpanOptions(), SpanOptions(framing=Framing.DOUBLE_FRAME)),
        (SpanOptions(framing=Framing.DOUBLE_FRAME, line_code=LineCode.AMI), SpanOptions(line_code=LineCode.HDB3)),
        (SpanOptions(line_code=LineCode.NONE), SpanOptions(line_code=LineCode.NONE, cas=False)),
    ],
)
def test_restarted_at_both_ends_it_does_what_the_new_options_say(before: SpanOptions, after: SpanOptions) -> None:
    with Bench() as bench:
        near, far = bench.pair(**before._asdict())
        beside = bench.pair()
        bench.run(ALIGN_MS)
        assert_carries(bench, near, far)
        crc_losses = [span.status().alignment_losses for span in beside]
        near.restart(after)
        far.restart(after)
        bench.run(ALIGN_MS)
        wanted = Alignment.MULTIFRAME if after.framing is Framing.CRC4 else Alignment.BASIC
        assert [span.status().alignment for span in (near, far)] == [wanted] * 2
        assert near.status().cas_aligned is after.cas
        assert_carries(bench, near, far)
        assert_carries(bench, *beside)
        assert [span.status().alignment_losses for span in beside] == crc_losses


def test_counters_loops_tests_and_links_end_with_the_life_and_what_is_sent_stays() -> None:
    with Bench() as bench:
        near, far = bench.pair()
        link = near.open_hdlc([9])
        near.set_cas(5, 0b0101)
        bench.run(2500)
        near.test_start(P15, [3])
        near.inject(Injection.CRC, 100000)
        near.maintain(Maintenance.LOOP_PAYLOAD, [4])
        bench.run(10)
        assert near.performance(PerformanceEnd.NEAR).seconds > 0
        before_ns = bench.shelf.now_ns
        near.restart(near.options)
        status = near.status()
        assert (near.since_ns, status.blocks, status.bits, status.in_service) == (before_ns, 0, 0, False)
        assert near.performance(PerformanceEnd.NEAR).seconds == 0
        assert near.test_result() == (0, 0, False, 0, 0, 0, 0, 0)
        with pytest.raises(EngineError) as refusal:
            link.counters()
        assert refusal.value.code == lib.ENGINE_BAD_LINK
        bench.events[far].clear()
        bench.run(200)
        # The far end has seen new frames begin, but no CRC errors from then on, and the same signalling.
        settled = far.status().crc_errors
        bench.run(200)
        assert far.status().crc_errors == settled
        told = {event.value for event in bench.of_kind(far, EventKind.CAS_BITS) if event.timeslot == 5}
        assert told == {0b0101}
        assert near.status().in_service and far.status().in_service
        assert_carries(bench, near, far)  # no loop is left


def test_stream_it_sends_and_its_own_stay_as_they_were() -> None:
    with Bench() as bench:
        near, far = bench.pair()
        near.attach(3)  # code stream 3: octet 96 + timeslot
        stream = near.stream
        bench.run(ALIGN_MS)
        near.restart(near.options)
        assert near.stream == stream
        tap = bench.tap(far)
        bench.run(ALIGN_MS)
        frame = bytes(96 + timeslot for timeslot in range(1, 16))
        shifted = [int.from_bytes(tap.sent, "big") >> shift for shift in range(8)]
        assert any(line.to_bytes(len(tap.sent) + 1, "big").count(frame) > 100 for line in shifted)


def test_events_of_the_life_before_are_not_told() -> None:
    with Bench() as bench:
        near, _ = bench.pair()
        assert bench.shelf.run(1_000_000_000) > 0  # events wait in the ring
        near.restart(near.options)
        bench.shelf.dispatch()
        assert bench.events[near] == []
        bench.run(ALIGN_MS)
        assert bench.of_kind(near, EventKind.FRAME_ALIGNED)


@pytest.mark.usefixtures("cpu_level")
@pytest.mark.parametrize("code", list(LineCode))
def test_unplugged_the_other_end_has_no_signal_until_both_are_joined_again(code: LineCode) -> None:
    with Bench() as bench:
        near, far = bench.pair(line_code=code)
        beside = bench.pair()
        bench.run(ALIGN_MS)
        bench.events[far].clear()  # the line's first bits are a silence too
        near.unplug()
        bench.run(20)
        assert [event.value for event in bench.of_kind(far, EventKind.SIGNAL_LOST)] == [1]
        assert far.status().signal_lost and not far.status().in_service
        assert not near.status().in_service
        assert port_statistics(near).kind == "open" and port_statistics(far).signal_lost
        restarts = far.status().transmit_store_restarts
        bench.run(1000)  # sends on, to nobody
        assert far.status().transmit_store_restarts == restarts
        far.unplug()
        near.join(far, delay_bits=99, far_end_delay_bits=3)
        bench.run(ALIGN_MS)
        assert_carries(bench, near, far)
        assert_carries(bench, *beside)


def test_unplugged_span_sends_all_ones_to_the_shelf() -> None:
    with Bench() as bench:
        near, far = bench.pair()
        listener, heard = bench.pair(**uncoded())
        far.attach(3)
        listener.attach(near.stream)
        bench.run(2 * ALIGN_MS)
        near.unplug()
        bench.run(ALIGN_MS)
        tap = bench.tap(heard)
        bench.run(4)
        # All timeslots but 0 and 16, which are the listener's own: 15 octets of ones in a row, twice a frame.
        assert bytes(tap.sent).count(b"\xff" * 14) >= 2 * 8 * 3


def test_what_is_refused_changes_nothing() -> None:
    with Bench() as bench:
        near, far = bench.pair()
        bench.run(ALIGN_MS)
        for options, code in [
            (SpanOptions(line_code=LineCode.NONE), lib.ENGINE_CODED),
            (SpanOptions(slack_frames=17), lib.ENGINE_BAD_VALUE),
        ]:
            with pytest.raises(EngineError) as refusal:
                near.restart(options)
            assert refusal.value.code == code
        with pytest.raises(EngineError) as refusal:
            bench.span().unplug()
        assert refusal.value.code == lib.ENGINE_NO_PORT
        assert near.status().blocks == ALIGN_MS and near.since_ns == 0
        assert_carries(bench, near, far)


def test_ports_that_carry_bits_want_no_line_code() -> None:
    with Bench() as bench:
        span = bench.span(**uncoded(slack_frames=SLACK_FRAMES))
        span.plug(open_port("satop://127.0.0.1:9?local=127.0.0.1:0"))
        with pytest.raises(EngineError) as refusal:
            span.restart(SpanOptions())
        assert refusal.value.code == lib.ENGINE_CODED
        span.unplug()
        span.restart(SpanOptions())  # with nothing plugged in, anything goes
        assert port_statistics(span).kind == "open"


def test_virtual_time_is_there_again_when_the_last_port_of_the_outside_has_gone() -> None:
    with Bench() as bench:
        span = bench.span(**uncoded())
        span.plug(open_port("satop://127.0.0.1:9?local=127.0.0.1:0"))
        with pytest.raises(EngineError) as refusal:
            bench.run(1)
        assert refusal.value.code == lib.ENGINE_REAL_TIME
        span.unplug()
        bench.run(1)


OFFSET_PPB = 20_000
NEAR_PPB = 2_500


def test_clock_is_held_while_its_span_is_unplugged_and_locks_anew_when_it_is_restarted() -> None:
    with Bench() as bench:
        near, far = bench.span(), bench.span()
        near.join(far, 100, 200, far_end_offset_ppb=OFFSET_PPB)
        near.lock_clock()
        bench.run(60_000)
        steer_ppb = bench.shelf.clock_status().steer_ppb
        assert steer_ppb == pytest.approx(OFFSET_PPB, abs=NEAR_PPB)
        near.restart(near.options)
        bench.run(60_000)
        assert bench.shelf.clock_status().steer_ppb == pytest.approx(OFFSET_PPB, abs=NEAR_PPB)
        assert near.status().slips_deleted + near.status().slips_repeated == 0
        near.unplug()
        held_ppb = bench.shelf.clock_status().steer_ppb
        assert held_ppb == pytest.approx(OFFSET_PPB, abs=NEAR_PPB)
        bench.run(10_000)
        assert bench.shelf.clock_status().steer_ppb == held_ppb


def test_spans_come_and_go_in_real_time_and_the_others_lose_no_bit() -> None:
    shelf = Shelf(64)

    async def main() -> None:
        pairs = [(Span(shelf), Span(shelf)) for _ in range(4)]
        for near, far in pairs:
            near.join(far, 1234, 777)
        spans = [span for pair in pairs for span in pair]
        async with asyncio.timeout(30):
            while not all(span.status().in_service for span in spans):
                await asyncio.sleep(0.01)
        for span in spans:
            span.test_start(P15, PAYLOAD)
        async with asyncio.timeout(30):
            while not all(span.test_result().synchronised for span in spans):
                await asyncio.sleep(0.01)
        changing = [(Span(shelf), Span(shelf)) for _ in range(8)]
        for _ in range(15):
            for near, far in changing:
                near.join(far, 5, 6)
            await asyncio.sleep(0.01)
            for near, far in changing:
                near.restart(SpanOptions(framing=Framing.DOUBLE_FRAME))
                near.unplug()
                far.unplug()
            await asyncio.sleep(0.01)
        for span in spans:
            result = span.test_result()
            assert result.synchronised and (result.errors, result.sync_losses, result.bit_slips) == (0, 0, 0)
            assert result.bits > 0

    with shelf:
        clock.run(shelf, main(), real_time=True)


def test_statistics_name_the_kind_of_port_and_what_it_counts() -> None:
    with Bench() as bench:
        near, _ = bench.pair()
        bench.run(10)
        statistics = port_statistics(near)
        assert (statistics.kind, statistics.framed, statistics.signal_lost) == ("line", False, False)
        assert dict(statistics.pairs)["bits delivered"] == (10 - 1) * 2048  # the first is on its way
        for kind in ("satop", "e1d", "dahdi", "file"):
            made = getattr(lib, f"SPAN_PORT_{kind.upper()}")
            assert made  # each kind has a number of its own; what they count their own tests say
