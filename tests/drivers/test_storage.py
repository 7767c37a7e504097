"""Operations on a folder of the machine's file system (drivers/stores/storage.py)."""

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.stores.boot import this_boot
from drivers.stores.storage import FILE_OCTETS_MAX, FolderStorage, Reason, StorageError
from tests.command import names


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "one" / "two")


def test_octets_are_read_as_they_were_written(storage: FolderStorage) -> None:
    storage.create("file", b"0123456789")
    storage.append("file", b"ab")
    assert (storage.folder / "file").read_bytes() == b"0123456789ab"
    storage.overwrite("file", b"xyz")
    assert storage.read("file") == b"xyz"
    storage.truncate("file", 1)
    storage.truncate("file", 7)
    assert storage.read("file") == b"x"
    storage.create("file", b"anew")
    storage.rename("file", "renamed")
    storage.sync("renamed")
    storage.sync_folder()
    assert (storage.names(), storage.read("renamed")) == (["renamed"], b"anew")
    storage.remove("renamed")
    assert storage.names() == []


def test_only_the_owner_may_read(storage: FolderStorage) -> None:
    storage.create("file", b"")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (storage.folder, storage.folder / "file")]
    assert modes == [0o700, 0o600]


def test_nothing_is_made_before_something_is_written(storage: FolderStorage, tmp_path: Path) -> None:
    assert (storage.names(), storage.read_only()) == ([], False)
    storage.sync_folder()
    assert names(tmp_path) == []


def test_overwriting_is_in_place(storage: FolderStorage) -> None:
    """A full disk and a file of another number of octets would else make room a question."""
    storage.create("file", b"before")
    before = (storage.folder / "file").stat().st_ino
    storage.overwrite("file", b"after it")
    assert ((storage.folder / "file").stat().st_ino, storage.read("file")) == (before, b"after it")


@pytest.mark.parametrize("operation", ["read", "sync", "remove"])
def test_missing_file_says_so(storage: FolderStorage, operation: str) -> None:
    storage.create("other", b"")
    with pytest.raises(StorageError, match="two/file: No such file or directory") as error:
        getattr(storage, operation)("file")
    assert error.value.reason is Reason.MISSING


@pytest.mark.parametrize("operation", ["overwrite", "append"])
def test_writing_makes_no_file_unasked(storage: FolderStorage, operation: str) -> None:
    storage.create("other", b"")
    with pytest.raises(StorageError):
        getattr(storage, operation)("file", b"octets")
    assert storage.names() == ["other"]


def test_what_is_no_regular_file_is_left_alone(storage: FolderStorage, tmp_path: Path) -> None:
    """A pipe must not hang the box, a link not lead it elsewhere."""
    storage.create("file", b"")
    os.mkfifo(storage.folder / "pipe")
    (tmp_path / "elsewhere").write_bytes(b"elsewhere")
    (storage.folder / "link").symlink_to(tmp_path / "elsewhere")
    (storage.folder / "folder").mkdir()
    assert storage.names() == ["file"]
    for name in ("pipe", "link", "folder"):
        for write in (storage.overwrite, storage.create):
            with pytest.raises(StorageError, match=name):
                write(name, b"octets")
        with pytest.raises(StorageError, match=name):
            storage.read(name)
    assert (tmp_path / "elsewhere").read_bytes() == b"elsewhere"


def test_huge_file_is_not_read(storage: FolderStorage) -> None:
    storage.create("file", b"")
    os.truncate(storage.folder / "file", FILE_OCTETS_MAX + 1)
    with pytest.raises(StorageError, match="larger than any file of a store"):
        storage.read("file")


def test_full_disk(small_disk: Callable[[int], Path]) -> None:
    storage = FolderStorage(small_disk(8))
    storage.create("pointer", b"old")
    with pytest.raises(StorageError, match="No space left on device") as error:
        storage.create("file", b"0" * 100_000)
    assert error.value.reason is Reason.FULL
    storage.overwrite("pointer", b"new")
    assert storage.read("pointer") == b"new"


def test_read_only_disk(small_disk: Callable[[int], Path]) -> None:
    folder = small_disk(8)
    storage = FolderStorage(folder)
    storage.create("file", b"octets")
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    assert (storage.read_only(), FolderStorage(folder / "below" / "it").read_only()) == (True, True)
    assert storage.read("file") == b"octets"
    with pytest.raises(StorageError, match="Read-only file system") as error:
        storage.overwrite("file", b"others")
    assert error.value.reason is Reason.READ_ONLY
    assert storage.read("file") == b"octets"


def test_this_boot_goes_on_and_stays_the_same() -> None:
    before, after = this_boot(), this_boot()
    assert before.boot_id == after.boot_id
    assert before.boot_id.hex() == Path("/proc/sys/kernel/random/boot_id").read_text().strip().replace("-", "")
    uptime_ns = float(Path("/proc/uptime").read_text().split()[0]) * 1e9
    assert before.now_ns <= after.now_ns <= uptime_ns + 1e9
