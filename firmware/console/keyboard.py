"""What a terminal sends: read ahead a little, handed out as it is wanted; Ctrl-C and q are seen during reports."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from drivers.terminal import Terminal

AHEAD_OCTETS = 8192  # beyond it the terminal has to wait
CTRL_C = 0x03
QUIT = (b"q", b"Q")


class HungUpError(Exception):
    """The terminal is gone, or the session has been ended."""


class Keyboard:
    """One task runs `pump`; whoever has the word calls `wait`, then `take`."""

    def __init__(self, terminal: Terminal, on_input: Callable[[], None] = lambda: None) -> None:
        self.stopped = False  # the report in progress is to end
        self._terminal = terminal
        self._on_input = on_input
        self._ahead = bytearray()
        self._poked = False
        self._gone = False
        self._stoppable = False
        self._after_return = False  # a line feed or NUL right after a carriage return belongs to it
        self._changed = asyncio.Event()
        self._room = asyncio.Event()

    async def pump(self) -> None:
        """Reads until the terminal is gone."""
        while octets := await self._terminal.read():
            self._on_input()
            self._accept(self._one_return_a_line(octets))
            while len(self._ahead) >= AHEAD_OCTETS:
                self._room.clear()
                await self._room.wait()
        self.hang_up()

    def _one_return_a_line(self, octets: bytes) -> bytes:
        if self._after_return and octets[:1] in (b"\n", b"\0"):
            octets, self._after_return = octets[1:], False
        if octets:
            self._after_return = octets.endswith(b"\r")
        return octets.replace(b"\r\n", b"\r").replace(b"\r\0", b"\r")

    def _accept(self, octets: bytes) -> None:
        if self._stoppable and CTRL_C in octets:
            self.stopped = True
            self._ahead.clear()  # what was typed before it has become pointless, too
            octets = octets[octets.rindex(CTRL_C) + 1 :]
        elif self._stoppable and not self._ahead and octets[:1] in QUIT:
            self.stopped = True
            octets = octets[1:]
        self._ahead += octets
        self._changed.set()

    @contextmanager
    def stoppable(self) -> Iterator[None]:
        """While a command is carried out and its report printed: Ctrl-C anywhere, or q first, sets `stopped`."""
        self.stopped = False
        self._stoppable = True
        try:
            yield
        finally:
            self.stopped = self._stoppable = False

    @contextmanager
    def asking(self) -> Iterator[None]:
        """While a question is asked meanwhile: Ctrl-C and q belong to its answer."""
        was, self._stoppable = self._stoppable, False
        try:
            yield
        finally:
            self._stoppable = was

    async def wait(self) -> None:
        """Until there are octets to take, or somebody pokes. Raises HungUpError when the terminal is gone."""
        while not self._ahead and not self._poked:
            if self._gone:
                raise HungUpError
            self._changed.clear()
            await self._changed.wait()
        self._poked = False

    @property
    def typed(self) -> bool:
        """Whether there are octets to take."""
        return bool(self._ahead)

    def take(self, most: int = AHEAD_OCTETS) -> bytes:
        """Up to so many of the octets that are there."""
        octets = bytes(self._ahead[:most])
        del self._ahead[:most]
        self._room.set()
        return octets

    def put_back(self, octets: bytes) -> None:
        """What was taken and not used is the next to be taken."""
        self._ahead[:0] = octets
        self._changed.set()

    def press(self, octets: bytes) -> None:
        """As if they had just been typed."""
        self._accept(octets)

    def clear(self) -> None:
        """Forgets what was typed ahead."""
        self.take(len(self._ahead))

    async def key(self) -> int:
        """The next octet. Raises HungUpError."""
        while not (octet := self.take(1)):
            await self.wait()
        return octet[0]

    def poke(self) -> None:
        """Wakes whoever waits: there is something to show."""
        self._poked = True
        self._changed.set()

    def hang_up(self) -> None:
        """Whoever waits gets HungUpError, once everything typed has been taken."""
        self._gone = True
        self._changed.set()
