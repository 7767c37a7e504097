"""Asks a terminal how large it is, and so finds out whether it understands ECMA-48 at all."""

import asyncio
import re
from contextlib import suppress
from typing import NamedTuple

from firmware.console.keyboard import Keyboard
from firmware.console.screen import Screen
from protocols.console_text import SIZE_QUESTION

ANSWER_LIMIT_S = 1.0
_WIPE = f"\r{' ' * len(SIZE_QUESTION)}\r"  # for a terminal that has shown the question
_ANSWER = re.compile(rb"\x1b\[(\d{1,4});(\d{1,4})R")  # CPR (ECMA-48 8.3.14)


class Size(NamedTuple):
    """Of a screen, in characters."""

    rows: int
    columns: int


async def ask_size(keyboard: Keyboard, screen: Screen) -> Size | None:
    """The terminal's size; None if it does not answer within a second, or somebody sends lines instead.

    What came besides the answer is typed ahead. Raises HungUpError.
    """
    await screen.send(SIZE_QUESTION)
    came = bytearray()
    with suppress(TimeoutError):
        async with asyncio.timeout(ANSWER_LIMIT_S):
            while not came.endswith((b"\r", b"\n")):  # a line: a program; terminals answer before one is typed
                await keyboard.wait()
                came += keyboard.take()
                if (answer := _ANSWER.search(came)) is not None:
                    keyboard.put_back(bytes(came[: answer.start()] + came[answer.end() :]))
                    return Size(int(answer[1]), int(answer[2]))
    keyboard.put_back(bytes(came))
    await screen.send(_WIPE)
    return None
