"""Line editing on a terminal that can do nothing but print: echo, backspace, Ctrl-U, Ctrl-W, Tab and ?."""

import asyncio
import codecs
from enum import Enum, auto

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
from firmware.console.screen import Screen

BELL = "\a"
TAIL_CHARACTERS = 78
_RUB_OUT = "\b \b"


class _Escape(Enum):
    """Where in an escape sequence (arrow keys and the like: of no use here) the input stands."""

    NONE = auto()
    BEGUN = auto()  # ESC
    CSI = auto()  # ESC [ ... up to 0x40-0x7E (ECMA-48 5.4)
    SS3 = auto()  # ESC O and one more


class PlainEditor:
    """Reads lines; with `secret` nothing is echoed."""

    def __init__(
        self,
        keyboard: Keyboard,
        screen: Screen,
        notices: Notices,
        assistance: Assistance,
        show_help: ShowHelp,
    ) -> None:
        self._keyboard = keyboard
        self._screen = screen
        self._notices = notices
        self._assistance = assistance
        self._show_help = show_help
        self._begin("", secret=True, command=False)

    def _begin(self, prompt: str, secret: bool, command: bool) -> None:
        self._prompt = prompt
        self._secret = secret
        self._command = command
        self._text = ""
        self._escape = _Escape.NONE
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    async def command(self, prompt: str) -> str:
        """A line typed after a prompt (LineEditor.command)."""
        self._begin(prompt, secret=False, command=True)
        return await self._line(None)

    async def line(self, prompt: str, *, secret: bool = False, limit_s: float | None = None) -> str:
        """A line without help; a secret is not echoed. Raises as `command` does, and TimeoutError."""
        self._begin(prompt, secret, command=False)
        return await self._line(limit_s)

    async def _line(self, limit_s: float | None) -> str:
        await self._screen.send_lines(self._notices())
        await self._screen.send(self._prompt)
        async with asyncio.timeout(limit_s):
            while True:
                await self._show_notices()
                await self._keyboard.wait()
                octets = self._keyboard.take()
                if await self._take(octets):
                    return self._text

    async def _show_notices(self) -> None:
        if lines := self._notices():
            await self._screen.send("\r\n" if self._prompt or self._text else "")
            await self._screen.send_lines(lines)
            await self._draw_again()

    async def _draw_again(self) -> None:
        await self._screen.send(self._drawn_again())

    def _drawn_again(self) -> str:
        return self._prompt + ("" if self._secret else self._tail)

    @property
    def _tail(self) -> str:
        """What is drawn again of a line: its end, if it is long."""
        return self._text if len(self._text) <= TAIL_CHARACTERS else f"<{self._text[-TAIL_CHARACTERS:]}"

    async def _take(self, octets: bytes) -> bool:
        """Works through octets; true when the line is complete, and the rest is put back."""
        echo = ""
        for position, octet in enumerate(octets):
            if octet in b"\r\n":
                self._keyboard.put_back(octets[position + 1 :])
                await self._screen.send(f"{echo}\r\n")
                return True
            for character in self._decoder.decode(bytes((octet,))):
                if self._swallowed(character):
                    continue
                if character in "\t?" and self._helps(character):
                    await self._screen.send(echo)
                    echo = ""
                    await self._help(character)
                else:
                    echo += await self._character(character, octets[position + 1 :])
        await self._screen.send(echo)
        return False

    def _swallowed(self, character: str) -> bool:
        """Part of an escape sequence."""
        match self._escape:
            case _Escape.NONE:
                self._escape = _Escape.BEGUN if character == "\x1b" else _Escape.NONE
                return character == "\x1b"
            case _Escape.BEGUN:
                self._escape = {"[": _Escape.CSI, "O": _Escape.SS3}.get(character, _Escape.NONE)
            case _Escape.CSI:
                if "\x40" <= character <= "\x7e":
                    self._escape = _Escape.NONE
            case _Escape.SS3:
                self._escape = _Escape.NONE
        return True

    async def _character(self, character: str, rest: bytes) -> str:
        """Does what a character says; returns what it echoes."""
        match character:
            case "\x7f" | "\b":
                return self._erase(len(self._text) - 1)
            case "\x15":  # Ctrl-U
                return self._erase(0)
            case "\x17":  # Ctrl-W
                return self._erase(len(self._text.rstrip()[: self._text.rstrip().rfind(" ") + 1]))
            case "\x03":
                self._keyboard.put_back(rest)
                await self._screen.send("^C\r\n")
                raise BrokenOffError
            case "\x04" if not self._text:
                self._keyboard.put_back(rest)
                await self._screen.send("\r\n")
                raise EndOfInputError
        return self._insert(character)

    def _insert(self, character: str) -> str:
        if character == "\ufffd":
            return self._keep(character) + BELL  # noise on the line: what it has hit is refused, not carried out
        if get_cwidth(character) < 1 or not character.isprintable():
            return BELL
        return self._keep(character)

    def _keep(self, character: str) -> str:
        if len(self._text) < LINE_CHARACTERS_MAX:
            self._text += character
            return "" if self._secret else character
        return ""

    def _erase(self, length: int) -> str:
        erased, self._text = self._text[max(length, 0) :], self._text[: max(length, 0)]
        if self._secret:
            return ""
        if len(erased) > TAIL_CHARACTERS:
            return f"\r\n{self._drawn_again()}"
        return _RUB_OUT * sum(get_cwidth(character) for character in erased)

    def _helps(self, character: str) -> bool:
        if not self._command:
            return False
        return character == "\t" or not self._assistance.is_text(self._text)

    async def _help(self, character: str) -> None:
        if character == "?":
            await self._screen.send("?\r\n")
            await self._show_help(self._assistance.help(self._text), room(self._tail))
            await self._draw_again()
            return
        completion = complete(self._assistance, self._text)
        if completion.words:
            await self._screen.send(f"\r\n{listing(completion.words, room(self._tail))}\r\n")
            self._text = completion.line
            await self._draw_again()
        else:
            await self._screen.send(self._replace(completion.line))

    def _replace(self, line: str) -> str:
        """The line becomes another one: only what differs is drawn."""
        if line == self._text:
            return BELL
        same = 0
        while same < min(len(line), len(self._text)) and line[same] == self._text[same]:
            same += 1
        erased = self._erase(same)
        self._text = line
        return erased + line[same:]
