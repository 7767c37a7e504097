"""What a terminal shows: text as octets, at the pace at which the terminal takes them."""

import asyncio
from collections.abc import Iterable

from drivers.terminal import Terminal, TerminalGoneError
from firmware.console.echo import printable
from firmware.console.keyboard import HungUpError

STALL_LIMIT_S = 300.0  # a terminal that takes nothing for so long is hung up: Ctrl-S may last, but not for ever
PIECE_OCTETS = 2048
ROWS, COLUMNS = 24, 80  # of a terminal that does not say


class Screen:
    """Sends to a terminal. Raises HungUpError when it is gone, or has taken nothing for too long."""

    def __init__(self, terminal: Terminal, stall_limit_s: float = STALL_LIMIT_S) -> None:
        self.rows = 0  # 0: unknown
        self.columns = 0
        self._terminal = terminal
        self._stall_limit_s = stall_limit_s
        self._held = ""  # written by the line editor, not yet sent
        self._drawn = asyncio.Event()
        self._turn = asyncio.Lock()

    def write(self, text: str) -> None:
        """Holds text that is sent with the next `send` (the line editor's side: it cannot wait)."""
        self._held += text

    def flush(self) -> None:
        """The line editor has drawn."""
        self._drawn.set()

    async def drawn(self) -> None:
        """Until the line editor has drawn something that is not sent yet."""
        self._drawn.clear()
        if not self._held:
            await self._drawn.wait()

    async def send(self, text: str = "") -> None:
        """Sends what is held, then text as it is."""
        async with self._turn:
            held, self._held = self._held, ""
            await self._write((held + text).encode("utf-8", "replace"))

    async def send_octets(self, octets: bytes) -> None:
        """Sends octets as they are: records."""
        async with self._turn:
            await self._write(octets)

    async def send_lines(self, lines: Iterable[str]) -> None:
        """Sends whole lines; control characters in them are made harmless."""
        await self.send("".join(f"{printable(line.expandtabs())}\r\n" for line in lines))

    @property
    def batch_octets(self) -> int:
        """A report is sent in pieces of so many octets, and can be stopped between them: an eighth of a second."""
        octets_per_s = self._terminal.octets_per_s
        return min(max(octets_per_s // 8, 64), PIECE_OCTETS) if octets_per_s else PIECE_OCTETS

    async def drained(self) -> None:
        """Returns when the terminal has got everything."""
        try:
            async with asyncio.timeout(self._stall_limit_s):
                await self._terminal.drained()
        except (TimeoutError, TerminalGoneError):
            raise HungUpError from None

    def discard(self) -> None:
        """Drops what is on its way to the terminal and can still be stopped."""
        self._terminal.discard_output()

    async def _write(self, octets: bytes) -> None:
        try:
            for start in range(0, len(octets), PIECE_OCTETS):
                async with asyncio.timeout(self._stall_limit_s):
                    await self._terminal.write(octets[start : start + PIECE_OCTETS])
        except (TimeoutError, TerminalGoneError):
            raise HungUpError from None
