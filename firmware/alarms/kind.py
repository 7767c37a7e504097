"""What the catalogue says of a kind of alarm."""

import enum
import re
from dataclasses import dataclass


class Severity(enum.Enum):
    """Perceived severity (X.733 8.1.2.3), worst first; the value says what it asks of people."""

    CRITICAL = "service is lost: act now, day or night"
    MAJOR = "service suffers: act today"
    MINOR = "no service is lost yet: plan to act"
    WARNING = "nothing is wrong yet: know of it"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Severity).index(self)


BOX = "box"  # the object of kinds that concern the whole box; written as "" where a fault is told


@dataclass(frozen=True, kw_only=True)
class AlarmKind:
    """One kind of alarm, whole.

    `object` is what it befalls: "port" stands for "port 3" and the like, BOX for the box itself. `causes` are
    ordered as they should be looked for. `next_command` is what to type first; {key} is the object's own number or
    name. `raise_ms` and `clear_ms`: hold-offs of its own instead of the configured ones. While an alarm of
    `hidden_by` stands on the same object, on one that the object is placed within, or on the box, this one is its
    consequence and not told. A kind that does not stand is an event: it happened, and is over; all that happen to
    the same object within `clear_ms` (a minute where none is given) are told as one.
    """

    code: int
    name: str
    severity: Severity
    object: str
    text: str
    causes: tuple[str, ...]
    consequences: str
    next_command: str
    raise_ms: int | None = None
    clear_ms: int | None = None
    hidden_by: tuple[str, ...] = ()
    stands: bool = True

    def names(self, text: str) -> bool:
        """Whether `text` is an object that this kind can befall."""
        if self.object == BOX:
            return text == ""
        return re.fullmatch(rf"{re.escape(self.object)} [^\s,;]+", text) is not None

    def command_for(self, text: str) -> str:
        """The next command, filled in for an object."""
        return self.next_command.format(key=text.removeprefix(f"{self.object} "))
