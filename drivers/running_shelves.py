"""Which shelves run on this machine, and where: each process keeps a file in a folder of its user.

The file is locked as long as its process lives: whatever way a process ends, its file tells nothing any more.
"""

import fcntl
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from drivers.errors import UserError

SOCKET = "console.sock"  # of a box, in its folder below the state folder


class RunningShelf(msgspec.Struct, frozen=True):
    """A process that runs boxes."""

    process: int
    state: str
    boxes: tuple[str, ...]

    def socket(self, box: str) -> Path:
        """Where a box's console listens."""
        return Path(self.state) / box / SOCKET


def folder() -> Path:
    """The user's own; raises UserError where somebody else has put one in its place."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    path = Path(runtime) / "trunkshelf" if runtime else Path(f"/tmp/trunkshelf-{os.getuid()}")
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise UserError(f"{path}: is not a folder that you alone can write; remove it")
    return path


@contextmanager
def claimed(state: Path) -> Iterator[None]:
    """The state folder is this process's alone as long as it lasts; made where it is missing. Raises UserError."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = os.open(state, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise UserError(f"{state}: another process runs boxes there; end it, or name another --state") from None
    finally:
        os.close(folder)


@contextmanager
def announced(state: Path, boxes: Sequence[str]) -> Iterator[None]:
    """Tells others that these boxes run, as long as it lasts."""
    process = os.getpid()
    path = folder() / f"{process}.json"
    content = msgspec.json.encode(RunningShelf(process, str(state.resolve()), tuple(boxes)))
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(content)
        file.flush()
        fresh.replace(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def running() -> list[RunningShelf]:
    """All shelves of this user that run, oldest file first; removes what dead processes have left."""
    found = []
    for path in sorted(folder().glob("*.json"), key=lambda each: each.name):
        with suppress(FileNotFoundError), path.open("rb") as file:
            if _alive(file.fileno()):
                found += _read(file.read())
            else:
                path.unlink(missing_ok=True)
    return found


def _alive(descriptor: int) -> bool:
    """Whether somebody holds the lock."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _read(content: bytes) -> list[RunningShelf]:
    try:
        return [msgspec.json.decode(content, type=RunningShelf)]
    except msgspec.DecodeError:
        return []
