"""Commands on a port's counters: G.826 by quarter-hour and day, both ends, and the raw ones."""

from collections.abc import Iterator

from drivers.engine import DAY, TOTAL, EngineError, PerformanceCounts, PerformanceEnd
from firmware.console import return_codes
from firmware.console.declaration import Choice, Command, Integer, Invocation, Parameter, Role, Verb
from firmware.console.report import Block, Pairs, Report, Table, Value
from firmware.qm.box import QueuingMachine
from firmware.qm.commands.common import PN, port_of
from firmware.qm.port import COUNTERS, TrunkPort

PERIODS = {"NOW": 0, "15M": 1, "24H": DAY, "TOTAL": TOTAL}
QUARTERS_MAX = 96

COLUMNS = ("End", "Period", "Seconds", "ES", "SES", "UAS", "BBE", "Blocks", "ESR", "SESR", "BBER")
NAMES = {PerformanceEnd.NEAR: "near", PerformanceEnd.FAR: "far"}


def _counts(port: TrunkPort, end: PerformanceEnd, back: int) -> PerformanceCounts | None:
    """None for a quarter-hour before the counting began."""
    try:
        return port.span.performance(end, back)
    except EngineError:
        return None


def _row(end: PerformanceEnd, period: str, counts: PerformanceCounts) -> tuple[Value, ...]:
    ratios = (
        counts.errored_second_ratio,
        counts.severely_errored_second_ratio,
        counts.background_block_error_ratio,
    )
    return (NAMES[end], period, *counts, *(f"{ratio:.1e}" for ratio in ratios))


def _period_rows(port: TrunkPort, period: str) -> Iterator[tuple[Value, ...]]:
    for end in PerformanceEnd:
        counts = _counts(port, end, PERIODS[period])
        if counts is not None:
            yield _row(end, period, counts)


def _history_rows(port: TrunkPort, quarters: int) -> Iterator[tuple[Value, ...]]:
    for back in range(1, quarters + 1):
        for end in PerformanceEnd:
            counts = _counts(port, end, back)
            if counts is not None:
                yield _row(end, f"-{back} x 15M", counts)


async def _display(qm: QueuingMachine, invocation: Invocation) -> Report:
    port = port_of(qm, invocation)
    since = qm.wall_clock.text(port.counting_since_ns)
    blocks: list[Block] = []
    if invocation.get("HISTORY") is not None:
        rows = list(_history_rows(port, invocation["HISTORY"]))
        return Report(
            blocks=[Table(f"Port {port.number}: whole quarter-hours, counted from {since}", COLUMNS, rows)]
        )
    period = invocation.get("PERIOD", "NOW")
    rows = list(_period_rows(port, period))
    blocks.append(Table(f"Port {port.number}: G.826, quarter-hours counted from {since}", COLUMNS, rows))
    counters = port.counters()
    pairs = [(text, counters[name]) for name, text in COUNTERS.items()]
    blocks.append(Pairs(f"Counters since {since}", pairs))
    return Report(blocks=blocks)


async def _reset(qm: QueuingMachine, invocation: Invocation) -> Report:
    port_of(qm, invocation).reset_counters(qm.now_ns())
    return Report()


COUNTER_COMMANDS: tuple[Command[QueuingMachine], ...] = (
    Command(
        Verb.DSP,
        "PORTCNT",
        "error performance of a port (G.826: errored, severely errored and unavailable seconds, background block "
        "errors; near end: what is received here, far end: what it says of what it receives) and raw counters",
        _display,
        Role.GUEST,
        example="DSP PORTCNT:PN=1,PERIOD=24H;",
        refused="DSP PORTCNT:PN=1,PERIOD=7D;",
        refused_code=return_codes.BAD_VALUE,
        parameters=(
            PN,
            Parameter(
                "PERIOD",
                Choice(tuple(PERIODS)),
                "NOW: the quarter-hour in progress; 15M: the last whole one; 24H: 96 whole ones and the present; "
                "TOTAL: everything since the port was started or its counters reset",
                default="NOW",
            ),
            Parameter(
                "HISTORY", Integer(1, QUARTERS_MAX), "so many whole quarter-hours back, instead of a period"
            ),
        ),
        watch=True,
    ),
    Command(
        Verb.RST,
        "PORTCNT",
        "count from 0 again on a port",
        _reset,
        Role.OPERATOR,
        example="RST PORTCNT:PN=1;",
        refused="RST PORTCNT:PN=16;",
        refused_code=return_codes.NO_SUCH_OBJECT,
        parameters=(PN,),
        effect="At once, both ends: quarter-hours and the day are forgotten and begin now. Calls are not touched.",
    ),
)
