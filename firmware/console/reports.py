"""Shows the answers to commands in a session's own way: paged, watched, or as records."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from firmware.console import layout
from firmware.console.answer import Answer, Dialogue
from firmware.console.box_console import BoxConsole
from firmware.console.keyboard import Keyboard
from firmware.console.pager import Pager, page_rows
from firmware.console.screen import COLUMNS, Screen
from firmware.console.sessions import LiveSession
from firmware.console.watching import show_in_place, watch

Result = TypeVar("Result")


class Reports:
    """Gives commands on a session's behalf, and prints what comes of them."""

    def __init__(self, box: BoxConsole, live: LiveSession, keyboard: Keyboard, screen: Screen) -> None:
        self._box = box
        self._live = live
        self._keyboard = keyboard
        self._screen = screen
        self.pager = Pager(keyboard, screen, self._page_rows)

    def _page_rows(self) -> int:
        settings = self._live.settings
        return page_rows(settings.paging, settings.rows, self._screen)

    async def give(self, line: str | bytes, dialogue: Dialogue | None) -> None:
        """Carries a line out and shows every answer. Raises HungUpError: what is being carried out goes on."""
        with self._keyboard.stoppable():
            answers = self._box.interpreter.execute(line, self._live.session, dialogue)
            await self._wait_for_turn()
            while (answer := await self._in_box(_next(answers))) is not None:
                await self._show(answer)
                await self._wait_for_turn()

    async def _wait_for_turn(self) -> None:
        """Holds up who gives commands without end."""
        if wait_s := self._live.pace.wait_s():
            await asyncio.sleep(wait_s)

    async def _in_box(self, work: Coroutine[Any, Any, Result]) -> Result:
        """In a task of the box: it goes on though the session may end."""
        task = self._box.spawn(work, name=f"{self._box.name} command of session {self._live.session.number}")
        await asyncio.wait([task])
        return task.result()

    async def _show(self, answer: Answer) -> None:
        self._live.pace.take()
        if answer.again is None:
            await self._print(answer)
        else:
            await self._watch(answer)

    async def _print(self, answer: Answer) -> None:
        if self._live.settings.machine:
            for record in layout.machine_records(answer):
                await self._screen.send_octets(record)
                await asyncio.sleep(0)  # others have their turn, however fast the other end reads
        else:
            await self.pager.show(layout.lines(answer, self._columns))

    async def _watch(self, answer: Answer) -> None:
        await self._draw(answer, first=True)
        again = answer.again

        async def show_next() -> bool:
            nonlocal again
            if again is None:
                return False
            following = await self._in_box(_call(again))
            again = following.again
            await self._draw(following, first=False)
            return again is not None

        await watch(self._keyboard, self._screen, answer.every_s, show_next, self._live.settings.machine)

    async def _draw(self, answer: Answer, first: bool) -> None:
        if self._screen.columns and not self._live.settings.machine:
            await show_in_place(self._screen, layout.lines(answer, self._columns), first)
        else:
            await self._print(answer)

    @property
    def _columns(self) -> int:
        return self._live.settings.columns or self._screen.columns or COLUMNS


async def _next(answers: AsyncIterator[Answer]) -> Answer | None:
    return await anext(answers, None)


async def _call(again: Any) -> Answer:
    answer: Answer = await again()
    return answer
