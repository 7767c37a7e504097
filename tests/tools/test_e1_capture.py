"""`trunkshelf e1 capture`, as a user calls it."""

import random
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers import clock, command_line
from protocols.satop import Packet, build
from tests.command import assert_one_line, trunkshelf, trunkshelf_started

FRAME_OCTETS = 32


def test_replayed_file_is_captured_whole(tmp_path: Path) -> None:
    trunkshelf("e1", "generate", "--frames", 8000, "--bit-phase", 300, "line.e1", folder=tmp_path)
    result = trunkshelf("e1", "capture", "file:line.e1", "copy.e1", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "copy.e1"
    line, copy = (tmp_path / "line.e1").read_bytes(), (tmp_path / "copy.e1").read_bytes()
    assert copy[: len(line)] == line
    assert len(copy) - len(line) <= 8 * FRAME_OCTETS


def test_pseudowire_is_captured_bit_for_bit(tmp_path: Path) -> None:
    """Packets from a socket of ours: what they carry is in the file, without a gap, in their order."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far_end:
        far_end.bind(("127.0.0.1", 0))
        port = far_end.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            local = probe.getsockname()[1]
        # Deep enough for a busy machine.
        url = f"satop://127.0.0.1:{port}?local=127.0.0.1:{local}&depth=200"
        capturing = trunkshelf_started("e1", "capture", "--seconds", 3, url, "line.e1", folder=tmp_path)
        far_end.settimeout(20)
        far_end.recv(2048)  # it sends: it is up
        payload = random.Random(1).randbytes(1000 * 256)
        for number in range(1000):
            far_end.recv(2048)  # one comes every millisecond: that is the pace
            packet = build(Packet(sequence=number, payload=payload[256 * number :][:256]))
            far_end.sendto(packet, ("127.0.0.1", local))
        output, error = capturing.communicate(timeout=30)
    assert (capturing.returncode, error) == (0, ""), output
    assert payload in (tmp_path / "line.e1").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["file:nowhere.e1", "out.e1"], "nowhere.e1: No such file or directory"),
        (["tcp:1", "out.e1"], "no such kind of port"),
        (["--seconds", "0", "file:x.e1", "out.e1"], "--seconds 0"),
        (["satop://127.0.0.1:9", "."], "Is a directory"),
        (["file:x.e1?repeat=yes", "out.e1"], "file:x.e1?repeat=yes: has no end; say for how long: --seconds S"),
        (["file:x.e1?record=y.e1&repeat=yes", "out.e1"], "has no end"),
    ],
)
def test_captures_that_cannot_be_are_one_line(tmp_path: Path, arguments: list[str], says: str) -> None:
    assert_one_line(trunkshelf("e1", "capture", *arguments, folder=tmp_path), says)
    assert list(tmp_path.iterdir()) == []


def test_full_disk_is_told(tmp_path: Path, small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(100)
    trunkshelf("e1", "generate", "--frames", 16000, "line.e1", folder=tmp_path)
    result = trunkshelf("e1", "capture", "file:line.e1", disk / "copy.e1", folder=tmp_path)
    assert_one_line(result, "copy.e1: No space left on device")


def test_pseudowire_is_captured_until_interrupted(tmp_path: Path) -> None:
    """A far end that has not been heard yet is waited for: so much line of it as takes longer than to give up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far_end:
        far_end.bind(("127.0.0.1", 0))
        far_end.settimeout(20)
        url = f"satop://127.0.0.1:{far_end.getsockname()[1]}?local=127.0.0.1:0"
        capturing = trunkshelf_started("e1", "capture", url, "line.e1", folder=tmp_path)
        for _ in range(200):
            far_end.recv(2048)
        capturing.send_signal(signal.SIGINT)
        _, error = capturing.communicate(timeout=30)
    assert capturing.returncode == 1
    assert error.count("\n") == 1
    assert "no signal came: is the far end sending?" in error
    size = (tmp_path / "line.e1").stat().st_size
    assert size >= 199 * 256
    assert size % 256 == 0


def test_file_is_repeated_for_as_long_as_asked(tmp_path: Path) -> None:
    trunkshelf("e1", "generate", "--frames", 8000, "line.e1", folder=tmp_path)
    url = "file:line.e1?repeat=yes"
    result = trunkshelf("e1", "capture", "--seconds", 2.5, url, "copy.e1", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    line = (tmp_path / "line.e1").read_bytes()
    assert (tmp_path / "copy.e1").read_bytes() == (3 * line)[: 5 * len(line) // 2]


def test_long_file_is_captured_though_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In virtual time an hour without an event is an error, if nobody has a timer. Here it is half a second."""
    monkeypatch.setattr(clock, "SILENCE_LIMIT_NS", clock.NS_PER_S // 2)
    monkeypatch.chdir(tmp_path)
    trunkshelf("e1", "generate", "--frames", 24_000, "line.e1", folder=tmp_path)
    assert command_line.main(["e1", "capture", "file:line.e1", "copy.e1"]) == 0
    line = Path("line.e1").read_bytes()
    assert Path("copy.e1").read_bytes()[: len(line)] == line
