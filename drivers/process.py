"""What the machine says of this process."""

import os
import resource
from importlib import metadata
from pathlib import Path

PACKAGE = "trunkshelf"
KB = 1024


def program_version() -> str:
    """Of the package as it is installed."""
    return metadata.version(PACKAGE)


def memory_kb() -> tuple[int, int]:
    """Resident memory now, and the most there ever was."""
    most_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    resident_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return resident_pages * os.sysconf("SC_PAGE_SIZE") // KB, most_kb


def process_id() -> int:
    """The process's number."""
    return os.getpid()


def disk_free(folder: Path) -> tuple[int, int]:
    """Octets that this process may still write to the folder's file system, and the size of all of it."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize
