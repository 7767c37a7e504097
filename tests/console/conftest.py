"""A box with a console in a process of its own, and a serial cable to it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.console.plant import PASSWORD
from tests.drivers.terminal.pairs import cable

ROOT = Path(__file__).parents[2]


class RunningBox:
    """The process; `state` holds qm1/console.sock and qm1/console.tty."""

    def __init__(self, state: Path, devices: list[str]) -> None:
        self.state = state
        self.folder = state / "qm1"
        self.folder.mkdir()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.console.plant", str(self.folder), *devices],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def alarm(self) -> None:
        """The box tells everybody of an alarm."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def stop(self) -> None:
        """Ends it in good order, if nobody has yet."""
        if self.process.returncode is None:
            self._close_pipes()
            assert self.process.wait() == 0

    def kill(self) -> None:
        """Ends it as a power cut does."""
        self.process.kill()
        self.process.wait()
        self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def running_box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., RunningBox]]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("TRUNKSHELF_PASSWORD", PASSWORD)
    monkeypatch.setenv("HOME", str(tmp_path))  # terminal programs read and write there
    monkeypatch.setenv("TERM", "vt102")
    with ExitStack() as boxes:

        def start(*devices: str) -> RunningBox:
            box = RunningBox(tmp_path, list(devices))
            boxes.callback(box.stop)
            return box

        yield start


@pytest.fixture
def line(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A serial cable: the box's port, and the technician's."""
    with cable(tmp_path) as ends:
        yield ends
