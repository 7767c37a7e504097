"""A file that stands while a process runs: found at the start, it tells that the one before was cut off."""

from contextlib import suppress
from pathlib import Path


class RunMarker:
    """The marker at `path`. A disk that does not take it is no reason not to run."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self) -> bool:
        """Leaves the marker; true if one was left by a process that did not take it away."""
        found = self._path.exists()
        with suppress(OSError):
            self._path.touch()
        return found

    def end(self) -> None:
        """Takes the marker away."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
