"""`trunkshelf e1 analyse`: files made bit by bit, with known faults; the report names each, and nothing else."""

import itertools
import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from drivers.command_line import main
from drivers.engine import PerformanceEnd
from drivers.engine.analyser import Analyser
from tests.command import assert_one_line, names, trunkshelf
from tests.engine import e1_reference as reference
from tests.engine.e1_reference import FRAME_BITS, CasSource, FrameSource
from tests.tools.e1_files import (
    FLAG,
    FRAME_OCTETS,
    behind,
    flipped,
    hdlc_bits,
    long_line,
    payload_bit,
    recorded_line,
    replaced,
    with_hdlc,
    without_bits,
)

KEYS = {
    "frames": int,
    "bit_phase": int,
    "framing": str,
    "alignment": list,
    "fas_errors": int,
    "crc_errors": int,
    "e_bit_errors": int,
    "rai_frames": int,
    "ais_frames": int,
    "sa": str,
    "cas": dict,
    "g826": dict,
}
ERRORS = ("fas_errors", "crc_errors", "e_bit_errors", "rai_frames", "ais_frames")
CLEAN = dict.fromkeys(("es", "ses", "bbe", "uas"), 0)
STATES = {reference.ALIGNED: "basic", reference.MULTIFRAME: "multiframe", reference.LOST: "searching"}


@pytest.fixture
def analyse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(line: bytes, *arguments: str) -> dict[str, Any]:
        path = tmp_path / "line.e1"
        path.write_bytes(line)
        assert main(["e1", "analyse", "--json", *arguments, str(path)]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        result: dict[str, Any] = json.loads(captured.out)
        return result

    return run


def told(analysis: dict[str, Any]) -> list[tuple[int, str]]:
    return [(change["frame"], change["state"]) for change in analysis["alignment"]]


def expected_alignment(line: bytes, crc4: bool = True) -> list[tuple[int, str]]:
    """By the naive receiver: states, in frames' worth of bits since the file's first."""
    events = reference.receive(line, crc=crc4).events
    return [(event.bit // FRAME_BITS, STATES[event.kind]) for event in events if event.kind in STATES]


def assert_no_errors(analysis: dict[str, Any], *but: str) -> None:
    assert {key: analysis[key] for key in ERRORS if key not in but} == dict.fromkeys(set(ERRORS) - set(but), 0)


@pytest.mark.parametrize("phase", [*range(0, 512, 37), 255, 256, 257, 511])
def test_clean_line_at_any_bit_phase(analyse: Any, phase: int) -> None:
    line = behind(recorded_line(200, seed=phase), phase)
    analysis = analyse(line)
    for key, kind in KEYS.items():
        assert isinstance(analysis[key], kind), key
    assert analysis["frames"] == len(line) // FRAME_OCTETS
    assert (analysis["bit_phase"], analysis["framing"], analysis["sa"]) == (phase, "crc4", "11111")
    assert told(analysis) == expected_alignment(line)
    assert_no_errors(analysis)
    assert analysis["g826"] == {"near": CLEAN, "far": CLEAN}
    assert analysis["slips"] == []
    assert set(analysis["cas"]) == {str(timeslot) for timeslot in range(1, 32) if timeslot != 16}
    for changes in analysis["cas"].values():
        assert [change["abcd"] for change in changes] == ["1101"]


@pytest.mark.parametrize("phase", [0, 100, 511])
def test_line_without_crc4(analyse: Any, phase: int) -> None:
    line = behind(recorded_line(3400, crc4=False), phase)
    analysis = analyse(line)
    assert (analysis["bit_phase"], analysis["framing"]) == (phase, "double")
    (basic, *_), (non_crc, state) = told(analysis)
    # 400 ms of frames behind the first FAS, decided when the last has come (G.706 annex B).
    assert basic == (phase + 2 * FRAME_BITS + 8) // FRAME_BITS
    assert (non_crc, state) == ((phase + 3200 * FRAME_BITS) // FRAME_BITS, "non-crc")
    assert_no_errors(analysis)
    assert analysis["g826"] == {"near": CLEAN, "far": CLEAN}


@pytest.mark.parametrize(
    ("line", "ais_frames"),
    [
        (random.Random(1).randbytes(40 * FRAME_OCTETS), [0]),
        (bytes(100 * FRAME_OCTETS), [0]),
        (b"\x55" * 100 * FRAME_OCTETS, [0]),
        (b"\xff" * 100 * FRAME_OCTETS, [96, 100]),  # without or with the two periods that show it
    ],
    ids=["noise", "zeros", "dotting", "ones"],
)
def test_line_that_is_not_framed(analyse: Any, line: bytes, ais_frames: list[int]) -> None:
    analysis = analyse(line)
    assert (analysis["bit_phase"], analysis["framing"], analysis["alignment"]) == (None, "none", [])
    assert analysis["ais_frames"] in ais_frames
    assert analysis["cas"] == {}
    assert analysis["g826"]["near"] == {"es": 1, "ses": 1, "bbe": 0, "uas": 0}


@pytest.mark.parametrize("phase", [0, 200])
def test_errored_sub_multiframes_are_listed_just_as_planted(analyse: Any, phase: int) -> None:
    """One wrong bit in each; its C bits come in frames 0, 2, 4 and 6 of the next."""
    chance = random.Random(3)
    blocks = sorted(chance.sample(range(8, 90), 12))
    line = flipped(
        recorded_line(800),
        (payload_bit(8 * block + chance.randrange(8), chance.randrange(1, 32)) for block in blocks),
    )
    analysis = analyse(behind(line, phase), "--no-cas")
    assert analysis["crc_errors"] == len(blocks)
    assert [(error["frame"], error["sub_multiframe"]) for error in analysis["crc_errored_blocks"]] == [
        ((phase + (8 * block + 15) * FRAME_BITS) // FRAME_BITS, 1 + block % 2) for block in blocks
    ]
    assert_no_errors(analysis, "crc_errors")
    assert analysis["g826"] == {"near": {**CLEAN, "es": 1, "bbe": len(blocks)}, "far": CLEAN}


def test_errored_frame_alignment_signals_are_counted(analyse: Any) -> None:
    line = recorded_line(800, crc4=False)
    frames = [100, 102, 110, 200, 300]
    analysis = analyse(flipped(line, (frame * FRAME_BITS + 4 for frame in frames)))
    assert analysis["fas_errors"] == len(frames)
    assert_no_errors(analysis, "fas_errors")
    assert [state for _, state in told(analysis)] == ["basic"]
    # Without CRC-4 the blocks are eight frames: 96-103, 104-111, 200-207, 296-303.
    assert analysis["g826"]["near"] == {**CLEAN, "es": 1, "bbe": 4}


def set_e_bits(e: list[int]) -> Any:
    def change(source: FrameSource, _: CasSource) -> None:
        source.e = e

    return change


def test_e_bits_are_counted_and_are_the_far_end_s_errors(analyse: Any) -> None:
    # Multiframes 10-12 report sub-multiframe I, 20 both: five zeros.
    changes = {
        160: set_e_bits([0, 1]),
        208: set_e_bits([1, 1]),
        320: set_e_bits([0, 0]),
        336: set_e_bits([1, 1]),
    }
    analysis = analyse(recorded_line(800, changes=changes))
    assert analysis["e_bit_errors"] == 5
    assert_no_errors(analysis, "e_bit_errors")
    assert analysis["g826"] == {"near": CLEAN, "far": {**CLEAN, "es": 1, "bbe": 5}}


@pytest.mark.parametrize(("begin", "end"), [(100, 300), (104, 400), (250, 270)])
def test_remote_alarm_is_counted_in_frames_and_its_changes_told(analyse: Any, begin: int, end: int) -> None:
    def set_a(a: int) -> Any:
        def change(source: FrameSource, _: CasSource) -> None:
            source.a = a

        return change

    analysis = analyse(recorded_line(800, changes={begin: set_a(1), end: set_a(0)}))
    # The stretch may begin and end within one of the blocks of eight frames in which it is counted.
    assert abs(analysis["rai_frames"] - (end - begin)) <= 8
    assert_no_errors(analysis, "rai_frames")
    changes = [(alarm["frame"], alarm["raised"]) for alarm in analysis["alarms"] if alarm["alarm"] == "RAI"]
    # Three equal bits in succession make it: the third stands in the fifth frame after, and has come with its end.
    assert changes == [((begin | 1) + 5, True), ((end | 1) + 5, False)]
    assert analysis["g826"] == {"near": CLEAN, "far": {**CLEAN, "es": 1, "ses": 1}}


@pytest.mark.parametrize(("begin", "end"), [(200, 400), (201, 399)])
def test_ais_is_counted_in_frames_and_loses_alignment(analyse: Any, begin: int, end: int) -> None:
    line = replaced(recorded_line(800, crc4=False), begin, end, 0xFF)
    analysis = analyse(line)
    # In whole periods of two frames. Raised when two have shown it, cleared when two have not, or by the FAS.
    assert end - begin - 6 <= analysis["ais_frames"] <= end - begin
    raised, cleared = [
        (alarm["frame"], alarm["raised"]) for alarm in analysis["alarms"] if alarm["alarm"] == "AIS"
    ]
    assert raised[1] and begin + 4 <= raised[0] <= begin + 6
    assert not cleared[1] and end <= cleared[0] <= end + 5
    assert told(analysis)[:3] == expected_alignment(line, crc4=False)[:3]
    assert [state for _, state in told(analysis)] == ["basic", "searching", "basic"]
    assert analysis["slips"] == []
    assert analysis["g826"]["near"] == {**CLEAN, "es": 1, "ses": 1}


def test_line_with_crc4_that_ends_in_ais_was_one_with_crc4(analyse: Any) -> None:
    analysis = analyse(replaced(recorded_line(800), 400, 800, 0xFF))
    assert analysis["framing"] == "crc4"
    assert [state for _, state in told(analysis)] == ["basic", "multiframe", "searching"]


def test_why_alignment_was_lost_is_told(analyse: Any) -> None:
    line = recorded_line(800, crc4=False)
    bad_fas = flipped(line, (frame * FRAME_BITS + 4 for frame in (200, 202, 204)))
    bad_bit2 = flipped(line, (frame * FRAME_BITS + 1 for frame in (201, 203, 205)))
    for bad, frame, reason in ((bad_fas, 205, "errored FAS"), (bad_bit2, 206, "errored bit 2")):
        alignment = analyse(bad)["alignment"]
        assert [change["state"] for change in alignment] == ["basic", "searching", "basic"]
        assert alignment[1]["frame"] == frame and reason in alignment[1]["reason"]


def set_cas(timeslot: int, abcd: int) -> Any:
    def change(_: FrameSource, signalling: CasSource) -> None:
        signalling.abcd[timeslot] = abcd

    return change


def both(first: Any, then: Any) -> Any:
    def change(source: FrameSource, signalling: CasSource) -> None:
        first(source, signalling)
        then(source, signalling)

    return change


@pytest.mark.parametrize("phase", [0, 77, 300])
def test_signalling_changes_are_told_at_the_frame_that_brought_them(analyse: Any, phase: int) -> None:
    """Signalling multiframes begin at frames 0, 16, ...: a timeslot's bits come in the frame of its number."""
    plan = [(320, 5, 0b1001), (336, 5, 0b0001), (336, 21, 0b0111), (480, 31, 0b1000), (496, 5, 0b1101)]
    changes: dict[int, Any] = {}
    for frame, timeslot, abcd in plan:
        before = changes.get(frame, lambda *_: None)

        changes[frame] = both(before, set_cas(timeslot, abcd))
    analysis = analyse(behind(recorded_line(800, changes=changes), phase))
    found = {
        (int(timeslot), change["frame"], change["abcd"])
        for timeslot, listed in analysis["cas"].items()
        for change in listed
        if change["frame"] > 100
    }
    # In units of 256 bits from the file's first: where timeslot 16 of that frame ends.
    expected = {
        (timeslot, (phase + (frame + timeslot % 16) * FRAME_BITS + 17 * 8) // FRAME_BITS, f"{abcd:04b}")
        for frame, timeslot, abcd in plan
    }
    assert found == expected
    assert_no_errors(analysis)


def test_signalling_for_one_multiframe_is_told_too(analyse: Any) -> None:
    """A recording is analysed without debouncing."""
    changes = {320: set_cas(9, 0b0101), 336: set_cas(9, 0b1101)}
    listed = analyse(recorded_line(800, changes=changes))["cas"]["9"]
    assert [(change["frame"], change["abcd"]) for change in listed[1:]] == [(329, "0101"), (345, "1101")]


def test_signalling_is_not_looked_for_where_there_is_none(analyse: Any) -> None:
    line = recorded_line(400, cas=False)
    assert analyse(line, "--no-cas")["cas"] == {}
    assert analyse(line, "--no-cas")["alarms"] == []


def test_sa_bits_are_the_last_ones(analyse: Any) -> None:
    def set_sa(sa: list[int]) -> Any:
        def change(source: FrameSource, _: CasSource) -> None:
            source.sa = sa

        return change

    changes = {200: set_sa([0, 0, 0, 0, 0]), 600: set_sa([1, 0, 0, 1, 0])}
    analysis = analyse(recorded_line(800, changes=changes))
    assert analysis["sa"] == "10010"
    assert_no_errors(analysis)


@pytest.mark.parametrize("bits", [1, 8, 100, -1, -8, -100])
def test_bit_slips_are_told_with_their_length(analyse: Any, bits: int) -> None:
    line = without_bits(recorded_line(800, crc4=False), payload_bit(400), bits)
    analysis = analyse(line)
    # Lost: what follows comes earlier. Found again within the frames that it takes to lose and find alignment.
    (slip,) = analysis["slips"]
    assert slip["bits"] == -bits
    assert 404 <= slip["frame"] <= 412
    assert [state for _, state in told(analysis)] == ["basic", "searching", "basic"]
    assert told(analysis) == expected_alignment(line, crc4=False)[:3]


def test_seconds_are_those_of_the_line(analyse: Any) -> None:
    """Six seconds: clean, one errored block, 400, clean, AIS for a tenth, clean."""
    line = long_line(6 * 500)
    second = 8000
    line = flipped(line, [payload_bit(second + 800)])
    line = flipped(line, (payload_bit(2 * second + 800 + 8 * block) for block in range(400)))
    line = replaced(line, 4 * second + 800, 4 * second + 1600, 0xFF)
    analysis = analyse(line)
    assert analysis["g826"]["near"] == {"es": 3, "ses": 2, "bbe": 1, "uas": 0}
    assert analysis["frames"] == 6 * second
    assert [state for _, state in told(analysis)] == ["basic", "multiframe", "searching", "basic", "multiframe"]


@pytest.mark.parametrize(("seconds", "uas"), [(9, 0), (10, 10), (12, 12)])
def test_ten_lost_seconds_are_unavailable_time(analyse: Any, seconds: int, uas: int) -> None:
    line = replaced(long_line(25 * 500), 8000 + 100, 8000 * (1 + seconds) - 100, 0)
    analysis = analyse(line)
    severe = 0 if uas else seconds
    assert analysis["g826"]["near"] == {"es": severe, "ses": severe, "bbe": 0, "uas": uas}


@pytest.mark.parametrize(("lost_frames", "severe"), [(800, 0), (7000, 0), (8800, 2), (16_100, 3)])
@pytest.mark.parametrize("octet", [0, 0xFF])
def test_a_recording_s_seconds_count_from_its_first_bit(
    analyse: Any, lost_frames: int, severe: int, octet: int
) -> None:
    """What comes before the first alignment is a defect, but within the first second: searching takes time."""
    line = bytes([octet]) * (lost_frames * FRAME_OCTETS) + long_line(6 * 500)
    near = {"es": severe, "ses": severe, "bbe": 0, "uas": 0}
    assert analyse(line)["g826"] == {"near": near, "far": CLEAN}


def test_a_recording_s_first_second_can_fail_once_aligned(analyse: Any) -> None:
    line = replaced(bytes(800 * FRAME_OCTETS) + long_line(1500), 4000, 4400, 0)
    assert analyse(line)["g826"]["near"] == {"es": 1, "ses": 1, "bbe": 0, "uas": 0}


def test_a_recording_s_end_is_looked_at_to_the_last_frame(analyse: Any) -> None:
    """No multiple of anything: every whole frame counts, an odd octet behind it does no harm."""
    for frames in (197, 198, 199, 200, 203):
        line = recorded_line(frames, crc4=False)
        last_fas = (frames - 1) // 2 * 2
        analysis = analyse(flipped(line, [last_fas * FRAME_BITS + 3]) + b"\x55" * 5)
        assert analysis["frames"] == frames
        assert analysis["fas_errors"] == 1


def test_pieces_of_a_long_recording_are_one(analyse: Any) -> None:
    """Errors on both sides of every border at which the file is read in pieces."""
    line = long_line(700)
    piece_frames = 65536 // FRAME_OCTETS
    borders = range(piece_frames, 700 * 16 - 16, piece_frames)
    bad = flipped(line, (payload_bit(border + off) for border in borders for off in (-12, 12)))
    analysis = analyse(behind(bad, 3), "--no-cas")
    assert analysis["crc_errors"] == 2 * len(borders) > 8
    assert_no_errors(analysis, "crc_errors")


def taken_apart(line: bytes, sizes: list[int]) -> tuple[Any, ...]:
    """What an Analyser says when the line is put in by pieces of these sizes, again and again."""
    analyser = Analyser()
    link = analyser.add_link(1 << 7)
    events, frames, at = [], [], 0
    for size in itertools.cycle(sizes):
        piece = line[at : at + size]
        at += size
        if not piece:
            break
        analyser.put(piece)
        events += list(analyser.events())
        frames += list(analyser.frames())
    analyser.end()
    events += list(analyser.events())
    frames += list(analyser.frames())
    performance = [analyser.performance(end) for end in PerformanceEnd]
    return events, [frame.octets for frame in frames], analyser.status(), performance, analyser.link_counters(link)


def test_how_a_line_is_put_in_changes_nothing() -> None:
    sent = [bit for frame in frames_to_send(4, 30) for bit in hdlc_bits(frame)]
    line = with_hdlc(recorded_line(5000, crc4=False), [7], sent)
    line = behind(flipped(line, [frame * FRAME_BITS + 5 for frame in (2000, 4990, 4998)]), 77)
    whole = taken_apart(line, [65536])
    assert len(whole[1]) == 30 and whole[2]["fas_errors"] == 3
    for sizes in ([100], [256], [90, 1, 2, 3, 500, 7], [65535]):
        assert taken_apart(line, sizes) == whole


@pytest.mark.parametrize("size", [100, 256, 4096])
def test_seconds_pass_however_a_line_is_put_in(size: int) -> None:
    line = flipped(long_line(1100), [payload_bit(4000), payload_bit(12000)])
    _, _, _, (near, _), _ = taken_apart(line, [size])
    assert (near.seconds, near.es, near.bbe) == (3, 2, 2)


def frames_to_send(seed: int, count: int) -> list[bytes]:
    """LAPD: SAPI 0, a terminal, an unnumbered information frame with noise."""
    chance = random.Random(seed)
    return [b"\x00\x81\x03" + chance.randbytes(chance.randrange(1, 250)) for _ in range(count)]


@pytest.mark.parametrize(("timeslots", "fcs"), [([16], 16), ([4], 32), ([1, 2, 31], 16), (list(range(1, 32)), 16)])
def test_hdlc_frames_are_read_off_timeslots(analyse: Any, timeslots: list[int], fcs: int) -> None:
    sent = frames_to_send(1, 12)
    bits = [bit for frame in sent for bit in hdlc_bits(frame, fcs)]
    frames = max(400, len(bits) // 8 // len(timeslots) + 100)
    line = behind(
        with_hdlc(recorded_line(frames, cas=False, crc4=False), timeslots, [*[0, 1, 1] * 200, *FLAG, *bits]), 21
    )
    bundle = "+".join(map(str, timeslots))
    link = analyse(line, "--no-cas", "--hdlc", bundle, "--fcs", str(fcs))["hdlc"][bundle]
    assert (link["frames"], link["octets"]) == (12, sum(map(len, sent)))
    # What stands between the first two flags is a bad frame.
    assert sum(link[kind] for kind in ("fcs_errors", "aborts", "non_octet", "too_short", "too_long")) == 1


def test_bad_hdlc_frames_are_counted_by_kind(analyse: Any) -> None:
    good, bad = frames_to_send(2, 1)[0], hdlc_bits(b"\x00\x81\x03abcdefgh")
    wrong = [*bad[:30], 1 - bad[30], *bad[31:]]
    aborted = [*bad[:40], *[1] * 9, *FLAG]
    odd = [*hdlc_bits(b"\x00\x81\x03")[:-8][:-3], *FLAG]
    bits = [*hdlc_bits(good), *wrong, *hdlc_bits(good), *aborted, *odd, *hdlc_bits(good)]
    line = with_hdlc(recorded_line(2400, cas=False, crc4=False), [7], FLAG * 40 + bits)
    link = analyse(line, "--no-cas", "--hdlc", "7")["hdlc"]["7"]
    assert link["frames"] == 3
    assert (link["fcs_errors"], link["aborts"], link["non_octet"]) == (1, 1, 1)


def dissected(path: Path) -> list[tuple[float, bytes]]:
    """Each frame as tshark reads it: its time and its octets."""
    # A sanitizer preloaded for Python is no business of tshark's.
    fields = ["-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "lapd.address"]
    result = subprocess.run(
        ["tshark", "-r", path, *fields], capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"}
    )
    listed = [line.split("\t") for line in result.stdout.splitlines()]
    assert all(address == "0x0081" for _, _, address in listed)
    dump = subprocess.run(
        ["tshark", "-r", path, "-x"], capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"}
    ).stdout
    octets = [
        b"".join(bytes.fromhex(row[6:54]) for row in part.splitlines()) for part in dump.strip().split("\n\n")
    ]
    assert [len(frame) for frame in octets] == [int(length) for _, length, _ in listed]
    return [(float(time), frame) for (time, _, _), frame in zip(listed, octets, strict=True)]


def test_hdlc_frames_go_to_a_file_that_wireshark_reads(analyse: Any, tmp_path: Path) -> None:
    if not shutil.which("tshark"):
        pytest.skip("tshark is not installed")
    sent, pcap = frames_to_send(3, 8), tmp_path / "frames.pcap"
    bits = [bit for frame in sent for bit in hdlc_bits(frame)]
    line = with_hdlc(recorded_line(2400, cas=False, crc4=False), [1], FLAG * 200 + bits)
    analyse(line, "--hdlc", "1", "--pcap", str(pcap))
    read = dissected(pcap)
    assert [frame for _, frame in read] == sent
    # Each ends where its closing flag's last bit has come: to the block of eight frames, a millisecond.
    end = 8 * 201
    for (time, _), frame in zip(read, sent, strict=True):
        end += len(hdlc_bits(frame))
        assert end / 64_000 <= time <= end / 64_000 + 0.002
    assert names(tmp_path) == ["frames.pcap", "line.e1"]


def test_report_for_people_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "line.e1"
    path.write_bytes(behind(flipped(recorded_line(800), [payload_bit(200)]), 21))
    assert main(["e1", "analyse", "--hdlc", "4", str(path)]) == 0
    text = capsys.readouterr().out
    for says in (
        "800 frames",
        "bit phase 21",
        "CRC-4 multiframe",
        "1 CRC-4 sub-multiframes",
        "multiframe",
        "11111",
    ):
        assert says in text
    assert max(map(len, text.splitlines())) < 400


def test_files_that_cannot_be_analysed_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.e1").write_bytes(b"")
    (tmp_path / "short.e1").write_bytes(b"\x9b" + b"\xd5" * 30)
    (tmp_path / "folder").mkdir()
    before = names(tmp_path)
    for name, reason in (
        ("none.e1", "No such file or directory"),
        ("folder", "Is a directory"),
        ("empty.e1", "0 octets are less than a frame"),
        ("short.e1", "31 octets are less than a frame"),
    ):
        result = trunkshelf("e1", "analyse", "--json", tmp_path / name, folder=tmp_path)
        assert_one_line(result, "trunkshelf e1: ", name, reason)
        assert result.stdout == ""
    assert names(tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        *((["--hdlc", word], f"--hdlc {word}") for word in ("0", "32", "x", "1+", "", "1++2", "1,2", "-1")),
        (["--pcap", "out.pcap"], "--pcap: say with --hdlc"),
        (["--hdlc", "1", "--pcap", "none/out.pcap"], "none/out.pcap: No such file or directory"),
    ],
)
def test_bad_words_are_one_line_and_leave_nothing(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("line.e1").write_bytes(recorded_line(64))
    arguments = [f"{arguments[0]}={arguments[1]}", *arguments[2:]]
    assert main(["e1", "analyse", *arguments, "line.e1"]) == 1
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert says in line and captured.out == ""
    assert names(tmp_path) == ["line.e1"]


def test_pcap_of_a_file_that_cannot_be_read_is_not_left_behind(tmp_path: Path) -> None:
    result = trunkshelf("e1", "analyse", "--hdlc", "1", "--pcap", "out.pcap", "none.e1", folder=tmp_path)
    assert_one_line(result, "none.e1", "No such file")
    assert names(tmp_path) == []


def test_generated_line_comes_back_as_it_was_asked_for(tmp_path: Path) -> None:
    """Both tools through the command, as a technician types them."""
    words = ["--bit-phase=137", "--cas=7=0101", "--sa=01010", "--impair=crc=4", "--seed=3"]
    made = trunkshelf("e1", "generate", "--frames", 16000, *words, "line.e1", folder=tmp_path)
    assert (made.returncode, made.stdout, made.stderr) == (0, "", "")
    result = trunkshelf("e1", "analyse", "--json", "line.e1", folder=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    analysis = json.loads(result.stdout)
    assert (analysis["frames"], analysis["bit_phase"], analysis["framing"]) == (16000, 137, "crc4")
    assert (analysis["sa"], [change["abcd"] for change in analysis["cas"]["7"]]) == ("01010", ["0101"])
    naive = reference.receive((tmp_path / "line.e1").read_bytes()[: 400 * FRAME_OCTETS]).events
    assert analysis["crc_errors"] == sum(event.kind == reference.CRC_ERROR for event in naive)
