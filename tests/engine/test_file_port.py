"""The `file:` port: what is received is the file, what is sent is the file, and what is wrong is said."""

import errno
import itertools
import math
import os
import random
import resource
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from drivers._native import ffi, lib
from drivers.engine import PortError
from drivers.line_recording import LineRecording
from drivers.ports import open_file, open_port
from tests.engine.spans import Bench, uncoded

BLOCK = 256
AIS = b"\xff" * BLOCK


def path_text(path: Path | None) -> Any:
    return ffi.new("char[]", os.fsencode(path)) if path else ffi.NULL


def opened(
    replay: Path | None, record: Path | None, repeat: bool = False, overwrite: bool = False
) -> tuple[Any, str]:
    texts = path_text(replay), path_text(record)
    options = ffi.new("file_port_options *")
    options.replay_path, options.record_path = texts
    options.repeat, options.overwrite = repeat, overwrite
    error = ffi.new("char[200]")
    made = lib.file_port_open(options, error)
    return made, ffi.string(error).decode()


class Port:
    def __init__(
        self,
        replay: Path | None = None,
        record: Path | None = None,
        repeat: bool = False,
        overwrite: bool = False,
    ) -> None:
        made, said = opened(replay, record, repeat, overwrite)
        assert made != ffi.NULL, said
        self.c = ffi.gc(made, made.operations.free)

    def receive(self) -> bytes:
        block = ffi.new("line_block *")
        self.c.operations.receive(self.c, block)
        assert block.bit_count == 2048
        assert bytes(block.negative) == bytes(384)
        return bytes(block.positive[0:BLOCK])

    def transmit(self, octets: bytes, blocks: Iterable[int] = itertools.repeat(BLOCK)) -> None:
        """Sends it all, in blocks of so many octets."""
        sizes = iter(blocks)
        at = 0
        while at < len(octets):
            part = octets[at : at + next(sizes)]
            block = ffi.new("line_block *", {"bit_count": 8 * len(part)})
            ffi.memmove(block.positive, part, len(part))
            self.c.operations.transmit(self.c, block)
            at += len(part)

    def finish(self) -> str:
        """Closes the recording; what was wrong with it, or nothing."""
        error = ffi.new("char[200]")
        result = lib.file_port_finish(self.c, error)
        said: str = ffi.string(error).decode()
        assert (result == -1) == bool(said)
        return said

    def free(self) -> None:
        ffi.release(self.c)

    @property
    def status(self) -> Any:
        status = ffi.new("port_status *")
        self.c.operations.read_status(self.c, status)
        return status

    @property
    def statistics(self) -> Any:
        statistics = ffi.new("file_port_statistics *")
        lib.file_port_read_statistics(self.c, statistics)
        return statistics


def line_about(path: Path | None, why: str) -> str:
    """The one line: a long path is cut."""
    return f"{str(path)[:120]}: {why}"


def octets_of(count: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(count).replace(b"\xff", b"\xfe")


def file_of(folder: Path, content: bytes) -> Path:
    path = folder / "line.e1"
    path.write_bytes(content)
    return path


def test_what_it_is(tmp_path: Path) -> None:
    port = Port(file_of(tmp_path, b"x"))
    assert port.c.operations.kind == lib.PORT_LINE
    assert not port.c.operations.real_time
    assert port.c.operations.blocks_wanted(port.c) == 1


# 65536 octets are read at a time: around that, too.
@pytest.mark.parametrize("count", [1, 255, 256, 257, 2560, 65535, 65536, 65537, 65792, 200_000])
def test_replay_is_the_file_then_all_ones(tmp_path: Path, count: int) -> None:
    content = octets_of(count)
    port = Port(file_of(tmp_path, content))
    whole = count // BLOCK
    received = b""
    for _ in range(whole):
        received += port.receive()
        assert port.status.alarms == 0
    assert port.status.underruns == 0
    for _ in range(3):
        received += port.receive()
        assert port.status.alarms == lib.PORT_SIGNAL_LOST
    assert received == content + b"\xff" * (len(received) - count)
    assert port.status.underruns == 3 - (count % BLOCK > 0)
    assert port.statistics.replayed_octets == count
    assert port.statistics.replay_error == 0


@pytest.mark.parametrize("count", [1, 7, 256, 300, 65536, 70_001])
def test_repeated_replay_has_no_gap(tmp_path: Path, count: int) -> None:
    content = octets_of(count)
    port = Port(file_of(tmp_path, content), repeat=True)
    received = b"".join(port.receive() for _ in range(600))
    assert received == (content * (600 * BLOCK // count + 1))[: 600 * BLOCK]
    assert port.status.alarms == port.status.underruns == 0


@pytest.mark.parametrize("repeat", [False, True])
def test_file_emptied_while_it_is_replayed(tmp_path: Path, repeat: bool) -> None:
    content = octets_of(100_000)
    path = file_of(tmp_path, content)
    port = Port(path, repeat=repeat)
    received = b"".join(port.receive() for _ in range(10))
    os.truncate(path, 0)
    received += b"".join(port.receive() for _ in range(500))
    assert received == content[:65536] + b"\xff" * (len(received) - 65536)
    assert port.status.alarms == lib.PORT_SIGNAL_LOST


def test_nothing_to_replay_nor_to_record(tmp_path: Path) -> None:
    port = Port()
    assert port.status.alarms == lib.PORT_SIGNAL_LOST
    assert port.receive() == AIS
    port.transmit(bytes(BLOCK))
    assert port.finish() == ""
    assert port.status.overruns == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("blocks", [0, 1, 255, 256, 257, 1000])
@pytest.mark.parametrize("how", ["finish", "free"])
def test_recording_is_what_was_sent(tmp_path: Path, blocks: int, how: str) -> None:
    content, path = octets_of(blocks * BLOCK), tmp_path / "sent.e1"
    path.write_bytes(b"an older recording" * 100_000)
    port = Port(record=path, overwrite=True)
    port.transmit(content)
    assert port.statistics.recorded_octets == blocks * BLOCK
    if how == "finish":
        assert port.finish() == ""
    else:
        port.free()
    assert path.read_bytes() == content


def test_finished_recording_takes_no_more(tmp_path: Path) -> None:
    path = tmp_path / "sent.e1"
    port = Port(record=path)
    port.transmit(octets_of(BLOCK))
    assert port.finish() == port.finish() == ""
    port.transmit(octets_of(BLOCK))
    port.free()
    assert path.read_bytes() == octets_of(BLOCK)


def test_both_at_once(tmp_path: Path) -> None:
    content = octets_of(1000 * BLOCK)
    port = Port(file_of(tmp_path, content), tmp_path / "copy.e1")
    for _ in range(1000):
        port.transmit(port.receive())
    assert port.finish() == ""
    assert (tmp_path / "copy.e1").read_bytes() == content


def test_errors_on_opening(tmp_path: Path) -> None:
    good = file_of(tmp_path, b"something")
    empty = tmp_path / "empty.e1"
    empty.touch()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    missing, folder = tmp_path / "missing.e1", tmp_path / "no folder"
    for replay, record, why in [
        (missing, None, "No such file or directory"),
        (tmp_path, None, "Is a directory"),
        (empty, None, "empty: there is nothing to replay"),
        (pipe, None, "not a regular file"),
        (Path("/dev/zero"), None, "not a regular file"),
        (None, tmp_path, "Is a directory"),
        (None, pipe, "No such device or address"),
        (None, folder / "x", "No such file or directory"),
        (None, Path("/dev/null"), "not a regular file"),
        (good, good, "cannot be replayed and recorded at once"),
    ]:
        made, said = opened(replay, record, overwrite=True)
        assert made == ffi.NULL
        assert said == line_about(record or replay, why)
    assert good.read_bytes() == b"something"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.e1", "line.e1", "pipe"]


def test_file_that_holds_anything_is_not_recorded_to(tmp_path: Path) -> None:
    kept = file_of(tmp_path, b"somebody's")
    made, said = opened(None, kept)
    assert made == ffi.NULL
    assert said == line_about(kept, "exists and is not empty: record to another file, or move it")
    with pytest.raises(PortError, match="exists and is not empty"):
        open_port(f"file:?record={kept}")
    assert kept.read_bytes() == b"somebody's"
    kept.write_bytes(b"")
    port = Port(record=kept)
    port.transmit(octets_of(BLOCK))
    port.free()
    assert kept.read_bytes() == octets_of(BLOCK)


def test_missing_replay_leaves_no_recording_behind(tmp_path: Path) -> None:
    made, _ = opened(tmp_path / "missing.e1", tmp_path / "sent.e1")
    assert made == ffi.NULL
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ballast_octets", [0, 4096])
def test_full_disk_while_recording(small_disk: Callable[[int], Path], ballast_octets: int) -> None:
    """100 kB: room for a chunk and a half."""
    disk = small_disk(100)
    (disk / "ballast").write_bytes(b"\0" * ballast_octets)
    path, content = disk / "sent.e1", octets_of(1000 * BLOCK)
    port = Port(record=path)
    port.transmit(content)
    kept = (102_400 - ballast_octets) // BLOCK
    assert port.statistics.record_error == errno.ENOSPC
    assert port.statistics.recorded_octets == kept * BLOCK
    assert port.status.overruns == 1000 - kept
    assert path.read_bytes() == content[: kept * BLOCK]
    assert port.finish() == line_about(path, "No space left on device")
    assert port.receive() == AIS  # and the port lives on


def test_full_disk_at_the_very_end(small_disk: Callable[[int], Path]) -> None:
    """What waits is less than a chunk: only finishing finds out."""
    disk = small_disk(100)
    (disk / "ballast").write_bytes(b"\0" * 92 * 1024)
    path, content = disk / "sent.e1", octets_of(200 * BLOCK)
    port = Port(record=path)
    port.transmit(content)
    assert port.status.overruns == 0
    assert port.finish() == line_about(path, "No space left on device")
    assert port.status.overruns == 200 - 32
    assert path.read_bytes() == content[: 32 * BLOCK]


@pytest.mark.parametrize("limit_octets", [65536, 70_000, 70_001])
@pytest.mark.parametrize("blocks", [[BLOCK], [264, 248, 0, 320, 264]])
def test_recording_ends_with_the_last_octet_there_was_room_for(
    tmp_path: Path, limit_octets: int, blocks: list[int]
) -> None:
    path, content = tmp_path / "sent.e1", octets_of(1000 * BLOCK)
    port = Port(record=path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_octets, limits[1]))
    try:
        port.transmit(content, itertools.cycle(blocks))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == content[:limit_octets]
    assert port.statistics.recorded_octets == limit_octets
    assert port.status.overruns == math.ceil((len(content) - limit_octets) / BLOCK)
    assert port.finish() == line_about(path, "File too large")


def test_blocks_of_every_length_are_recorded_as_they_are(tmp_path: Path) -> None:
    """A tap and a line loopback pass on what came: 0, or a multiple of 64 bits up to 2560."""
    chance, path, content = random.Random(7), tmp_path / "sent.e1", octets_of(400_000)
    port = Port(record=path)
    port.transmit(content, iter(lambda: chance.choice([0, 8, 248, 256, 264, 320]), None))
    assert port.statistics.recorded_octets == len(content)
    assert port.finish() == ""
    assert path.read_bytes() == content


@pytest.mark.parametrize("ppb", [50_000, -50_000])
def test_tap_of_a_line_at_the_limit_of_its_frequency_is_whole(tmp_path: Path, ppb: int) -> None:
    """G.703 9.1: 50 ppm. In 20 s that is 2048 bits more, or less, than the shelf's clock counts."""
    path = tmp_path / "line.e1"
    with Bench() as bench:
        near, far = bench.span(), bench.span()
        near.join(far, far_end_offset_ppb=ppb)
        recording = LineRecording(path)
        near.tap(recording.port)
        bench.run(20_000)
        bits = near.status().bits
        assert 8 * recording.finish() == bits
    # The first millisecond is still on its way.
    assert bits == pytest.approx(19_999 * 2048 * (1 + ppb * 1e-9), abs=200)
    with Bench() as bench:
        span = bench.span(**uncoded())
        bench.plug(span, open_file("line", replay=str(path)))
        bench.run(bits // 2048)
        status = span.status()
    assert status.crc_blocks > 19_900
    assert (status.alignment_losses, status.crc_errors, status.fas_errors, status.port_underruns) == (0, 0, 0, 0)
