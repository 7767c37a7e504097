"""A box that takes configurations, and the machine it stands on, for the tests of the configuration service."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from drivers import clock
from drivers.engine import Shelf
from drivers.stores.boot import Boot
from drivers.stores.revision_store import RevisionStore
from drivers.stores.storage import FolderStorage
from firmware.configuration.candidate import Author
from firmware.configuration.service import ConfigurationService
from firmware.configuration.target import PreparationError, Problem
from firmware.qm.configuration import QueuingMachineConfiguration
from firmware.qm.kind import QUEUING_MACHINE
from firmware.runtime import WallClock

NS_PER_S = 1_000_000_000
BOOT_ID = bytes(range(16))
ANN = Author("ann", "serial /dev/ttyS0", 1)
BOB = Author("bob", "unix", 2)

Tree = QueuingMachineConfiguration
Service = ConfigurationService[Tree]


class Change:
    """A change that the target has prepared."""

    def __init__(self, target: "Target", new: Tree) -> None:
        self._target, self._new = target, new

    def apply(self) -> None:
        self._target.told.append("apply")
        self._target.tree = self._new

    def abort(self) -> None:
        self._target.told.append("abort")


class Target:
    """A box that does what it is told: `refuses` names faults it finds, `gate` holds preparations up."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.told: list[str] = []
        self.refuses: list[Problem] = []
        self.gate: asyncio.Event | None = None

    async def prepare(self, old: Tree, new: Tree) -> Change:
        assert old == self.tree
        self.told.append("prepare")
        if self.gate is not None:
            await self.gate.wait()
        if self.refuses:
            raise PreparationError(self.refuses)
        return Change(self, new)

    def interrupts(self, old: Tree, new: Tree) -> list[str]:
        assert old == self.tree
        return [f"port {number}: 3 calls" for number, port in old.ports.items() if new.ports.get(number) != port]


@dataclass
class Faults:
    """What stands, and what happened."""

    standing: dict[str, str] = field(default_factory=dict)
    events: list[tuple[str, str]] = field(default_factory=list)

    def fault(self, name: str, object: str = "", detail: str = "") -> None:  # noqa: A002
        self.standing[name] = detail

    def recover(self, name: str, object: str = "") -> None:  # noqa: A002
        self.standing.pop(name, None)

    def event(self, name: str, object: str = "", detail: str = "") -> None:  # noqa: A002
        self.events.append((name, detail))


class Machine:
    """A machine with the box's folder; `start` is a start of the box's process, `reboot` one of the machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.boot_id = BOOT_ID
        self.faults = Faults()
        self.service: Service | None = None

    @staticmethod
    def now_ns() -> int:
        """The machine has been up for an hour when the test begins."""
        return 3600 * NS_PER_S + round(asyncio.get_running_loop().time() * NS_PER_S)

    def opened(self) -> Service:
        """The service of a process that has yet to boot its box."""
        if self.service is not None:
            self.service.close()
        self.faults = Faults()
        store = RevisionStore.open(FolderStorage(self.folder), Boot(self.boot_id, self.now_ns()))
        wall_clock = WallClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.service = ConfigurationService(QUEUING_MACHINE, store, wall_clock, self.faults, self.now_ns)
        return self.service

    def start(self, tasks: asyncio.TaskGroup) -> tuple[Service, Target]:
        service = self.opened()
        target = Target(service.in_force)
        service.attach(target, tasks)
        return service, target

    def reboot(self) -> None:
        self.boot_id = bytes(15) + bytes([self.boot_id[-1] + 1])


Scenario = Callable[[Machine, asyncio.TaskGroup], Awaitable[None]]


def run(folder: Path, scenario: Scenario) -> None:
    """Runs a scenario in virtual time."""

    async def main() -> None:
        machine = Machine(folder)
        async with asyncio.TaskGroup() as tasks:
            await scenario(machine, tasks)
            if machine.service is not None:
                machine.service.close()

    with Shelf(1) as shelf:
        clock.run(shelf, main(), real_time=False)
