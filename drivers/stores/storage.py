"""Operations on the files of one folder, each of them a step at which the power may go (hil/power_cut.py)."""

import enum
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from drivers.errors import UserError

FILE_OCTETS_MAX = 64 << 20  # nothing a store writes comes near; a file beyond it is not read into memory


class Reason(enum.Enum):
    """What a program may want to know of a failed operation."""

    MISSING = "missing"
    FULL = "disk full"
    READ_ONLY = "read-only"
    FAILED = "failed"


_REASONS = {
    errno.ENOENT: Reason.MISSING,
    errno.ENOSPC: Reason.FULL,
    errno.EDQUOT: Reason.FULL,
    errno.EROFS: Reason.READ_ONLY,
}


class StorageError(UserError):
    """One operation failed."""

    def __init__(self, text: str, reason: Reason) -> None:
        super().__init__(text)
        self.reason = reason


class StoreError(UserError):
    """A transaction (commit, confirm, audit record) was not carried out: all is as it was, or the text says."""


class Storage(Protocol):
    """Files of one folder by plain names. Every method is one operation and raises StorageError.

    What was written counts only after `sync` of the file; a name that came or went only after `sync_folder`.
    """

    def names(self) -> list[str]:
        """Regular files, sorted."""

    def read_only(self) -> bool:
        """True where nothing can be written at present."""

    def read(self, name: str) -> bytes:
        """A whole file."""

    def create(self, name: str, octets: bytes) -> None:
        """A new file; remains of one by that name are replaced."""

    def overwrite(self, name: str, octets: bytes) -> None:
        """Writes an existing file anew, in place: takes no further room on the disk."""

    def append(self, name: str, octets: bytes) -> None:
        """Adds to the end of an existing file."""

    def truncate(self, name: str, octets: int) -> None:
        """Leaves the first octets of an existing file."""

    def sync(self, name: str) -> None:
        """Brings a file's octets to the disk."""

    def sync_folder(self) -> None:
        """Brings the folder's names to the disk."""

    def rename(self, old: str, new: str) -> None:
        """Gives a file another name, at once; a file that had it is gone."""

    def remove(self, name: str) -> None:
        """Takes a file away."""


class FolderStorage:
    """A folder of the machine's file system; made where it is missing. Only its owner may read what it holds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """Regular files; links and special files are nobody's of ours. A missing folder has none."""
        with self._named(""):
            if not self.folder.exists():
                return []
            with os.scandir(self.folder) as entries:
                return sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))

    def read_only(self) -> bool:
        """Asks about the nearest folder that exists."""
        folder = next(path for path in (self.folder, *self.folder.absolute().parents) if path.exists())
        return not os.access(folder, os.W_OK)

    def read(self, name: str) -> bytes:
        """Raises StorageError for what is no regular file, or larger than any of ours."""
        with self._open(name, os.O_RDONLY) as file:
            if os.fstat(file).st_size > FILE_OCTETS_MAX:
                raise OSError(errno.EFBIG, "larger than any file of a store")
            return _read_all(file)

    def create(self, name: str, octets: bytes) -> None:
        """Makes the folder as well, where it is missing."""
        with self._named(""):
            self._make_folder(self.folder)
        with self._open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as file:
            _write_all(file, octets)

    def overwrite(self, name: str, octets: bytes) -> None:
        """The old octets stay until the new ones take their places: the disk need not find room for both."""
        with self._open(name, os.O_WRONLY) as file:
            _write_all(file, octets)
            if os.fstat(file).st_size > len(octets):
                os.ftruncate(file, len(octets))

    def append(self, name: str, octets: bytes) -> None:
        """A full disk may leave a part: `truncate` takes it away again."""
        with self._open(name, os.O_WRONLY | os.O_APPEND) as file:
            _write_all(file, octets)

    def truncate(self, name: str, octets: int) -> None:
        """A shorter file stays as it is."""
        with self._open(name, os.O_WRONLY) as file:
            if os.fstat(file).st_size > octets:
                os.ftruncate(file, octets)

    def sync(self, name: str) -> None:
        """fdatasync: the octets and the length; nobody needs the times of day of the file."""
        with self._open(name, os.O_RDONLY) as file:
            os.fdatasync(file)

    def sync_folder(self) -> None:
        """A folder that is not there holds nothing to be lost."""
        with self._named(""):
            if self.folder.exists():
                _sync_folder(self.folder)

    def rename(self, old: str, new: str) -> None:
        """Atomic, as POSIX rename."""
        with self._named(old):
            (self.folder / old).replace(self.folder / new)

    def remove(self, name: str) -> None:
        """Unlinks."""
        with self._named(name):
            (self.folder / name).unlink()

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make_folder(folder.absolute().parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(folder.absolute().parent)

    @contextmanager
    def _open(self, name: str, flags: int) -> Iterator[int]:
        with self._named(name):
            # A pipe or a link that somebody has put here must neither hang nor mislead us.
            file = os.open(self.folder / name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
            try:
                if not stat.S_ISREG(os.fstat(file).st_mode):
                    raise OSError(errno.EINVAL, "not a regular file")
                yield file
            finally:
                os.close(file)

    @contextmanager
    def _named(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = _REASONS.get(error.errno or 0, Reason.FAILED)
            raise StorageError(f"{self.folder / name}: {error.strerror}", reason) from None


def _read_all(file: int) -> bytes:
    pieces = iter(lambda: os.read(file, 1 << 20), b"")
    return b"".join(pieces)


def _write_all(file: int, octets: bytes) -> None:
    view = memoryview(octets)
    while view:
        view = view[os.write(file, view) :]


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
