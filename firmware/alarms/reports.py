"""Tells subscribers what becomes of alarms, in order."""

from collections import deque
from collections.abc import Callable

from firmware.alarms.alarm import AlarmReport

Handler = Callable[[AlarmReport], None]


class Reports:
    """Every report reaches every subscriber in the same order, also where one of them brings another one about."""

    def __init__(self) -> None:
        self._handlers: list[Handler] = []
        self._waiting: deque[AlarmReport] = deque()
        self._telling = False

    def subscribe(self, handler: Handler) -> Callable[[], None]:
        """Returns what ends it."""
        self._handlers.append(handler)
        return lambda: self._handlers.remove(handler)

    def tell(self, report: AlarmReport) -> None:
        """To all, now; or after the one that is being told."""
        self._waiting.append(report)
        if self._telling:
            return
        self._telling = True
        try:
            while self._waiting:
                self._tell(self._waiting.popleft())
        finally:
            self._telling = False

    def _tell(self, report: AlarmReport) -> None:
        for handler in list(self._handlers):
            handler(report)
