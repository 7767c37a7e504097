"""How fast something may happen: so much at once, then so much a second."""

import asyncio


class Pace:
    """A bucket of `burst` permissions (math.inf: no limit), filled by `per_s` a second (the event loop's)."""

    def __init__(self, burst: float, per_s: float) -> None:
        self.per_s = per_s
        self._burst = self._left = burst
        self._filled_s = self._now_s()

    def take(self) -> None:
        """It happens, whether there is a permission or not; then those who come after wait longer."""
        self._fill()
        self._left -= 1

    def try_take(self) -> bool:
        """Takes one permission, if there is one."""
        self._fill()
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def wait_s(self) -> float:
        """Until nothing is owed."""
        self._fill()
        return max(0.0, -self._left / self.per_s)

    def _fill(self) -> None:
        now_s = self._now_s()
        self._left = min(self._burst, self._left + (now_s - self._filled_s) * self.per_s)
        self._filled_s = now_s

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()
