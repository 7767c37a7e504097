"""The bench's rows: what the program in hil/bench/ measured, judged by its bars, as a table and as JSON."""

from collections.abc import Iterator, Sequence

import msgspec

# CPU levels, the fastest first, and how many times as wide the bars are there; plain C has none. What does not
# depend on them stands at ANY_LEVEL.
ANY_LEVEL = "-"
LEVELS = ["avx512", "avx2", "portable"]
BAR_WIDTHS = {"avx512": 1.0, "avx2": 3.0, ANY_LEVEL: 1.0}

MET = {True: "met", False: "MISSED", None: "-"}


class Row(msgspec.Struct, frozen=True):
    """A line of the program (bench_row in hil/bench/bench.h): times in `unit`, and bars; 0 where there is none."""

    name: str
    unit: str
    ours: float
    memcpy: float
    bar_memcpy: float
    peer_name: str
    peer: float
    bar_peer: float
    bar_absolute: float


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """A row by one of its bars at a CPU level.

    `bar_kind` says what `bar` limits: "memcpy" ours / memcpy, "peer" peer / ours (at least), "absolute" ours.
    `met` is None where there is no verdict: no bar, no peer, or no instructions (then `ours` is None too).
    """

    name: str
    cpu_level: str
    unit: str
    ours: float | None
    peer: float | None
    peer_name: str | None
    memcpy: float | None
    ratio: float | None
    bar: float | None
    bar_kind: str | None
    met: bool | None


def levels(available: str) -> tuple[list[str], list[str]]:
    """The CPU levels to measure on a machine that has `available`, and those it lacks."""
    place = LEVELS.index(available)
    return LEVELS[place:-1] or [available], LEVELS[:place]


def least(one: Row, other: Row) -> Row:
    """Of two measurements of a row the least of each time: others' work on the machine only ever adds."""
    times = {name: min(getattr(one, name), getattr(other, name)) for name in ("ours", "memcpy", "peer")}
    return msgspec.structs.replace(one, **times)


def judge(row: Row, level: str) -> Iterator[Judgement]:
    """The row by each of its bars; one without verdict if it has none."""
    bars = {"memcpy": row.bar_memcpy, "peer": row.bar_peer, "absolute": row.bar_absolute}
    kinds = [kind for kind, bar in bars.items() if bar]
    width = BAR_WIDTHS.get(level, 1.0)
    for kind in kinds:
        bar = bars[kind] / width if kind == "peer" else bars[kind] * width
        yield _judgement(row, level, kind, bar)
    if not kinds:
        yield _judgement(row, level, None, None)


def _judgement(row: Row, level: str, kind: str | None, bar: float | None) -> Judgement:
    ratio = _ratio(row, kind)
    limited = row.ours if kind == "absolute" else ratio
    met = None
    if bar is not None and limited is not None and level in BAR_WIDTHS:
        met = limited >= bar if kind == "peer" else limited <= bar
    return Judgement(
        name=row.name,
        cpu_level=level,
        unit=row.unit,
        ours=row.ours,
        peer=row.peer or None,
        peer_name=row.peer_name or None,
        memcpy=row.memcpy or None,
        ratio=ratio,
        bar=bar,
        bar_kind=kind,
        met=met,
    )


def _ratio(row: Row, kind: str | None) -> float | None:
    if kind == "peer":
        return row.peer / row.ours if row.peer else None
    return row.ours / row.memcpy if row.memcpy else None


def lacking(row: Row, level: str) -> Iterator[Judgement]:
    """The row at a level whose instructions the CPU lacks: its bars, without times of ours and without verdict."""
    for judgement in judge(row, level):
        yield msgspec.structs.replace(judgement, ours=None, ratio=None, met=None)


def table(judgements: Sequence[Judgement]) -> str:
    """Columns for a terminal."""
    head = ("name", "CPU", "ours", "unit", "peer", "memcpy", "ratio", "bar", "")
    lines = [head, *(_cells(judgement) for judgement in judgements)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _cells(judgement: Judgement) -> tuple[str, ...]:
    peer = f"{_number(judgement.peer)} {judgement.peer_name}" if judgement.peer_name else "-"
    return (
        judgement.name,
        judgement.cpu_level,
        _number(judgement.ours),
        judgement.unit,
        peer,
        _number(judgement.memcpy),
        _number(judgement.ratio),
        _bar(judgement),
        MET[judgement.met],
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _bar(judgement: Judgement) -> str:
    if judgement.bar is None:
        return "-"
    if judgement.bar_kind == "absolute":
        return f"<= {judgement.bar:.3g} {judgement.unit}"
    relation = ">=" if judgement.bar_kind == "peer" else "<="
    return f"{relation} {judgement.bar:.3g} x {judgement.bar_kind}"
