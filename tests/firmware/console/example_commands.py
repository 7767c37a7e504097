"""A small box with a command of every kind of parameter, for tests; it remembers what was asked of it."""

import asyncio
import itertools
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from firmware.console import return_codes
from firmware.console.answer import BEGUN, Answer, AuditEntry
from firmware.console.declaration import (
    FLAG,
    Choice,
    Command,
    CommandError,
    CommandSet,
    Decimal,
    Integer,
    IntegerSet,
    Invocation,
    Parameter,
    Role,
    Secret,
    Session,
    Text,
    Verb,
)
from firmware.console.interpreter import Interpreter
from firmware.console.report import Pairs, Report, Table
from firmware.runtime import WallClock

PN = Parameter("PN", Integer(1, 16), "number of the port", mandatory=True)
PORTS = Parameter("PN", IntegerSet(1, 16), "numbers of the ports", default="all")


class ExampleBox:
    """What the commands work on."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.interrupted: list[str] = []
        self.error: BaseException | None = None


def _handler(name: str, report: Report) -> Callable[[ExampleBox, Invocation], Any]:
    async def handle(box: ExampleBox, invocation: Invocation) -> Report:
        await asyncio.sleep(0)
        box.calls.append((name, dict(invocation.arguments)))
        if box.error:
            raise box.error
        return report

    return handle


async def _display(box: ExampleBox, invocation: Invocation) -> Report:
    box.calls.append(("DSP PORT", dict(invocation.arguments)))
    if box.error:
        raise box.error
    rows = [(number, "aligned") for number in invocation.get("PN", range(1, 17))]
    return Report(blocks=(Table("Ports", ("Port", "State"), rows),))


def _interrupted(box: ExampleBox, invocation: Invocation) -> list[str]:
    if invocation["PN"] == 16:
        raise CommandError(return_codes.NO_SUCH_OBJECT, "There is no port 16")
    return box.interrupted


COMMANDS: tuple[Command[ExampleBox], ...] = (
    Command(
        Verb.DSP,
        "PORT",
        "display the state of ports",
        _display,
        Role.GUEST,
        example="DSP PORT:PN=1&&3;",
        refused="DSP PORT:PN=99;",
        refused_code=return_codes.BAD_VALUE,
        parameters=(
            PORTS,
            Parameter("DETAIL", Choice(("BRIEF", "FULL")), "how much of each", default="BRIEF"),
            Parameter("PAGE", Integer(1, 9), "page of the details", only_with=("DETAIL", "FULL")),
        ),
        watch=True,
    ),
    Command(
        Verb.RST,
        "PORT",
        "restart a port",
        _handler("RST PORT", Report("Restarted")),
        Role.OPERATOR,
        example="RST PORT:PN=1;",
        refused="RST PORT:PN=1,COLD=PERHAPS;",
        refused_code=return_codes.BAD_VALUE,
        parameters=(PN, Parameter("COLD", FLAG, "forget what was learnt of the line", default="NO")),
        effect="at once; calls on the port are lost",
        interrupts=_interrupted,
    ),
    Command(
        Verb.STR,
        "BERT",
        "start a bit-error test",
        _handler("STR BERT", Report(blocks=(Pairs("Test", (("Pattern", "2^15-1"),)),))),
        Role.OPERATOR,
        example='STR BERT:PN=1,PATTERN=PRBS,ORDER=15,SECONDS=1.5,NOTE="after the repair";',
        refused="STR BERT:PN=1,PATTERN=PRBS;",
        refused_code=return_codes.MISSING_PARAMETER,
        parameters=(
            PN,
            Parameter("PATTERN", Choice(("PRBS", "ZEROS")), "what is sent", mandatory=True),
            Parameter("ORDER", Integer(5, 31), "order of it", mandatory=True, only_with=("PATTERN", "PRBS")),
            Parameter("SECONDS", Decimal(0.5, 3600, "s"), "how long; until it is stopped if not given"),
            Parameter("NOTE", Text(20, least_characters=2), "for the log"),
        ),
        effect="at once",
    ),
    Command(
        Verb.SET,
        "PWD",
        "set your own password",
        _handler("SET PWD", Report()),
        Role.GUEST,
        example="SET PWD:NEW=correct-horse;",
        refused="SET PWD:OLD=x;",
        refused_code=return_codes.UNKNOWN_PARAMETER,
        parameters=(Parameter("NEW", Secret(16), "the new password", mandatory=True),),
        effect="at the next login",
    ),
    Command(
        Verb.RST,
        "BOX",
        "restart the box",
        _handler("RST BOX", Report()),
        Role.ADMINISTRATOR,
        example="RST BOX;",
        refused="RST BOX:NOW=YES;",
        refused_code=return_codes.UNKNOWN_PARAMETER,
        effect="at once",
    ),
)


class FixedClock(WallClock):
    """Always the same moment."""

    def __init__(self) -> None:
        super().__init__(datetime(2026, 11, 25, tzinfo=UTC))

    def text(self, _time_ns: int) -> str:
        return "2026-11-25T01:02:03.456Z"


class Bench:
    """An interpreter with everything it talks to."""

    def __init__(self, commands: Iterable[Command[Any]] = COMMANDS, *, full: bool = False) -> None:
        self._full = full  # the audit log takes nothing more
        self.box = ExampleBox()
        self.audited: list[AuditEntry] = []
        self.interpreter = Interpreter(
            lambda: "qm1/Bern",
            [CommandSet(self.box, tuple(commands))],
            self._audit,
            FixedClock(),
            itertools.count(1),
        )

    def _audit(self, entry: AuditEntry) -> None:
        if self._full and entry.text == BEGUN:
            raise CommandError(return_codes.STORE_FAILED, "The audit log takes nothing more")
        self.audited.append(entry)

    def run(self, line: str | bytes, role: Role = Role.ADMINISTRATOR, dialogue: Any = None) -> list[Answer]:
        """The answers to a line."""

        async def execute() -> list[Answer]:
            session = Session(7, "bob", role, "unix")
            return [answer async for answer in self.interpreter.execute(line, session, dialogue)]

        return asyncio.run(execute())


class Script:
    """A dialogue whose other end types these lines; None hangs up."""

    def __init__(self, *lines: str | None) -> None:
        self._lines = list(lines)
        self.prompts: list[tuple[str, bool]] = []
        self.shown: list[str] = []

    async def ask(self, prompt: str, *, secret: bool = False) -> str | None:
        self.prompts.append((prompt, secret))
        return self._lines.pop(0)

    async def show(self, lines: Iterable[str]) -> None:
        self.shown += lines
