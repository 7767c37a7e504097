"""What a command answers: shapes that every layout (terminal, machine) prints."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Value = str | int | float


@dataclass(frozen=True)
class Table:
    """Rows under headings, counted by `(Number of results = N)`. `rows` may be lazy: a report of 10 MB is made as
    it is printed."""

    title: str
    columns: tuple[str, ...]
    rows: Iterable[Sequence[Value]]


@dataclass(frozen=True)
class Pairs:
    """Name = value, one below the other."""

    title: str
    pairs: Sequence[tuple[str, Value]]


@dataclass(frozen=True)
class Lines:
    """Text as it stands: a diff, a help page, a configuration file. May be lazy."""

    title: str
    lines: Iterable[str]


Block = Table | Pairs | Lines

SUCCEEDED = "Operation succeeded"


@dataclass(frozen=True)
class Report:
    """A command was carried out: RETCODE 0 with its text, then the blocks."""

    text: str = SUCCEEDED
    blocks: Sequence[Block] = field(default=())
