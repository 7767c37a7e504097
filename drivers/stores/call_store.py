"""Call records on disk: one SQLite table, each record synced before anybody is told that it is written."""

import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

import msgspec

from drivers.errors import UserError


class CallStoreError(UserError):
    """A call record cannot be written."""


class CallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One call, as it is kept. Times are UTC, ISO 8601 with milliseconds; empty where it never came to that."""

    call: str
    span: int
    timeslot: int
    called_number: str
    keys: str
    seized_at: str
    answered_at: str
    cleared_at: str
    recording: str
    recorded_octets: int
    failure: str


_COLUMNS = CallRecord.__struct_fields__
_CREATE = f"CREATE TABLE IF NOT EXISTS calls (id INTEGER PRIMARY KEY, {', '.join(_COLUMNS)})"
_INSERT = f"INSERT INTO calls ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"


class CallStore:
    """Owner of the file; made on the first record. Raises CallStoreError where the disk does not take it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, record: CallRecord) -> None:
        """Appends a record; on return it survives a power cut."""
        existed = self.path.exists()
        try:
            with closing(sqlite3.connect(self.path)) as database, database:
                database.execute("PRAGMA synchronous = EXTRA")
                database.execute(_CREATE)
                database.execute(_INSERT, msgspec.structs.astuple(record))
        except sqlite3.Error as error:
            if not existed:
                self.path.unlink(missing_ok=True)
            raise CallStoreError(f"{self.path}: call record of {record.call} not written: {error}") from None

    def last_call(self) -> str:
        """The name of the newest call; '' without a record. Raises CallStoreError where they cannot be read."""
        if not self.path.exists():
            return ""
        try:
            with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as database:
                (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
                if verdict != "ok":
                    raise CallStoreError(f"{self.path}: the call records are damaged: {verdict}")
                if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'calls'").fetchone():
                    return ""
                row = database.execute("SELECT call FROM calls ORDER BY id DESC LIMIT 1").fetchone()
        except sqlite3.Error as error:
            raise CallStoreError(f"{self.path}: the call records cannot be read: {error}") from None
        return str(row[0]) if row else ""

    def set_aside(self) -> Path:
        """Gives a damaged file another name, beside; a new one begins with the next record. Raises OSError."""
        names = (self.path.with_name(f"{self.path.name}.damaged-{number}") for number in count(1))
        free = next(path for path in names if not path.exists())
        self.path.rename(free)
        return free

    def read(self) -> list[CallRecord]:
        """Every record, oldest first."""
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as database:
            rows = database.execute(f"SELECT {', '.join(_COLUMNS)} FROM calls ORDER BY id").fetchall()
        return [CallRecord(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]
