"""What tests of kernels need: each CPU level in turn."""

from collections.abc import Iterator

import pytest

from drivers._native import lib

NAMES = {"portable": lib.CPU_PORTABLE, "avx2": lib.CPU_AVX2, "avx512": lib.CPU_AVX512}


@pytest.fixture(params=NAMES)
def cpu_level(request: pytest.FixtureRequest) -> Iterator[int]:
    """Each CPU level, in use for one test; levels this machine lacks are skipped."""
    level = NAMES[request.param]
    try:
        if lib.cpu_level_use(level) != level:
            pytest.skip(f"this CPU has no {request.param}")
        yield level
    finally:
        lib.cpu_level_use(lib.cpu_level_available())
