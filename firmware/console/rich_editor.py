"""Line editing on a terminal that understands ECMA-48: prompt_toolkit, on octets instead of a tty.

One row, scrolled sideways: whatever key is pressed, no more than a row is drawn again, and a slow line bears it.
"""

import asyncio
import codecs
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any, TextIO, cast

from prompt_toolkit import PromptSession
from prompt_toolkit.application import in_terminal
from prompt_toolkit.application.current import create_app_session, set_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.data_structures import Size
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding import KeyBindings, KeyPress, KeyPressEvent
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.utils import get_cwidth

from firmware.console.keyboard import Keyboard
from firmware.console.line_editor import (
    LINE_CHARACTERS_MAX,
    Assistance,
    BrokenOffError,
    EndOfInputError,
    Notices,
    ShowHelp,
    complete,
    listing,
    room,
)
from firmware.console.screen import COLUMNS, ROWS, Screen

COLUMNS_MAX = 78  # of the row that is drawn again: with three octets a character, and help, a key stays under 500
HISTORY_LINES = 200
KEYS_OCTETS = 64  # fed at once: then the screen is brought up to date, and others have their turn


class _Keys(Input):
    """An input of prompt_toolkit that octets are fed to."""

    def __init__(self) -> None:
        self._presses: list[KeyPress] = []
        self._parser = Vt100Parser(self._presses.append)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")  # noise stays to be seen, and is refused
        self._ready: Callable[[], None] | None = None

    def feed(self, octets: bytes) -> None:
        """Keys that were pressed, as the terminal sends them."""
        text = self._decoder.decode(octets)
        self._parser.feed("".join(each for each in text if each < " " or each == "\x7f" or get_cwidth(each)))
        if self._ready is not None:
            self._ready()

    def read_keys(self) -> list[KeyPress]:
        presses = self._presses[:]
        self._presses.clear()
        return presses

    def flush_keys(self) -> list[KeyPress]:
        self._parser.flush()
        return self.read_keys()

    @property
    def closed(self) -> bool:
        return False

    def fileno(self) -> int:
        raise NotImplementedError("there is no file")

    def typeahead_hash(self) -> str:
        return f"keys-{id(self)}"

    def raw_mode(self) -> AbstractContextManager[None]:
        return nullcontext()

    def cooked_mode(self) -> AbstractContextManager[None]:
        return nullcontext()

    def attach(self, input_ready_callback: Callable[[], None]) -> AbstractContextManager[None]:
        return self._with_ready(input_ready_callback)

    def detach(self) -> AbstractContextManager[None]:
        return self._with_ready(None)

    @contextmanager
    def _with_ready(self, ready: Callable[[], None] | None) -> Iterator[None]:
        before, self._ready = self._ready, ready
        try:
            yield
        finally:
            self._ready = before


class _History(InMemoryHistory):
    """The last lines, as they may be kept."""

    def __init__(self, remembered: Callable[[str], str]) -> None:
        super().__init__()
        self._remembered = remembered

    def append_string(self, string: str) -> None:
        super().append_string(self._remembered(string))
        del self._storage[:-HISTORY_LINES], self._loaded_strings[HISTORY_LINES:]


class _Output(Vt100_Output):
    """Without bracketed paste: a pasted line ends where it ends, and no octets are spent on it."""

    def enable_bracketed_paste(self) -> None:
        pass

    def disable_bracketed_paste(self) -> None:
        pass


class RichEditor:
    """Reads lines; owns their history. `remembered` makes of a line what the history keeps of it."""

    def __init__(
        self,
        keyboard: Keyboard,
        screen: Screen,
        notices: Notices,
        assistance: Assistance,
        show_help: ShowHelp,
        remembered: Callable[[str], str],
    ) -> None:
        self._keyboard = keyboard
        self._screen = screen
        self._notices = notices
        self._assistance = assistance
        self._show_help = show_help
        self._aside: Callable[[], Awaitable[None]] | None = None  # what a key wants shown above the line
        self._keys = _Keys()
        self._session = self._prompt_session(_History(remembered))

    def _prompt_session(self, history: _History) -> PromptSession[str]:
        output = _Output(
            cast(TextIO, self._screen),
            lambda: Size(self._screen.rows or ROWS, min(self._screen.columns or COLUMNS, COLUMNS_MAX)),
            default_color_depth=ColorDepth.DEPTH_1_BIT,
            enable_cpr=False,
        )
        session: PromptSession[str] = PromptSession(
            input=self._keys,
            output=output,
            history=history,
            key_bindings=self._bindings(),
            wrap_lines=False,
            search_ignore_case=True,
            reserve_space_for_menu=0,
            complete_while_typing=False,
            include_default_pygments_style=False,
            interrupt_exception=BrokenOffError,
            eof_exception=EndOfInputError,
        )
        session.app.terminal_size_polling_interval = None
        return session

    def _bindings(self) -> KeyBindings:
        bindings = KeyBindings()

        @bindings.add("tab")
        def _(event: KeyPressEvent) -> None:
            self._complete(event.current_buffer)

        @bindings.add("?")
        def _(event: KeyPressEvent) -> None:
            line = event.current_buffer.document.text_before_cursor
            if self._assistance.is_text(line):
                event.current_buffer.insert_text("?")
            else:
                self._aside = lambda: self._show_help(self._assistance.help(line), self._room)

        return bindings

    def _complete(self, buffer: Buffer) -> None:
        line = buffer.document.text_before_cursor
        completed, words = complete(self._assistance, line)
        if words:
            self._aside = lambda: self._screen.send_lines([listing(words, self._room)])
        elif completed != line:
            buffer.delete_before_cursor(len(line))
            buffer.insert_text(completed)

    @property
    def _room(self) -> int:
        return room(self._session.default_buffer.text[-COLUMNS_MAX:])

    async def command(self, prompt: str) -> str:
        """A line typed after a prompt (LineEditor.command)."""
        # Of our own: what prompt_toolkit takes for "the" application would be that of whoever came last.
        with create_app_session(self._keys, self._session.output):
            return await self._command(prompt)

    async def _command(self, prompt: str) -> str:
        self._aside = None
        await self._screen.send_lines(self._notices())
        prompting = asyncio.create_task(
            self._session.prompt_async(prompt, set_exception_handler=False, handle_sigint=False)
        )
        helpers = [asyncio.create_task(self._feed()), asyncio.create_task(self._draw())]
        try:
            await asyncio.wait([prompting, *helpers], return_when=asyncio.FIRST_COMPLETED)
            for helper in helpers:
                if helper.done():
                    helper.result()  # raises HungUpError: the terminal is gone
            return await prompting
        finally:
            await _ended(prompting, *helpers)  # what they have drawn last goes out with whatever is sent next

    async def _feed(self) -> None:
        """Gives the keyboard's octets to the prompt, up to the end of the line."""
        app = self._session.app
        while not app.is_running:
            await asyncio.sleep(0)
        while not app.is_done:
            if notices := self._notices():
                await self._above(partial(self._screen.send_lines, notices))
            await self._keyboard.wait()
            self._keys.feed(self._line_octets())
            if self._aside is not None:
                aside, self._aside = self._aside, None
                await self._above(aside)
            await asyncio.sleep(0)  # the line is drawn
            await self._screen.send()

    def _line_octets(self) -> bytes:
        """The next few octets, not beyond the end of a line; of a line that is far too long only what edits it."""
        octets = self._keyboard.take(KEYS_OCTETS)
        ends = [at for at in map(octets.find, (b"\r", b"\n")) if at >= 0]
        if ends:
            self._keyboard.put_back(octets[min(ends) + 1 :])
            octets = octets[: min(ends) + 1]
        if len(self._session.default_buffer.text) > LINE_CHARACTERS_MAX:
            octets = bytes(octet for octet in octets if octet < 0x20 or octet == 0x7F)
        return octets

    async def _above(self, show: Callable[[], Awaitable[None]]) -> None:
        with set_app(self._session.app):
            async with in_terminal():
                await show()

    async def _draw(self) -> None:
        """Sends what the prompt has drawn, whenever it has."""
        while True:
            await self._screen.drawn()
            await self._screen.send()


async def _ended(*tasks: asyncio.Task[Any]) -> None:
    """Ends the tasks, and waits until they have."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
