"""An alarm as people see it, and the reports of what becomes of it."""

import enum
from dataclasses import dataclass

from firmware.alarms.kind import AlarmKind


@dataclass(frozen=True)
class Alarm:
    """An alarm at an instant. Times are UTC, ISO 8601. `serial` is 0 where nobody has been told of it yet."""

    serial: int
    kind: AlarmKind
    object: str
    detail: str
    raised_at: str  # when the fault came, not when its hold-off was over
    occurrences: int
    hidden: bool = False
    acknowledged_by: str = ""
    acknowledged_at: str = ""

    @property
    def place(self) -> str:
        """The object, for people."""
        return self.object or self.kind.object

    @property
    def next_command(self) -> str:
        """What to type next, filled in."""
        return self.kind.command_for(self.object)


class News(enum.Enum):
    """What became of an alarm; the value is the word for people."""

    RAISED = "raised"
    CLEARED = "cleared"
    HAPPENED = "happened"  # an event: it does not stand
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True)
class AlarmReport:
    """Told to every subscriber, once for each change. `at` is the time of the change, UTC, ISO 8601."""

    news: News
    alarm: Alarm
    at: str

    @property
    def line(self) -> str:
        """ALM #123 MAJOR LOS port 3: no signal on the line (detail). Next: DSP PORT:PN=3;"""
        alarm, kind = self.alarm, self.alarm.kind
        head = f"{'ALM' if kind.stands else 'EVT'} #{alarm.serial}"
        subject = f"{kind.name} {alarm.place}: {kind.text}{f' ({alarm.detail})' if alarm.detail else ''}"
        match self.news:
            case News.CLEARED:
                times = f", came {alarm.occurrences} times" if alarm.occurrences > 1 else ""
                return f"{head} CLEARED {subject}{times}"
            case News.ACKNOWLEDGED:
                return f"{head} ACKNOWLEDGED by {alarm.acknowledged_by} {subject}"
            case News.RAISED | News.HAPPENED:
                return f"{head} {kind.severity.name} {subject}. Next: {alarm.next_command}"
