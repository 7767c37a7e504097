"""Repeats a report until a key is pressed: in place on a terminal that can, else one below the other."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice

from firmware.console.echo import printable
from firmware.console.keyboard import Keyboard
from firmware.console.screen import ROWS, Screen

# ECMA-48: CUP home (8.3.21), EL to the end of the line (8.3.41), ED to the end of the screen (8.3.39).
HOME, CLEAR_LINE, CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"


async def key_pressed(keyboard: Keyboard, within_s: float) -> bool:
    """Whether something is typed before the time is over. It is not taken. Raises HungUpError."""
    try:
        async with asyncio.timeout(within_s):
            while not keyboard.typed:
                await keyboard.wait()
    except TimeoutError:
        return False
    return True


async def show_in_place(screen: Screen, lines: Iterable[str], first: bool) -> None:
    """Draws a report over the one before: what does not fit the screen is left out."""
    rows, columns = (screen.rows or ROWS) - 1, screen.columns
    shown = [printable(line)[:columns] for line in islice(lines, rows)]
    body = "".join(f"{line}{CLEAR_LINE}\r\n" for line in shown)
    await screen.send((HOME + CLEAR_BELOW if first else HOME) + body + CLEAR_BELOW)


async def watch(
    keyboard: Keyboard, screen: Screen, every_s: float, show_next: Callable[[], Awaitable[bool]], machine: bool
) -> None:
    """Calls `show_next` every period until it says false, or something is typed: a key, which is taken, or by a
    program its next line.

    The period begins when the terminal has got everything of the report before. Raises HungUpError.
    """
    with keyboard.asking():
        await screen.drained()
        while not await key_pressed(keyboard, every_s):
            if not await show_next():
                return
            await screen.drained()
        if not machine:
            keyboard.take(1)
