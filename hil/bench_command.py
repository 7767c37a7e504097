"""`trunkshelf bench`: times the engine's kernels beside memcpy and other programs, judges them by their bars."""

import argparse
import hashlib
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from drivers.errors import UserError
from hil import bench_console
from hil.bench_rows import ANY_LEVEL, Judgement, Row, judge, lacking, least, levels, table
from hil.test_command import CLONE, NoCloneError

HELP = "time the engine's kernels and the console, and judge them by their bars (from a clone)"

ENGINE = CLONE / "csrc"
BENCH = CLONE / "hil" / "bench"
BUILD = CLONE / "build" / "bench"
PROGRAM = BUILD / "bench"
CONSOLE = "console"

COMPILE = ["cc", "-std=c11", "-O3", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Icsrc"]
LIBRARIES = ["-lm", "-pthread", "-ldl"]

# A topic that misses a bar is measured so often, and the least of each time counts.
ATTEMPTS = 3


class BenchError(UserError):
    """The bench cannot be built or run as asked."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(topics())}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to this file too")


def execute(arguments: argparse.Namespace) -> int:
    """Builds, measures and prints the table; returns 1 if a bar is missed."""
    if not topics():
        raise NoCloneError(f"no clone here ({CLONE} has no hil/bench/*.c): run ./trunkshelf bench in one")
    chosen = _chosen(arguments.names)
    if arguments.json and not arguments.json.absolute().parent.is_dir():
        raise BenchError(f"{arguments.json}: its folder does not exist")
    _build()
    judgements = list(_measure_all(chosen))
    print(table(judgements))
    if arguments.json:
        _write(arguments.json, judgements)
    return 1 if _missed(judgements) else 0


def topics() -> list[str]:
    """What can be measured: each engine's topic has a source of its name in hil/bench/, and the console."""
    sources = BENCH.glob("*.c") if ENGINE.is_dir() else []
    return sorted({path.stem for path in sources} - {"bench", "main"} | {CONSOLE})


def _chosen(names: list[str]) -> list[str]:
    for name in names:
        if name not in topics():
            raise BenchError(f"no topic '{name}'; there are {', '.join(topics())}")
    return list(dict.fromkeys(names)) or topics()


def _build() -> None:
    """Compiles the engine and the bench into one program, if anything has changed since the last time."""
    files = sorted(path for folder in (ENGINE, BENCH) for path in folder.rglob("*.[ch]"))
    sources = [str(path) for path in files if path.suffix == ".c"]
    command = [*COMPILE, *sources, "-o", str(PROGRAM), *LIBRARIES]
    made_from = BUILD / "made-from"
    contents = b"".join(path.read_bytes() for path in files)
    digest = hashlib.sha256("\n".join(command).encode() + contents).hexdigest()
    if PROGRAM.is_file() and made_from.is_file() and made_from.read_text(encoding="ascii") == digest:
        return
    BUILD.mkdir(parents=True, exist_ok=True)
    made_from.unlink(missing_ok=True)
    _run(command)
    made_from.write_text(digest, encoding="ascii")


def _run(command: list[str]) -> str:
    """The command's output; the first error it tells of if it fails."""
    try:
        ran = subprocess.run(command, cwd=CLONE, capture_output=True, text=True, check=False)
    except OSError as error:
        raise BenchError(f"{command[0]}: {error.strerror}") from error
    if ran.returncode:
        said = ran.stderr.splitlines() or ["it said nothing"]
        first = next((line for line in said if "error" in line), said[0])
        raise BenchError(f"{Path(command[0]).name} failed ({ran.returncode}): {first}")
    return ran.stdout


def _measure_all(chosen: list[str]) -> Iterator[Judgement]:
    to_measure, lacked = levels(_run([str(PROGRAM)]).strip())
    for topic in chosen:
        if topic == CONSOLE:
            for row in _measure(bench_console.rows, ANY_LEVEL):
                yield from judge(row, ANY_LEVEL)
            continue
        at_level = {level: _measure(partial(_measure_engine, topic, level), level) for level in to_measure}
        for level in lacked:
            for row in at_level[to_measure[0]]:
                yield from lacking(row, level)
        for level, rows in at_level.items():
            for row in rows:
                yield from judge(row, level)


def _measure(once: Callable[[], list[Row]], level: str) -> list[Row]:
    rows = once()
    for _ in range(ATTEMPTS - 1):
        if not _missed(judgement for row in rows for judgement in judge(row, level)):
            break
        rows = [least(*pair) for pair in zip(rows, once(), strict=True)]
    return rows


def _measure_engine(topic: str, level: str) -> list[Row]:
    lines = _run([str(PROGRAM), level, topic]).splitlines()
    return [msgspec.json.decode(line, type=Row) for line in lines]


def _missed(judgements: Iterator[Judgement] | list[Judgement]) -> bool:
    return any(judgement.met is False for judgement in judgements)


def _write(path: Path, judgements: list[Judgement]) -> None:
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(judgements)) + b"\n")
    except OSError as error:
        raise BenchError(f"{path}: {error.strerror}") from error
