"""Tells a story on standard output and never waits for it: a terminal may be stopped (Ctrl-S), a shelf may not."""

import queue
import threading

DRAIN_S = 5.0


class Teller:
    """Prints lines in a thread of its own, in order. What standard output refuses is raised by the next call."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._print, name="teller", daemon=True)
        self._thread.start()

    def say(self, line: str) -> None:
        """Prints a line soon; raises OSError if an earlier one could not be printed."""
        self._raise()
        self._lines.put(line)

    def close(self) -> None:
        """Returns when all is printed, or the terminal has taken nothing for some seconds."""
        self._lines.put(None)
        self._thread.join(DRAIN_S)
        self._raise()

    def _print(self) -> None:
        try:
            while (line := self._lines.get()) is not None:
                print(line, flush=True)
        except OSError as error:
            self._error = error

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error
