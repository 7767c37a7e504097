"""Reads files that a configuration names: whatever stands there, nobody waits and memory stays bounded."""

import os
import stat
from pathlib import Path


class NamedFileError(Exception):
    """The file cannot be read; the text says why, without its name."""


def read_named_file(path: Path, octets_max: int) -> bytes:
    """All octets of a regular file no longer than this; raises NamedFileError."""
    try:
        # A FIFO without a writer would hold up whoever opens it; a terminal would become the process's own.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise NamedFileError("not a regular file")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                octets = file.read(octets_max + 1)  # files in /proc have size 0
        finally:
            os.close(descriptor)
    except OSError as error:
        raise NamedFileError(error.strerror or str(error)) from None
    except ValueError:
        raise NamedFileError("no file can have such a name") from None
    if len(octets) > octets_max:
        raise NamedFileError(f"longer than {octets_max} octets")
    return octets
