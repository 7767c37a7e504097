"""What tests of files need: a disk that is soon full; and, at the suite's end, where the power was cut."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts a file system of so many kB (a multiple of 4); needs root."""
    mounted: list[Path] = []

    def mount(size_kb: int) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", str(folder)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("mounting a small file system needs root")
        mounted.append(folder)
        return folder

    yield mount
    # Lazily: a file that a failing test has left open must not leave the mount behind as well.
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The points of tests/drivers/test_power_cut.py, which pytest-xdist has spread over its workers."""
    reports = terminalreporter.getreports("passed")
    points = [value for report in reports for name, value in report.user_properties if name == "power-cut points"]
    if points:
        terminalreporter.write_line(f"power cut at {sum(points)} distinct points of {len(points)} transactions")
