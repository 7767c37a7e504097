"""Answers as lines of text, made one by one: a report of 10 MB is never whole in memory.

+++    qm1/Bern   2026-11-25 01:02:03
O&M    #17
%%LST PORT:;%%
RETCODE = 0  Operation succeeded

Ports
-----
Port  State
1     aligned
(Number of results = 1)

---    END
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from prompt_toolkit.utils import get_cwidth

from firmware.console.answer import Answer
from firmware.console.declaration import CommandError
from firmware.console.echo import printable
from firmware.console.report import Block, Lines, Pairs, Table, Value
from protocols.mml_record import RecordKind, records

COLUMNS = 80
COLUMNS_LEAST = 20
LOOKED_AT_ROWS = 100  # that decide on the widths of a table's columns
GAP = "  "
EQUALS = "  =  "


def lines(answer: Answer, columns: int = COLUMNS) -> Iterator[str]:
    """A report's lines, without line ends, for a terminal of so many columns."""
    width = max(columns, COLUMNS_LEAST)
    yield f"+++    {printable(answer.box)}   {answer.time}"
    yield f"O&M    #{answer.serial}"
    yield from _wrapped(f"%%{printable(answer.command)}%%", width)
    yield from _wrapped(f"RETCODE = {answer.code}  {printable(answer.text)}", width)
    yield ""
    for block in answer.blocks:
        try:
            yield from block_lines(block, width)
        except CommandError as error:
            yield f"The report breaks off here: RETCODE = {error.code}  {printable(error.text)}"
        yield ""
    if answer.left_out:
        yield from _wrapped(f"(Commands of the line not carried out = {answer.left_out})", width)
        yield ""
    yield "---    END"


def machine_records(answer: Answer) -> Iterator[bytes]:
    """A report as machine mode sends it."""
    return records(RecordKind.REPORT, answer.serial, answer.code, lines(answer))


def block_lines(block: Block, columns: int = COLUMNS) -> Iterator[str]:
    """A block's lines, its title first."""
    if block.title:
        title = printable(block.title)
        yield title
        yield "-" * min(get_cwidth(title), columns)
    yield from _BODIES[type(block)](block, columns)


def _table(table: Table, columns: int) -> Iterator[str]:
    """Rows below headings, counted as they are printed; blocks of pairs where the terminal is too narrow."""
    rows = (tuple(map(_cell, row)) for row in table.rows)
    first = list(islice(rows, LOOKED_AT_ROWS))
    widths = [max(map(get_cwidth, column)) for column in zip(table.columns, *first, strict=True)]
    as_pairs = sum(widths) + len(GAP) * (len(widths) - 1) > columns
    if not as_pairs:
        yield _row(table.columns, widths)
    results = 0
    for row in chain(first, rows):
        results += 1
        if as_pairs:
            yield from _aligned(list(zip(table.columns, row, strict=True)), columns)
            yield ""
        else:
            yield _row(row, widths)
    yield f"(Number of results = {results})"


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return GAP.join(map(_padded, cells, widths)).rstrip()


def _pairs(pairs: Pairs, columns: int) -> Iterator[str]:
    yield from _aligned([(printable(name), _cell(value)) for name, value in pairs.pairs], columns)


def _aligned(pairs: Sequence[tuple[str, str]], columns: int) -> Iterator[str]:
    """Names, = below =, and values that are wrapped beside them."""
    names = min(max((get_cwidth(name) for name, _ in pairs), default=0), columns // 2)
    indent = " " * (names + len(EQUALS))
    for name, value in pairs:
        *above, last = _pieces(name, names)
        yield from above
        first, *below = _pieces(value, columns - len(indent))
        yield f"{_padded(last, names)}{EQUALS}{first}".rstrip()
        yield from (indent + piece for piece in below)


def _lines(block: Lines, _columns: int) -> Iterator[str]:
    """As it stands: what is copied from a terminal must come back as it was."""
    for line in block.lines:
        yield printable(line.expandtabs())


_BODIES: dict[type[Block], Callable[[Any, int], Iterator[str]]] = {Table: _table, Pairs: _pairs, Lines: _lines}


def _cell(value: Value) -> str:
    if isinstance(value, float):
        return format(value, ".10g")
    return printable(value) if isinstance(value, str) else str(value)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - get_cwidth(text))


def _wrapped(text: str, columns: int) -> Iterator[str]:
    """A text whose further lines are set in."""
    first = next(_pieces(text, columns))
    yield first
    rest = text[len(first) :].lstrip()
    for piece in _pieces(rest, columns - len(GAP)) if rest else ():
        yield GAP + piece


def _pieces(text: str, width: int) -> Iterator[str]:
    """A text in pieces no wider than this; broken at blanks where there are any."""
    start = 0
    while start + (fits := _characters_that_fit(text, start, width)) < len(text):
        blank = text.rfind(" ", start + 1, start + fits + 1)
        cut = blank if blank > 0 else start + fits
        yield text[start:cut].rstrip()
        start = _blanks_end(text, cut)
    yield text[start:]


def _blanks_end(text: str, start: int) -> int:
    """Where the blanks that begin at `start` end."""
    while start < len(text) and text[start].isspace():
        start += 1
    return start


def _characters_that_fit(text: str, start: int, width: int) -> int:
    """How many characters from `start` fit; one at least, if there is one. It looks at no more than these."""
    taken = 0
    for number in range(start, len(text)):
        taken += get_cwidth(text[number])
        if taken > width:
            return max(number - start, 1)
    return len(text) - start
