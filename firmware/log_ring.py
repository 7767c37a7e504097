"""The last lines of the log, kept in memory for the console."""

import asyncio
import logging
from collections import deque
from typing import NamedTuple

from firmware.runtime import NS_PER_S, WallClock

LINES_MAX = 2000
LOGGER = "trunkshelf"


class LogLine(NamedTuple):
    """One line: when (UTC), how grave, who wrote it, what."""

    at: str
    level: str
    source: str
    text: str


class LogRing(logging.Handler):
    """Keeps what the process's loggers write, from `install` to `remove`. Any thread may write."""

    def __init__(self, wall_clock: WallClock) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._wall_clock = wall_clock
        self._lines: deque[LogLine] = deque(maxlen=LINES_MAX)
        self._logger = logging.getLogger(LOGGER)

    def install(self) -> None:
        """Listens from now on, to INFO and graver."""
        self._logger.addHandler(self)
        self.set_level("INFO")

    def remove(self) -> None:
        """Listens no more."""
        self._logger.removeHandler(self)

    @property
    def log_level(self) -> str:
        """The least grave that is written."""
        return logging.getLevelName(self._logger.level)

    def set_level(self, name: str) -> None:
        """Writes lines of this level and graver: DEBUG, INFO, WARNING, ERROR."""
        self._logger.setLevel(name)

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps a line."""
        at = self._wall_clock.text(round(self._loop.time() * NS_PER_S))
        self._lines.append(LogLine(at, record.levelname, record.name, record.getMessage()))

    def lines(self, count: int, least: str) -> list[LogLine]:
        """The newest, oldest first, of this level and graver."""
        bar = logging.getLevelNamesMapping()[least]
        fit = [line for line in self._lines if logging.getLevelNamesMapping().get(line.level, bar) >= bar]
        return fit[-count:]
