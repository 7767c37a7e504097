"""Brings records of alarms to the history: few commits, and a disk that fails ends nothing."""

import asyncio
import heapq
from collections.abc import Callable, Iterator

from drivers.stores.alarm_history import AlarmHistory, AlarmHistoryError, AlarmRecord

APART_S = 0.25  # at least so long from one commit to the next: what comes meanwhile goes together
RETRY_S = 10.0


class Recorder:
    """Keeps what is not on disk yet, the latest of each alarm.

    `failed` is told whenever the disk refuses, with one line; `recovered` when everything has been written
    after all; `damaged` what was found damaged, a line each.
    """

    def __init__(
        self,
        history: AlarmHistory,
        failed: Callable[[str], None],
        recovered: Callable[[], None],
        damaged: Callable[[str], None],
    ) -> None:
        self._history = history
        self._failed, self._recovered, self._damaged = failed, recovered, damaged
        self._loop = asyncio.get_running_loop()
        self._pending: dict[int, AlarmRecord] = {}
        self._failing = False
        self._written_s = self._loop.time() - APART_S
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, at: str) -> None:
        """Closes what the last process left open: soon, when those who will listen are there."""
        self._history.begin(at)
        self._schedule(self._loop.time())

    def put(self, record: AlarmRecord) -> None:
        """Takes a record, in place of an older one of the same serial; written soon."""
        self._pending[record.serial] = record
        if len(self._pending) > self._history.keep:
            del self._pending[min(self._pending)]
        if self._timer is None:
            self._schedule(self._written_s + APART_S)

    def flush(self) -> None:
        """Writes what there is, now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        records = list(self._pending.values())
        try:
            self._history.write(records)
        except AlarmHistoryError as error:
            self._fail(str(error))
        else:
            self._succeed(records)
        finally:
            self._written_s = self._loop.time()
            self._tell_damage()

    def read(self, before: int | None, name: str | None, place: str | None) -> Iterator[AlarmRecord]:
        """The history with what is not on disk yet, newest first, as AlarmHistory.read."""
        waiting = sorted(
            (
                record
                for record in self._pending.values()
                if (before is None or record.serial < before)
                and (name is None or record.name == name)
                and (place is None or record.object == place)
            ),
            key=lambda record: -record.serial,
        )
        on_disk = self._history.read(before=before, name=name, place=place)
        last = 0
        for record in heapq.merge(waiting, on_disk, key=lambda record: -record.serial):
            # Of two with the same serial the one that waits comes first: heapq.merge is stable.
            if record.serial != last:
                yield record
            last = record.serial

    def close(self) -> None:
        """The last words, if the disk takes them."""
        self.flush()
        if self._timer is not None:
            self._timer.cancel()

    def _succeed(self, records: list[AlarmRecord]) -> None:
        for record in records:
            del self._pending[record.serial]
        if self._failing:
            self._failing = False
            self._recovered()

    def _fail(self, text: str) -> None:
        if self._timer is None:
            self._schedule(self._loop.time() + RETRY_S)
        self._failing = True
        self._failed(text)

    def _tell_damage(self) -> None:
        found, self._history.damage = self._history.damage, []
        for line in found:
            self._damaged(line)

    def _schedule(self, when_s: float) -> None:
        self._timer = self._loop.call_at(when_s, self._flush_in_time)

    def _flush_in_time(self) -> None:
        self._timer = None
        self.flush()
