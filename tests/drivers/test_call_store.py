"""Call records on disk (drivers/stores/call_store.py): what has been acknowledged survives whatever comes."""

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from drivers.stores.call_store import CallRecord, CallStore, CallStoreError

WRITER = """
import sys
from pathlib import Path
from drivers.stores.call_store import CallStore
from tests.drivers.test_call_store import record
store = CallStore(Path(sys.argv[1]))
for number in range(int(sys.argv[2]), 10**6):
    store.write(record(number))
    print(number, flush=True)
"""


def record(number: int) -> CallRecord:
    return CallRecord(
        call=f"qm1-{number:08d}",
        span=1,
        timeslot=1 + number % 15,
        called_number="12345",
        keys="1#",
        seized_at="2026-01-01T00:00:00.048Z",
        answered_at="",
        cleared_at="2026-01-01T00:00:20.417Z",
        recording=f"qm1-{number:08d}.wav",
        recorded_octets=number,
        failure='it\'s "odd"; -- and über',
    )


@pytest.fixture
def store(tmp_path: Path) -> CallStore:
    return CallStore(tmp_path / "calls.sqlite")


def files(store: CallStore) -> list[str]:
    return sorted(path.name for path in store.path.parent.iterdir())


def test_last_call_is_the_newest(store: CallStore) -> None:
    assert store.last_call() == ""
    assert files(store) == []
    for number in (1, 12, 7):
        store.write(record(number))
        assert store.last_call() == f"qm1-{number:08d}"


def test_an_empty_file_has_no_call_yet(store: CallStore) -> None:
    store.path.touch()
    assert store.last_call() == ""
    store.write(record(3))
    assert store.last_call() == "qm1-00000003"


def test_damaged_records_are_set_aside_and_never_replaced(store: CallStore) -> None:
    for octets in (b"one", b"two"):
        store.path.write_bytes(octets)
        store.set_aside()
    store.write(record(1))
    assert files(store) == ["calls.sqlite", "calls.sqlite.damaged-1", "calls.sqlite.damaged-2"]
    assert (store.path.parent / "calls.sqlite.damaged-2").read_bytes() == b"two"


def test_last_call_of_a_damaged_file(store: CallStore) -> None:
    store.path.write_bytes(b"SQLite format 3\0" + b"\xff" * 4000)
    with pytest.raises(CallStoreError, match=r"calls\.sqlite: the call records cannot be read"):
        store.last_call()


def test_records_are_read_as_they_were_written(store: CallStore) -> None:
    records = [record(number) for number in range(20)]
    for written in records:
        store.write(written)
    assert store.read() == records
    assert files(store) == ["calls.sqlite"]


def test_the_file_is_an_ordinary_sqlite_database(store: CallStore) -> None:
    store.write(record(7))
    database = sqlite3.connect(store.path)
    row = database.execute("SELECT call, called_number, recorded_octets FROM calls WHERE timeslot = 8").fetchone()
    check = database.execute("PRAGMA integrity_check").fetchone()
    database.close()
    assert (row, check) == (("qm1-00000007", "12345", 7), ("ok",))


def test_store_of_an_earlier_run_is_continued(store: CallStore) -> None:
    store.write(record(1))
    CallStore(store.path).write(record(2))
    assert store.read() == [record(1), record(2)]


def test_reading_while_writing(store: CallStore) -> None:
    """Somebody reads again and again meanwhile: always whole records, in order, never fewer than before."""
    store.write(record(0))
    seen: list[int] = []
    stop, reading_began = threading.Event(), threading.Event()

    def read() -> None:
        while not stop.is_set():
            records = store.read()
            assert records == [record(number) for number in range(len(records))]
            seen.append(len(records))
            reading_began.set()

    with ThreadPoolExecutor(max_workers=1) as pool:
        reading = pool.submit(read)
        reading_began.wait()
        for number in range(1, 60):
            store.write(record(number))
        stop.set()
        reading.result()
    assert seen == sorted(seen)
    assert store.read() == [record(number) for number in range(60)]


def test_full_disk_is_one_line_and_leaves_nothing_half_written(small_disk: Callable[[int], Path]) -> None:
    folder = small_disk(8)
    (folder / "ballast").write_bytes(b"\0" * 8192)
    store = CallStore(folder / "calls.sqlite")
    with pytest.raises(CallStoreError) as error:
        store.write(record(1))
    assert str(store.path) in str(error.value)
    assert "qm1-00000001" in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert files(store) == ["ballast"]


def test_disk_that_fills_up_keeps_every_acknowledged_record(small_disk: Callable[[int], Path]) -> None:
    store = CallStore(small_disk(64) / "calls.sqlite")
    written = 0
    with pytest.raises(CallStoreError):
        for number in range(10_000):
            store.write(record(number))
            written = number + 1
    assert written > 20
    assert store.read() == [record(number) for number in range(written)]
    assert files(store) == ["calls.sqlite"]


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CallStoreError, match="call record of qm1-00000001 not written"):
        CallStore(tmp_path / "nowhere" / "calls.sqlite").write(record(1))


def test_file_that_is_no_database_is_left_as_it_is(store: CallStore) -> None:
    store.path.write_bytes(b"not a database, but somebody's file all the same")
    with pytest.raises(CallStoreError, match="not a database"):
        store.write(record(1))
    assert store.path.read_bytes() == b"not a database, but somebody's file all the same"


def test_killed_while_writing_every_acknowledged_record_is_there(store: CallStore) -> None:
    """kill -9, three times, each time somewhere in a record; whoever comes next reads and goes on."""
    following = 0
    for acknowledged in (5, 12, 25):
        command = [sys.executable, "-c", WRITER, str(store.path), str(following)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as writer:
            assert writer.stdout is not None
            for _ in range(acknowledged):
                last = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            # What it had acknowledged before it died.
            last = max([last, *map(int, writer.stdout.read().split())])
        numbers = [int(written.recorded_octets) for written in store.read()]
        # The record it was killed in may be there or not, whole.
        assert numbers in (list(range(last + 1)), list(range(last + 2)))
        assert store.read() == [record(number) for number in numbers]
        following = len(numbers)
    store.write(record(following))
    assert len(store.read()) == following + 1
