"""Files that are there whole or not at all."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.stores.whole_file import WholeFile, WholeFileError
from tests.command import names


def test_file_is_there_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with WholeFile(path) as file:
        file.write(b"after")
        assert path.read_bytes() == b"before"
    assert path.read_bytes() == b"after"
    assert names(tmp_path) == ["file"]


def test_error_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with pytest.raises(ZeroDivisionError), WholeFile(path) as file:
        file.write(b"after")
        raise ZeroDivisionError
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["file"]


def test_device_is_not_replaced(tmp_path: Path) -> None:
    """As root, giving a file the name of a device would take the device away."""
    for path in (tmp_path / "pipe", tmp_path / "folder"):
        os.mkfifo(path) if path.name == "pipe" else path.mkdir()
        with pytest.raises(WholeFileError, match="not a regular file"), WholeFile(path) as file:
            file.write(b"after")
    assert (tmp_path / "pipe").is_fifo()
    assert names(tmp_path) == ["folder", "pipe"]


def test_full_disk(small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(8)
    with pytest.raises(WholeFileError, match="No space left on device"), WholeFile(disk / "file") as file:
        file.write(b"0" * 100_000)
    assert names(disk) == []


def test_no_name_is_no_regular_file() -> None:
    with pytest.raises(WholeFileError, match="not a regular file"), WholeFile(Path()) as file:
        file.write(b"after")


def test_what_a_link_points_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    with WholeFile(tmp_path / "link") as file:
        file.write(b"after")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"after"


def test_octets_and_name_are_on_the_disk_in_this_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a power cut, what had been synced is there: the file before its name, the name before success."""
    synced: list[tuple[str, bytes, list[str]]] = []
    sync = os.fsync

    def told(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append((path.name, path.read_bytes() if path.is_file() else b"", names(tmp_path)))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", told)
    with WholeFile(tmp_path / "file") as file:
        file.write(b"after")
    assert synced == [("file.part", b"after", ["file.part"]), (tmp_path.name, b"", ["file"])]


def test_a_disk_that_fails_to_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")

    def fails(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(WholeFileError, match="Input/output error"), WholeFile(path) as file:
        file.write(b"after")
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["file"]
