"""What passes between an interpreter and a session: answers one way, questions the other."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from firmware.console.declaration import Session
from firmware.console.report import Block


@dataclass(frozen=True)
class Answer:
    """One command's report, ready to be laid out (firmware/console/layout.py).

    `again`: the command was given with WATCH; the session calls it every `every_s` seconds for a new answer, until
    a key is pressed. `left_out`: how many commands of the line were not carried out because this one failed.
    """

    serial: int
    box: str  # "qm1/Bern": box and site
    time: str  # "2026-11-25 01:02:03"
    command: str  # as it was given, secrets starred
    code: int
    text: str
    blocks: Sequence[Block] = ()
    left_out: int = 0
    every_s: int = 0
    again: "Callable[[], Awaitable[Answer]] | None" = None


BEGUN = "begun"


@dataclass(frozen=True)
class AuditEntry:
    """What the audit log keeps of a command. `code` is None where there is no answer: it is about to be carried
    out (the text is BEGUN), or has been broken off."""

    session: Session
    command: str  # secrets starred
    code: int | None
    text: str


class Dialogue(Protocol):
    """How an interpreter asks whoever sits at the terminal. Machine mode has none."""

    async def ask(self, prompt: str, *, secret: bool = False) -> str | None:
        """The line typed after a prompt, without echo where it is secret; None: broken off (Ctrl-C, hang-up)."""

    async def show(self, lines: Iterable[str]) -> None:
        """Prints lines between two questions: help on a value, why one was refused."""
