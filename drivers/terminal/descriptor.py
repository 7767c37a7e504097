"""A terminal behind a file descriptor of a tty: what serial ports and pseudo-terminals have in common."""

import asyncio
import fcntl
import os
import struct
import termios
from collections.abc import Callable
from contextlib import suppress

from drivers.terminal.terminal import TerminalGoneError

READ_OCTETS = 4096
AHEAD_S = 0.125  # how much output may wait in the kernel: what a Ctrl-C cannot take back
AHEAD_OCTETS_MIN = 64
POLL_S = 0.01


def _finish(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


class DescriptorTerminal:
    """Owns a non-blocking descriptor of a tty in raw mode; `octets_per_s` 0: not paced."""

    present = False

    def __init__(self, name: str, descriptor: int, octets_per_s: int) -> None:
        self.name = name
        self.octets_per_s = octets_per_s
        self.on_break: Callable[[], None] = lambda: None
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._waiting: set[asyncio.Future[None]] = set()
        self._gone = False
        self._closed = False

    @property
    def gone(self) -> bool:
        """The far end has hung up, or the device is unplugged."""
        return self._gone

    async def read(self) -> bytes:
        """What has come; b"" once the terminal is gone."""
        while not self._gone:
            try:
                octets = os.read(self._descriptor, READ_OCTETS)
                if not octets:
                    break
                return octets
            except BlockingIOError:
                if not await self._readable():
                    return b""
            except OSError:  # EIO: hung up
                break
        self._gone = True
        return b""

    async def write(self, octets: bytes) -> None:
        """Writes as the line takes it; raises TerminalGoneError."""
        rest = memoryview(octets)
        while rest:
            await self._paced(self._ahead_octets)
            try:
                rest = rest[os.write(self._descriptor, rest[: self._ahead_octets]) :]
            except BlockingIOError:
                await self._wait(self._loop.add_writer, self._loop.remove_writer)
            except OSError:
                self._gone = True

    async def drained(self) -> None:
        """Waits until the kernel holds nothing more for the line."""
        await self._paced(0)

    def discard_output(self) -> None:
        """Drops what the kernel still holds for the line."""
        with suppress(termios.error):
            termios.tcflush(self._descriptor, termios.TCOFLUSH)

    def next_speed(self) -> None:
        """Has none."""

    def close(self) -> None:
        """Wakes whoever waits; closes the descriptor at once, whatever is still to be sent."""
        if self._closed:
            return
        self._closed = self._gone = True
        self._loop.remove_reader(self._descriptor)
        self._loop.remove_writer(self._descriptor)
        for ready in self._waiting:
            _finish(ready)
        self.discard_output()  # or closing would wait for a line that does not move
        self._close_descriptor()

    async def _readable(self) -> bool:
        """Waits for octets; false to have `read` return without any."""
        await self._wait(self._loop.add_reader, self._loop.remove_reader)
        return True

    def _close_descriptor(self) -> None:
        os.close(self._descriptor)

    @property
    def _ahead_octets(self) -> int:
        return max(round(self.octets_per_s * AHEAD_S), AHEAD_OCTETS_MIN) if self.octets_per_s else READ_OCTETS

    async def _paced(self, most_octets: int) -> None:
        """Waits until at most so many octets wait in the kernel."""
        while not self._gone:
            queued = self._queued_octets()
            if queued <= most_octets:
                return
            await asyncio.sleep(max((queued - most_octets) / (self.octets_per_s or READ_OCTETS), POLL_S))
        raise TerminalGoneError(self.name)

    def _queued_octets(self) -> int:
        try:
            return int(struct.unpack("i", fcntl.ioctl(self._descriptor, termios.TIOCOUTQ, b"\0" * 4))[0])
        except OSError:
            return 0  # gone, or it cannot say: then EAGAIN paces alone

    async def _wait(
        self, add: Callable[[int, Callable[[], None]], object], remove: Callable[[int], object], limit_s: float = 0
    ) -> None:
        """Until the descriptor is ready, the terminal is closed, or the limit (0: none) is over."""
        ready = self._loop.create_future()
        self._waiting.add(ready)
        add(self._descriptor, lambda: _finish(ready))
        try:
            await asyncio.wait([ready], timeout=limit_s or None)
        finally:
            self._waiting.discard(ready)
            if not self._closed:  # closed, the number may be another file's already
                remove(self._descriptor)
