"""A plant's boxes under management: what they boot with comes from one folder, and all changes go back there."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from drivers.boot import Boot
from firmware.alarms.manager import AlarmManager
from firmware.configuration.candidate import Author
from firmware.configuration.common import BoxConfiguration
from firmware.embedded import EmbeddedShelf
from firmware.hw import tree_objects as hw_objects
from firmware.hw.kind import HIGHWAY_BOX
from firmware.management.machine import Machine
from firmware.management.managed_box import ManagedBox
from firmware.plant import PlantConfiguration
from firmware.qm import tree_objects as qm_objects
from firmware.qm.kind import QUEUING_MACHINE
from firmware.runtime import WallClock
from firmware.vp import tree_objects as vp_objects
from firmware.vp.kind import VOICE_BOX

Tree = TypeVar("Tree", bound=BoxConfiguration)

FACTORY = Author("factory", "image", 0)
FACTORY_WHY = "factory configuration"


def _begin(box: ManagedBox[Tree], factory: Tree) -> None:
    """The first revision of a box that never had any."""
    if not box.service.revisions.history() and not box.damaged:
        box.service.install(factory, FACTORY, FACTORY_WHY)


class Installation:
    """The boxes qm1, hw1 and vp1 of `folder`, each alone; users and audit log are the machine's.

    Made in a running event loop, before the boxes boot with `configuration`. A box that never had a configuration
    begins with its part of `factory`; one whose store is damaged with the failsafe configuration, and an alarm.
    """

    def __init__(
        self, folder: Path, factory: PlantConfiguration, wall_clock: WallClock, boot: Callable[[], Boot]
    ) -> None:
        self.qm = ManagedBox("qm1", QUEUING_MACHINE, folder / "qm1", wall_clock, boot)
        self.hw = ManagedBox("hw1", HIGHWAY_BOX, folder / "hw1", wall_clock, boot)
        self.vp = ManagedBox("vp1", VOICE_BOX, folder / "vp1", wall_clock, boot)
        self.boxes = (self.qm, self.hw, self.vp)
        _begin(self.qm, factory.qm)
        _begin(self.hw, factory.hw)
        _begin(self.vp, factory.vp)
        self._closed = False
        self._machine = Machine(folder, self.qm.name, self.qm.alarms, wall_clock, boot)

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

    def start(self, shelf: EmbeddedShelf, tasks: asyncio.TaskGroup) -> None:
        """The boxes have booted: they take changes and open their consoles. Raises AccessError."""
        self.qm.start(shelf.qm, [], qm_objects.TREE_COMMANDS, self._machine, tasks)
        self.hw.start(shelf.hw, [], hw_objects.TREE_COMMANDS, self._machine, tasks)
        self.vp.start(shelf.vp, [], vp_objects.TREE_COMMANDS, self._machine, tasks)

    async def close(self) -> None:
        """Closes consoles, logs and timers. May be called again."""
        if self._closed:
            return
        self._closed = True
        for box in self.boxes:
            await box.close()
        self._machine.close()
