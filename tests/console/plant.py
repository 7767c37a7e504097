"""A box with nothing but a console, for tests; `python -m tests.console.plant FOLDER` serves one."""

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from firmware.accounts.accounts import Accounts
from firmware.accounts.hashing import HashCost, Hasher, run_at_once
from firmware.accounts.keeping import Author
from firmware.configuration.common import ConsoleConfiguration, SerialConsole
from firmware.console import return_codes
from firmware.console.answer import AuditEntry
from firmware.console.box_console import BoxConsole
from firmware.console.declaration import (
    Choice,
    Command,
    CommandSet,
    Integer,
    Invocation,
    Parameter,
    Role,
    Secret,
    Verb,
)
from firmware.console.interpreter import Interpreter
from firmware.console.report import Lines, Pairs, Report, Table
from firmware.console.server import ConsoleServer
from firmware.console.session import ConsoleSession
from firmware.console.session_commands import COMMANDS as SESSION_COMMANDS
from firmware.console.sessions import SessionRegistry
from firmware.runtime import WallClock
from tests.console.memory_terminal import MemoryTerminal
from tests.firmware.accounts.plant import MemoryStore, Told

CHEAP = HashCost(memory_kib=8, passes=1, lanes=1)
PASSWORD = "a long way home"
FIRST_PASSWORD = "not long for this"
ROW = "x" * 70


@dataclass
class Box:
    """What the commands work on."""

    registry: SessionRegistry
    interrupted: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    samples: int = 0


async def _display(box: Box, invocation: Invocation) -> Report:
    box.samples += 1
    rows = [(number, "aligned") for number in range(1, invocation.get("PN", 4) + 1)]
    return Report(blocks=(Pairs("Box", (("Sample", box.samples),)), Table("Ports", ("Port", "State"), rows)))


async def _list(box: Box, invocation: Invocation) -> Report:
    def rows() -> Iterator[str]:
        for number in range(invocation["COUNT"]):
            box.samples = number
            yield f"{number:08d} {ROW}"

    return Report(blocks=(Lines("Log", rows()),))


async def _restart(box: Box, _: Invocation) -> Report:
    box.done.append("RST BOX")
    return Report()


async def _test(box: Box, _: Invocation) -> Report:
    await box.hold.wait()
    box.done.append("TST BOX")
    return Report()


async def _password(box: Box, invocation: Invocation) -> Report:
    box.done.append(invocation["PWD"])
    return Report()


def _command(verb: Verb, name: str, handler: object, *parameters: Parameter, **more: object) -> Command[Box]:
    options = {"role": Role.GUEST, "example": "", "refused": "", "refused_code": return_codes.SYNTAX} | more
    text = f"{verb.value} the {name.lower()}"
    return Command(verb, name, text, handler, parameters=parameters, **options)  # type: ignore[arg-type]


PORTS = Parameter("PN", Integer(1, 16), "how many ports")
COUNT = Parameter("COUNT", Integer(0, 10_000_000), "how many lines", mandatory=True)
MANY = tuple(
    _command(Verb.LST, f"OBJECT{number:02d}", _display, PORTS, Parameter("KIND", Choice(("ONE", "TWO")), "a kind"))
    for number in range(60)
)
COMMANDS: tuple[Command[Box], ...] = (
    _command(Verb.DSP, "PORT", _display, PORTS, watch=True),
    _command(Verb.DSP, "PORTCNT", _display, PORTS),
    _command(Verb.LST, "LOG", _list, COUNT),
    _command(Verb.RST, "BOX", _restart, interrupts=lambda box, _: box.interrupted),
    _command(Verb.TST, "BOX", _test),
    _command(Verb.SET, "PWD", _password, Parameter("PWD", Secret(), "a password", mandatory=True)),
    *MANY,
)


@dataclass
class Plant:
    """The box's console, and what it did."""

    console: BoxConsole
    box: Box
    accounts: Accounts
    told: Told
    tasks: asyncio.TaskGroup
    audited: list[AuditEntry] = field(default_factory=list)
    idle_logout_s: int = 0
    sessions: int = 8

    @property
    def registry(self) -> SessionRegistry:
        return self.console.registry

    def session(self, terminal: MemoryTerminal, **options: float) -> "asyncio.Task[None]":
        """Holds a session on a terminal."""
        return self.tasks.create_task(ConsoleSession(terminal, self.console, **options).run())

    async def logged_in(self, terminal: MemoryTerminal, size: str = "", user: str = "admin") -> asyncio.Task[None]:
        """Logs somebody in, on a plain terminal or one of a size (rows;columns)."""
        task = self.session(terminal)
        if not terminal.present:
            terminal.type("\r")
        await terminal.expect("\x1b[6n")
        terminal.type(f"\x1b[{size}R" if size else "\r")
        await terminal.expect("login: ")
        terminal.type(f"{user}\r")
        await terminal.expect("password: ")
        terminal.type(f"{PASSWORD}\r")
        await terminal.expect("\r\n")
        await terminal.expect("qm1>")
        return task


@asynccontextmanager
async def plant(*, factory: bool = False) -> AsyncIterator[Plant]:
    """A box in a running event loop, with users admin, bob and olga (operators) and eve (guest), all of one
    password."""
    wall_clock, told, audited = WallClock(datetime(2026, 11, 25, tzinfo=UTC)), Told(), list[AuditEntry]()
    registry = SessionRegistry(lambda: made.sessions, lambda _: None)
    box = Box(registry)
    interpreter = Interpreter(
        lambda: "qm1/Bern",
        [CommandSet(box, COMMANDS), CommandSet(registry, SESSION_COMMANDS)],
        audited.append,
        wall_clock,
        itertools.count(1),
    )
    accounts = Accounts(MemoryStore(), Hasher(run_at_once, CHEAP), wall_clock, told, told, owner_uid=0)
    if not factory:
        await add_users(accounts)
    async with asyncio.TaskGroup() as tasks:
        console = BoxConsole(
            name="qm1",
            banner=lambda: ["qm1  Bern", "Trunkshelf"],
            interpreter=interpreter,
            accounts=accounts,
            registry=registry,
            idle_logout_s=lambda: made.idle_logout_s,
            on_logout=lambda user, terminal, why: told.records.append(f"{user} on {terminal}: {why}"),
            spawn=tasks.create_task,
        )
        made = Plant(console, box, accounts, told, tasks, audited)
        try:
            yield made
        finally:
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
    accounts.close()


async def add_users(accounts: Accounts) -> None:
    terminal = "serial /dev/ttyS0"
    await accounts.set_first_password(PASSWORD, terminal)
    for name, role in (("bob", Role.OPERATOR), ("olga", Role.OPERATOR), ("eve", Role.GUEST)):
        await accounts.add(name, role, FIRST_PASSWORD, Author("admin", terminal))
        await accounts.change_own_password(name, FIRST_PASSWORD, PASSWORD, terminal)


async def _serve(folder: Path, devices: list[str]) -> None:
    async with plant() as made:
        server = ConsoleServer(made.console, folder, made.told)
        serial = {number: SerialConsole(device=device) for number, device in enumerate(devices, 1)}
        server.prepare(msgspec.structs.replace(ConsoleConfiguration(), serial=serial)).apply()
        await asyncio.sleep(0)  # the ports are open
        print("ready", flush=True)
        for line_number in itertools.count(1):
            if not await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline):
                break
            made.registry.tell(line_number, [f"*** ALARM {line_number} ***", "LOS on port 1"])
        await server.close()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), sys.argv[2:]))
