"""A plant's boxes under management: what they boot with comes from one folder, and all changes go back there."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from drivers.stores.boot import Boot
from drivers.stores.storage import StoreError
from firmware.accounts.hashing import HashRunner
from firmware.alarms.manager import AlarmManager
from firmware.box_commands import BOX_COMMANDS, BoxSubject
from firmware.configuration.candidate import Author
from firmware.configuration.common import BoxConfiguration
from firmware.console.declaration import CommandSet
from firmware.embedded import EmbeddedShelf
from firmware.hw import HighwayBox
from firmware.hw.commands import COMMANDS as HW_COMMANDS
from firmware.hw.kind import HIGHWAY_BOX
from firmware.hw.tree_objects import TREE_COMMANDS as HW_TREE
from firmware.log_ring import LogRing
from firmware.management.health import Health
from firmware.management.machine import Machine
from firmware.management.managed_box import ManagedBox
from firmware.plant import PlantConfiguration
from firmware.qm import QueuingMachine
from firmware.qm.commands import COMMANDS as QM_COMMANDS
from firmware.qm.configuration import PORTS_MAX
from firmware.qm.kind import QUEUING_MACHINE
from firmware.qm.metrics import register
from firmware.qm.tree_objects import TREE_COMMANDS as QM_TREE
from firmware.runtime import WallClock
from firmware.vp import VoiceBox
from firmware.vp.commands import COMMANDS as VP_COMMANDS
from firmware.vp.kind import VOICE_BOX
from firmware.vp.tree_objects import TREE_COMMANDS as VP_TREE

Tree = TypeVar("Tree", bound=BoxConfiguration)

FACTORY = Author("factory", "image", 0)
FACTORY_WHY = "factory configuration"


def _begin(box: ManagedBox[Tree], factory: Tree) -> None:
    """The first revision of a box that never had any; where the disk does not take it, failsafe is in force."""
    if box.damaged:
        return
    try:
        if not box.service.revisions.history():
            box.service.install(factory, FACTORY, FACTORY_WHY)
    except StoreError as error:
        box.service.failsafe_reason = f"{FACTORY_WHY}: {error}"


def interrupted(shelf: EmbeddedShelf) -> list[str]:
    """What a restart would interrupt."""
    calls = len(shelf.qm.calls.all())
    return [f"{calls} call{'s' if calls > 1 else ''} in progress"] if calls else []


class Installation:
    """The boxes qm1, hw1 and vp1 of `folder`, each alone; users and audit log are the machine's.

    Made in a running event loop, before the boxes boot with `configuration`. A box that never had a configuration
    begins with its part of `factory`; one whose store is damaged with the failsafe configuration, and an alarm.
    `run_hash` does the work of hashing passwords: beside the event loop, where time is real.
    """

    def __init__(
        self,
        folder: Path,
        factory: PlantConfiguration,
        wall_clock: WallClock,
        boot: Callable[[], Boot],
        run_hash: HashRunner,
    ) -> None:
        self.qm = ManagedBox("qm1", QUEUING_MACHINE, folder / "qm1", wall_clock, boot)
        self.hw = ManagedBox("hw1", HIGHWAY_BOX, folder / "hw1", wall_clock, boot)
        self.vp = ManagedBox("vp1", VOICE_BOX, folder / "vp1", wall_clock, boot)
        self.boxes = (self.qm, self.hw, self.vp)
        _begin(self.qm, factory.qm)
        _begin(self.hw, factory.hw)
        _begin(self.vp, factory.vp)
        self._folder = folder
        self._health: Health | None = None
        self._closing: asyncio.Future[None] | None = None
        self._wall_clock = wall_clock
        self._log = LogRing(wall_clock)
        self.machine = Machine(folder, self.qm.name, self.qm.alarms, wall_clock, boot, run_hash)

    @property
    def configuration(self) -> PlantConfiguration:
        """What the boxes are to boot with."""
        return PlantConfiguration(
            qm=self.qm.service.in_force, hw=self.hw.service.in_force, vp=self.vp.service.in_force
        )

    @property
    def names(self) -> list[str]:
        """The boxes'."""
        return [box.name for box in self.boxes]

    def faults(self, box: str) -> AlarmManager:
        """Where a box tells its faults."""
        return {each.name: each.alarms for each in self.boxes}[box]

    def start(self, shelf: EmbeddedShelf, tasks: asyncio.TaskGroup, restart: Callable[[], None]) -> None:
        """The boxes have booted: they take changes and open their consoles. Raises AccessError.

        `restart` is whoever runs the shelf's: RST BOX calls it.
        """

        def common(box: QueuingMachine | HighwayBox | VoiceBox, kind: str) -> CommandSet[BoxSubject]:
            subject = BoxSubject(
                box=box,
                kind=kind,
                shelf=shelf.shelf,
                wall_clock=self._wall_clock,
                started_ns=box.now_ns(),
                boards=lambda: box.boards,
                interrupted=lambda: interrupted(shelf),
                restart=restart,
                log=self._log,
            )
            return CommandSet(subject, BOX_COMMANDS)

        for number in range(1, PORTS_MAX + 1):
            self.qm.alarms.place(f"clock source {number}", f"port {number}")
        self._log.install()
        self._health = Health(shelf.shelf, self._folder, self.qm.alarms)
        self._health.start()
        register(self.qm.metrics, shelf.qm)
        qm, hw, vp = shelf.qm, shelf.hw, shelf.vp
        self.qm.start(
            qm, [CommandSet(qm, QM_COMMANDS), common(qm, "queuing machine")], QM_TREE, self.machine, tasks
        )
        self.hw.start(hw, [CommandSet(hw, HW_COMMANDS), common(hw, "highway box")], HW_TREE, self.machine, tasks)
        self.vp.start(vp, [CommandSet(vp, VP_COMMANDS), common(vp, "voice box")], VP_TREE, self.machine, tasks)

    async def close(self, in_order: bool = True) -> None:
        """Closes consoles, logs and timers; may be called again. The next start tells if it was not `in_order`."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close(in_order))
        # Whoever is cancelled while he waits leaves nothing half closed: the next caller waits for the same.
        await asyncio.shield(self._closing)

    async def _close(self, in_order: bool) -> None:
        if self._health is not None:
            self._health.close()
        for box in self.boxes:
            await box.close(in_order)
        self._log.remove()
        self.machine.close()
