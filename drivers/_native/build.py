"""Declares the engine to CFFI from its own headers, so that declarations cannot drift, and compiles it.

The public headers of csrc/ hold only plain C that CFFI can read; preprocessor lines are dropped here.
"""

import os
import re
from pathlib import Path

from cffi import FFI

CSRC = Path(__file__).resolve().parents[2] / "csrc"

# In the order in which they use each other's types.
HEADERS = [
    "cpu.h",
    "block.h",
    "frame.h",
    "framer.h",
    "engine.h",
    "event.h",
    "shelf.h",
    "span.h",
    "switch_board.h",
    "tone.h",
    "voice_board.h",
    "alaw.h",
    "cas.h",
    "dtmf.h",
]


def declarations(header: Path) -> str:
    """The header's text without preprocessor lines."""
    lines = header.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not re.match(r"\s*#", line))


ffibuilder = FFI()
for name in HEADERS:
    ffibuilder.cdef(declarations(CSRC / name))

# Paths relative to the clone, as setuptools wants them; sorted, so that builds are reproducible.
SOURCES = sorted(os.path.relpath(path, CSRC.parent) for path in CSRC.glob("*.c"))

ffibuilder.set_source(
    "drivers._native._engine",
    "\n".join(f'#include "{name}"' for name in HEADERS),
    sources=SOURCES,
    include_dirs=["csrc"],
    extra_compile_args=["-std=c11", "-O3", "-g", "-Wall", "-Wextra", "-fvisibility=hidden", "-D_GNU_SOURCE"],
    extra_link_args=["-pthread"],
    libraries=["m"],
)
