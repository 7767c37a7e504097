"""When a trial that nobody confirms is undone, and when undoing it is tried again."""

import asyncio
from collections.abc import Callable

RETRY_S_FIRST = 10
RETRY_S_MAX = 600


class TrialTimer:
    """Calls `expire` once at a time; after a failure again, with pauses that grow."""

    def __init__(self, expire: Callable[[], None]) -> None:
        self._expire = expire
        self._handle: asyncio.TimerHandle | None = None
        self._retry_s = RETRY_S_FIRST

    def start(self, left_s: float) -> None:
        """A trial has so long to be confirmed."""
        self._retry_s = RETRY_S_FIRST
        self._set(left_s)

    def retry(self) -> float:
        """Undoing failed: again later; returns the pause in seconds."""
        pause_s = self._retry_s
        self._retry_s = min(2 * self._retry_s, RETRY_S_MAX)
        self._set(pause_s)
        return pause_s

    def stop(self) -> None:
        """Nothing is on trial any more, or the box goes down."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _set(self, after_s: float) -> None:
        self.stop()
        self._handle = asyncio.get_running_loop().call_later(after_s, self._expire)
