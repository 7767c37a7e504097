"""A technician's side of a console: a terminal put through to a box, or commands and their reports in records."""

import os
import select
import signal
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from drivers.console_link import Link, LinkError
from protocols.console_text import (
    INCORRECT,
    LOG_OUT,
    LOGGED_OUT,
    LOGIN,
    NEW_PASSWORD,
    PASSWORD,
    SAME_AGAIN,
    SIZE_QUESTION,
)
from protocols.mml_record import Record, RecordDecoder, RecordError, RecordKind

LEAVE = 0x1D  # Ctrl-]
ANSWER_LIMIT_S = 20.0  # to log in; a report may take as long as it takes
READ_OCTETS = 4096
_TAIL_OCTETS = 256
# Whatever the line editor has switched is as it was: DECAWM and DECTCEM set.
_RESTORE = b"\x1b[?7h\x1b[?25h\r\n"
_MACHINE_MODE = b"SET SES:MODE=MACHINE;\r"
_RECORD = b"\n@MML "


@contextmanager
def raw_terminal(descriptor: int) -> Iterator[None]:
    """The terminal passes every key on; afterwards it is as it was, also after SIGTERM and SIGHUP."""
    before = termios.tcgetattr(descriptor)

    def end(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    handlers = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        tty.setraw(descriptor)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def attach(link: Link) -> None:
    """Puts this process's terminal through to a box until Ctrl-] or logout; raises LinkError when it is gone."""
    inward, outward = sys.stdin.fileno(), sys.stdout.fileno()
    with raw_terminal(inward):
        try:
            if link.needs_enter:
                link.send(b"\r")
            gone = _put_through(link, inward, outward)
        finally:
            os.write(outward, _RESTORE)
    if gone:
        raise LinkError("the box has closed the connection")


def _put_through(link: Link, inward: int, outward: int) -> bool:
    """Until Ctrl-] or logout; true when the box is gone."""
    tail = b""
    while True:
        ready, _, _ = select.select([link.fileno(), inward], [], [])
        if link.fileno() in ready:
            while (octets := link.receive()) is not None:
                if not octets:
                    return not tail.rstrip().endswith(LOGGED_OUT.encode())
                _write(outward, octets)
                tail = (tail + octets)[-_TAIL_OCTETS:]
        if inward in ready:
            typed = os.read(inward, READ_OCTETS)
            before, leave, _ = typed.partition(bytes((LEAVE,)))
            link.send(before)
            if leave or not typed:
                return False


def _write(descriptor: int, octets: bytes) -> None:
    while octets:
        octets = octets[os.write(descriptor, octets) :]


class MachineClient:
    """Gives commands in machine mode. Raises LinkError where the box does not answer as it should."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._came = b""
        self._decoder = RecordDecoder()
        self._records: list[Record] = []

    def set_first_password(self, user: str, password: str) -> None:
        """Sets the password of a box in factory state, stays logged in and changes to machine mode."""
        self._say_who(user)
        for prompt in (NEW_PASSWORD, SAME_AGAIN):
            self._expect("is not in factory state", prompt)
            self._link.send(f"{password}\r".encode())
        self._expect("does not take the password", "> ")
        self._change_to_records()

    def _say_who(self, user: str) -> None:
        if self._link.needs_enter:
            self._link.send(b"\r")
        self._expect("does not ask for a login", SIZE_QUESTION)
        self._link.send(f"{user}\r".encode())

    def log_in(self, user: str, password: str) -> None:
        """Logs in and changes to machine mode."""
        self._say_who(user)
        if self._expect("does not ask for a password", NEW_PASSWORD, PASSWORD) == NEW_PASSWORD:
            raise LinkError(
                "the box has no users (it is new, or has lost them): log in once and set the first password"
            )
        self._link.send(f"{password}\r".encode())
        match self._expect("does not log in", INCORRECT, NEW_PASSWORD, LOGIN, "> "):
            case "> ":
                self._change_to_records()
            case text if text == NEW_PASSWORD:
                raise LinkError(f"the password of {user} must be changed: log in once to change it")
            case _:
                raise LinkError("login incorrect")

    def _change_to_records(self) -> None:
        self._link.send(_MACHINE_MODE)
        self._expect("does not know machine mode", _RECORD.decode())
        self._came = _RECORD[1:] + self._came
        self._feed(self._came)
        for _ in self.report():
            pass  # of SET SES itself

    def command(self, line: str) -> Iterator[Record]:
        """Gives a command (in one line); the records of its report as they come, and notices among them."""
        self._link.send(f"{line}\n".encode())
        return self.report()

    def report(self) -> Iterator[Record]:
        """Records up to the last of a report."""
        while True:
            while not self._records:
                self._feed(self._receive(None))
            record = self._records.pop(0)
            yield record
            if record.kind is RecordKind.REPORT and not record.more:
                return

    def log_out(self) -> None:
        """Ends the session."""
        self._link.send(f"{LOG_OUT}\n".encode())

    def _feed(self, octets: bytes) -> None:
        try:
            self._records += self._decoder.feed(octets)
        except RecordError as error:
            raise LinkError(f"what the box sends is damaged: {error}") from None

    def _expect(self, trouble: str, *texts: str) -> str:
        """Waits for the first of some texts; what stood before it is forgotten."""
        deadline = time.monotonic() + ANSWER_LIMIT_S
        while True:
            found = [(at, text) for text in texts if (at := self._came.find(text.encode())) >= 0]
            if found:
                at, text = min(found)
                self._came = self._came[at + len(text.encode()) :]
                return text
            self._came += self._receive(deadline, trouble)

    def _receive(self, deadline: float | None, trouble: str = "") -> bytes:
        while (octets := self._link.receive()) is None:
            left_s = None if deadline is None else deadline - time.monotonic()
            if left_s is not None and left_s <= 0:
                raise LinkError(f"the box {trouble}")
            select.select([self._link], [], [], left_s)
        if not octets:
            raise LinkError(f"the box has closed the connection{self._last_words()}")
        return octets

    def _last_words(self) -> str:
        lines = [line for line in self._came.decode(errors="replace").split("\r\n") if line.isprintable() and line]
        return f": {lines[-1]}" if lines else ""
