"""A whole plant in one process: the embedded shelf with its trunks joined to a simulated exchange."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drivers import clock
from drivers.bus import Bus
from drivers.engine import ClockStatus, Shelf
from drivers.stores.call_store import CallStore
from firmware.configuration.target import Faults
from firmware.embedded import EmbeddedShelf
from firmware.plant import PlantConfiguration
from firmware.qm.configuration import PORTS_MAX
from firmware.runtime import PROGRESS, Unheard, WallClock
from hil.exchange import Exchange
from protocols.messages import Progress

# Virtual time starts on a fixed day, so that two runs of one seed write the same records.
VIRTUAL_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

EXCHANGE_STREAMS_PER_PORT = 2  # its span's and its voice board's

Scenario = Callable[[Exchange], Coroutine[Any, Any, None]]


@dataclass
class Outcome:
    """What a scenario left: everything the boxes told, and how real time was kept."""

    progress: list[Progress] = field(default_factory=list)
    clock: ClockStatus | None = None


class BenchShelf:
    """The plant for one configuration, its lines' delays (and so the bit phases) drawn from `seed`.

    Every `line:` port of the queuing machine is joined to the exchange as it starts. Other ports `must_open`, or
    the plant boots without them.
    """

    def __init__(self, configuration: PlantConfiguration, folder: Path, seed: int, must_open: bool = True) -> None:
        boards = configuration.vp.boards
        self.shelf = Shelf(EmbeddedShelf.streams(boards) + EXCHANGE_STREAMS_PER_PORT * PORTS_MAX)
        self.boxes = EmbeddedShelf(self.shelf, configuration, folder, must_open)
        self.store: CallStore = self.boxes.store
        self.exchange = Exchange(self.shelf, seed)
        self.faults: Callable[[str], Faults] = lambda _: Unheard()

    def run(
        self, scenario: Scenario, real_time: bool, listener: Callable[[Progress], None] | None = None
    ) -> Outcome:
        """Boots the boxes and runs the scenario to its end; the shelf is closed afterwards."""
        outcome = Outcome()
        with self.shelf:
            clock.run(self.shelf, self._main(scenario, real_time, outcome, listener), real_time)
        return outcome

    async def _main(
        self,
        scenario: Scenario,
        real_time: bool,
        outcome: Outcome,
        listener: Callable[[Progress], None] | None,
    ) -> None:
        bus = Bus()
        bus.subscribe(PROGRESS, Progress, outcome.progress.append)
        if listener is not None:
            bus.subscribe(PROGRESS, Progress, listener)
        epoch = datetime.now(UTC) if real_time else VIRTUAL_EPOCH
        async with asyncio.TaskGroup() as tasks:
            self.boxes.start(bus, tasks, WallClock(epoch), self.faults, self.exchange.join)
            await scenario(self.exchange)
        outcome.clock = self.shelf.clock_status() if real_time else None
