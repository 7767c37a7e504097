"""What travels beside the timeslots of a span: Sa bits and codes, and HDLC frames on timeslots."""

import random

import pytest

from drivers.engine import EngineError, EventKind, Framing, HdlcLink, Impairments, Span
from tests.engine import e1_reference as reference
from tests.engine.spans import Bench, line_frames, uncoded

CRC4, DOUBLE = Framing.CRC4, Framing.DOUBLE_FRAME


@pytest.mark.parametrize("framing", [CRC4, DOUBLE])
def test_sa_bits_travel_both_ways_and_each_change_is_told_once(framing: Framing) -> None:
    with Bench() as bench:
        near, far = bench.pair(framing)
        bench.run(60)
        for one, other in ((near, far), (far, near)):
            for sa_bits in (0b00000, 0b10000, 0b00001, 0b01110, 0b11111):
                before = len(bench.events[other])
                one.set_sa_bits(sa_bits)
                bench.run(12)
                told = [event for event in bench.events[other][before:] if event.kind is EventKind.SA_BITS]
                assert [event.value for event in told] == [sa_bits]
                assert other.status().sa_bits == sa_bits


def test_sa_bits_are_where_table_5a_has_them() -> None:
    with Bench() as bench:
        near, far = bench.span(**uncoded()), bench.span(**uncoded())
        near.join(far)
        tap = bench.tap(far)
        near.set_sa_bits(0b10010)  # Sa4 and Sa7
        bench.run(60)
        words = [frame[0] for frame in line_frames(bytes(tap.sent), far.status().bit_phase)]
        assert {word & 0b01011111 for word in words[1::2]} == {0b01010010}
        assert {word & 0b01111111 for word in words[0::2]} == {0b00011011}


@pytest.mark.parametrize("n", [4, 5, 6, 7, 8])
def test_sa_codes_travel_both_ways(n: int) -> None:
    with Bench() as bench:
        near, far = bench.pair()
        bench.run(60)
        for one, other in ((near, far), (far, near)):
            for code in (0b0010, 0b1011, 0b0000, 0b1111):  # some are synchronization status messages (table 5D)
                before = len(bench.events[other])
                one.set_sa_code(n, code)
                bench.run(16)
                told = [event for event in bench.events[other][before:] if event.kind is EventKind.SA_CODE]
                assert [(event.timeslot, event.value) for event in told] == [(n, code)]
                expected = [0b1111] * 5
                expected[n - 4] = code
                assert list(other.status().sa_codes) == expected


def test_sa_code_s_first_bit_is_in_the_first_frame_without_fas_of_a_sub_multiframe() -> None:
    """G.704 table 5D: San1 in frames 1 and 9, San2 in 3 and 11 ..."""
    with Bench() as bench:
        near, far = bench.span(**uncoded()), bench.span(**uncoded())
        near.join(far)
        tap = bench.tap(far)
        near.set_sa_code(6, 0b1000)
        bench.run(60)
        line = bytes(tap.sent)
        received = reference.receive(line)
        multiframe = next(event.bit for event in received.events if event.kind == reference.MULTIFRAME)
        phase = far.status().bit_phase
        frame_11 = (multiframe - phase) // 256 - 1
        words = [frame[0] for frame in line_frames(line, phase)][frame_11 + 5 :]
        assert [word >> 2 & 1 for word in words[1:64:2]] == [1, 0, 0, 0] * 8


def frames_of(chance: random.Random, count: int, longest: int = 300) -> list[bytes]:
    return [chance.randbytes(chance.randrange(4, longest)) for _ in range(count)]


def received(link: HdlcLink) -> list[bytes]:
    frames = []
    while (frame := link.receive()) is not None:
        frames.append(frame)
    return frames


BUNDLES = [[1], [16], [2, 3], list(range(1, 16)), list(range(1, 32))]


@pytest.mark.parametrize("timeslots", BUNDLES, ids=str)
@pytest.mark.parametrize("fcs_octets", [2, 4])
def test_frames_travel_both_ways_on_a_timeslot_or_a_bundle(timeslots: list[int], fcs_octets: int) -> None:
    chance = random.Random(len(timeslots))
    with Bench() as bench:
        near, far = bench.pair(cas=False)
        links = [span.open_hdlc(timeslots, fcs_octets) for span in (near, far)]
        bench.run(60)
        sent = [frames_of(chance, 20), frames_of(chance, 20)]
        for link, frames in zip(links, sent, strict=True):
            for frame in frames:
                link.send(frame)
        octets = sum(map(len, sent[0] + sent[1]))
        bench.run(100 + octets // len(timeslots) // 8 * 2)
        assert [received(links[1]), received(links[0])] == sent
        for span, link, frames in zip((near, far), links, sent[::-1], strict=True):
            counters = link.counters()
            assert (counters.frames, counters.octets) == (20, sum(map(len, frames)))
            assert sum(counters[2:]) == 0
            told = bench.of_kind(span, EventKind.HDLC_FRAME)
            assert told and {event.timeslot for event in told} == {link.number}


def test_links_beside_each_other_do_not_mix_and_leave_other_timeslots_alone() -> None:
    chance = random.Random(7)
    with Bench() as bench:
        near, far = bench.pair()
        bundles = [[1, 31], [2], [17, 18, 19]]
        links = [(near.open_hdlc(bundle), far.open_hdlc(bundle)) for bundle in bundles]
        assert [link.number for link, _ in links] == [0, 1, 2]
        tap = bench.tap(far)
        bench.run(60)
        sent = [frames_of(chance, 10) for _ in links]
        for (link, _), frames in zip(links, sent, strict=True):
            for frame in frames:
                link.send(frame)
        bench.run(600)
        assert [received(link) for _, link in links] == sent
        frames = line_frames(bytes(tap.sent), far.status().bit_phase)
        assert {frame[timeslot] for frame in frames[400:] for timeslot in (3, 15, 20, 30)} == {0xD5}
        # One closed and opened elsewhere gets the free number; what was under way is gone, the others go on.
        links[1][0].close()
        links[1][1].close()
        with pytest.raises(EngineError, match="no such HDLC link"):
            links[1][0].send(b"late")
        again = near.open_hdlc([25]), far.open_hdlc([25])
        assert again[0].number == again[1].number == 1
        again[0].send(b"here")
        links[2][0].send(b"there")
        bench.run(60)
        assert (received(again[1]), received(links[2][1])) == ([b"here"], [b"there"])


@pytest.mark.parametrize("ppb", [1_000_000, -1_000_000])
@pytest.mark.parametrize("timeslots", [[9], list(range(1, 32))], ids=str)
def test_frames_survive_a_line_that_slips(ppb: int, timeslots: list[int]) -> None:
    """Links lie before the elastic store of their receiver and behind that of their sender."""
    chance = random.Random(8)
    with Bench() as bench:
        near, far = bench.span(cas=False), bench.span(cas=False)
        near.join(far, delay_bits=50, far_end_offset_ppb=ppb)
        links = [span.open_hdlc(timeslots) for span in (near, far)]
        bench.run(60)
        sent: list[list[bytes]] = [[], []]
        got: list[list[bytes]] = [[], []]
        for _ in range(100):
            for k, link in enumerate(links):
                frame = chance.randbytes(4 + 3 * len(timeslots))
                link.send(frame)
                sent[k].append(frame)
            bench.run(20)
            for k, link in enumerate(links):
                got[1 - k] += received(link)
        bench.run(100)
        for k, link in enumerate(links):
            got[1 - k] += received(link)
        assert got == sent
        assert all(sum(link.counters()[2:]) == 0 for link in links)
        for span in (near, far):
            assert span.status().slips_deleted + span.status().slips_repeated >= 10


def test_frames_on_a_bad_line_are_whole_or_counted() -> None:
    chance = random.Random(9)
    with Bench() as bench:
        near, far = bench.pair(**uncoded(cas=False))
        link, other = near.open_hdlc([4, 5]), far.open_hdlc([4, 5])
        bench.run(60)
        far.impair(Impairments(bit_error_ratio=3e-4))
        sent, got = [], []
        for number in range(300):
            frame = number.to_bytes(2, "big") + chance.randbytes(80)
            link.send(frame)
            sent.append(frame)
            bench.run(8)
            got += received(other)
        bench.run(50)
        got += received(other)
        counters = other.counters()
        # Nothing that was not sent, in order, each once.
        assert [frame for frame in sent if frame in got] == got
        assert 150 < len(got) < 290
        assert counters.fcs_errors > 0
        lost = len(sent) - len(got)
        found = sum(counters[2:])
        # An error in a flag makes one bad frame of two, in a frame one of one or, if it makes a flag, two of one.
        assert lost / 2 <= found <= lost * 2


def test_line_lost_in_mid_frame_is_no_frame() -> None:
    with Bench() as bench:
        near, far = bench.pair()
        link, other = near.open_hdlc([4]), far.open_hdlc([4])
        bench.run(60)
        link.send(bytes(range(200)))
        bench.run(10)
        far.impair(Impairments(cut=True))
        bench.run(10)
        far.impair(Impairments())
        bench.run(100)
        assert received(other) == []
        assert sum(other.counters()) == 0  # half a frame is no bad frame either
        link.send(b"whole")
        bench.run(40)
        assert received(other) == [b"whole"]


def test_link_that_nobody_reads_keeps_what_fits_and_counts_the_rest() -> None:
    with Bench() as bench:
        near, far = bench.pair(cas=False)
        timeslots = list(range(1, 32))
        link, other = near.open_hdlc(timeslots), far.open_hdlc(timeslots)
        bench.run(60)
        frames = [number.to_bytes(2, "big") * 500 for number in range(100)]
        for at in range(0, 100, 20):
            for frame in frames[at : at + 20]:
                link.send(frame)
            bench.run(120)
        counters = other.counters()
        got = received(other)
        assert got == frames[: len(got)] and 40 <= len(got) < 100
        assert (counters.frames, counters.overruns) == (len(got), 100 - len(got))


def refused(span: Span, timeslots: list[int], match: str, **options: int) -> None:
    with pytest.raises(EngineError, match=match):
        span.open_hdlc(timeslots, **options)


def test_links_that_cannot_be_opened_are_refused_and_leave_the_others_alone() -> None:
    with Bench() as bench:
        near, far = bench.pair()
        link, other = near.open_hdlc([4, 5]), far.open_hdlc([4, 5])
        for timeslots in ([], [0], [16], [32], [-1], [5], [5, 6]):
            refused(near, timeslots, "timeslot")
        refused(near, [7], "value out of range", fcs_octets=3)
        refused(near, [7], "value out of range", mru_octets=100)
        refused(near, [7], "value out of range", mru_octets=70_000)
        assert near.open_hdlc([7]).number == 1
        bench.run(60)
        link.send(b"undisturbed")
        bench.run(30)
        assert received(other) == [b"undisturbed"]


def test_frames_that_cannot_be_sent_are_refused_whole() -> None:
    with Bench() as bench:
        near, far = bench.pair()
        link, other = near.open_hdlc([4]), far.open_hdlc([4])
        for frame in (b"", b"x", b"x" * 1601):
            with pytest.raises(EngineError, match="value out of range"):
                link.send(frame)
        sent = 0
        with pytest.raises(EngineError, match="queue is full"):
            for _ in range(100):
                link.send(b"y" * 1600)
                sent += 1
        assert sent >= 30
        bench.run(60)
        link.close()
        bench.run(20)
        assert received(other) == []  # cut off by its sender: no frame


def test_first_sa_code_that_stands_is_told_whatever_it_is() -> None:
    """All ones mean "do not use" as much when they have always been there (G.704 table 5D)."""
    with Bench() as bench:
        near, _ = bench.pair()
        assert set(near.status().sa_codes) == {16}
        bench.run(100)
        assert near.status().sa_codes == (15, 15, 15, 15, 15)
        told = [(event.timeslot, event.value) for event in bench.of_kind(near, EventKind.SA_CODE)]
        assert told == [(n, 15) for n in range(4, 9)]
        near.impair(Impairments(cut=True))
        bench.run(20)
        assert set(near.status().sa_codes) == {16}
