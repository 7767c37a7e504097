"""Unix sockets for consoles, under paths of any length."""

import os
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from drivers.terminal.stream import Listener
from drivers.terminal.terminal import AccessError, AccessInUseError

MODE = 0o600
BACKLOG = 16


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """The same path in the few octets an address has (sun_path: 108): its folder as an open file."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def connect_unix(path: Path) -> socket.socket:
    """A connection to a socket; raises OSError."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _short(path) as address:
            connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _make_room(path: Path) -> None:
    """Removes a socket that nobody serves any more; raises AccessError for anything else."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise AccessError(f"{path}: is no socket; move it away")
    try:
        connect_unix(path).close()
    except ConnectionRefusedError:
        path.unlink(missing_ok=True)
    else:
        raise AccessInUseError(f"{path}: another process serves it")


def _bind(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(listening.fileno(), MODE)  # before bind: the file never has any other (unix(7), Linux)
        with _short(path) as address:
            listening.bind(address)
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _peer_name(connection: socket.socket) -> str:
    octets = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _ = struct.unpack("3i", octets)
    return f"unix uid={uid} pid={pid}"


class UnixListener(Listener):
    """Listens at `path`, for the owner of the process (and root) alone. Raises AccessError."""

    def __init__(self, path: Path) -> None:
        try:
            _make_room(path)
            listening = _bind(path)
        except OSError as error:
            raise AccessError(f"{path}: {error.strerror}") from None
        super().__init__(listening, _peer_name)
        self._path = path
        self._identity = path.lstat().st_ino

    def close(self) -> None:
        """Accepts no more; removes the file, unless another has taken its place."""
        super().close()
        with suppress(OSError):
            if self._path.lstat().st_ino == self._identity:
                self._path.unlink()
