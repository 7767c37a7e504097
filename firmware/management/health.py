"""What a machine may lack while its boxes run: time, and room on its disk. Looked at every few seconds."""

import asyncio
from contextlib import suppress
from pathlib import Path

from drivers.engine import Shelf
from drivers.process import disk_free
from firmware.configuration.target import Faults

LOOK_S = 10.0
MB = 1_000_000
# A message of 15 minutes takes 7 MB; below this there is soon no room for one on every channel.
LEAST_FREE_OCTETS = 500 * MB
LEAST_FREE_SHARE = 0.02  # of a small disk: that many octets could be all of it


class Health:
    """Tells `faults` of late blocks of `shelf` and of a disk with `folder` that is nearly full, until `close`."""

    def __init__(self, shelf: Shelf, folder: Path, faults: Faults) -> None:
        self._shelf = shelf
        self._folder = folder
        self._faults = faults
        self._late_blocks = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Looks now, and again and again."""
        self._look_at_time()
        self._look_at_disk()
        self._timer = asyncio.get_running_loop().call_later(LOOK_S, self.start)

    def close(self) -> None:
        """Looks no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_at_time(self) -> None:
        clock = self._shelf.clock_status()
        late = clock.late_blocks - self._late_blocks
        self._late_blocks = clock.late_blocks
        if late:
            self._faults.fault(
                "LATE_BLOCKS", "", f"{late} in {LOOK_S:g} s, the latest ever {clock.worst_late_ns // 1_000_000} ms"
            )
        else:
            self._faults.recover("LATE_BLOCKS")

    def _look_at_disk(self) -> None:
        with suppress(OSError):  # a disk that is gone is told of by those who write to it
            free, size = disk_free(self._folder)
            if free < min(LEAST_FREE_OCTETS, size * LEAST_FREE_SHARE):
                self._faults.fault("DISK_SPACE", "", f"{free // MB} MB left of {size // MB} MB")
            else:
                self._faults.recover("DISK_SPACE")
