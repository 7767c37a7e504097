"""Every command's example runs, and its refused one is refused, at each box of a plant with a call up."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from drivers.engine import Sound
from firmware.all_commands import by_box_kind
from firmware.console import layout
from firmware.console import return_codes as codes
from firmware.console.answer import Answer
from firmware.console.declaration import Command, Role, Session
from firmware.management.managed_box import ManagedBox
from firmware.plant import PlantConfiguration
from firmware.qm.configuration import ClockConfiguration, PortConfiguration, QueuingMachineConfiguration
from hil.exchange import CallerScript, Exchange
from hil.managed_shelf import ManagedShelf
from tests.firmware.example_plan import FIRST, LAST, PLANS, Plan

BOXES = {"QM": "qm1", "HW": "hw1", "VP": "vp1"}
FACTORY = PlantConfiguration(
    qm=QueuingMachineConfiguration(
        ports={1: PortConfiguration(), 2: PortConfiguration()}, clock=ClockConfiguration(sources=(1,))
    )
)
PASSWORD = "a long way home"  # as the examples have it
TERMINAL = "serial /dev/ttyS0"
SECRETS = ("way home", "argon2")  # of a password, new or old; of a hash
SPEECH = Sound(b"\x55\xd5" * 4000 * 600)  # ten minutes: longer than all examples
SETTLED_S = 0.2  # a port's alignment both ways


class Yes:
    """Whoever sits there confirms what is dangerous, and says nothing to anything else: an example is complete."""

    async def ask(self, prompt: str, *, secret: bool = False) -> str | None:
        return "y" if prompt.endswith("Continue? (Y/N) ") else None

    async def show(self, lines: Iterable[str]) -> None:
        raise AssertionError(f"an example is not complete: {list(lines)}")


class Technician:
    """An administrator at one box, who writes down what is not as it is declared."""

    def __init__(self, shelf: ManagedShelf, box: ManagedBox[Any], session: Session) -> None:
        self._shelf = shelf
        self._box = box
        self._session = session
        self.wrong: list[str] = []

    async def try_out(self, command: Command[Any]) -> None:
        plan = PLANS.get(command.name, Plan())
        for line in plan.before:
            await self._expect(codes.OK, line, f"before {command.name}")
        before = self._state()
        await self._expect(command.refused_code, command.refused, "refused")
        for role in Role:
            if role < command.role:
                await self._expect(codes.NOT_PERMITTED, command.example, f"as {role.name}", role)
        if self._state() != before:
            self.wrong.append(f"{command.name}: what was refused has changed something")
        await self._expect(codes.OK, command.example, "example")
        for line in plan.after:
            await self._expect(codes.OK, line, f"after {command.name}")
        self._box.service.editors.discard(self._session.number)
        await asyncio.sleep(SETTLED_S)

    async def _expect(self, code: int, line: str, what: str, role: Role = Role.ADMINISTRATOR) -> None:
        answer = await self._give(line, role)
        if answer.code != code:
            self.wrong.append(f"{what}: {line} has RETCODE {answer.code}, not {code}: {answer.text}")

    async def _give(self, line: str, role: Role) -> Answer:
        session = Session(self._session.number, self._session.user, role, TERMINAL)
        answers = [each async for each in self._box.console.interpreter.execute(line, session, Yes())]
        for shown in (shown for answer in answers for shown in layout.lines(answer)):
            assert shown.isprintable()
            if any(secret in shown for secret in SECRETS):
                self.wrong.append(f"{line} shows a secret: {shown}")
        return answers[-1]

    def _state(self) -> tuple[object, ...]:
        """What a refused command must leave as it is."""
        service, boxes = self._box.service, self._shelf.boxes
        candidate = service.editors.get(self._session.number)
        return (
            service.running_revision,
            candidate is not None and candidate.changed,
            service.trial is not None,
            self._box.console.accounts.users(),
            len(self._box.console.registry.all()),
            [(alarm.kind.name, alarm.object) for alarm in self._box.alarms.active()],
            [call.name for call in boxes.qm.calls.all() if not call.over.is_set()],
            boxes.qm.configuration,
        )


async def all_examples(shelf: ManagedShelf, exchange: Exchange, kind: str) -> list[str]:
    (box,) = (each for each in shelf.installation.boxes if each.name == BOXES[kind])
    await box.console.accounts.set_first_password(PASSWORD, TERMINAL)
    # Two: RMV SES ends the second.
    own, _ = (
        box.console.registry.open("admin", Role.ADMINISTRATOR, TERMINAL, lambda _: None, lambda _: None)
        for _ in range(2)
    )
    caller = asyncio.ensure_future(exchange.call(1, 1, CallerScript("12345", SPEECH, listen_s=6.5)))
    async with asyncio.timeout(60):
        while not any(each.service.progress == "recording" for each in shelf.boxes.vp.sessions):
            await asyncio.sleep(0.1)
    technician = Technician(shelf, box, own.session)
    commands = {command.name: command for command in by_box_kind()[kind]}
    for name in [*FIRST, *sorted(commands.keys() - {*FIRST, *LAST}), *LAST]:
        if name in commands:
            await technician.try_out(commands[name])
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    return technician.wrong


@pytest.mark.parametrize("kind", by_box_kind())
def test_every_example(kind: str, tmp_path: Path) -> None:
    shelf = ManagedShelf(FACTORY, tmp_path / "state", tmp_path / "calls", seed=1)
    wrong: list[str] = []

    async def scenario(exchange: Exchange) -> None:
        wrong.extend(await all_examples(shelf, exchange, kind))
        await asyncio.Event().wait()  # until the box, which the last example restarts, goes down

    assert shelf.run(scenario, lambda _: None, real_time=False)
    assert not wrong, "\n".join(wrong)


def test_the_plan_is_of_commands_that_there_are() -> None:
    there = {command.name for commands in by_box_kind().values() for command in commands}
    assert {*PLANS, *FIRST, *LAST} <= there
