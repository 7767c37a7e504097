"""A technician's screen and keyboard: a program on a pty (pexpect), and what it shows (pyte)."""

import time
from collections.abc import Callable
from typing import Any, Self

import pexpect
import pyte

ROWS, COLUMNS = 24, 80
LIMIT_S = 30.0


class _Emulator(pyte.Screen):
    """A terminal that answers when it is asked where its cursor is."""

    def __init__(self, answer: Callable[[str], object]) -> None:
        super().__init__(COLUMNS, ROWS)
        self._answer = answer

    def write_process_input(self, data: str) -> None:
        self._answer(data)


class Screen:
    """Runs a program; `shows` waits for texts on its screen."""

    def __init__(self, command: str, arguments: list[str], **options: Any) -> None:
        self.child = pexpect.spawn(command, arguments, dimensions=(ROWS, COLUMNS), timeout=LIMIT_S, **options)
        self._screen = _Emulator(self.child.send)
        self._stream = pyte.ByteStream(self._screen)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.close(force=True)

    def type(self, keys: str) -> None:
        self.child.send(keys)

    @property
    def text(self) -> str:
        return "\n".join(row.rstrip() for row in self._screen.display)

    def shows(self, *texts: str) -> str:
        """Waits until all of these stand on the screen."""
        deadline = time.monotonic() + LIMIT_S
        while not all(text in self.text for text in texts):
            assert time.monotonic() < deadline, f"{texts} never came:\n{self.text}"
            self._read()
        return self.text

    def ends(self) -> int | None:
        """Waits until the program has ended; its exit code."""
        deadline = time.monotonic() + LIMIT_S
        while self._read():
            assert time.monotonic() < deadline, f"it does not end:\n{self.text}"
        self.child.wait()
        return self.child.exitstatus

    def _read(self) -> bool:
        try:
            octets: Any = self.child.read_nonblocking(4096, timeout=0.2)  # bytes, whatever its stub says
            self._stream.feed(octets)
        except pexpect.TIMEOUT:
            pass
        except pexpect.EOF:
            return False
        return True
