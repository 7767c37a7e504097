"""A console session: from Enter, or a connection, to logout or hang-up.

    wait for Enter (serial, pty) -> ask the terminal's size -> log in -> commands -> log out
              ^____________ BREAK (next speed), noise instead of a name ____|

A command runs in a task of its own, which the box owns: whatever becomes of the terminal, it is carried out to its
end and audited. The session ends when the user says so (LGO, or Ctrl-D on an empty line), is idle for too long,
hangs up, or is ended by somebody else.
"""

import asyncio
from contextlib import suppress
from typing import Any

from drivers.terminal import Terminal
from firmware.console.box_console import BoxConsole
from firmware.console.conversation import MachineConversation, TerminalConversation
from firmware.console.keyboard import CTRL_C, HungUpError, Keyboard
from firmware.console.line_editor import BrokenOffError, Candidates, EndOfInputError
from firmware.console.login import LoggedIn, Login, NoiseError
from firmware.console.notices import Notices
from firmware.console.plain_editor import PlainEditor
from firmware.console.screen import STALL_LIMIT_S, Screen
from firmware.console.sessions import LiveSession, SessionRefusedError
from firmware.console.terminal_size import ask_size
from protocols.console_text import LOGGED_OUT

LOGIN_LIMIT_S = 180.0
FAREWELL_LIMIT_S = 2.0
IDLE_LOOK_S = 5.0  # the limit may be configured anew meanwhile


class _NoAssistance:
    """There are no commands before somebody has logged in."""

    def candidates(self, line: str) -> Candidates:
        return Candidates(len(line), ())

    def help(self, _: str) -> list[str]:
        return []

    def is_text(self, _: str) -> bool:
        return True


class ConsoleSession:
    """One session on a terminal."""

    def __init__(self, terminal: Terminal, box: BoxConsole, stall_limit_s: float = STALL_LIMIT_S) -> None:
        self._terminal = terminal
        self._box = box
        self._keyboard = Keyboard(terminal, self._typed)
        self._screen = Screen(terminal, stall_limit_s)
        self._notices = Notices(self._keyboard.poke)
        self._live: LiveSession | None = None
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        terminal.on_break = self._break

    @property
    def terminal(self) -> Terminal:
        """Where it is held."""
        return self._terminal

    @property
    def logged_in(self) -> bool:
        """Somebody has given a password."""
        return self._live is not None

    async def run(self) -> None:
        """Holds the session. Exceptions of handlers pass through: they are bugs."""
        pump = asyncio.create_task(self._keyboard.pump())
        idle = asyncio.create_task(self._watch_idleness())
        body = asyncio.create_task(self._hold())
        try:
            either: list[asyncio.Future[Any]] = [body, self._ended]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if body.done():
                body.result()
        finally:
            self._keyboard.hang_up()
            await _cancelled(body, idle, pump)
            self._log_out()
        if self._ended.done():
            await self._say_farewell(self._ended.result())

    def end(self, why: str) -> None:
        """Ends the session and tells its user why; a command in progress is carried out to its end."""
        if not self._ended.done():
            self._ended.set_result(why)

    async def _hold(self) -> None:
        with suppress(HungUpError):
            if (user := await self._who()) is None or not await self._enter(user):
                return
            with suppress(EndOfInputError):
                await self._converse()
            await self._screen.send_lines([LOGGED_OUT])

    async def _who(self) -> LoggedIn | None:
        """Logs somebody in; None where that has come to nothing."""
        with suppress(TimeoutError, EndOfInputError):
            while True:
                if not self._terminal.present:
                    await self._wait_for_enter()
                with suppress(BrokenOffError, NoiseError):
                    async with asyncio.timeout(LOGIN_LIMIT_S):
                        return await self._log_in()
        return None

    async def _wait_for_enter(self) -> None:
        while await self._keyboard.key() not in b"\r\n":
            pass

    async def _log_in(self) -> LoggedIn | None:
        if (size := await ask_size(self._keyboard, self._screen)) is not None:
            self._screen.rows, self._screen.columns = size
        await self._screen.send_lines(["", *self._box.banner(), ""])
        editor = PlainEditor(self._keyboard, self._screen, list, _NoAssistance(), _show_nothing)
        return await Login(self._box.accounts, self._terminal.name, editor, self._screen).run()

    async def _enter(self, user: LoggedIn) -> bool:
        try:
            self._live = self._box.registry.open(
                user.user, user.role, self._terminal.name, self.end, self._notices.put
            )
        except SessionRefusedError as error:
            await self._screen.send_lines([str(error)])
            return False
        return True

    async def _converse(self) -> None:
        assert self._live is not None
        parts = (self._box, self._live, self._keyboard, self._screen, self._notices)
        machine, terminal = MachineConversation(*parts), TerminalConversation(*parts)
        while True:
            await (machine if self._live.settings.machine else terminal).turn()

    def _typed(self) -> None:
        if self._live is not None:
            self._live.last_input_s = asyncio.get_running_loop().time()

    def _break(self) -> None:
        """A BREAK: before login the speed is wrong; after it the line typed is to go."""
        self._keyboard.clear()
        if not self.logged_in:
            self._terminal.next_speed()
        self._keyboard.press(bytes((CTRL_C,)))

    async def _watch_idleness(self) -> None:
        while True:
            limit_s = self._box.idle_logout_s()
            left_s = limit_s - self._live.idle_s if self._live and limit_s else IDLE_LOOK_S
            if left_s <= 0:
                self.end(f"logged out: idle for {limit_s} s")
                return
            await asyncio.sleep(min(left_s, IDLE_LOOK_S))

    def _log_out(self) -> None:
        if self._live is not None:
            self._box.registry.close(self._live)
            why = self._ended.result() if self._ended.done() else LOGGED_OUT
            self._box.on_logout(self._live.session.user, self._terminal.name, why)

    async def _say_farewell(self, why: str) -> None:
        self._screen.discard()
        with suppress(HungUpError, TimeoutError):
            async with asyncio.timeout(FAREWELL_LIMIT_S):
                await self._screen.send_lines(["", why])


async def _show_nothing(_: list[str], _octets: int) -> None:
    """Before login there is no help."""


async def _cancelled(*tasks: asyncio.Task[None]) -> None:
    """Cancels the tasks, and waits until they have ended; what they raise has been seen to."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
