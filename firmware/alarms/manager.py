"""The alarm manager of a box: faults in, alarms out - held off, correlated, acknowledged, recorded, told.

Theory of operation in firmware/alarms/life.py. One manager belongs to one event loop; nothing here waits.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping

from drivers.stores.alarm_history import AlarmHistory, AlarmRecord
from firmware.alarms.alarm import Alarm, AlarmReport, News
from firmware.alarms.catalogue import CATALOGUE
from firmware.alarms.correlation import Correlation
from firmware.alarms.entry import Entry, Key
from firmware.alarms.kind import BOX, AlarmKind, Severity
from firmware.alarms.life import Do, Happening, State, step
from firmware.alarms.recorder import Recorder
from firmware.alarms.reports import Handler, Reports
from firmware.configuration.common import AlarmConfiguration
from firmware.pace import Pace
from firmware.runtime import WallClock

MS_PER_S = 1000

# A storm must drown neither people nor the disk.
BURST = 100  # a shelf that loses all its lines at once is told whole
PER_S = 10.0
EVENT_WINDOW_MS = 60_000


class AlarmError(Exception):
    """What was asked of the manager cannot be done; one line."""


class AlarmManager:
    """Takes faults of `box` by the names of the catalogue. Made inside a running event loop.

    An object is written as its kind says: "port 3", "board 1"; "" is the box itself. Everything is within the box.
    """

    def __init__(
        self,
        box: str,
        history: AlarmHistory,
        configuration: AlarmConfiguration,
        wall_clock: WallClock,
        catalogue: Mapping[str, AlarmKind] = CATALOGUE,
    ) -> None:
        self.box = box
        self.history = history
        self.catalogue = catalogue
        self._wall_clock = wall_clock
        self._loop = asyncio.get_running_loop()
        self._entries: dict[Key, Entry] = {}
        self._correlation = Correlation(catalogue, self._entries)
        self._pace = Pace(BURST, PER_S)
        self._held: dict[Key, Entry] = {}  # untold because of the pace alone, the first first
        self._release_timer: asyncio.TimerHandle | None = None
        self._reports = Reports()
        self.configure(configuration)
        self._recorder = Recorder(
            history,
            failed=lambda text: self.fault("HISTORY_FAILED", detail=text),
            recovered=lambda: self.recover("HISTORY_FAILED"),
            damaged=lambda text: self.event("HISTORY_DAMAGED", detail=text),
        )
        self._recorder.begin(self._now())

    # What the box tells.

    def fault(self, name: str, object: str = "", detail: str = "") -> None:  # noqa: A002
        """It is wrong now. Told again, it changes nothing but the detail. ValueError: not in the catalogue."""
        self._happen(name, object, Happening.FAULT, detail, stands=True)

    def recover(self, name: str, object: str = "") -> None:  # noqa: A002
        """It is right again, or always was. ValueError: not in the catalogue."""
        kind = self._kind(name, object, stands=True)
        entry = self._entries.get((kind.name, object))
        if entry is not None:
            if entry.state is State.ACTIVE:
                entry.gone_at = self._now()
            self._feed(entry, Happening.RECOVERY)

    def event(self, name: str, object: str = "", detail: str = "") -> None:  # noqa: A002
        """It happened, and is over. ValueError: not in the catalogue, or a kind that stands."""
        self._happen(name, object, Happening.EVENT, detail, stands=False)

    def place(self, object: str, within: str) -> None:  # noqa: A002
        """From now on alarms of `within` hide those of `object` that are their consequence."""
        self._correlation.places.place(object, within)
        self._look_again(object)

    def remove(self, object: str) -> None:  # noqa: A002
        """The object is no more: what was wrong with it, and with all that is within it, is cleared at once."""
        gone = set(self._correlation.places.inward(object))
        leaving = [entry for entry in self._entries.values() if entry.object in gone]
        for entry in leaving:
            self._drop_untold(entry)  # what the first to go has hidden goes as well
        for entry in leaving:
            entry.gone_at = self._now()
            self._feed(entry, Happening.REMOVAL)
        for text in gone:
            self._correlation.places.remove(text)

    # What people ask.

    def active(self, *, hidden: bool = False) -> list[Alarm]:
        """Alarms that stand, worst first, then as they were told; with those that others hide, where asked for."""
        alarms = [
            entry.alarm(self._correlation.hidden(entry))
            for entry in self._entries.values()
            if entry.kind.stands and entry.state.stands
        ]
        shown = [alarm for alarm in alarms if hidden or not alarm.hidden]
        # One that is not told yet comes after those that are.
        return sorted(shown, key=lambda alarm: (alarm.kind.severity.rank, alarm.serial == 0, alarm.serial))

    def counts(self) -> dict[Severity, int]:
        """How many are active, by severity."""
        counts = dict.fromkeys(Severity, 0)
        for alarm in self.active():
            counts[alarm.kind.severity] += 1
        return counts

    def acknowledge(self, serial: int, who: str) -> Alarm:
        """Somebody takes care of it; who was first stays. AlarmError: no such alarm is active."""
        entry = next((entry for entry in self._entries.values() if serial and entry.serial == serial), None)
        if entry is None or not entry.kind.stands:
            raise AlarmError(f"alarm #{serial} is not active")
        if not entry.acknowledged_by:
            entry.acknowledged_by, entry.acknowledged_at = who, self._now()
            self._record(entry)
            self._tell(News.ACKNOWLEDGED, entry)
        return entry.alarm(self._correlation.hidden(entry))

    def records(
        self, *, before: int | None = None, name: str | None = None, place: str | None = None
    ) -> Iterator[AlarmRecord]:
        """The history, newest first, from below the serial `before`; of one name or object where given. Read as it
        is asked for; raises AlarmHistoryError."""
        return self._recorder.read(before, name, place)

    def subscribe(self, handler: Handler) -> Callable[[], None]:
        """Every change is told to `handler`, in order; returns what ends that."""
        return self._reports.subscribe(handler)

    def configure(self, configuration: AlarmConfiguration) -> None:
        """Hold-offs that begin from now on, and the history's bound with the next record."""
        self._configuration = configuration
        self.history.keep = configuration.history

    async def close(self) -> None:
        """Stops all timers; what is known is written."""
        self._recorder.close()  # first: what the disk says to that begins hold-offs of its own
        for entry in self._entries.values():
            self._stop(entry)
        if self._release_timer is not None:
            self._release_timer.cancel()
        self.history.close()

    # The life of an alarm.

    def _kind(self, name: str, text: str, stands: bool) -> AlarmKind:
        kind = self.catalogue.get(name)
        if kind is None:
            raise ValueError(f"alarm {name} is not in the catalogue")
        if kind.stands is not stands:
            raise ValueError(f"alarm {name} {'stands: fault and recover' if kind.stands else 'is an event'}")
        if not kind.names(text):
            wanted = '""' if kind.object == BOX else f'"{kind.object} ..."'
            raise ValueError(f'alarm {name} is of {wanted}, not of "{text}"')
        return kind

    def _happen(self, name: str, text: str, happening: Happening, detail: str, stands: bool) -> None:
        kind = self._kind(name, text, stands)
        entry = self._entries.get((name, text))
        if entry is None:
            entry = self._entries[name, text] = Entry(kind, text, self._now())
        entry.detail = detail or entry.detail
        self._feed(entry, happening)

    def _feed(self, entry: Entry, happening: Happening) -> None:
        entry.state, todo = step(entry.state, happening)
        if entry.state is State.IDLE:
            del self._entries[entry.key]
        for do in todo:
            self._do(entry, do, happening)
        if entry.due:
            self._tell_if_allowed(entry)
        elif entry.state is State.IDLE and self._correlation.is_hider(entry):
            self._look_again(entry.object)

    def _do(self, entry: Entry, do: Do, happening: Happening) -> None:
        match do:
            case Do.STOP:
                self._stop(entry)
            case Do.COUNT:
                entry.occurrences += 1
            case Do.RAISE:
                self._correlation.add(entry)
                self._tell_if_allowed(entry)
            case Do.CLEAR:
                self._clear(entry, "removed" if happening is Happening.REMOVAL else "recovered")
            case Do.START:
                self._start(entry)

    def _start(self, entry: Entry) -> None:
        after_ms = self._hold_off_ms(entry)
        if after_ms == 0:
            self._feed(entry, Happening.HOLD_OFF_OVER)
        else:
            entry.timer = self._loop.call_later(after_ms / MS_PER_S, self._expire, entry)

    def _hold_off_ms(self, entry: Entry) -> int:
        kind, configuration = entry.kind, self._configuration
        if entry.state is State.RAISING:
            return configuration.hold_off_ms if kind.raise_ms is None else kind.raise_ms
        if kind.clear_ms is not None:
            return kind.clear_ms
        return configuration.clear_hold_off_ms if kind.stands else EVENT_WINDOW_MS

    @staticmethod
    def _stop(entry: Entry) -> None:
        if entry.timer is not None:
            entry.timer.cancel()
            entry.timer = None

    def _expire(self, entry: Entry) -> None:
        entry.timer = None
        self._feed(entry, Happening.HOLD_OFF_OVER)

    def _clear(self, entry: Entry, cleared_by: str) -> None:
        self._drop_untold(entry)
        if not entry.serial:
            return
        if entry.kind.stands:
            self._recorder.put(entry.record(entry.gone_at, cleared_by))
            self._tell(News.CLEARED, entry)
        elif entry.occurrences > 1:
            self._record(entry)

    # Telling.

    def _look_again(self, text: str) -> None:
        """One that hid others is gone, or things have moved: what may be told now, at `text` and within it."""
        for entry in self._correlation.untold(text):
            if entry.due:
                self._tell_if_allowed(entry)

    def _tell_if_allowed(self, entry: Entry) -> None:
        """Unless one that hides it is at least about to stand, or too much has been told of late."""
        if self._correlation.held_back(entry):
            if not entry.kind.stands:
                self._drop_untold(entry)  # over when it came: there is nothing to tell later
            return
        if entry.kind.name == "ALARM_STORM" or self._pace.try_take():
            self._raise(entry)
        else:
            self._hold(entry)

    def _raise(self, entry: Entry) -> None:
        self._drop_untold(entry)
        entry.serial = self.history.take_serial()
        self._record(entry)
        self._tell(News.RAISED if entry.kind.stands else News.HAPPENED, entry)

    def _drop_untold(self, entry: Entry) -> None:
        self._held.pop(entry.key, None)
        self._correlation.discard(entry)

    def _hold(self, entry: Entry) -> None:
        self._held[entry.key] = entry
        if self._release_timer is None:
            self._release_timer = self._loop.call_later(1 / PER_S, self._release)
            self.fault("ALARM_STORM")

    def _release(self) -> None:
        """Tells the next of those that wait, as the pace allows."""
        self._release_timer = None
        for entry in list(self._held.values()):
            if not entry.due or self._correlation.held_back(entry):
                del self._held[entry.key]
            elif self._pace.try_take():
                self._raise(entry)
            else:
                break
        if self._held:
            self._release_timer = self._loop.call_later(1 / PER_S, self._release)
        else:
            self.recover("ALARM_STORM")

    def _record(self, entry: Entry) -> None:
        is_event = not entry.kind.stands
        self._recorder.put(entry.record(entry.came_at if is_event else "", "event" if is_event else ""))

    def _tell(self, news: News, entry: Entry) -> None:
        self._reports.tell(AlarmReport(news, entry.alarm(), self._now()))

    def _now(self) -> str:
        return self._wall_clock.now()
