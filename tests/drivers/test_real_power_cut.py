"""The same on a real file system: ext4 in an image that is copied at random moments while a process commits.

A copy is what the disk would hold after a power cut: octets the process has written and not synced are in the
page cache of the mounted file system, not in the image, and are not copied. Copying takes longer than an
instant, so the process is stopped meanwhile (between two system calls, which may be anywhere in a commit), and a
copy counts only if a second look at the image finds the same: the kernel writes back of its own accord now and
then. Nothing is frozen or synced for it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from drivers.stores.boot import Boot
from drivers.stores.revision_store import RevisionStore
from drivers.stores.storage import FolderStorage
from tests.drivers.power_cut_cases import commit

COPIES = 12
IMAGE_OCTETS = 16 << 20
BOOT = Boot(bytes(16), 0)
WRITER = """
import sys
from pathlib import Path
from tests.drivers.test_real_power_cut import BOOT, FolderStorage, NeverSynced, RevisionStore, content
from tests.drivers.power_cut_cases import commit
store = RevisionStore.open({storage}(Path(sys.argv[1])), BOOT, kept=10)
number = 0
while True:
    number = commit(store, content(number + 1))
    print(number, flush=True)
"""


class NeverSynced(FolderStorage):
    """What this test must find out."""

    def sync(self, name: str) -> None:
        pass

    def sync_folder(self) -> None:
        pass


def content(number: int) -> bytes:
    """Of revision `number`: known, and not of one length."""
    return b"%d\n" % number * (1 + number * 37 % 1500)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    image, folder = tmp_path / "image", tmp_path / "mounted"
    folder.mkdir()
    image.touch()
    os.truncate(image, IMAGE_OCTETS)
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        pytest.skip("making and mounting a file system needs root and e2fsprogs")
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True, capture_output=True)
    return image


@contextlib.contextmanager
def mounted(image: Path, folder: Path) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    mount = subprocess.run(["mount", "-o", "loop", image, folder], capture_output=True, text=True, check=False)
    if mount.returncode:
        pytest.skip(f"no loop device can be mounted here: {mount.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextlib.contextmanager
def writing(folder: Path, storage: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", WRITER.format(storage=storage), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as writer:
        try:
            yield writer
        finally:
            writer.kill()


def stop(writer: subprocess.Popen[bytes]) -> None:
    """Returns when it has stopped, not only been told to: a sync it is in comes to its end."""
    writer.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, writer.pid, os.WSTOPPED | os.WNOWAIT)


def acknowledged(writer: subprocess.Popen[bytes], before: int) -> int:
    """The last number the stopped process has told."""
    assert writer.stdout is not None
    os.set_blocking(writer.stdout.fileno(), False)
    told = writer.stdout.read() or b""
    os.set_blocking(writer.stdout.fileno(), True)
    return int(told.split()[-1]) if told.endswith(b"\n") else before


def copy(image: Path) -> bytes:
    while True:
        first = image.read_bytes()
        if image.read_bytes() == first:
            return first


def take_copies(image: Path, folder: Path, storage: str) -> Iterator[tuple[int, bytes]]:
    """Each with the last number that had been acknowledged by then."""
    random = Random(4)
    with writing(folder, storage) as writer:
        assert writer.stdout is not None
        for _ in range(COPIES):
            began = time.monotonic()
            commits = random.randrange(3, 15)
            for _ in range(commits):
                last = int(writer.stdout.readline())
            # Some part of a commit further: a commit is nearly as long here as the last ones were.
            moment = time.monotonic() + random.random() * (time.monotonic() - began) / commits
            while time.monotonic() < moment:
                pass
            stop(writer)
            yield acknowledged(writer, last), copy(image)
            writer.send_signal(signal.SIGCONT)


def recovered(octets: bytes, tmp_path: Path) -> int:
    """Mounts a copy (its journal is replayed) and opens the store: the revision that is booted, or 0."""
    image = tmp_path / "copy"
    image.write_bytes(octets)
    with mounted(image, tmp_path / "recovered") as folder:
        store = RevisionStore.open(FolderStorage(folder / "store"), BOOT, kept=10)
        number = store.boot_revision or 0
        if number:
            assert store.read(number).octets == content(number)
            assert store.faults == []
        assert commit(store, b"the next") > number
        return number


@pytest.mark.parametrize("storage", [FolderStorage, NeverSynced])
def test_what_was_acknowledged_is_there(disk: Path, tmp_path: Path, storage: type[FolderStorage]) -> None:
    with mounted(disk, tmp_path / "mounted") as folder:
        copies = list(take_copies(disk, folder / "store", storage.__name__))
    kept = [recovered(octets, tmp_path) in (last, last + 1) for last, octets in copies]
    assert len(kept) == COPIES
    assert all(kept) == (storage is FolderStorage)
