"""Files of the audit log, each named by the serial of its first record: reading them, a file at a time."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from drivers.stores.storage import Reason, Storage, StorageError, StoreError
from protocols.audit_record import NOTHING_BEFORE, AuditRecord, AuditRecordError, decode
from protocols.configuration_record import COUNT_MAX

_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
_NAME = re.compile(r"audit-([0-9]{10,18})\.log")


class Tail(NamedTuple):
    """How a file ends: its last record that is chained to all before it in the file, and what follows that."""

    serial: int  # 0: none
    digest: bytes
    octets: int  # up to the end of that record
    rest: bytes
    digests: dict[int, bytes]  # of every whole record


class AuditFiles:
    """The files of one log. Raises StorageError unless said otherwise."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def firsts(self) -> list[int]:
        """The serials that files begin with, ascending."""
        names = self._storage.names()
        matches = (_NAME.fullmatch(name) for name in names)
        firsts = sorted(int(match[1]) for match in matches if match)
        return [first for first in firsts if file_name(first) in names and 0 < first < COUNT_MAX]

    def lines(self, first: int) -> list[bytes]:
        """Of a file: each with its line end, which only a last one that is half-written lacks."""
        return _LINE.findall(self._storage.read(file_name(first)))

    def tail(self, first: int, before: bytes | None) -> Tail:
        """Reads a file up to where it is no longer whole; `before`: the hash of the record before it, if known."""
        octets = self._storage.read(file_name(first))
        whole = 0
        digests: dict[int, bytes] = {}
        for line in _LINE.findall(octets):
            try:
                record, digest = decode_line(line, before)
            except AuditRecordError:
                break
            if record.serial != first + len(digests):
                break
            digests[record.serial] = before = digest
            whole += len(line)
        return Tail(max(digests, default=0), before or NOTHING_BEFORE, whole, octets[whole:], digests)

    def newest(self, serials: range) -> Iterator[AuditRecord]:
        """Records with these serials that can be read, newest first. Raises StoreError."""
        firsts = self._readable_firsts()
        for first, following in reversed(list(pairwise([*firsts, serials.stop]))):
            wanted = range(max(first, serials.start), min(following, serials.stop))
            if wanted:
                yield from (record for record in reversed(self._records(first)) if record.serial in wanted)

    def _readable_firsts(self) -> list[int]:
        try:
            return self.firsts()
        except StorageError as error:
            raise StoreError(f"the audit log cannot be read: {error}") from None

    def _records(self, first: int) -> list[AuditRecord]:
        try:
            lines = self.lines(first)
        except StorageError as error:
            if error.reason is Reason.MISSING:  # too old, and removed while somebody was reading
                return []
            raise StoreError(f"the audit log cannot be read: {error}") from None
        return [record for line in lines if (record := _record(line))]


def file_name(first: int) -> str:
    """The file that begins with this serial."""
    return f"audit-{first:010d}.log"


def decode_line(line: bytes, before: bytes | None) -> tuple[AuditRecord, bytes]:
    """A line with its end. Raises AuditRecordError."""
    if not line.endswith(b"\n"):
        raise AuditRecordError("is not complete")
    return decode(line[:-1], before)


def _record(line: bytes) -> AuditRecord | None:
    try:
        return decode_line(line, None)[0]
    except AuditRecordError:
        return None
