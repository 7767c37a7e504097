"""A plant under management: its boxes keep configuration, users and alarms in a folder and have consoles."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drivers import clock
from drivers.boot import this_boot
from drivers.bus import Bus
from drivers.call_store import CallStore
from drivers.engine import Shelf
from drivers.running_shelves import announced
from firmware.embedded import CALLS, EmbeddedShelf
from firmware.installation import Installation
from firmware.plant import PlantConfiguration
from firmware.qm.configuration import PORTS_MAX
from firmware.runtime import PROGRESS, WallClock
from firmware.vp.configuration import BOARDS_MAX
from hil.bench_shelf import EXCHANGE_STREAMS_PER_PORT, Scenario
from hil.exchange import Exchange
from protocols.messages import Progress


class ManagedShelf:
    """The plant whose boxes live in `state`; they begin with `factory` where there is nothing yet. Real time."""

    def __init__(self, factory: PlantConfiguration, state: Path, folder: Path, seed: int) -> None:
        self._factory = factory
        self._state = state
        self._folder = folder
        self._seed = seed
        self.store = CallStore(folder / CALLS)

    def run(self, scenario: Scenario, listener: Callable[[Progress], None]) -> bool:
        """Boots the boxes and runs the scenario to its end, or until a box is to be started again: true then."""
        # Made before the loop, whose clock it is; so it must have room for whatever the boxes turn out to have.
        shelf = Shelf(EmbeddedShelf.streams(BOARDS_MAX) + EXCHANGE_STREAMS_PER_PORT * PORTS_MAX)
        with shelf:
            return clock.run(shelf, self._main(shelf, scenario, listener), real_time=True)

    async def _main(self, shelf: Shelf, scenario: Scenario, listener: Callable[[Progress], None]) -> bool:
        bus = Bus()
        bus.subscribe(PROGRESS, Progress, listener)
        wall_clock = WallClock(datetime.now(UTC))
        restart = asyncio.Event()
        installation = Installation(self._state, self._factory, wall_clock, this_boot)
        try:
            boxes = EmbeddedShelf(shelf, installation.configuration, self._folder, must_open=False)
            exchange = Exchange(shelf, self._seed)
            async with asyncio.TaskGroup() as tasks:
                boxes.start(bus, tasks, wall_clock, installation.faults, exchange.join)
                installation.start(boxes, tasks)
                with announced(self._state, installation.names):
                    await _until(restart, scenario(exchange))
                await installation.close()
        finally:
            await installation.close()
        return restart.is_set()


async def _until(event: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Does the work to its end, or until the event; exceptions of the work pass through."""
    both = [asyncio.ensure_future(work), asyncio.ensure_future(event.wait())]
    try:
        done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
