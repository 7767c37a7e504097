"""A pseudo-terminal with a console on it: `picocom PATH` reaches the box without a serial port."""

import fcntl
import os
import struct
import termios
from contextlib import suppress
from pathlib import Path

from drivers.terminal.descriptor import DescriptorTerminal
from drivers.terminal.terminal import AccessError, Talk

MODE = 0o600  # whatever devpts gives: a group tty is often let in
# linux/ioctls.h, generic numbers; Python names them only from 3.13 on, as os.unlockpt and os.ptsname.
_TIOCSPTLCK = 0x40045431
_TIOCGPTN = 0x80045430


class PtyTerminal(DescriptorTerminal):
    """A new pseudo-terminal; `path` is the end that a terminal program opens.

    Until it is opened once, reading waits; when it is closed for the last time, the terminal is gone.
    """

    def __init__(self, shown_as: str) -> None:
        descriptor = os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        (number,) = struct.unpack("i", fcntl.ioctl(descriptor, _TIOCGPTN, b"\0" * 4))
        self.path = Path(f"/dev/pts/{number}")
        self.path.chmod(MODE)
        fcntl.ioctl(descriptor, _TIOCSPTLCK, struct.pack("i", 0))  # unlocked: may be opened
        # Set on this end, it holds for the other: no echo, no signals, octets as they are.
        attributes = termios.tcgetattr(descriptor)
        attributes[0] = attributes[1] = attributes[3] = 0
        termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
        super().__init__(f"pty {shown_as}", descriptor, octets_per_s=0)


class PtyPort:
    """Keeps a pseudo-terminal at `path`, a symbolic link; a new one after each that was closed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def serve(self, talk: Talk) -> None:
        """Talks on the pseudo-terminal, again after each logout. Raises AccessError where none can be had."""
        try:
            while True:
                try:
                    terminal = PtyTerminal(str(self._path))
                    self._link(terminal.path)
                except OSError as error:
                    raise AccessError(f"pty {self._path}: {error.strerror}") from None
                try:
                    while not terminal.gone:
                        await talk(terminal)
                finally:
                    terminal.close()
        finally:
            with suppress(OSError):
                self._path.unlink()

    def _link(self, target: Path) -> None:
        """Moves the link in one step: there is never none."""
        fresh = self._path.with_name(f".{self._path.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(self._path)
