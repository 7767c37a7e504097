"""A whole plant in one process: the embedded shelf with its trunks joined to a simulated exchange."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drivers import clock
from drivers.bus import Bus
from drivers.call_store import CallStore
from drivers.engine import ClockStatus, Shelf, SpanOptions
from firmware.embedded import EmbeddedShelf
from firmware.plant import PlantConfiguration
from firmware.qm.configuration import LINE
from firmware.runtime import PROGRESS, WallClock
from hil.exchange import Exchange
from protocols.messages import Progress

# Virtual time starts on a fixed day, so that two runs of one seed write the same records.
VIRTUAL_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

# A span and its highways, the exchange's span and board: six streams; a voice board two.
STREAMS_PER_SPAN = 8
LINE_DELAY_BITS_MAX = 4096

Scenario = Callable[[Exchange], Coroutine[Any, Any, None]]


@dataclass
class Outcome:
    """What a scenario left: everything the boxes told, and how real time was kept."""

    progress: list[Progress] = field(default_factory=list)
    clock: ClockStatus | None = None


class BenchShelf:
    """The plant for one configuration, its lines' delays (and so the bit phases) drawn from `seed`.

    Trunks with a port of their own are not joined to the exchange, which has a span for each of the others.
    """

    def __init__(self, configuration: PlantConfiguration, folder: Path, seed: int) -> None:
        ports = configuration.qm.ports.values()
        self._shelf = Shelf(STREAMS_PER_SPAN * len(ports) + 2 * configuration.vp.boards)
        self._boxes = EmbeddedShelf(self._shelf, configuration, folder)
        options = [
            SpanOptions(framing=port.engine_framing, line_code=port.engine_line_code)
            for port in ports
            if port.url == LINE
        ]
        self._exchange = Exchange(self._shelf, options)
        self.store: CallStore = self._boxes.store
        chance = random.Random(seed)
        for box_span, exchange_span in zip(self._boxes.open_spans, self._exchange.spans, strict=True):
            there, back = (chance.randrange(LINE_DELAY_BITS_MAX) for _ in range(2))
            exchange_span.join(box_span, there, back, seed=chance.getrandbits(32))

    def run(
        self, scenario: Scenario, real_time: bool, listener: Callable[[Progress], None] | None = None
    ) -> Outcome:
        """Boots the boxes and runs the scenario to its end; the shelf is closed afterwards."""
        outcome = Outcome()
        with self._shelf:
            clock.run(self._shelf, self._main(scenario, real_time, outcome, listener), real_time)
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
            self._boxes.start(bus, tasks, WallClock(epoch))
            await scenario(self._exchange)
        outcome.clock = self._shelf.clock_status() if real_time else None
