"""Several things prepared as one: all of them are put in force, or none."""

from collections.abc import Sequence

from firmware.configuration.target import Prepared


class PreparedTogether:
    """What a commit puts in force, in order."""

    def __init__(self, parts: Sequence[Prepared]) -> None:
        self._parts = parts

    def apply(self) -> None:
        """Puts every part in force."""
        for part in self._parts:
            part.apply()

    def abort(self) -> None:
        """Gives every part back, the last first."""
        for part in reversed(self._parts):
            part.abort()
