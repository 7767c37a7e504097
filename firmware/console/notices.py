"""Reports that nobody asked for, kept until a session can show them; of more than a few only the number."""

from collections.abc import Callable

from firmware.console.sessions import Notice

LINES_MAX = 200


class Notices:
    """A session's queue of them; `on_notice` is called when one comes."""

    def __init__(self, on_notice: Callable[[], None]) -> None:
        self._on_notice = on_notice
        self._waiting: list[Notice] = []
        self._lines = 0
        self._left_out = 0

    def put(self, notice: Notice) -> None:
        """Keeps it, or counts it where too much waits already."""
        if self._lines + len(notice.lines) > LINES_MAX:
            self._left_out += 1
        else:
            self._waiting.append(notice)
            self._lines += len(notice.lines)
        self._on_notice()

    def take(self) -> list[Notice]:
        """All that wait; the last says how many reports are missing, if any are."""
        taken, left_out = self._waiting, self._left_out
        self._waiting, self._lines, self._left_out = [], 0, 0
        return [*taken, Notice(0, (f"{left_out} reports not shown",))] if left_out else taken

    def take_lines(self) -> list[str]:
        """The same as lines."""
        return [line for notice in self.take() for line in notice.lines]
