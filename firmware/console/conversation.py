"""What passes between a user, or a program, and the box once somebody has logged in."""

import asyncio
import re
from collections.abc import Iterable

from firmware.console.answer import Dialogue
from firmware.console.assistance import CommandAssistance
from firmware.console.box_console import BoxConsole
from firmware.console.echo import printable
from firmware.console.keyboard import HungUpError, Keyboard
from firmware.console.line_editor import BrokenOffError, EndOfInputError, LineEditor
from firmware.console.notices import Notices
from firmware.console.pager import WIPE, Pager
from firmware.console.plain_editor import PlainEditor
from firmware.console.reports import Reports
from firmware.console.rich_editor import RichEditor
from firmware.console.screen import Screen
from firmware.console.sessions import LiveSession
from protocols import mml
from protocols.console_text import LOG_OUT
from protocols.mml_record import RecordKind, records

CONTINUED = "  ...> "
HELP_OCTETS_MIN = 81  # a line of help: that much must fit a key

_LOG_OUT = re.compile(rf"\s*{LOG_OUT}\s*:?\s*;?\s*", re.IGNORECASE)


class TerminalConversation:
    """With somebody at a terminal: an editor, a dialogue for what a command lacks, reports in pages."""

    def __init__(
        self, box: BoxConsole, live: LiveSession, keyboard: Keyboard, screen: Screen, notices: Notices
    ) -> None:
        self._prompt = f"{box.name}> "
        self._reports = Reports(box, live, keyboard, screen)
        self._assistance = CommandAssistance(box.interpreter, live.session.role)
        plain = PlainEditor(keyboard, screen, notices.take_lines, self._assistance, self._show_help)
        self._editor: LineEditor = plain
        if screen.columns:
            remembered = box.interpreter.starred
            self._editor = RichEditor(
                keyboard, screen, notices.take_lines, self._assistance, self._show_help, remembered
            )
        self._dialogue: Dialogue = _TerminalDialogue(keyboard, plain, self._reports.pager)

    async def turn(self) -> None:
        """Reads a command and carries it out. Raises EndOfInputError to log out, HungUpError."""
        try:
            text = await self._command()
        except BrokenOffError:
            return
        if text.strip():
            await self._reports.give(text, self._dialogue)

    async def _command(self) -> str:
        """A line, and those that continue it."""
        self._assistance.before = ""
        text = await self._editor.command(self._prompt)
        if _LOG_OUT.fullmatch(text):
            raise EndOfInputError
        while mml.is_incomplete(text):
            text += "\n"
            self._assistance.before = text
            try:
                text += await self._editor.command(CONTINUED)
            except EndOfInputError:
                raise BrokenOffError from None
        return text

    async def _show_help(self, lines: list[str], octets_a_key: int) -> None:
        await self._reports.pager.show(lines, max(octets_a_key - len(WIPE), HELP_OCTETS_MIN))


class _TerminalDialogue:
    """Asks whoever sits there."""

    def __init__(self, keyboard: Keyboard, editor: PlainEditor, pager: Pager) -> None:
        self._keyboard = keyboard
        self._editor = editor
        self._pager = pager

    async def ask(self, prompt: str, *, secret: bool = False) -> str | None:
        """The line typed after a prompt; None: broken off."""
        if self._keyboard.stopped:
            return None
        try:
            with self._keyboard.asking():
                return await self._editor.line(prompt, secret=secret)
        except (BrokenOffError, EndOfInputError, HungUpError):
            return None

    async def show(self, lines: Iterable[str]) -> None:
        """Prints lines; a terminal that is gone shows nothing."""
        try:
            await self._pager.show(lines)
        except HungUpError:
            return


class MachineConversation:
    """With a program: a line of commands in, a record for each answer out, notices between them."""

    def __init__(
        self, box: BoxConsole, live: LiveSession, keyboard: Keyboard, screen: Screen, notices: Notices
    ) -> None:
        self._reports = Reports(box, live, keyboard, screen)
        self._keyboard = keyboard
        self._screen = screen
        self._notices = notices

    async def turn(self) -> None:
        """Reads a line and carries it out. Raises EndOfInputError to log out, HungUpError."""
        line = await self._line()
        if _LOG_OUT.fullmatch(line.decode(errors="replace")):
            raise EndOfInputError
        if line.strip():
            await self._reports.give(line, None)

    async def _line(self) -> bytes:
        """Octets up to the end of a line; of a line that is too long to be a command, enough to be refused."""
        line = bytearray()
        while True:
            await self._send_notices()
            await self._keyboard.wait()
            octets = self._keyboard.take()
            end = min((at for at in (octets.find(b"\r"), octets.find(b"\n")) if at >= 0), default=len(octets))
            line += octets[: min(end, mml.LINE_OCTETS_MAX + 1 - len(line))]
            if end < len(octets):
                self._keyboard.put_back(octets[end + 1 :])
                return bytes(line)
            await asyncio.sleep(0)

    async def _send_notices(self) -> None:
        for notice in self._notices.take():
            for record in records(RecordKind.NOTICE, notice.serial, 0, map(printable, notice.lines)):
                await self._screen.send_octets(record)
