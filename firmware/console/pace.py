"""How fast a user may give commands: each is kept in the audit log, and nobody is to push others' out of it."""

BURST = 500  # a long script runs as fast as it can
PER_S = 2.0  # for ever: the log, some 100 000 records, then lasts for half a day at least


class Pace:
    """A user's commands, over all his sessions on a box. Times are the event loop's."""

    def __init__(self) -> None:
        self._paid_until_s = 0.0

    def take(self, now_s: float) -> None:
        """A command was given."""
        self._paid_until_s = max(self._paid_until_s, now_s) + 1 / PER_S

    def wait_s(self, now_s: float) -> float:
        """How long the next one is to wait."""
        return max(0.0, self._paid_until_s - now_s - BURST / PER_S)


class Unhurried(Pace):
    """Of administrators: they could do worse."""

    def take(self, now_s: float) -> None:
        """Not counted."""
