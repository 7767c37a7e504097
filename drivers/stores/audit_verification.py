"""Whether the audit log is as it was written: every record chained, none missing anywhere."""

from collections.abc import Iterator
from typing import NamedTuple

from drivers.stores.audit_files import AuditFiles, decode_line, file_name
from protocols.audit_record import NOTHING_BEFORE, AuditRecordError


class AuditVerdict(NamedTuple):
    """How many records are good, up to the first that is not; and where that is and why ("" if all are good)."""

    records: int
    where: str = ""
    why: str = ""

    @property
    def intact(self) -> bool:
        """Nothing is missing and nothing has been changed."""
        return not self.why


class AuditHead(NamedTuple):
    """What the log must hold at least: records `first` to `serial`, the last with this hash."""

    first: int
    serial: int
    digest: bytes


class _BrokenError(Exception):
    """Where, and why."""


class Verification:
    """One walk along the chain, oldest record first."""

    def __init__(self, files: AuditFiles, head: AuditHead) -> None:
        self._files = files
        self._head = head
        self._expected = head.first
        self._before = NOTHING_BEFORE if head.first == 1 else None

    def by_file(self) -> Iterator[AuditVerdict]:
        """A verdict after each file; the last one counts. Raises StorageError."""
        try:
            for first in self._files.firsts():
                if first >= self._head.first:
                    self._file(first)
                    yield self._so_far()
            if self._expected <= self._head.serial:
                raise _BrokenError("the end of the log", self._missing(self._head.serial + 1))
        except _BrokenError as error:
            yield AuditVerdict(self._expected - self._head.first, *error.args)
        else:
            yield self._so_far()

    def _so_far(self) -> AuditVerdict:
        return AuditVerdict(self._expected - self._head.first)

    def _file(self, first: int) -> None:
        if first != self._expected:
            raise _BrokenError(f"before {file_name(first)}", self._missing(first))
        for number, line in enumerate(self._files.lines(first), 1):
            self._line(f"{file_name(first)} line {number}", line)

    def _line(self, where: str, line: bytes) -> None:
        try:
            record, digest = decode_line(line, self._before)
        except AuditRecordError as error:
            raise _BrokenError(where, f"the line {error}") from None
        if record.serial != self._expected:
            raise _BrokenError(where, f"holds record {record.serial} in place of {self._expected}")
        if record.serial == self._head.serial and digest != self._head.digest:
            raise _BrokenError(where, f"record {record.serial} is not the one that was written")
        self._expected, self._before = record.serial + 1, digest

    def _missing(self, next_serial: int) -> str:
        if next_serial <= self._expected:
            return f"record {next_serial} is there twice"
        return f"records {self._expected} to {next_serial - 1} are missing"
