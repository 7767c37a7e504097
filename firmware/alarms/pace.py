"""How fast people can be told: a storm of alarms must not drown them, nor the disk."""

BURST = 100  # a shelf that loses all its lines at once is told whole
PER_S = 10.0


class Pace:
    """A bucket of BURST permissions, filled by PER_S a second. Times are the event loop's."""

    def __init__(self, now_s: float) -> None:
        self._left = float(BURST)
        self._filled_s = now_s

    def take(self, now_s: float) -> bool:
        """Takes one permission, if there is one."""
        self._left = min(BURST, self._left + (now_s - self._filled_s) * PER_S)
        self._filled_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
