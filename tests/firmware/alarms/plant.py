"""What tests of alarms need: a manager in virtual time, its reports, and a small catalogue of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from drivers import clock
from drivers.engine import Shelf
from drivers.stores.alarm_history import AlarmHistory, AlarmRecord
from firmware.alarms.alarm import AlarmReport
from firmware.alarms.catalogue import CATALOGUE
from firmware.alarms.kind import AlarmKind, Severity
from firmware.alarms.manager import AlarmManager
from firmware.configuration.common import AlarmConfiguration
from firmware.runtime import WallClock

EPOCH = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
CONFIGURATION = AlarmConfiguration(hold_off_ms=500, clear_hold_off_ms=2000)
PORT = "port 3"


def kind(
    code: int,
    name: str,
    *,
    severity: Severity = Severity.MAJOR,
    place: str = "port",
    raise_ms: int | None = None,
    clear_ms: int | None = None,
    hidden_by: tuple[str, ...] = (),
    stands: bool = True,
) -> AlarmKind:
    """A kind with no more to say than a test needs."""
    return AlarmKind(
        code=code,
        name=name,
        severity=severity,
        object=place,
        text=f"text of {name}",
        causes=("a cause",),
        consequences="consequences",
        next_command="DSP ALM;",
        raise_ms=raise_ms,
        clear_ms=clear_ms,
        hidden_by=hidden_by,
        stands=stands,
    )


class Plant:
    """A manager and all that it has told."""

    def __init__(self, manager: AlarmManager) -> None:
        self.manager = manager
        self.reports: list[AlarmReport] = []
        manager.subscribe(self.reports.append)

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """What was told so far: what became of it, name, object."""
        return [(each.news.value, each.alarm.kind.name, each.alarm.object) for each in self.reports]

    @property
    def lines(self) -> list[str]:
        """What was told so far, as a technician reads it."""
        return [report.line for report in self.reports]

    @property
    def active(self) -> list[tuple[str, str]]:
        """Names and objects in the list of active alarms."""
        return [(alarm.kind.name, alarm.object) for alarm in self.manager.active()]


def run(
    scenario: Callable[[Plant], Awaitable[None]],
    folder: Path,
    configuration: AlarmConfiguration = CONFIGURATION,
    catalogue: Mapping[str, AlarmKind] = CATALOGUE,
    keep: int = 1000,
) -> list[AlarmRecord]:
    """Runs a scenario in virtual time, ends cleanly, and returns what the history then holds, oldest first."""
    path = folder / "alarms.sqlite"
    with Shelf(8) as shelf:

        async def main() -> None:
            manager = AlarmManager("qm1", AlarmHistory(path, keep), configuration, WallClock(EPOCH), catalogue)
            await scenario(Plant(manager))
            await manager.close()

        clock.run(shelf, main(), real_time=False)
    return list(AlarmHistory(path, keep).read())[::-1]


async def after(milliseconds: float) -> None:
    """Lets line time pass."""
    await asyncio.sleep(milliseconds / 1000)
