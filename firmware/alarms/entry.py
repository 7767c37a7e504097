"""What the manager keeps of an alarm in the making, standing, or on its way out."""

import asyncio

from drivers.stores.alarm_history import AlarmRecord
from firmware.alarms.alarm import Alarm
from firmware.alarms.kind import AlarmKind
from firmware.alarms.life import State

Key = tuple[str, str]  # name of the kind, object


class Entry:
    """An alarm in the making, standing, or on its way out."""

    def __init__(self, kind: AlarmKind, text: str, came_at: str) -> None:
        self.kind = kind
        self.object = text
        self.detail = ""
        self.state = State.IDLE
        self.timer: asyncio.TimerHandle | None = None
        self.came_at = came_at
        self.gone_at = ""
        self.occurrences = 1
        self.serial = 0  # given when it is told
        self.acknowledged_by = ""
        self.acknowledged_at = ""

    @property
    def key(self) -> Key:
        """Its name and object: there is one of each."""
        return self.kind.name, self.object

    @property
    def due(self) -> bool:
        """Raised, not told, and still worth telling."""
        return not self.serial and self.state is (State.ACTIVE if self.kind.stands else State.CLEARING)

    def alarm(self, hidden: bool = False) -> Alarm:
        """As people see it now."""
        return Alarm(
            serial=self.serial,
            kind=self.kind,
            object=self.object,
            detail=self.detail,
            raised_at=self.came_at,
            occurrences=self.occurrences,
            hidden=hidden,
            acknowledged_by=self.acknowledged_by,
            acknowledged_at=self.acknowledged_at,
        )

    def record(self, cleared_at: str, cleared_by: str) -> AlarmRecord:
        """As the history keeps it."""
        return AlarmRecord(
            serial=self.serial,
            code=self.kind.code,
            name=self.kind.name,
            severity=self.kind.severity.name,
            object=self.object,
            detail=self.detail,
            raised_at=self.came_at,
            cleared_at=cleared_at,
            cleared_by=cleared_by,
            occurrences=self.occurrences,
            acknowledged_by=self.acknowledged_by,
            acknowledged_at=self.acknowledged_at,
        )
