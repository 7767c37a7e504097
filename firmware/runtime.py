"""What every box has: a name, the bus, its tasks, its log and the telling of progress."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from drivers.bus import Bus
from protocols.messages import Progress, Step

PROGRESS = "progress"
NS_PER_S = 1_000_000_000
FOLLOW_S = 10.0  # a machine without a clock of its own gets the date from the network, some time after the boot


class WallClock:
    """Wall-clock time, as the event loop's time since `epoch`."""

    def __init__(self, epoch: datetime) -> None:
        self._epoch = epoch.astimezone(UTC)

    async def follow(self, now: Callable[[], datetime]) -> None:
        """Keeps to `now`, the machine's clock, until it is cancelled: NTP, or somebody, may set that any time."""
        loop = asyncio.get_running_loop()
        while True:
            self._epoch = now().astimezone(UTC) - timedelta(seconds=loop.time())
            await asyncio.sleep(FOLLOW_S)

    def text(self, time_ns: int) -> str:
        """ISO 8601, UTC, to the millisecond, of a time on the shelf's clock."""
        at = self._epoch + timedelta(microseconds=time_ns // 1000)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def now(self) -> str:
        """The same of the running event loop's time."""
        return self.text(round(asyncio.get_running_loop().time() * NS_PER_S))


class Board(NamedTuple):
    """A board of a box: what kind, its number, what it has, for people."""

    kind: str
    number: int
    has: str


class Unheard:
    """Where faults go that nobody asked to be told of (firmware/configuration/target.py, Faults)."""

    def fault(self, name: str, object: str = "", detail: str = "") -> None:  # noqa: A002
        """Nobody hears it."""

    def recover(self, name: str, object: str = "") -> None:  # noqa: A002
        """Nobody hears it."""

    def event(self, name: str, object: str = "", detail: str = "") -> None:  # noqa: A002
        """Nobody hears it."""


class Box:
    """Base of the boxes. Tasks run in `tasks`: an error in one of them ends the process, it is never swallowed."""

    def __init__(self, name: str, bus: Bus, tasks: asyncio.TaskGroup) -> None:
        self.name = name
        self.bus = bus
        self._tasks = tasks
        self._log = logging.getLogger(f"trunkshelf.{name}")

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Starts a task of this box."""
        return self._tasks.create_task(work, name=f"{self.name} {name}")

    @staticmethod
    def now_ns() -> int:
        """The event loop's time."""
        return round(asyncio.get_running_loop().time() * NS_PER_S)

    def tell(self, step: Step, detail: str = "", *, where: str, call: str = "") -> None:
        """Publishes and logs what happens."""
        self._log.info("%s: %s %s (call %s)", where, step.value, detail, call or "none")
        self.bus.publish(
            PROGRESS,
            Progress(time_ns=self.now_ns(), box=self.name, where=where, call=call, step=step, detail=detail),
        )
