"""Which start of the machine this is, and how long ago it was: so a trial knows of a restart."""

import time
import uuid
from pathlib import Path
from typing import NamedTuple

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Boot(NamedTuple):
    """A moment of one start of the machine."""

    boot_id: bytes  # 16 octets, another at every start
    now_ns: int  # since that start


def this_boot() -> Boot:
    """Now, by Linux: CLOCK_BOOTTIME goes on through a suspend and is never set."""
    return Boot(uuid.UUID(_BOOT_ID.read_text().strip()).bytes, time.clock_gettime_ns(time.CLOCK_BOOTTIME))
