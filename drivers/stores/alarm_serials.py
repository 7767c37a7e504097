"""Serial numbers that never repeat: taken from blocks, each reserved on disk before its first number is given."""

import os
import re
import zlib
from pathlib import Path

from drivers.errors import UserError

BLOCK = 100  # a process that dies leaves a gap of at most so many; one that ends cleanly leaves none

_TEXT = "alarm serials below {below} may have been used, checksum {checksum:08x}\n"
_PATTERN = re.compile(r"alarm serials below (\d{1,18}) may have been used, checksum ([0-9a-f]{8})\n")


class AlarmSerialsError(UserError):
    """The mark cannot be written."""


def _checksum(below: int) -> int:
    return zlib.crc32(str(below).encode())


class AlarmSerials:
    """Owner of the mark, a file of one line: every number given so far is below the number in it."""

    def __init__(self, path: Path, used: int) -> None:
        """`used`: the highest number that is known to be used from elsewhere; counts where the mark does not."""
        self._path = path
        self.damage = ""  # what was wrong with the mark, one line
        below = self._read()
        # Without a mark nobody knows how many were given after the last one that is known.
        known = below if below is not None else (used + BLOCK if used else 1)
        self._next = max(known, used + 1)
        self._reserved = self._next

    def take(self) -> int:
        """The next number. It is given in any case; `reserve` tells whether the disk knows."""
        self._next += 1
        return self._next - 1

    def reserve(self) -> None:
        """Makes sure that what has been taken will not be taken again; raises AlarmSerialsError."""
        if self._next >= self._reserved:
            self._write(self._next + BLOCK)

    def close(self) -> None:
        """Gives back what of the block was not taken; raises AlarmSerialsError."""
        if self._reserved != self._next:
            self._write(self._next)

    def _read(self) -> int | None:
        try:
            text = self._path.read_bytes().decode(errors="replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            self.damage = f"{self._path}: {error.strerror}"
            return None
        match = _PATTERN.fullmatch(text)
        if match is None or int(match[2], 16) != _checksum(int(match[1])):
            self.damage = f"{self._path}: damaged; the serial numbers go on from the history"
            return None
        return int(match[1])

    def _write(self, below: int) -> None:
        part = self._path.with_name(f"{self._path.name}.part")
        try:
            with part.open("w") as file:
                file.write(_TEXT.format(below=below, checksum=_checksum(below)))
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise AlarmSerialsError(f"{self._path}: {error.strerror}") from None
        self._reserved = below
