"""The console's bench: how soon commands are answered with 100 calls up, and whether the calls notice.

A plant of its own process runs four spans in real time; this process is the technician.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from drivers.console_client import MachineClient
from drivers.console_link import unix_link
from drivers.running_shelves import SOCKET
from drivers.stores.alarm_history import AlarmHistory, AlarmRecord
from hil.bench_rows import Row

PORTS = 4
CALLS = 100
COMMANDS = ("DSP PORT;", "DSP CALL;", "LST PORT;", "DSP ALM;", "DSP PORTCNT:PN=1;", "DSP TS:PN=1;", "DSP CFG;")
PASSES = 60
P99_MS = 50.0
NONE = 0.5  # a bar of 0 would be none
USER, PASSWORD = "admin", "a bench of its own"
HISTORY, DETAIL_CHARACTERS = 60_000, 80  # alarms: a report of more than 10 MB
LONG_REPORT = f"LST ALMHIS:LAST={HISTORY};"
LOSSES, KINDS_OF_LOSS = r"^.*(?:slips: frames|store restarts).* =  (\d+)$", 6  # as DSP PORTCNT shows them
LONG_OCTETS = 10_000_000


def rows() -> list[Row]:
    """Measures; a row each."""
    with tempfile.TemporaryDirectory(prefix="trunkshelf-") as folder, _plant(Path(folder)) as state:
        alone = _answers_ms(state, lambda passes: passes < PASSES)
        with _long_report(state, Path(folder) / "report") as comes:
            beside = _answers_ms(state, lambda _: comes())
        lost = _lost(state)
    return [
        _row(f"console: a command's answer, {CALLS} calls up, median", alone[len(alone) // 2], 0),
        _row(f"console: a command's answer, {CALLS} calls up, p99", _p99(alone), P99_MS),
        _row("console: the same beside a report of 10 MB, p99", _p99(beside), P99_MS),
        Row(f"console: blocks lost on {PORTS} spans meanwhile", "blocks", lost, 0, 0, "", 0, 0, NONE),
    ]


def _row(name: str, ours_ms: float, bar_ms: float) -> Row:
    return Row(name, "ms", ours_ms, 0, 0, "", 0, 0, bar_ms)


def _p99(sorted_ms: list[float]) -> float:
    return sorted_ms[min(len(sorted_ms) - 1, len(sorted_ms) * 99 // 100)]


@contextmanager
def _plant(folder: Path) -> Iterator[Path]:
    """A plant with all its calls up, its administrator's password set; it must end without a call that failed."""
    state = folder / "state"
    _fill_history(state / "qm1" / "alarms.sqlite")
    plant = subprocess.Popen(
        [sys.executable, "-m", "hil.bench_console_plant", str(state), str(folder), str(PORTS), str(CALLS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert plant.stdin is not None
    assert plant.stdout is not None
    try:
        assert plant.stdout.readline() == "up\n"
        yield state
        plant.stdin.close()
        said = plant.stdout.read()
    finally:
        plant.kill()
        plant.wait()
    if said:
        raise AssertionError(f"calls noticed the console: {said}")


def _fill_history(path: Path) -> None:
    """Alarms of former days, which nobody would wait for."""
    path.parent.mkdir(parents=True)
    history = AlarmHistory(path, HISTORY)
    history.begin("2026-01-01T00:00:00.000Z")
    history.write(
        AlarmRecord(
            serial=history.take_serial(),
            code=101,
            name="LOS",
            severity="CRITICAL",
            object="port 1",
            detail="x" * DETAIL_CHARACTERS,
            raised_at="2026-01-01T00:00:00.000Z",
            cleared_at="2026-01-01T00:01:00.000Z",
            cleared_by="recovered",
            occurrences=1,
            acknowledged_by="",
            acknowledged_at="",
        )
        for _ in range(HISTORY)
    )
    history.close()


def _client(state: Path) -> MachineClient:
    client = MachineClient(unix_link(state / "qm1" / SOCKET))
    client.log_in(USER, PASSWORD)
    return client


def _answers_ms(state: Path, go_on: Callable[[int], bool]) -> list[float]:
    """How long each command's whole report took to come, sorted; asks after each pass over them all."""
    client = _client(state)
    times: list[float] = []
    while go_on(len(times) // len(COMMANDS)):
        for command in COMMANDS:
            began = time.perf_counter()
            for record in client.command(command):
                assert not record.retcode, record.text
            times.append((time.perf_counter() - began) * 1e3)
    client.log_out()
    return sorted(times)


def _lost(state: Path) -> int:
    """Blocks that came too late for the line or the shelf: each is a slip or a restart of a store."""
    client = _client(state)
    reports = (record.text for n in range(1, PORTS + 1) for record in client.command(f"DSP PORTCNT:PN={n};"))
    counted = [re.findall(LOSSES, text, re.MULTILINE) for text in reports]
    client.log_out()
    assert all(len(counts) == KINDS_OF_LOSS for counts in counted)
    return sum(int(count) for counts in counted for count in counts)


@contextmanager
def _long_report(state: Path, file: Path) -> Iterator[Callable[[], bool]]:
    """Another session, in a process of its own, is sent 10 MB; gives whether they still come."""
    main = "import sys; from drivers.command_line import main; sys.exit(main())"
    command = [sys.executable, "-c", main, "console", "qm1", "--state", str(state)]
    with file.open("wb") as output:
        reader = subprocess.Popen(
            [*command, "-c", LONG_REPORT], stdout=output, env={**os.environ, "TRUNKSHELF_PASSWORD": PASSWORD}
        )
        try:
            yield lambda: reader.poll() is None
            assert reader.wait() == 0
            assert file.stat().st_size >= LONG_OCTETS
        finally:
            reader.kill()
            reader.wait()
