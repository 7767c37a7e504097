"""Files that are there whole or not at all: written beside their name, and given it when they are complete."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from drivers.errors import UserError


class WholeFileError(UserError):
    """The file cannot be written; nothing of it is left, and what was there before still is."""


def sync_folder(folder: Path) -> None:
    """Names given in the folder survive a power cut; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class WholeFile:
    """A file in the making: `NAME.part` until the context is left without an error. Raises WholeFileError."""

    def __init__(self, path: Path) -> None:
        # What a link points to is written, not the link.
        self._path = path.resolve() if path.is_symlink() else path
        self._part = self._path.parent / f"{self._path.name}.part"

    def __enter__(self) -> Self:
        try:
            # A device or a folder of that name must not be replaced by a file.
            replaceable = self._path.is_file() or not self._path.exists()
            if replaceable:
                self._file = self._part.open("wb")
        except OSError as error:
            raise self._failed(error) from None
        if not replaceable:
            raise WholeFileError(f"{self._path}: not a regular file")
        return self

    def write(self, octets: bytes) -> None:
        """Adds octets."""
        try:
            self._file.write(octets)
        except OSError as error:
            raise self._failed(error) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._file:
                if error is None:
                    self._file.flush()
                    os.fsync(self._file.fileno())  # else a power cut could leave the name on half of the octets
            if error is None:
                self._part.replace(self._path)
                sync_folder(self._path.parent)
        except OSError as failure:
            raise self._failed(failure) from None
        finally:
            self._part.unlink(missing_ok=True)

    def _failed(self, error: OSError) -> WholeFileError:
        self._part.unlink(missing_ok=True)
        return WholeFileError(f"{self._path}: {error.strerror}")
