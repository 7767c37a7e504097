"""Commands that every box has: the box itself, its boards, its log, its restart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from drivers.engine import Shelf
from drivers.process import memory_kb, process_id, program_version
from firmware.console import return_codes
from firmware.console.declaration import Choice, Command, Integer, Invocation, Parameter, Role, Verb
from firmware.console.report import Pairs, Report, Table, Value
from firmware.log_ring import LINES_MAX, LogRing
from firmware.runtime import NS_PER_S, Board, Box, WallClock

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
NS_PER_MS = 1_000_000
LOG_LINES = 50


@dataclass(frozen=True)
class BoxSubject:
    """What these commands work on. `interrupted` says what a restart would interrupt, a line each; `restart` is
    whoever runs the shelf's."""

    box: Box
    kind: str  # "queuing machine"
    shelf: Shelf
    wall_clock: WallClock
    started_ns: int
    boards: Callable[[], Sequence[Board]]
    interrupted: Callable[[], list[str]]
    restart: Callable[[], None]
    log: LogRing


def _uptime(seconds: int) -> str:
    minutes, hours, days = seconds // 60 % 60, seconds // 3600 % 24, seconds // 86400
    return f"{days} d {hours:02d}:{minutes:02d}:{seconds % 60:02d}"


async def _display(subject: BoxSubject, _: Invocation) -> Report:
    clock = subject.shelf.clock_status()
    now_kb, most_kb = memory_kb()
    up_s = (subject.box.now_ns() - subject.started_ns) // NS_PER_S
    pairs: list[tuple[str, Value]] = [
        ("Box", subject.box.name),
        ("Kind", subject.kind),
        ("Version", program_version()),
        ("Started", subject.wall_clock.text(subject.started_ns)),
        ("Uptime", _uptime(up_s)),
        ("Process", process_id()),
        ("Memory (kB)", now_kb),
        ("Memory at most (kB)", most_kb),
        ("Shelf's time", "real" if clock.running else "virtual"),
        ("Blocks run (1 ms each)", clock.blocks),
        ("Blocks late by more than 8 ms", clock.late_blocks),
        ("Latest block (ms)", f"{clock.worst_late_ns / NS_PER_MS:.3f}"),
        ("Real-time priority (SCHED_FIFO)", "yes" if clock.fifo else "no"),
    ]
    return Report(blocks=[Pairs("Box", pairs)])


async def _boards(subject: BoxSubject, _: Invocation) -> Report:
    rows = [(board.kind, board.number, board.has) for board in subject.boards()]
    return Report(blocks=[Table("Boards", ("Kind", "Number", "What it has"), rows)])


async def _restart(subject: BoxSubject, _: Invocation) -> Report:
    subject.restart()
    return Report(text="The box restarts")


def _interrupts(subject: BoxSubject, _: Invocation) -> list[str]:
    return subject.interrupted() or ["all boxes of the process, for some seconds"]


async def _log(subject: BoxSubject, invocation: Invocation) -> Report:
    lines = subject.log.lines(invocation.get("LINES", LOG_LINES), invocation.get("LEVEL", "DEBUG"))
    title = f"Log, {subject.log.log_level} and graver, newest last"
    return Report(blocks=[Table(title, ("At", "Level", "Source", "Text"), lines)])


async def _set_log(subject: BoxSubject, invocation: Invocation) -> Report:
    subject.log.set_level(invocation["LEVEL"])
    return Report()


BOX_COMMANDS: tuple[Command[BoxSubject], ...] = (
    Command(
        Verb.DSP,
        "BOX",
        "the box: version, uptime, memory, and how its engine keeps time",
        _display,
        Role.GUEST,
        example="DSP BOX;",
        refused="DSP BOX:BOX=1;",
        refused_code=return_codes.UNKNOWN_PARAMETER,
        watch=True,
    ),
    Command(
        Verb.DSP,
        "BOARD",
        "the boards of the box",
        _boards,
        Role.GUEST,
        example="DSP BOARD;",
        refused="DSP BOARD:BOARD=1;",
        refused_code=return_codes.UNKNOWN_PARAMETER,
    ),
    Command(
        Verb.DSP,
        "LOG",
        "the last lines of the log; earlier ones are in the system's own log",
        _log,
        Role.OPERATOR,
        example="DSP LOG:LINES=20,LEVEL=INFO;",
        refused="DSP LOG:LINES=0;",
        refused_code=return_codes.BAD_VALUE,
        parameters=(
            Parameter("LINES", Integer(1, LINES_MAX), "how many", default=str(LOG_LINES)),
            Parameter("LEVEL", Choice(LEVELS), "of this level and graver", default="DEBUG"),
        ),
        watch=True,
    ),
    Command(
        Verb.SET,
        "LOG",
        "what is written to the log",
        _set_log,
        Role.ADMINISTRATOR,
        example="SET LOG:LEVEL=INFO;",
        refused="SET LOG:LEVEL=LOUD;",
        refused_code=return_codes.BAD_VALUE,
        parameters=(Parameter("LEVEL", Choice(LEVELS), "this level and graver", mandatory=True),),
        effect="At once, for all boxes of the process; INFO again when the box is restarted.",
    ),
    Command(
        Verb.RST,
        "BOX",
        "restart the box, with what its configuration keeps for that",
        _restart,
        Role.ADMINISTRATOR,
        example="RST BOX;",
        refused="RST BOX:NOW=YES;",
        refused_code=return_codes.UNKNOWN_PARAMETER,
        effect="At once: all boxes of the process go down, calls are lost, sessions end. Blocks and forced clock "
        "sources are lifted; a configuration on trial goes on being one.",
        interrupts=_interrupts,
    ),
)
