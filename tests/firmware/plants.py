"""Whole plants in virtual time for tests of boxes: with callers, commands, and whatever was told of faults."""

import asyncio
import itertools
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from drivers.engine import Impairments, Sound
from drivers.stores.call_store import CallRecord
from firmware.alarms.catalogue import CATALOGUE
from firmware.box_commands import BOX_COMMANDS, BoxSubject
from firmware.console.answer import Answer
from firmware.console.declaration import CommandSet, Role, Session
from firmware.console.interpreter import Interpreter
from firmware.console.report import Pairs, Table
from firmware.hw.commands import COMMANDS as HW_COMMANDS
from firmware.log_ring import LogRing
from firmware.plant import PlantConfiguration
from firmware.qm.box import QueuingMachine
from firmware.qm.commands import COMMANDS as QM_COMMANDS
from firmware.qm.configuration import ClockConfiguration, PortConfiguration, QueuingMachineConfiguration
from firmware.vp.commands import COMMANDS as VP_COMMANDS
from firmware.vp.configuration import VoiceBoxConfiguration
from hil.bench_shelf import BenchShelf, Outcome
from hil.exchange import CallerScript, Exchange
from protocols.messages import Step

CUT, WHOLE = Impairments(cut=True), Impairments()
PROMPT_S = 6.5  # and a little
LINE_UP_S = 0.1  # alignment both ways, and idle recognised

Scenario = Callable[["Plant"], Awaitable[None]]


class Heard:
    """What a box has told: `standing` faults with their detail, and everything in the order in which it came."""

    def __init__(self) -> None:
        self.standing: dict[tuple[str, str], str] = {}
        self.told: list[tuple[str, str, str]] = []

    def _check(self, name: str, where: str) -> None:
        assert CATALOGUE[name].names(where), f"{name} cannot befall {where!r}"

    def fault(self, name: str, object: str = "", detail: str = "") -> None:  # noqa: A002
        self._check(name, object)
        assert CATALOGUE[name].stands
        if (name, object) not in self.standing:
            self.told.append(("fault", name, object))
        self.standing[name, object] = detail

    def recover(self, name: str, object: str = "") -> None:  # noqa: A002
        self._check(name, object)
        if self.standing.pop((name, object), None) is not None:
            self.told.append(("recover", name, object))

    def event(self, name: str, object: str = "", detail: str = "") -> None:  # noqa: A002
        self._check(name, object)
        assert not CATALOGUE[name].stands
        self.told.append(("event", name, object))

    def on(self, where: str) -> set[str]:
        """Names of the faults that stand on an object."""
        return {name for name, at in self.standing if at == where}


class Plant:
    """A bench with `ports` lines to an exchange; `run` gives a scenario this plant when the boxes are up."""

    def __init__(
        self,
        folder: Path,
        ports: dict[int, PortConfiguration] | None = None,
        boards: int = 1,
        clock: ClockConfiguration | None = None,
        must_open: bool = True,
    ) -> None:
        ports = {1: PortConfiguration(), 2: PortConfiguration()} if ports is None else ports
        sources = ClockConfiguration(sources=tuple(ports)[:1])
        qm = QueuingMachineConfiguration(ports=ports, clock=clock or sources)
        configuration = PlantConfiguration(qm=qm, vp=VoiceBoxConfiguration(boards=boards))
        self.folder = folder
        self.bench = BenchShelf(configuration, folder, seed=1, must_open=must_open)
        self.heard = {name: Heard() for name in ("qm1", "hw1", "vp1")}
        self.bench.faults = lambda name: self.heard[name]
        self.restarted = 0
        self._interpreters: dict[str, Interpreter] = {}

    @property
    def qm(self) -> QueuingMachine:
        return self.bench.boxes.qm

    @property
    def exchange(self) -> Exchange:
        return self.bench.exchange

    @property
    def records(self) -> list[CallRecord]:
        return self.bench.store.read() if self.bench.store.path.exists() else []

    def run(self, scenario: Scenario, real_time: bool = False) -> Outcome:
        async def main(_: Exchange) -> None:
            self._interpreters = self._boxes()
            await scenario(self)

        return self.bench.run(main, real_time)

    def _boxes(self) -> dict[str, Interpreter]:
        boxes = self.bench.boxes
        log = LogRing(boxes.qm.wall_clock)

        def restart() -> None:
            self.restarted += 1

        def interpreter(box: Any, commands: Any) -> Interpreter:
            subject = BoxSubject(
                box=box,
                kind="box",
                shelf=self.bench.shelf,
                wall_clock=boxes.qm.wall_clock,
                started_ns=0,
                boards=lambda: box.boards,
                interrupted=lambda: [call.name for call in boxes.qm.calls.all()],
                restart=restart,
                log=log,
            )
            sets = [CommandSet(box, commands), CommandSet(subject, BOX_COMMANDS)]
            clock = boxes.qm.wall_clock
            return Interpreter(lambda: box.name, sets, lambda _: None, clock, itertools.count(1))

        return {
            "qm1": interpreter(boxes.qm, QM_COMMANDS),
            "hw1": interpreter(boxes.hw, HW_COMMANDS),
            "vp1": interpreter(boxes.vp, VP_COMMANDS),
        }

    # What scenarios do.

    async def give(self, line: str, box: str = "qm1", force: bool = True) -> Answer:
        """The answer to one command; a dangerous one is not asked for."""
        if force:
            name = re.split("[:;]", line)[0]
            command = next((each for each in self._commands(box) if each.name == name), None)
            if command is not None and command.interrupts is not None:
                line = line.rstrip(";") + ("," if ":" in line else ":") + "FORCE=YES;"
        session = Session(7, "bob", Role.ADMINISTRATOR, "unix")
        (answer,) = [answer async for answer in self._interpreters[box].execute(line, session)]
        return answer

    def _commands(self, box: str) -> Any:
        return self._interpreters[box].commands(Role.ADMINISTRATOR)

    async def ok(self, line: str, box: str = "qm1") -> Answer:
        answer = await self.give(line, box)
        assert answer.code == 0, answer
        return answer

    async def pairs(self, line: str, box: str = "qm1") -> dict[str, Any]:
        """All name-value pairs of a report."""
        answer = await self.ok(line, box)
        return {name: value for block in answer.blocks if isinstance(block, Pairs) for name, value in block.pairs}

    async def rows(self, line: str, box: str = "qm1") -> list[dict[str, Any]]:
        """The rows of a report's table, by their headings."""
        answer = await self.ok(line, box)
        return [
            dict(zip(block.columns, row, strict=True))
            for block in answer.blocks
            if isinstance(block, Table)
            for row in block.rows
        ]

    async def commit(self, **ports: PortConfiguration | None) -> None:
        """Prepares and applies a change of ports: p3=PortConfiguration(...), or None to remove."""
        await self.change(self.with_ports(**ports))

    def with_ports(self, **ports: PortConfiguration | None) -> QueuingMachineConfiguration:
        wanted: dict[int, Any] = {**self.qm.configuration.ports, **{int(n[1:]): port for n, port in ports.items()}}
        there = {number: port for number, port in wanted.items() if port is not None}
        return QueuingMachineConfiguration(ports=there, clock=self.qm.configuration.clock)

    async def change(self, new: QueuingMachineConfiguration) -> None:
        prepared = await self.qm.prepare(self.qm.configuration, new)
        prepared.apply()

    def call(self, port: int, timeslot: int, script: CallerScript) -> "asyncio.Task[None]":
        return asyncio.ensure_future(self.exchange.call(port, timeslot, script))

    async def until(self, condition: Callable[[], bool], limit_s: float = 60) -> None:
        """Waits, in virtual time a millisecond at a time."""
        async with asyncio.timeout(limit_s):
            while not condition():
                await asyncio.sleep(0.001)

    def recording(self, record: CallRecord) -> Path:
        return self.folder / "recordings" / record.recording


def caller(speech: bytes = b"\xd5" * 8000, **options: Any) -> CallerScript:
    """A caller who dials, hears the prompt out, presses a key, speaks and hangs up."""
    return CallerScript(**{"number": "12345", "speech": Sound(speech), "listen_s": PROMPT_S, **options})


def long_caller(seconds: float = 600) -> CallerScript:
    return caller(b"\x55\xd5" * int(seconds * 4000))


def steps(outcome: Outcome) -> list[Step]:
    return [progress.step for progress in outcome.progress]
