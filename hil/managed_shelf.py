"""A plant under management: its boxes keep configuration, users and alarms in a folder and have consoles."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drivers import clock
from drivers.bus import Bus
from drivers.engine import Shelf
from drivers.running_shelves import announced, claimed
from drivers.stores.boot import Boot, this_boot
from drivers.stores.call_store import CallStore
from firmware.accounts.hashing import HashThread, run_at_once
from firmware.embedded import CALLS, EmbeddedShelf
from firmware.installation import Installation
from firmware.plant import PlantConfiguration
from firmware.qm.configuration import PORTS_MAX
from firmware.runtime import PROGRESS, WallClock
from firmware.vp.configuration import BOARDS_MAX
from hil.bench_shelf import EXCHANGE_STREAMS_PER_PORT, VIRTUAL_EPOCH, Scenario
from hil.exchange import Exchange
from protocols.messages import Progress

RESTART_AFTER_S = 0.5


class ManagedShelf:
    """The plant whose boxes live in `state`; they begin with `factory` where there is nothing yet.

    `installation` and `boxes` are there for the scenario.
    """

    installation: Installation
    boxes: EmbeddedShelf

    def __init__(self, factory: PlantConfiguration, state: Path, folder: Path, seed: int) -> None:
        self._factory = factory
        self._state = state
        self._folder = folder
        self._seed = seed
        self.store = CallStore(folder / CALLS)

    def run(self, scenario: Scenario, listener: Callable[[Progress], None], real_time: bool = True) -> bool:
        """Boots the boxes and runs the scenario to its end, until SIGTERM or SIGHUP, or RST BOX: true then."""
        # Made before the loop, whose clock it is; so it must have room for whatever the boxes turn out to have.
        shelf = Shelf(EmbeddedShelf.streams(BOARDS_MAX) + EXCHANGE_STREAMS_PER_PORT * PORTS_MAX)
        with claimed(self._state), shelf:
            main = self._in_real_time if real_time else self._in_virtual_time
            return clock.run(shelf, main(shelf, scenario, listener), real_time)

    async def _in_real_time(self, shelf: Shelf, scenario: Scenario, listener: Callable[[Progress], None]) -> bool:
        hash_thread = HashThread()
        wall_clock = WallClock(datetime.now(UTC))
        following = asyncio.ensure_future(wall_clock.follow(lambda: datetime.now(UTC)))
        try:
            self.installation = Installation(self._state, self._factory, wall_clock, this_boot, hash_thread)
            return await self._main(shelf, scenario, listener, wall_clock)
        finally:
            following.cancel()
            hash_thread.close()

    async def _in_virtual_time(
        self, shelf: Shelf, scenario: Scenario, listener: Callable[[Progress], None]
    ) -> bool:
        """On a machine that was switched on when the shelf was made."""
        wall_clock = WallClock(VIRTUAL_EPOCH)

        def boot() -> Boot:
            return Boot(bytes(16), shelf.now_ns)

        self.installation = Installation(self._state, self._factory, wall_clock, boot, run_at_once)
        return await self._main(shelf, scenario, listener, wall_clock)

    async def _main(
        self, shelf: Shelf, scenario: Scenario, listener: Callable[[Progress], None], wall_clock: WallClock
    ) -> bool:
        bus = Bus()
        bus.subscribe(PROGRESS, Progress, listener)
        ending = asyncio.Event()
        again = False

        def restart() -> None:
            nonlocal again
            again = True
            _soon(ending)

        installation = self.installation
        for number in (signal.SIGTERM, signal.SIGHUP):  # SIGHUP: the terminal that runs the shelf is closed
            asyncio.get_running_loop().add_signal_handler(number, ending.set)
        try:
            with _until_over():
                async with asyncio.TaskGroup() as tasks:
                    boxes = EmbeddedShelf(shelf, installation.configuration, self._folder, must_open=False)
                    self.boxes = boxes
                    exchange = Exchange(shelf, self._seed)
                    boxes.start(bus, tasks, wall_clock, installation.faults, exchange.join)
                    installation.start(boxes, tasks, restart)
                    with announced(self._state, installation.names):
                        interrupted = await _until(ending, scenario(exchange))
                    await boxes.end_calls("the box was restarted" if again else "the box was stopped")
                    await installation.close()
                    raise _Over
        finally:
            await installation.close(in_order=False)
        if interrupted is not None:
            raise interrupted
        return again


class _Over(Exception):  # noqa: N818 (no error: what still runs in the group is to end)
    """The shelf goes down."""


@contextmanager
def _until_over() -> Iterator[None]:
    """What ends the group of tasks is no failure; what else it raises is."""
    try:
        yield
    except* _Over:
        pass


def _soon(event: asyncio.Event) -> None:
    """After the report of the command that asked for it."""
    asyncio.get_running_loop().call_later(RESTART_AFTER_S, event.set)


async def _until(event: asyncio.Event, work: Coroutine[Any, Any, None]) -> asyncio.CancelledError | None:
    """Does the work to its end, or until the event, or until we are interrupted; exceptions of the work pass."""
    both = [asyncio.ensure_future(work), asyncio.ensure_future(event.wait())]
    try:
        done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    except asyncio.CancelledError as error:
        return error
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
    return None
