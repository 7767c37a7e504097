"""The history of alarms on disk (drivers/stores/alarm_history.py): bounded, and never the end of a box."""

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drivers.stores.alarm_history import PAGE, AlarmHistory, AlarmHistoryError, AlarmRecord

ROOT = Path(__file__).parents[2]
LATER = "2026-11-25T02:00:00.000Z"


def record(serial: int, *, cleared_at: str = "", place: str = "port 3", name: str = "LOS") -> AlarmRecord:
    return AlarmRecord(
        serial=serial,
        code=101,
        name=name,
        severity="MAJOR",
        object=place,
        detail='trunk to "Osnabrück"; DROP TABLE alarms',
        raised_at="2026-11-25T01:02:03.004Z",
        cleared_at=cleared_at,
        cleared_by="recovered" if cleared_at else "",
        occurrences=serial + 1,
        acknowledged_by="",
        acknowledged_at="",
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alarms.sqlite"


def serials(history: AlarmHistory) -> list[int]:
    return [each.serial for each in history.read()]


def test_what_is_written_is_read_newest_first(path: Path) -> None:
    history = AlarmHistory(path, 1000)
    history.write([record(1), record(2)])
    history.write([record(3)])
    assert list(history.read()) == [record(3), record(2), record(1)]
    # By whoever comes with SQLite's own means.
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT serial, name, object, occurrences FROM alarms ORDER BY serial").fetchall()
    database.close()
    assert rows == [(1, "LOS", "port 3", 2), (2, "LOS", "port 3", 3), (3, "LOS", "port 3", 4)]


def test_a_record_written_again_is_replaced(path: Path) -> None:
    history = AlarmHistory(path, 1000)
    history.write([record(1), record(2)])
    history.write([record(1, cleared_at=LATER)])
    assert list(history.read()) == [record(2), record(1, cleared_at=LATER)]


def test_bounded_and_the_oldest_go(path: Path) -> None:
    history = AlarmHistory(path, 10)
    for serial in range(1, 31):
        history.write([record(serial)])
        assert serials(history) == list(range(serial, max(0, serial - 10), -1))
    history.keep = 3
    history.write([])
    assert serials(history) == [30, 29, 28]
    # One that was dropped, and is cleared only now, does not come back.
    history.write([record(5, cleared_at=LATER)])
    assert serials(history) == [30, 29, 28]


def test_file_does_not_grow_beyond_the_bound(path: Path) -> None:
    history = AlarmHistory(path, 100)
    sizes = []
    for turn in range(20):
        history.write(record(serial) for serial in range(200 * turn + 1, 200 * turn + 201))
        sizes.append(path.stat().st_size)
    assert max(sizes[10:]) <= 1.2 * max(sizes[:10])  # longer numbers, no more pages


def test_filters_and_pages(path: Path) -> None:
    history = AlarmHistory(path, 10_000)
    count = 2 * PAGE + 1
    history.write(
        record(serial, place=f"port {serial % 3}", name="LOS" if serial % 2 else "AIS")
        for serial in range(1, count + 1)
    )
    assert serials(history) == list(range(count, 0, -1))
    wanted = [serial for serial in range(count, 0, -1) if serial % 3 == 1 and serial % 2]
    assert [each.serial for each in history.read(name="LOS", place="port 1")] == wanted
    assert [each.serial for each in history.read(before=4)] == [3, 2, 1]
    assert list(history.read(name="RAI")) == list(history.read(place="")) == list(history.read(before=1)) == []


def test_read_as_it_is_asked_for_and_nobody_is_held_up_meanwhile(path: Path) -> None:
    """A technician sits before half a page: records are written all the same."""
    history = AlarmHistory(path, 10_000)
    history.write(record(serial) for serial in range(1, 2 * PAGE))
    reading = history.read()
    assert next(reading).serial == 2 * PAGE - 1
    history.write([record(5000)])
    assert [each.serial for each in reading] == list(range(2 * PAGE - 2, 0, -1))


def test_nothing_written_yet(path: Path) -> None:
    history = AlarmHistory(path, 1000)
    assert (list(history.read()), history.damage) == ([], [])
    assert not path.exists()


def test_alarms_that_were_active_are_closed_at_the_next_start(path: Path) -> None:
    AlarmHistory(path, 1000).write([record(1), record(2, cleared_at=LATER)])
    history = AlarmHistory(path, 1000)
    history.begin("2026-11-25T03:00:00.000Z")
    history.write([record(3)])
    three, two, one = history.read()
    assert (one.cleared_at, one.cleared_by) == ("2026-11-25T03:00:00.000Z", "box restarted")
    assert (two, three) == (record(2, cleared_at=LATER), record(3))
    # Only those of before.
    history.write([record(4)])
    assert [each.cleared_at for each in history.read()][:2] == ["", ""]


def test_closing_waits_for_a_disk_that_takes_it(path: Path) -> None:
    AlarmHistory(path, 1000).write([record(1)])
    kept = path.rename(path.with_name("away"))
    history = AlarmHistory(path, 1000)
    path.mkdir()
    history.begin(LATER)
    with pytest.raises(AlarmHistoryError):
        history.write([])
    path.rmdir()
    kept.rename(path)
    history.write([])
    assert [each.cleared_by for each in history.read()] == ["box restarted"]


@pytest.mark.parametrize("octets", [b"not a database, but somebody's file all the same" * 100, b"x"])
def test_file_that_is_no_database_is_set_aside(path: Path, octets: bytes) -> None:
    path.write_bytes(octets)
    history = AlarmHistory(path, 1000)
    history.write([record(1)])
    (line,) = history.damage
    assert "kept as alarms.sqlite.damaged, a new history is begun" in line
    assert path.with_name("alarms.sqlite.damaged").read_bytes() == octets
    assert serials(history) == [1]


def test_damaged_while_running(path: Path) -> None:
    history = AlarmHistory(path, 1000)
    history.write([record(1)])
    path.write_bytes(b"overwritten by somebody" * 1000)
    history.write([record(2)])
    assert len(history.damage) == 1
    assert serials(history) == [2]


def test_table_of_somebody_else_is_set_aside(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE alarms (serial INTEGER PRIMARY KEY, something)")
    database.close()
    history = AlarmHistory(path, 1000)
    history.write([record(1)])
    assert len(history.damage) == 1
    assert serials(history) == [1]


def test_whatever_octets_are_damaged_it_opens_writes_and_says_so_or_reads(path: Path, tmp_path: Path) -> None:
    """Half a page anywhere, single bits anywhere: no crash, and what is written then is there."""
    chance = random.Random(1)
    AlarmHistory(path, 1000).write(record(serial) for serial in range(1, 120))
    whole = path.read_bytes()
    for turn in range(80):
        octets = bytearray(whole)
        for _ in range(chance.choice([1, 1, 8, 64])):
            octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
        if turn % 5 == 0:
            start = chance.randrange(len(octets))
            octets[start : start + 2048] = chance.randbytes(len(octets[start : start + 2048]))
        if turn % 7 == 0:
            del octets[chance.randrange(len(octets)) :]
        shutil.rmtree(tmp_path / "turn", ignore_errors=True)
        (tmp_path / "turn").mkdir()
        damaged = tmp_path / "turn" / "alarms.sqlite"
        damaged.write_bytes(octets)
        history = AlarmHistory(damaged, 1000)
        history.begin(LATER)
        history.write([record(100_000)])
        assert record(100_000) in list(history.read())


def test_leftover_journal_of_the_damaged_file_is_not_played_back(path: Path) -> None:
    """A real one, of a transaction that a power cut ended; SQLite itself drops it, for the new file is empty."""
    AlarmHistory(path, 1000).write(record(serial) for serial in range(1, 200))
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA cache_size = 1")  # pages reach the file, and the journal, before the commit
    database.execute("BEGIN")
    database.execute("UPDATE alarms SET detail = 'never committed'")
    journal = path.with_name("alarms.sqlite-journal").read_bytes()
    assert len(journal) > 10_000
    database.execute("ROLLBACK")
    database.close()
    path.write_bytes(b"garbage" * 10_000)
    path.with_name("alarms.sqlite-journal").write_bytes(journal)
    history = AlarmHistory(path, 1000)
    history.write([record(1000)])
    assert 1000 in serials(AlarmHistory(path, 1000))
    assert all(each.detail != "never committed" for each in history.read())


def test_full_disk_keeps_what_it_has_and_goes_on_later(small_disk: Callable[[int], Path]) -> None:
    folder = small_disk(128)
    history = AlarmHistory(folder / "alarms.sqlite", 100_000)
    written = 0
    with pytest.raises(AlarmHistoryError, match=r"alarm history not written: .*full"):
        for serial in range(1, 100_000):
            history.write([record(serial)])
            written = serial
    assert serials(history) == list(range(written, 0, -1))
    subprocess.run(["mount", "-o", "remount,size=256k", str(folder)], check=True)
    history.write([record(written + 1)])
    assert serials(history)[0] == written + 1
    assert history.damage == []


def test_read_only_disk(small_disk: Callable[[int], Path]) -> None:
    folder = small_disk(128)
    AlarmHistory(folder / "alarms.sqlite", 1000).write([record(1)])
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    history = AlarmHistory(folder / "alarms.sqlite", 1000)
    assert serials(history) == [1]
    with pytest.raises(AlarmHistoryError, match=r"alarms\.sqlite: alarm history not written"):
        history.write([record(history.take_serial())])
    assert history.damage == []
    assert history.take_serial() > 2


def test_locked_by_somebody_elses_tool(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not waited for: the event loop would stand still meanwhile."""
    history = AlarmHistory(path, 1000)
    history.write([record(1)])
    connect, waits_s = sqlite3.connect, []

    def watched(*arguments: Any, **options: Any) -> sqlite3.Connection:
        waits_s.append(options["timeout"])
        database: sqlite3.Connection = connect(*arguments, **options)
        return database

    monkeypatch.setattr("drivers.stores.alarm_history.sqlite3.connect", watched)
    other = connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(AlarmHistoryError, match="locked"):
        history.write([record(2)])
    other.execute("ROLLBACK")
    other.close()
    history.write([record(2)])
    assert (serials(history), history.damage) == ([2, 1], [])
    assert set(waits_s) == {0}


WRITER = """
import sys
from pathlib import Path
from drivers.stores.alarm_history import AlarmHistory
from tests.drivers.test_alarm_history import record
history = AlarmHistory(Path(sys.argv[1]), 10_000)
while True:
    serial = history.take_serial()
    history.write([record(serial)])
    print(serial, flush=True)
"""


def test_killed_while_writing_what_was_acknowledged_is_there_and_serials_go_on(path: Path) -> None:
    last = 0
    for acknowledged in (5, 12, 25):
        command = [sys.executable, "-c", WRITER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
            assert writer.stdout is not None
            told = [int(writer.stdout.readline()) for _ in range(acknowledged)]
            writer.send_signal(signal.SIGKILL)
            told += [int(line) for line in writer.stdout.read().split()]
        assert told[0] > last
        history = AlarmHistory(path, 10_000)
        assert history.damage == []
        assert set(told) <= set(serials(history))
        last = serials(history)[0]
        assert last - told[-1] in (0, 1)  # the one it was killed in may be there, whole


def test_hundred_thousand_records_are_begun_to_be_read_at_once(path: Path) -> None:
    """The first page is no dearer than in a small file: no sorting, no reading of it all."""
    history = AlarmHistory(path, 100_000)
    history.write(record(serial) for serial in range(1, 100_001))
    assert path.stat().st_size > 10_000_000
    with sqlite3.connect(path) as database:
        query = "EXPLAIN QUERY PLAN SELECT * FROM alarms WHERE serial < 5000 ORDER BY serial DESC LIMIT 500"
        plan = " ".join(str(row) for row in database.execute(query))
    database.close()
    assert "SEARCH alarms USING INTEGER PRIMARY KEY" in plan
    assert "TEMP B-TREE" not in plan
    assert next(history.read()).serial == 100_000
