"""The `line:` port: delay, rates, and everything that can ail a line: what it says it did is what it did."""

import itertools
import math
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from drivers._native import ffi, lib
from drivers.engine import EngineError, EventKind, Framing, Impairments, LineCode, Span
from tests.engine.spans import (
    BLOCK_BITS,
    BLOCK_OCTETS,
    Bench,
    PythonPort,
    fed,
    line_frames,
    number_of,
    numbered_frames,
    uncoded,
)

SEED = 11


class Line:
    """Both ends of a line_new; `send` puts a block in at end A or B, `receive` gives what arrives at the other."""

    def __init__(
        self, seed: int = SEED, delays: tuple[int, int] = (0, 0), coded: bool = False, **options: Any
    ) -> None:
        fields = {"seed": seed, "delay_bits": list(delays), "coded": coded, **options}
        self._ends = ffi.new("port *[2]")
        assert lib.line_new(ffi.new("line_options *", fields), self._ends, self._ends + 1) == 0
        self._owned = [ffi.gc(end, lambda port: port.operations.free(port)) for end in self._ends]
        self._block = ffi.new("line_block *")

    def impair(self, end: int, **impairments: Any) -> int:
        return int(lib.line_impair(self._ends[end], ffi.new("line_impairments *", impairments)))

    def wanted(self, end: int) -> int:
        return int(self._ends[end].operations.blocks_wanted(self._ends[end]))

    def send(self, end: int, positive: bytes, negative: bytes = bytes(BLOCK_OCTETS)) -> None:
        ffi.memmove(self._block.positive, positive, BLOCK_OCTETS)
        ffi.memmove(self._block.negative, negative, BLOCK_OCTETS)
        self._block.bit_count = BLOCK_BITS
        self._ends[end].operations.transmit(self._ends[end], self._block)

    def receive(self, end: int) -> tuple[bytes, bytes]:
        self._ends[end].operations.receive(self._ends[end], self._block)
        octets = self._block.bit_count // 8
        positive, negative = ffi.buffer(self._block.positive), ffi.buffer(self._block.negative)
        return bytes(positive[:octets]), bytes(negative[:octets])

    def pull(self, end: int) -> None:
        """Frees one end: its plug is out."""
        ffi.release(self._owned[end])

    def counters(self, end: int) -> Any:
        counters = ffi.new("line_counters *")
        lib.line_read_counters(self._ends[end], counters)
        return counters


def carried(line: Line, ms: int, source: Callable[[], bytes], to: int = 1) -> tuple[bytes, bytes]:
    """Everything sent and everything received in so many milliseconds, towards end `to`."""
    sent, received = bytearray(), bytearray()
    for _ in range(ms):
        for _ in range(line.wanted(1 - to)):
            block = source()
            line.send(1 - to, block)
            sent += block
        received += line.receive(to)[0]
    return bytes(sent), bytes(received)


def noise(seed: int) -> Callable[[], bytes]:
    chance = random.Random(seed)
    return lambda: chance.randbytes(BLOCK_OCTETS)


def bits(octets: bytes) -> str:
    return f"{int.from_bytes(octets, 'big'):0{8 * len(octets)}b}"


def differences(sent: bytes, received: bytes) -> str:
    """Bit by bit, 1 where what was received is not what was sent."""
    length = min(len(sent), len(received))
    difference = int.from_bytes(sent[:length], "big") ^ int.from_bytes(received[:length], "big")
    return f"{difference:0{8 * length}b}"


def within(count: int, expected: float) -> bool:
    """Five standard deviations of a Poisson count, either way."""
    return abs(count - expected) <= 5 * math.sqrt(expected)


@pytest.mark.parametrize("delays", [(0, 1), (1, 0), (7, 64), (8, 777), (2047, 65535), (65535, 513)])
def test_delay_is_so_many_spaces_before_the_first_bit(delays: tuple[int, int]) -> None:
    line = Line(delays=delays)
    for to, delay in ((1, delays[0]), (0, delays[1])):
        sent, received = carried(line, 40, noise(to), to)
        assert bits(received) == ("0" * delay + bits(sent))[: 8 * len(received)]
        assert len(received) == 40 * BLOCK_OCTETS


def test_line_without_ailments_loses_no_bit_over_its_ring() -> None:
    """Long enough to go round the ring of bits many times."""
    sent, received = carried(Line(delays=(3, 0)), 1000, noise(1))
    assert int.from_bytes(received, "big") == int.from_bytes(sent, "big") >> 3 + 8 * (len(sent) - len(received))


@pytest.mark.usefixtures("cpu_level")
@pytest.mark.parametrize("offset_ppb", [0, 1_000_000, -1_000_000])
def test_both_planes_arrive_at_every_bit_phase(offset_ppb: int) -> None:
    """Through several turns of the ring, in blocks of 31 to 33 words."""
    for delay in [*range(17), 4001]:
        line = Line(delays=(delay, 0), coded=True, offset_ppb=offset_ppb)
        source, sent, received = noise(delay), (bytearray(), bytearray()), (bytearray(), bytearray())
        for _ in range(70):
            for _ in range(line.wanted(0)):
                blocks = source(), source()
                line.send(0, *blocks)
                for plane, block in zip(sent, blocks, strict=True):
                    plane.extend(block)
            for plane, block in zip(received, line.receive(1), strict=True):
                plane.extend(block)
        assert len(received[0]) > 60 * BLOCK_OCTETS
        for plane, arrived in zip(sent, received, strict=True):
            assert bits(bytes(arrived)) == ("0" * delay + bits(bytes(plane)))[: 8 * len(arrived)]


@pytest.mark.parametrize(("code", "coder_bits"), [(LineCode.NONE, 0), (LineCode.AMI, 0), (LineCode.HDB3, 8)])
@pytest.mark.parametrize("delay", [0, 1, 255, 500, 511, 60000])
def test_delay_sets_the_bit_phase(delay: int, code: LineCode, coder_bits: int) -> None:
    """HDB3 takes four bit times to encode and four to decode."""
    with Bench() as bench:
        near, far = bench.span(line_code=code), bench.span(line_code=code)
        near.join(far, delay_bits=delay, far_end_delay_bits=19)
        bench.run(60)
        assert far.status().bit_phase == (delay + coder_bits) % 512
        assert near.status().bit_phase == (19 + coder_bits) % 512


@pytest.mark.parametrize("ratio", [1e-5, 1e-3, 0.1, 1.0])
def test_random_errors_are_counted_and_as_many_as_asked_for(ratio: float) -> None:
    line = Line()
    assert line.impair(1, bit_error_ratio=ratio) == 0
    ms = 1000 if ratio < 1e-3 else 200
    errors = differences(*carried(line, ms, noise(2)))
    assert line.counters(1).bit_errors == errors.count("1")
    assert line.counters(1).bits == len(errors) == ms * BLOCK_BITS
    if ratio < 1:
        assert within(errors.count("1"), ratio * len(errors))
        # Independent of each other: the first and the second half of a block, and bits after an error, fare alike.
        halves = [errors[at : at + 1024].count("1") for at in range(0, len(errors), 1024)]
        assert within(sum(halves[::2]), ratio * len(errors) / 2)
        pairs = len(re.findall("(?=11)", errors))
        assert within(pairs, ratio**2 * len(errors)) or pairs <= 1
    else:
        assert set(errors) == {"1"}


def test_errors_come_from_the_seed() -> None:
    def errors(seed: int, end: int = 1) -> str:
        line = Line(seed=seed)
        line.impair(end, bit_error_ratio=1e-3)
        return differences(*carried(line, 50, noise(3), end))

    assert errors(1) == errors(1)
    different = [errors(1), errors(2), errors(3), errors(1, end=0), errors(2**63)]
    assert len(set(different)) == len(different)


def test_one_direction_ails_alone() -> None:
    line = Line()
    line.impair(1, bit_error_ratio=0.5)
    assert "1" not in differences(*carried(line, 20, noise(4), 0))
    assert "1" in differences(*carried(line, 20, noise(5), 1))
    assert line.counters(0).bit_errors == 0


def test_healed_line_carries_what_is_sent() -> None:
    line = Line()
    line.impair(1, bit_error_ratio=0.1, burst_ratio=0.01, burst_bits=100, burst_error_ratio=1)
    carried(line, 10, noise(6))
    before = line.counters(1).bit_errors
    line.impair(1)
    sent, received = carried(line, 20, noise(7))
    # One block sent before has yet to come.
    assert received[-BLOCK_OCTETS:] in (sent[at : at + BLOCK_OCTETS] for at in range(0, len(sent), BLOCK_OCTETS))
    assert line.counters(1).bit_errors == before > 0


def test_bursts_are_counted_and_last_as_long_as_asked_for() -> None:
    line = Line()
    assert line.impair(1, burst_ratio=1e-4, burst_bits=700, burst_error_ratio=1) == 0
    errors = differences(*carried(line, 1000, noise(8)))
    bursts = [len(run) for run in re.findall("1+", errors)]
    *whole, last = bursts
    # A burst that is due while one lasts follows upon it at once; the recording may end in one.
    assert all(length % 700 == 0 for length in whole)
    assert line.counters(1).bursts == sum(whole) // 700 + -(-last // 700)
    assert line.counters(1).bit_errors == errors.count("1")
    # Each begins with that probability in bits outside the others.
    assert within(line.counters(1).bursts, 1e-4 * errors.count("0"))


def test_bursts_hold_errors_in_their_own_ratio() -> None:
    line = Line()
    line.impair(1, burst_ratio=2e-5, burst_bits=5000, burst_error_ratio=0.2)
    errors = differences(*carried(line, 1500, noise(9)))
    bursts = line.counters(1).bursts
    assert bursts > 20
    assert errors.count("1") == line.counters(1).bit_errors
    # The last may not be over.
    least, most = 0.2 * 5000 * (bursts - 1), 0.2 * 5000 * bursts
    assert least - 5 * math.sqrt(least) <= errors.count("1") <= most + 5 * math.sqrt(most)
    # Between bursts, long stretches without a single error.
    assert len(re.findall("0{2000,}", errors)) >= bursts // 3


def ami(octets: bytes, last: int = -1) -> tuple[bytes, bytes]:
    """Marks of alternating polarity for ones; no more than the code's definition."""
    planes = ["", ""]
    for bit in bits(octets):
        last = -last if bit == "1" else last
        planes[0] += "1" if bit == "1" and last > 0 else "0"
        planes[1] += "1" if bit == "1" and last < 0 else "0"
    positive, negative = (int(plane, 2).to_bytes(len(octets), "big") for plane in planes)
    return positive, negative


def test_error_on_a_coded_line_takes_a_mark_away_or_puts_one_in() -> None:
    line = Line(coded=True)
    line.impair(1, bit_error_ratio=0.05)
    octets = random.Random(10).randbytes(BLOCK_OCTETS)
    errors, added = 0, [0, 0]
    for _ in range(2):
        line.send(0, *ami(octets))
    for _ in range(20):
        line.send(0, *ami(octets))
        sent = [bits(plane) for plane in ami(octets)]
        received = [bits(plane) for plane in line.receive(1)]
        for before, after in zip(zip(*sent, strict=True), zip(*received, strict=True), strict=True):
            if before == after:
                continue
            errors += 1
            if before == ("0", "0"):
                assert after in (("1", "0"), ("0", "1"))
                added[after.index("1")] += 1
            else:
                assert after == ("0", "0")
    assert line.counters(1).bit_errors == errors
    assert within(errors, 0.05 * 20 * BLOCK_BITS)
    assert all(within(count, sum(added) / 2) for count in added)


@pytest.mark.parametrize("ratio", [1e-5, 1e-4, 5e-3])
def test_each_violation_is_one_to_the_decoder_and_disturbs_no_bit(ratio: float) -> None:
    with Bench() as bench:
        near, far = bench.pair()
        bench.run(50)
        far.impair(Impairments(violation_ratio=ratio))
        bench.run(3000)
        far.impair(Impairments())
        bench.run(20)
        counters, status = far.line_counters(), far.status()
        assert status.bipolar_violations == counters.violations
        assert within(counters.violations, ratio * 3000 * BLOCK_BITS)
        assert (status.crc_errors, status.fas_errors, counters.bit_errors) == (0, 0, 0)
        assert near.status().bipolar_violations == 0


def test_violations_need_a_coded_line() -> None:
    line = Line()
    line.impair(1, violation_ratio=0.5)
    assert "1" not in differences(*carried(line, 20, noise(12)))
    assert line.counters(1).violations == 0


def follow(sent: str, received: str, step_bits: int) -> int:
    """How many times `received` goes on `step_bits` further on (or back) in `sent`; any other difference fails."""
    slips, offset, at = 0, 0, 0
    while at < len(received):
        part = received[at : at + 4096]
        if sent[at + offset : at + offset + len(part)] == part:
            at += len(part)
            continue
        # The first bit that differs, and from there on the other place.
        first = next(k for k in range(len(part)) if sent[at + offset + k] != part[k])
        at += first
        window = received[at : at + 64]
        assert sent[at + offset + step_bits : at + offset + step_bits + len(window)] == window
        offset += step_bits
        slips += 1
    return slips


@pytest.mark.parametrize("step_bits", [1, 8, 100, 512, -1, -8, -100, -512])
def test_slips_lose_or_repeat_just_so_many_bits(step_bits: int) -> None:
    line = Line(delays=(30000, 0))
    carried(line, 60, noise(13))
    assert line.impair(1, slip_ratio=2e-5, slip_bits=step_bits) == 0
    sent, received = carried(line, 600, noise(14))
    # What was on its way at first is still noise of before: leave it out.
    first = bits(received).index(bits(sent[:64]))
    slips = follow(bits(sent), bits(received)[first:], step_bits)
    counted = line.counters(1)
    done, other = (counted.bits_lost, counted.bits_repeated)[:: 1 if step_bits > 0 else -1]
    assert done % abs(step_bits) == other == 0
    total = done // abs(step_bits)
    # Those of the first milliseconds came before `first`.
    assert 0 <= total - slips <= 3
    # A slip comes at the next millisecond's beginning: half of one later on the average.
    assert within(total, 600 * BLOCK_BITS / (1 / 2e-5 + BLOCK_BITS / 2))


def test_span_finds_its_way_again_after_each_slip() -> None:
    with Bench() as bench:
        near, far = bench.span(**uncoded()), bench.span(**uncoded())
        near.join(far, delay_bits=40000, seed=3)
        bench.run(100)
        far.impair(Impairments(slip_ratio=1e-6, slip_bits=3))
        bench.run(4000)
        far.impair(Impairments())
        bench.run(100)
        slips = far.line_counters().bits_lost // 3
        phases = [event.value for event in bench.of_kind(far, EventKind.FRAME_ALIGNED)]
        assert slips >= 4
        assert phases == [(40000 - 3 * k) % 512 for k in range(slips + 1)]
        assert far.status().in_service
        assert far.status().alignment_losses == slips


def test_sender_notices_nothing_of_slips_on_its_line() -> None:
    """Its frames keep step with the shelf: none is missing but those lost while the far end realigned."""
    with Bench() as bench:
        source, near, far, sink = (bench.span(Framing.DOUBLE_FRAME, **uncoded(cas=False)) for _ in range(4))
        bench.plug(source, PythonPort(fed(numbered_frames(), itertools.repeat(BLOCK_BITS))))
        recorded = PythonPort()
        bench.plug(sink, recorded)
        near.join(far, delay_bits=40000, seed=3)
        near.attach(source.stream)
        sink.attach(far.stream)
        bench.run(200)
        far.impair(Impairments(slip_ratio=2e-6, slip_bits=5))
        bench.run(2000)
        far.impair(Impairments())
        bench.run(100)
        assert far.line_counters().bits_lost >= 10
        sender = near.status()
        assert sender.transmit_slips_deleted == sender.transmit_slips_repeated == sender.alignment_losses == 0
        numbers = [number_of(frame) for frame in line_frames(bytes(recorded.sent), 0)]
        before, after = numbers[8 * 190], numbers[-1]
        assert before is not None and after is not None
        # The far end's elastic store begins anew within a block or two of the level at which it began before.
        assert abs(after - before - (len(numbers) - 1 - 8 * 190)) <= 16


@pytest.mark.parametrize("code", [LineCode.HDB3, LineCode.AMI])
def test_cut_line_is_loss_of_signal_within_a_millisecond(code: LineCode) -> None:
    with Bench() as bench:
        near, far = bench.pair(line_code=code)
        bench.run(50)
        far.impair(Impairments(cut=True))
        cut_ns = bench.shelf.now_ns
        bench.run(100)
        # At first there was the line's delay, spaces too.
        (lost,) = [event for event in bench.of_kind(far, EventKind.SIGNAL_LOST) if event.time_ns > cut_ns]
        assert lost.time_ns - cut_ns <= 1_000_000
        assert far.status().signal_lost and not far.status().in_service
        assert not near.status().signal_lost
        far.impair(Impairments())
        bench.run(100)
        assert far.status().in_service and not far.status().signal_lost
        assert [event.value for event in bench.of_kind(far, EventKind.SIGNAL_LOST)][-2:] == [1, 0]


@pytest.mark.parametrize("code", list(LineCode))
def test_ais_arrives_as_all_ones_and_clears(code: LineCode) -> None:
    with Bench() as bench:
        near, far = bench.pair(line_code=code)
        tap = bench.tap(far)
        bench.run(50)
        far.impair(Impairments(ais=True))
        bench.run(5)
        violations = far.status().bipolar_violations
        start = len(tap.sent)
        bench.run(100)
        assert set(tap.sent[start:]) == {0xFF}
        status = far.status()
        assert status.ais and not status.in_service and not status.signal_lost
        assert status.bipolar_violations == violations
        assert not near.status().ais
        far.impair(Impairments())
        bench.run(100)
        assert far.status().in_service and not far.status().ais
        assert [event.value for event in bench.of_kind(far, EventKind.AIS)] == [1, 0]
        # 100 ms and a little, in frames: raised within two periods of 512 bits, cleared in about as many.
        assert 8 * 104 <= far.status().ais_frames <= 8 * 108


@pytest.mark.parametrize("ppb", [50_000, -50_000, 1_000_000, -1_000_000, 37, 0])
@pytest.mark.parametrize("steer_ppb", [0, 20_000])
def test_bits_come_at_the_rate_of_the_far_end_s_clock(ppb: int, steer_ppb: int) -> None:
    steer = ffi.new("int64_t *", steer_ppb)
    line, ms = Line(offset_ppb=ppb, steer_ppb=steer), 20_000
    block = noise(15)()
    for to, faster in ((0, ppb - steer_ppb), (1, steer_ppb - ppb)):
        carried(line, ms, lambda: block, to)
        assert line.counters(to).bits == pytest.approx(ms * BLOCK_BITS * (1 + faster * 1e-9), abs=64)


def test_offset_neither_loses_nor_repeats_bits() -> None:
    for to in (0, 1):
        sent, received = carried(Line(offset_ppb=1_000_000), 2000, noise(16), to)
        assert sent.startswith(received)
        assert len(sent) - len(received) <= 3 * BLOCK_OCTETS


BAD_OPTIONS: list[dict[str, Any]] = [
    {"delay_bits": 65536},
    {"far_end_delay_bits": 65536},
    {"far_end_offset_ppb": 1_000_001},
    {"far_end_offset_ppb": -1_000_001},
]


@pytest.mark.parametrize("options", BAD_OPTIONS)
def test_line_out_of_range_is_refused_and_joins_nothing(options: dict[str, Any]) -> None:
    with Bench() as bench:
        near, far = bench.span(), bench.span()
        with pytest.raises(EngineError, match="line: value out of range"):
            near.join(far, **options)
        near.join(far)  # nothing was joined
        bench.run(60)
        assert near.status().in_service


RATIOS = ("bit_error_ratio", "burst_ratio", "burst_error_ratio", "violation_ratio", "slip_ratio")
BAD_IMPAIRMENTS: list[dict[str, Any]] = [
    *({field: value} for field, value in itertools.product(RATIOS, (-0.1, 1.1, float("nan"), float("inf")))),
    {"burst_bits": 65536},
    {"slip_bits": 513},
    {"slip_bits": -513},
]


@pytest.mark.parametrize("wanted", BAD_IMPAIRMENTS, ids=str)
def test_impairments_out_of_range_are_refused_and_change_nothing(wanted: dict[str, Any]) -> None:
    line = Line()
    line.impair(1, bit_error_ratio=0.25)
    assert line.impair(1, cut=True, **wanted) == -1
    errors = differences(*carried(line, 20, noise(17)))
    assert within(errors.count("1"), 0.25 * len(errors))


def test_impairing_a_span_out_of_range_or_without_a_line_is_refused() -> None:
    with Bench() as bench:
        near, far = bench.pair()
        with pytest.raises(EngineError, match="line: value out of range"):
            far.impair(Impairments(bit_error_ratio=2))
        alone = bench.span()
        with pytest.raises(EngineError, match="port is no line"):
            alone.impair(Impairments())
        with pytest.raises(EngineError, match="port is no line"):
            alone.line_counters()
        bench.run(60)
        assert near.status().in_service and far.status().in_service


def joined_in_every_way(bench: Bench) -> Iterator[tuple[Span, Span, str]]:
    near, far = bench.pair()
    third = bench.span()
    yield near, near, "value out of range"
    yield near, far, "already joined"
    yield near, third, "already joined"
    yield third, near, "already joined"
    yield third, bench.span(line_code=LineCode.AMI), "value out of range"


def test_spans_that_cannot_be_joined_are_refused_and_stay_as_they_are() -> None:
    with Bench() as bench, Bench() as other:
        cases = list(joined_in_every_way(bench))
        near, far = cases[0][0], cases[1][1]
        cases.append((bench.span(), other.span(), "value out of range"))
        for one, another, reason in cases:
            with pytest.raises(EngineError, match=f"line: .*{reason}"):
                one.join(another)
        bench.run(60)
        assert near.status().in_service and far.status().in_service


def test_one_seed_gives_one_run_and_another_another() -> None:
    def run(seed: int) -> list[Any]:
        with Bench() as bench:
            near, far = bench.span(Framing.CRC4), bench.span(Framing.CRC4)
            near.join(far, delay_bits=99, seed=seed)
            far.impair(Impairments(bit_error_ratio=2e-4, burst_ratio=1e-6, burst_bits=300, burst_error_ratio=0.5))
            bench.run(1000)
            return [far.status(), far.line_counters(), bench.events[far]]

    assert run(1) == run(1)
    assert run(1) != run(2)


@pytest.mark.parametrize("waiting", [0, 1, 2, 3])
def test_end_that_is_left_sends_a_block_a_millisecond_however_many_wait(waiting: int) -> None:
    line = Line()
    for _ in range(waiting):
        line.send(0, bytes(BLOCK_OCTETS))
    assert line.wanted(0) == (2, 1, 0, 0)[waiting]
    line.pull(1)
    for _ in range(100):
        assert line.wanted(0) == 1
        line.send(0, bytes(BLOCK_OCTETS))


def test_end_that_is_left_receives_what_was_on_its_way_and_then_spaces() -> None:
    line, source = Line(delays=(0, 0)), noise(4)
    sent = [source() for _ in range(2)]
    for block in sent:
        line.send(0, block)
    line.pull(0)
    received = b"".join(line.receive(1)[0] for _ in range(4))
    arrived = received.rstrip(b"\0")
    assert b"".join(sent).startswith(arrived)
    assert len(arrived) > BLOCK_OCTETS  # but for the last part of a block
    assert len(received) > 3 * BLOCK_OCTETS


def test_ais_is_put_on_a_line_whose_other_end_is_gone() -> None:
    line = Line()
    line.pull(0)
    line.impair(1, ais=True)
    assert line.receive(1)[0] == b"\xff" * BLOCK_OCTETS
