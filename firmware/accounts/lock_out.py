"""Lock-out: who fails to log in waits, each time longer, never longer than a quarter of an hour."""

from dataclasses import dataclass

FREE_FAILURES = 3  # the third failure in a row is the first that makes wait
FIRST_DELAY_S = 5.0
LONGEST_DELAY_S = 900.0
FORGOTTEN_AFTER_S = 3600.0  # after the last lock ended: a slip of the finger is then a first one again


def delay_s(failures: int) -> float:
    """How long to wait after so many failures in a row: 5 s, 10 s, 20 s, ... 15 min."""
    doublings = failures - FREE_FAILURES
    if doublings < 0:
        return 0.0
    return min(FIRST_DELAY_S * 2.0 ** min(doublings, 16), LONGEST_DELAY_S)


@dataclass(frozen=True)
class Lock:
    """Failures in a row, and the time until which the next attempt is refused unheard."""

    failures: int
    until_s: float


class LockOut:
    """Locks by key (a user's name, a terminal's), at most so many: beyond that the one that ended first goes.

    Times are the event loop's. Attempts while a lock stands must not be counted: the caller refuses them.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._locks: dict[str, Lock] = {}

    def wait_s(self, key: str, now_s: float) -> float:
        """How long the key is locked from now on; 0: not."""
        lock = self._locks.get(key)
        return max(0.0, lock.until_s - now_s) if lock else 0.0

    def find(self, key: str) -> Lock | None:
        """The key's last lock, whether it still stands or not."""
        return self._locks.get(key)

    def failed(self, key: str, now_s: float) -> Lock:
        """Counts a failure; the lock that begins (it may last no time)."""
        before = self._locks.get(key)
        if before is None or now_s - before.until_s > FORGOTTEN_AFTER_S:
            before = Lock(0, now_s)
        failures = before.failures + 1
        lock = Lock(failures, now_s + delay_s(failures))
        self.restore(key, lock)
        return lock

    def forgive(self, key: str) -> None:
        """Forgets the key's failures."""
        self._locks.pop(key, None)

    def restore(self, key: str, lock: Lock) -> None:
        """Puts a lock in force, as it was kept."""
        self._locks[key] = lock
        if len(self._locks) > self._most:
            del self._locks[min(self._locks, key=lambda other: self._locks[other].until_s)]
