"""Declares the engine to CFFI from its own headers, so that declarations cannot drift, and compiles it.

Every header of csrc/ is public and holds only plain C that CFFI can read, but for those named *_internal.h;
preprocessor lines are dropped here.
"""

import os
import re
from graphlib import TopologicalSorter
from pathlib import Path

from cffi import FFI

CSRC = Path(__file__).resolve().parents[2] / "csrc"


def public_headers() -> list[str]:
    """The public headers, by their path below csrc/, each after those it includes."""
    paths = sorted(path for path in CSRC.rglob("*.h") if not path.stem.endswith("_internal"))
    includes = {
        str(path.relative_to(CSRC)): sorted(re.findall(r'#include "(.*)"', path.read_text(encoding="utf-8")))
        for path in paths
    }
    return list(TopologicalSorter(includes).static_order())


def declarations(header: Path) -> str:
    """The header's text without preprocessor lines."""
    lines = header.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not re.match(r"\s*#", line))


HEADERS = public_headers()

ffibuilder = FFI()
for name in HEADERS:
    ffibuilder.cdef(declarations(CSRC / name))

# Paths relative to the clone, as setuptools wants them; sorted, so that builds are reproducible.
SOURCES = sorted(os.path.relpath(path, CSRC.parent) for path in CSRC.rglob("*.c"))

ffibuilder.set_source(
    "drivers._native._engine",
    "\n".join(f'#include "{name}"' for name in HEADERS),
    sources=SOURCES,
    include_dirs=["csrc"],
    extra_compile_args=["-std=c11", "-O3", "-g", "-Wall", "-Wextra", "-fvisibility=hidden", "-D_GNU_SOURCE"],
    extra_link_args=["-pthread"],
    libraries=["m"],
)
