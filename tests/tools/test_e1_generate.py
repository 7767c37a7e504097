"""`trunkshelf e1 generate`: its files are judged bit by bit, by a receiver that has nothing of the engine's."""

import itertools
import random
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.command_line import main
from tests.command import assert_one_line, names, trunkshelf
from tests.engine import e1_reference as reference
from tests.engine.e1_reference import bits_of, octets_of
from tests.engine.spans import line_frames

FRAME_OCTETS = 32
FRAME_BITS = 256


def generated(folder: Path, *arguments: object, frames: int = 400) -> bytes:
    path = folder / "line.e1"
    assert main(["e1", "generate", "--frames", str(frames), *map(str, arguments), str(path)]) == 0
    assert names(folder) == ["line.e1"]
    return path.read_bytes()


def of_kind(received: reference.Received, kind: int) -> list[reference.Event]:
    return [event for event in received.events if event.kind == kind]


@pytest.mark.parametrize("frames", [1, 7, 8, 9, 100, 2001])
def test_file_holds_as_many_frames_as_asked_for(tmp_path: Path, frames: int) -> None:
    assert len(generated(tmp_path, frames=frames)) == frames * FRAME_OCTETS


@pytest.mark.parametrize("phase", [0, 1, 77, 255, 256, 300, 511])
@pytest.mark.parametrize("crc4", [True, False])
def test_frames_stand_at_the_bit_phase_and_are_right_to_the_bit(tmp_path: Path, phase: int, crc4: bool) -> None:
    line = generated(tmp_path, "--crc4" if crc4 else "--no-crc4", "--bit-phase", phase)
    received = reference.receive(line, crc=crc4)
    first, *rest = received.events
    assert (first.kind, first.value) == (reference.ALIGNED, phase)
    assert [event.kind for event in rest] == ([reference.MULTIFRAME] if crc4 else [])
    assert len(received.frames) >= 396
    words = [frame[0] for frame in received.frames]
    if not crc4:
        assert words[:394] == [0x9B, 0xDF] * 197
    # E bits are 1: nothing is reported (reference: no E_BIT events); Sa bits 1, A 0.
    assert {word & 0x7F for word in words[1::2]} == {0x5F}


def test_seed_makes_the_payload_and_nothing_else(tmp_path: Path) -> None:
    one, again, other = (generated(tmp_path, "--seed", seed) for seed in (5, 5, 6))
    assert one == again
    frames = [line_frames(line, 0) for line in (one, other)]
    # The octets agree one time in 256.
    same = sum(a == b for a, b in zip(one, other, strict=True)) / len(one)
    assert same < 0.1
    assert {frame[0] & 0x7F for frame in frames[0] + frames[1]} == {0x1B, 0x5F}
    # Noise: every octet value, in every timeslot but 0 and 16.
    assert len(set(b"".join(frame[1:16] for frame in frames[0]))) == 256


def test_sa_bits_and_remote_alarm(tmp_path: Path) -> None:
    line = generated(tmp_path, "--sa", "01011", "--rai")
    words = [frame[0] for frame in line_frames(line, 0)]
    # Bits 2-8 of frames without FAS: 1, A, Sa4-Sa8 (G.704 table 5A).
    assert {word & 0x7F for word in words[1::2]} == {0b1101011}


def test_signalling_bits_stand_where_table_9_has_them(tmp_path: Path) -> None:
    line = generated(tmp_path, "--cas", "5=1001", "--cas", "21=0110", "--cas", "31=0001")
    octets = [frame[16] for frame in line_frames(line, 0)]
    start = next(k for k, octet in enumerate(octets) if octet >> 4 == 0)
    for multiframe in range(start, len(octets) - 15, 16):
        frame_0, *others = octets[multiframe : multiframe + 16]
        assert frame_0 == 0b00001011
        expected = [0b11011101] * 15
        expected[5 - 1] = 0b10010110
        expected[15 - 1] = 0b11010001
        assert others == expected


def test_without_signalling_timeslot_16_is_payload(tmp_path: Path) -> None:
    line = generated(tmp_path, "--no-cas")
    assert len({frame[16] for frame in line_frames(line, 0)}) > 150


@pytest.mark.parametrize("count", [1, 2, 20])
def test_crc_errors_are_as_many_errored_sub_multiframes(tmp_path: Path, count: int) -> None:
    received = reference.receive(generated(tmp_path, "--impair", f"crc={count}", frames=600))
    # Those before the multiframe was found nobody can have seen.
    errors = of_kind(received, reference.CRC_ERROR)
    assert count - 4 <= len(errors) <= count
    line = generated(tmp_path, "--impair", f"crc={count}", frames=600)
    clean = generated(tmp_path, frames=600)
    wrong = [at for at, (a, b) in enumerate(zip(line, clean, strict=True)) if a != b]
    # Each is C1 of another sub-multiframe.
    assert len(wrong) == count
    assert all(line[at] ^ clean[at] == 0x80 for at in wrong)
    assert [b - a for a, b in itertools.pairwise(wrong)] == [8 * FRAME_OCTETS] * (count - 1)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_fas_errors_are_as_many_errored_fas(tmp_path: Path, count: int) -> None:
    line = generated(tmp_path, "--no-crc4", "--impair", f"fas={count}")
    words = [frame[0] & 0x7F for frame in line_frames(line, 0)]
    assert sum(word != 0x1B for word in words[0::2]) == count
    assert set(words[1::2]) == {0x5F}


def test_bit_errors_come_in_the_ratio_asked_for(tmp_path: Path) -> None:
    line, clean = generated(tmp_path, "--impair", "bit-errors=1e-3", frames=4000), generated(tmp_path, frames=4000)
    errors = (int.from_bytes(line, "big") ^ int.from_bytes(clean, "big")).bit_count()
    expected = 1e-3 * 8 * len(line)
    assert abs(errors - expected) < 5 * expected**0.5


def test_bursts_are_as_long_and_as_dense_as_asked_for(tmp_path: Path) -> None:
    line = generated(tmp_path, "--impair", "bursts=2e-5/90/1", frames=4000)
    clean = generated(tmp_path, frames=4000)
    errors = f"{int.from_bytes(line, 'big') ^ int.from_bytes(clean, 'big'):0{8 * len(line)}b}"
    bursts = [len(run) for run in re.findall("1+", errors)]
    assert all(length % 90 == 0 for length in bursts[:-1])
    assert abs(len(bursts) - 2e-5 * len(errors)) < 5 * (2e-5 * len(errors)) ** 0.5


@pytest.mark.parametrize(("word", "octet"), [("ais", 0xFF), ("cut", 0x00)])
@pytest.mark.parametrize(("begin", "end"), [(80, 160), (101, 103), (99, 100), (350, 9999), (3, 398)])
def test_stretches_are_just_those_frames(tmp_path: Path, word: str, octet: int, begin: int, end: int) -> None:
    line, clean = generated(tmp_path, "--impair", f"{word}={begin}-{end}"), generated(tmp_path)
    end = min(end, 400)
    assert line[begin * FRAME_OCTETS : end * FRAME_OCTETS] == bytes([octet]) * (end - begin) * FRAME_OCTETS
    assert line[: begin * FRAME_OCTETS] == clean[: begin * FRAME_OCTETS]
    assert line[end * FRAME_OCTETS :] == clean[end * FRAME_OCTETS :]


def test_impairments_may_come_together_in_one_word_or_in_several(tmp_path: Path) -> None:
    one = generated(tmp_path, "--impair", "ais=80-160,bit-errors=1e-3,crc=3")
    several = generated(tmp_path, "--impair", "bit-errors=1e-3", "--impair", "crc=3", "--impair", "ais=80-160")
    assert one == several != generated(tmp_path)


@pytest.mark.parametrize("step_bits", [7, -7])
def test_slips_take_bits_out_or_repeat_them(tmp_path: Path, step_bits: int) -> None:
    line = generated(tmp_path, "--bit-phase", "500", "--impair", f"slips=1e-5/{step_bits}", frames=1600)
    phases = [event.value for event in of_kind(reference.receive(line), reference.ALIGNED)]
    assert phases[0] == 500 and len(phases) >= 3
    # Fewer bits: what comes, comes earlier.
    assert all((after - before) % 512 == -step_bits % 512 for before, after in itertools.pairwise(phases))


BAD = [
    (["--frames", "0"], "--frames 0"),
    (["--frames", "-5"], "--frames -5"),
    (["--bit-phase", "512"], "--bit-phase 512: 0 to 511"),
    (["--bit-phase", "-1"], "--bit-phase -1"),
    (["--sa", "1111"], "--sa: '1111' is not 5 bits"),
    (["--sa", "11112"], "is not 5 bits"),
    *(
        ([f"--cas={word}"], f"--cas {word}")
        for word in ("0=1001", "16=1001", "32=1001", "x=1001", "5", "=", "5=10010")
    ),
    (["--cas", "5=0000"], "0000 is forbidden"),
    (["--cas", "5=1001", "--no-cas"], "exclude each other"),
    *(
        ([f"--impair={word}"], f"--impair {word}")
        for word in (
            "",
            "noise=1",
            "bit-errors",
            "bit-errors=2",
            "bit-errors=-0.1",
            "bit-errors=nan",
            "bit-errors=many",
            "bursts=0.1",
            "bursts=0.1/10",
            "bursts=0.1/10/2",
            "bursts=0.1/65536/0.5",
            "bursts=0.1/0/0.5",
            "bursts=0.1/-1/0.5",
            "slips=0.1",
            "slips=0.1/513",
            "slips=0.1/-513",
            "slips=0.1/0",
            "slips=0.1/2.5",
            "ais=5",
            "ais=9-9",
            "ais=9-3",
            "ais=a-b",
            "cut=-5",
            "fas=-1",
            "fas=x",
            "fas=99999999999",
            "crc=-1",
            "crc=1.5",
            "crc=99999999999",
        )
    ),
]


@pytest.mark.parametrize(("arguments", "says"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_what_cannot_be_generated_is_one_line_and_leaves_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    path = tmp_path / "line.e1"
    frames = [] if arguments[0] == "--frames" else ["--frames", "100"]
    assert main(["e1", "generate", *frames, *arguments, str(path)]) == 1
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("trunkshelf e1: ") and says in line
    assert captured.out == ""
    assert names(tmp_path) == []


def test_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    nowhere = tmp_path / "none" / "line.e1"
    for path, reason in ((nowhere, "No such file or directory"), (tmp_path / "folder", "not a regular file")):
        result = trunkshelf("e1", "generate", "--frames", 100, path, folder=tmp_path)
        assert_one_line(result, "trunkshelf e1: ", str(path), reason)
        assert names(tmp_path) == ["folder"] and names(tmp_path / "folder") == []


def test_file_that_grows_too_large_leaves_nothing_and_an_older_one_stays(tmp_path: Path) -> None:
    """A limit of 10 000 octets, as a full disk would be."""
    path = tmp_path / "line.e1"
    path.write_bytes(b"older")
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000));"
        "from drivers.command_line import main; sys.exit(main())"
    )
    result = subprocess.run(
        [sys.executable, "-B", "-c", program, "e1", "generate", "--frames", "1000", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert resource.RLIMIT_FSIZE is not None
    assert_one_line(result, "line.e1", "File too large")
    assert names(tmp_path) == ["line.e1"] and path.read_bytes() == b"older"


def test_naive_receiver_would_see_an_error(tmp_path: Path) -> None:
    """The judge is judged: single wrong bits in a clean file are told, wherever they are in a sub-multiframe."""
    line = generated(tmp_path, "--no-cas", frames=200)
    chance = random.Random(1)
    for _ in range(8):
        bits = bits_of(line)
        bits[chance.randrange(60 * FRAME_BITS, 180 * FRAME_BITS)] ^= 1
        events = reference.receive(octets_of(bits)).events
        assert {event.kind for event in events} > {reference.ALIGNED, reference.MULTIFRAME}
