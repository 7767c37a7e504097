"""The history of alarms on disk: a bounded SQLite table that a full disk or a damaged file cannot bring down."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from drivers.errors import UserError
from drivers.stores.alarm_serials import AlarmSerials

PAGE = 100  # records read at a time: nobody holds the file while a technician reads
LOCK_S = 0.0  # somebody else may be reading the file with a tool of his own: whoever writes tries again later

BOX_RESTARTED = "box restarted"


class AlarmHistoryError(UserError):
    """The history cannot be written or read."""


class AlarmRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm, as it is kept. Times are UTC, ISO 8601; empty where it has not come to that."""

    serial: int
    code: int
    name: str
    severity: str
    object: str
    detail: str
    raised_at: str
    cleared_at: str
    cleared_by: str  # "recovered", "event", BOX_RESTARTED ...
    occurrences: int
    acknowledged_by: str
    acknowledged_at: str


_COLUMNS = AlarmRecord.__struct_fields__
_NAMES = ", ".join(_COLUMNS)
_CREATE = f"CREATE TABLE IF NOT EXISTS alarms (serial INTEGER PRIMARY KEY, {', '.join(_COLUMNS[1:])})"
_UPSERT = f"INSERT OR REPLACE INTO alarms ({_NAMES}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_CLOSE = f"UPDATE alarms SET cleared_at = ?, cleared_by = '{BOX_RESTARTED}' WHERE cleared_at = ''"
_PRUNE = "DELETE FROM alarms WHERE serial <= (SELECT serial FROM alarms ORDER BY serial DESC LIMIT 1 OFFSET ?)"
# Our statements are right: an error in one of them means that the tables are not ours any more.
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH}


def _is_damage(error: sqlite3.Error) -> bool:
    # The low octet is the primary result code.
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in _DAMAGE


def _record(row: tuple[object, ...]) -> AlarmRecord:
    """SQLite keeps any type in any column: what a flipped bit left is shown as it is."""
    values = dict(zip(_COLUMNS, row, strict=True))
    for field in msgspec.structs.fields(AlarmRecord):
        value = values[field.name]
        if not isinstance(value, field.type):
            values[field.name] = 0 if field.type is int else str(value)
    return AlarmRecord(**values)  # type: ignore[arg-type]


class AlarmHistory:
    """Owner of the file and of the serial numbers. Opening it never fails: `damage` says what was found.

    Every operation opens the file anew, so one that is repaired, removed or mounted again is simply used.
    """

    def __init__(self, path: Path, keep: int) -> None:
        """`keep`: so many records; the oldest are dropped."""
        self.path = path
        self.keep = keep
        self.damage: list[str] = []
        self._begun_at = ""
        self._serials = AlarmSerials(path.with_suffix(".serials"), self._open())
        if self._serials.damage:
            self.damage.append(self._serials.damage)

    def take_serial(self) -> int:
        """A number no alarm of this box has had, whatever became of the history."""
        return self._serials.take()

    def begin(self, at: str) -> None:
        """At the start: alarms that were active when the last process ended are closed with the first write."""
        self._begun_at = at

    def write(self, records: Iterable[AlarmRecord]) -> None:
        """Adds records, or replaces those of the same serials, in one transaction; on return they survive a power
        cut. Raises AlarmHistoryError: then none of them is written."""
        rows = [msgspec.structs.astuple(record) for record in records]
        try:
            self._serials.reserve()
            try:
                self._transact(rows)
            except sqlite3.Error as error:
                if not _is_damage(error):
                    raise
                self._set_aside(str(error))
                self._transact(rows)
        except (sqlite3.Error, UserError) as error:
            raise AlarmHistoryError(f"{self.path}: alarm history not written: {error}") from None

    def read(
        self, *, before: int | None = None, name: str | None = None, place: str | None = None
    ) -> Iterator[AlarmRecord]:
        """Records, newest first, from below the serial `before`; of one alarm name or one object where given.
        Read as they are asked for; raises AlarmHistoryError."""
        below = before if before is not None else 1 << 62
        while True:
            page = self._page(below, name, place)
            yield from page
            if len(page) < PAGE:
                return
            below = page[-1].serial

    def close(self) -> None:
        """The process ends cleanly: the next one goes on with the next serial number."""
        with suppress(UserError):
            self._serials.close()

    def _open(self) -> int:
        """Looks the file through; returns the highest serial in it, 0 if there is none."""
        if not self.path.exists():
            return 0
        try:
            with closing(self._connect()) as database:
                (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
                if found == "ok":
                    return int(database.execute("SELECT ifnull(max(serial), 0) FROM alarms").fetchone()[0])
            self._set_aside(found)
        except sqlite3.Error as error:
            if _is_damage(error):
                self._set_aside(str(error))
            else:
                self.damage.append(f"{self.path}: {error}")
        return 0

    def _connect(self, mode: str = "") -> sqlite3.Connection:
        database = sqlite3.connect(f"{self.path.absolute().as_uri()}{mode}", timeout=LOCK_S, uri=True)
        database.text_factory = lambda octets: octets.decode(errors="replace")
        return database

    def _transact(self, rows: list[tuple[object, ...]]) -> None:
        with closing(self._connect()) as database, database:
            database.execute("PRAGMA synchronous = EXTRA")
            database.execute(_CREATE)
            if self._begun_at:
                database.execute(_CLOSE, (self._begun_at,))
            database.executemany(_UPSERT, rows)
            database.execute(_PRUNE, (self.keep,))
        self._begun_at = ""

    def _set_aside(self, error: str) -> None:
        """The damaged file is kept for whoever wants to look, one of them; a new one is begun."""
        aside = self.path.with_name(f"{self.path.name}.damaged")
        try:
            self.path.replace(aside)
            self.damage.append(f"{self.path}: {error}; kept as {aside.name}, a new history is begun")
        except OSError as failure:
            self.damage.append(f"{self.path}: {error}; it cannot be set aside: {failure.strerror}")

    def _page(self, below: int, name: str | None, place: str | None) -> list[AlarmRecord]:
        query = f"SELECT {_NAMES} FROM alarms WHERE serial < ?"
        values: list[object] = [below]
        for column, value in (("name", name), ("object", place)):
            if value is not None:
                query += f" AND {column} = ?"
                values.append(value)
        if not self.path.exists():
            return []
        try:
            with closing(self._connect("?mode=ro")) as database:
                rows = database.execute(f"{query} ORDER BY serial DESC LIMIT {PAGE}", values).fetchall()
        except sqlite3.Error as error:
            raise AlarmHistoryError(f"{self.path}: alarm history not read: {error}") from None
        return [_record(row) for row in rows]
