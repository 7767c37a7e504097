"""Files that a configuration names (drivers/stores/named_file.py): none holds anything up or fills memory."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drivers.errors import UserError
from drivers.stores.named_file import NamedFileError, read_named_file
from drivers.terminal import tls_context
from drivers.wav_file import read_speech
from firmware.configuration.file import read_values

READERS: list[Callable[[Path], Any]] = [read_speech, read_values, lambda path: tls_context(path, path)]


def test_a_file_up_to_the_limit_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    (tmp_path / "link").symlink_to("file")
    assert read_named_file(path, 5) == read_named_file(tmp_path / "link", 6) == b"12345"
    with pytest.raises(NamedFileError, match=r"^longer than 4 octets$"):
        read_named_file(path, 4)


def test_the_limit_holds_for_files_that_say_they_are_empty() -> None:
    assert Path("/proc/self/smaps").stat().st_size == 0
    with pytest.raises(NamedFileError, match="longer than"):
        read_named_file(Path("/proc/self/smaps"), 100)


def test_a_name_that_no_file_can_have() -> None:
    with pytest.raises(NamedFileError, match="name"):
        read_named_file(Path("a\0b"), 1)


@pytest.mark.parametrize("reader", READERS, ids=["speech", "configuration", "certificate"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, reader: Callable[[Path], Any]) -> None:
    (tmp_path / "zero").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "missing").symlink_to("nowhere")
    for name in ("zero", "fifo", "folder"):
        with pytest.raises(UserError, match=f"{name}.*not a regular file"):
            reader(tmp_path / name)
    with pytest.raises(UserError, match=r"missing.*No such file"):
        reader(tmp_path / "missing")


@pytest.mark.parametrize("reader", READERS, ids=["speech", "configuration", "certificate"])
def test_what_is_too_long_is_refused(tmp_path: Path, reader: Callable[[Path], Any]) -> None:
    (tmp_path / "sparse").touch()
    os.truncate(tmp_path / "sparse", 1 << 40)
    with pytest.raises(UserError, match=r"sparse.*longer than"):
        reader(tmp_path / "sparse")
