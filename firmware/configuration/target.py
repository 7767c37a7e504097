"""What the configuration service and the things it configures say to each other: problems, preparation, faults."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol, TypeVar

Tree_contra = TypeVar("Tree_contra", contravariant=True)


class Problem(NamedTuple):
    """One fault of a configuration: where, what is wrong, and what is permitted there (may be empty)."""

    path: str  # "ports.3.framing"
    text: str
    permitted: str = ""

    def __str__(self) -> str:
        permitted = f"; permitted: {self.permitted}" if self.permitted else ""
        return f"{self.path}: {self.text}{permitted}" if self.path else f"{self.text}{permitted}"


class PreparationError(Exception):
    """A change cannot be carried out as things are: all the reasons, each with its path."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(map(str, self.problems)))


class Prepared(Protocol):
    """A change for which everything that can fail has been reserved: one of the two is called, once."""

    def apply(self) -> None:
        """Puts it in force. Cannot fail: an exception is a bug and ends the process."""

    def abort(self) -> None:
        """Gives back what was reserved; nothing has changed."""


class Target(Protocol[Tree_contra]):
    """What a configuration is put in force on: a box."""

    async def prepare(self, old: Tree_contra, new: Tree_contra) -> Prepared:
        """Reserves all that can fail; raises PreparationError with every reason. Changes nothing by itself.

        Fields that count only after a box restart do not differ between `old` and `new`. Cancelled, or having
        raised, it has given back what it reserved.
        """

    def interrupts(self, old: Tree_contra, new: Tree_contra) -> list[str]:
        """What the change would interrupt, a line each: `12 calls in progress on port 3, which restarts`."""


class Faults(Protocol):
    """Where faults and events are told: the alarm manager."""

    def fault(self, name: str, object: str = "", detail: str = "") -> None:  # noqa: A002 (the alarm's object)
        """The fault stands from now on; telling it again changes nothing."""

    def recover(self, name: str, object: str = "") -> None:  # noqa: A002
        """It does not stand any longer."""

    def event(self, name: str, object: str = "", detail: str = "") -> None:  # noqa: A002
        """Something happened: it is recorded and told, and does not stand."""
