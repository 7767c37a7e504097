"""Two ends of a line: pseudo-terminals joined by socat, as a serial cable joins two ports."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LIMIT_S = 20.0


def wait_for(paths: list[Path]) -> None:
    """Until the paths are there."""
    deadline = time.monotonic() + LIMIT_S
    while not all(path.exists() for path in paths):
        assert time.monotonic() < deadline, f"{paths}: not there"
        os.sched_yield()


@contextmanager
def cable(folder: Path) -> Iterator[tuple[Path, Path]]:
    """The box's port, and the technician's."""
    ends = folder / "box", folder / "technician"
    process = subprocess.Popen(["socat", *(f"pty,raw,echo=0,link={end}" for end in ends)])
    try:
        wait_for(list(ends))
        yield ends
    finally:
        process.terminate()
        process.wait()
        for end in ends:
            end.unlink(missing_ok=True)


def read_available(descriptor: int) -> bytes:
    """What has come to a non-blocking descriptor."""
    try:
        return os.read(descriptor, 65536)
    except BlockingIOError:
        return b""
