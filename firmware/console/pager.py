"""Prints reports line by line: a page at a time where that is wanted, and only as far as it is wanted."""

import asyncio
from collections.abc import Callable, Iterable

from prompt_toolkit.utils import get_cwidth

from firmware.console.echo import printable
from firmware.console.keyboard import CTRL_C, Keyboard
from firmware.console.screen import COLUMNS, ROWS, Screen

QUESTION = "TO BE CONTINUED  space: next page, Enter: next line, q: end"
WIPE = f"\r{' ' * len(QUESTION)}\r"
STOPPED = "(stopped)"
NO_LIMIT = 1 << 62


class Pager:
    """Prints on a screen; `rows` are those of a page, 0 without paging."""

    def __init__(self, keyboard: Keyboard, screen: Screen, rows: Callable[[], int]) -> None:
        self._keyboard = keyboard
        self._screen = screen
        self._rows = rows

    async def show(self, lines: Iterable[str], octets_a_page: int = NO_LIMIT) -> bool:
        """Prints lines, lazily; false if they were stopped by Ctrl-C or q. Raises HungUpError.

        Where a page may have so few octets, its lines are asked for even without paging.
        """
        page_rows = self._rows() or NO_LIMIT
        left_rows, left_octets = page_rows, octets_a_page
        batch, batch_octets = list[str](), 0
        for line in map(printable, lines):
            rows, octets = self._rows_of(line), len(line.encode()) + 2
            if rows > left_rows or octets > left_octets:
                await self._send(batch)
                batch, batch_octets = [], 0
                left_rows, left_octets = await self._ask(rows, page_rows), octets_a_page
                if not left_rows:
                    await self._screen.send_lines([STOPPED])
                    return False
            left_rows, left_octets = left_rows - rows, left_octets - octets
            batch.append(line)
            batch_octets += octets
            if batch_octets >= self._screen.batch_octets:
                await self._send(batch)
                batch, batch_octets = [], 0
                if self._keyboard.stopped:
                    self._screen.discard()
                    await self._screen.send(f"\r\n{STOPPED}\r\n")
                    return False
        await self._send(batch)
        return True

    async def _send(self, batch: list[str]) -> None:
        await self._screen.send_lines(batch)
        await asyncio.sleep(0)  # a terminal that takes everything at once must not hold up the box

    def _rows_of(self, line: str) -> int:
        """How many rows of the screen it takes."""
        return max(1, -(-get_cwidth(line) // (self._screen.columns or COLUMNS)))

    async def _ask(self, rows: int, page_rows: int) -> int:
        """How many rows more are wanted; at least those of the next line, or 0."""
        await self._screen.send(QUESTION)
        with self._keyboard.asking():
            while (key := chr(await self._keyboard.key())) not in " \rqQ\n" and ord(key) != CTRL_C:
                pass
        await self._screen.send(WIPE)
        if key == " ":
            return max(rows, page_rows)
        return rows if key in "\r\n" else 0


def page_rows(paging: bool, wanted: int, screen: Screen) -> int:
    """Rows of a page, leaving one for the question: as the user has set, as the terminal says, or as most have."""
    return max(2, (wanted or screen.rows or ROWS) - 1) if paging else 0
