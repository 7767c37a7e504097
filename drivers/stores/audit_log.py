"""Append-only log of what was commanded, each record chained to the one before (protocols/audit_record.py).

A record is synced, and after it the head (how far the log goes, in two copies), before anybody is told that it is
kept. What stands behind the head a power cut may have left; what is missing before it somebody has taken away.
"""

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Self

from drivers.stores.audit_files import AuditFiles, Tail, file_name
from drivers.stores.audit_verification import AuditHead, AuditVerdict, Verification
from drivers.stores.storage import Storage, StorageError, StoreError
from drivers.stores.two_copy_record import UNSURE, RecordError, TwoCopyRecord
from protocols.audit_record import NOTHING_BEFORE, AuditRecord, encode
from protocols.configuration_record import AUDIT_HEAD

FILE_OCTETS = 256 * 1024  # a thousand records or so, checked in some 20 ms
FILES_KEPT = 64


class AuditLog:
    """Owner of a folder with the log; made by `open`. `faults`: signs of tampering, `repairs`: of power cuts."""

    def __init__(self, storage: Storage, file_octets: int, files_kept: int) -> None:
        self._storage = storage
        self._file_octets = file_octets
        self._files_kept = files_kept
        self._files = AuditFiles(storage)
        self._head = TwoCopyRecord(storage, "audit-head", AUDIT_HEAD)
        self._oldest = 1  # serial of the oldest record that is kept
        self._serial = 0  # of the newest record
        self._digest = NOTHING_BEFORE  # its hash
        self._file = 0  # serial the present file begins with; 0: the next record begins one
        self._octets = 0  # in the present file
        self._unsure = False  # whether the record that failed last is gone
        self.faults: list[str] = []
        self.repairs: list[str] = []

    @classmethod
    def open(cls, storage: Storage, file_octets: int = FILE_OCTETS, files_kept: int = FILES_KEPT) -> Self:
        """Finds the log's end and cuts off what a power cut left behind it. Never raises for what it finds."""
        log = cls(storage, file_octets, files_kept)
        try:
            log._recover()
        except StorageError as error:
            log.faults.append(f"the audit log cannot be opened as it should: {error}")
        return log

    @property
    def serial(self) -> int:
        """Of the newest record; 0: there is none."""
        return self._serial

    @property
    def oldest(self) -> int:
        """Serial of the oldest record that is kept."""
        return self._oldest

    def append(self, *, time: str, user: str, terminal: str, box: str, command: str, retcode: int) -> int:
        """Keeps a command, secrets starred already; returns its serial. On return it survives a power cut.

        Raises StoreError: then nothing of it is left.
        """
        serial = self._serial + 1
        record = AuditRecord(
            serial=serial, time=time, user=user, terminal=terminal, box=box, command=command, retcode=retcode
        )
        line, digest = encode(record, self._digest)
        try:
            self._append(serial, line + b"\n", digest)
        except StorageError as error:
            raise StoreError(
                f"audit record {serial} not written: {error}{UNSURE if self._unsure else ''}"
            ) from None
        return serial

    def newest(self, count: int) -> Iterator[AuditRecord]:
        """The last records that can be read, newest first, a file at a time. Raises StoreError."""
        return islice(self.between(self._oldest, self._serial), count)

    def between(self, first: int, last: int) -> Iterator[AuditRecord]:
        """Records by their serials, both included, newest first, a file at a time. Raises StoreError."""
        return self._files.newest(range(max(first, self._oldest), min(last, self._serial) + 1))

    def verify(self) -> AuditVerdict:
        """Checks every record. Raises StoreError where the disk does not let it read."""
        *_, verdict = self.verify_by_file()
        return verdict

    def verify_by_file(self) -> Iterator[AuditVerdict]:
        """The same, giving way after each file: the last verdict counts."""
        return Verification(self._files, AuditHead(self._oldest, self._serial, self._digest)).by_file()

    def _append(self, serial: int, line: bytes, digest: bytes) -> None:
        if self._unsure and self._file:
            self._storage.truncate(file_name(self._file), self._octets)
        self._unsure = False
        begins = self._file == 0 or self._octets + len(line) > self._file_octets
        oldest = self._oldest_with(serial) if begins else self._oldest
        try:
            self._begin_file(serial, line) if begins else self._extend_file(line)
            self._head.write(first=oldest, serial=serial, hash=digest)
        except StorageError as error:
            if not isinstance(error, RecordError) or error.certain:
                self._take_away(serial, begins)
                raise
            # The head may count this record after the next start: it stays.
            self._unsure = True
            self._advance(serial, line, digest, begins)
            raise
        self._advance(serial, line, digest, begins)
        if begins:
            self._oldest = oldest
            self._remove_older()

    def _begin_file(self, serial: int, line: bytes) -> None:
        self._storage.create(file_name(serial), line)
        self._storage.sync(file_name(serial))
        self._storage.sync_folder()

    def _extend_file(self, line: bytes) -> None:
        self._storage.append(file_name(self._file), line)
        self._storage.sync(file_name(self._file))

    def _take_away(self, serial: int, begins: bool) -> None:
        """What an attempt that failed has left. What remains of a new file is in nobody's way: it is replaced."""
        name = file_name(serial if begins else self._file)
        try:
            if not begins:
                self._storage.truncate(name, self._octets)
                self._storage.sync(name)
            elif name in self._storage.names():
                self._storage.remove(name)
                self._storage.sync_folder()
        except StorageError:
            self._unsure = True

    def _advance(self, serial: int, line: bytes, digest: bytes, begins: bool) -> None:
        self._serial, self._digest = serial, digest
        self._file, self._octets = (serial, len(line)) if begins else (self._file, self._octets + len(line))

    def _oldest_with(self, first: int) -> int:
        """The oldest serial kept once one more file begins. Records that are missing stay missed until then."""
        firsts = [*(kept for kept in self._files.firsts() if self._oldest <= kept < first), first]
        return firsts[-self._files_kept] if len(firsts) > self._files_kept else self._oldest

    def _remove_older(self) -> None:
        """The head no longer counts them; what cannot be removed now is removed some other time."""
        with suppress(StorageError):
            older = [first for first in self._files.firsts() if first < self._oldest]
            if older:
                self._head.sync()
            for first in older:
                self._storage.remove(file_name(first))

    def _recover(self) -> None:
        firsts = self._files.firsts()
        head = self._head.values
        self.repairs += [f"{name} was damaged or half-written: restored" for name in self._head.damaged]
        if head is not None:
            self._oldest, self._serial, self._digest = head["first"], head["serial"], head["hash"]
            self._set_aside([first for first in firsts if first > self._serial + 1])
            self._resume([first for first in firsts if self._oldest <= first <= self._serial + 1])
        elif firsts:
            self._resume_without_head(firsts)
        if self._file:
            self._oldest = self._oldest_with(self._file)
        self._write_head()
        self._remove_older()

    def _resume_without_head(self, firsts: list[int]) -> None:
        """Nothing tells what a power cut may have left here: it all stays, and a new file is begun."""
        self.faults.append("neither copy of the log's head can be read: records may be missing at its end")
        self._oldest = firsts[0]
        tails = (self._files.tail(first, None) for first in reversed(firsts))
        last = next((tail for tail in tails if tail.serial), None)
        if last is not None:
            self._digest = last.digest
        self._serial = max(last.serial if last else 0, firsts[-1])

    def _set_aside(self, firsts: list[int]) -> None:
        """Files that stand where the log has yet to come to: somebody may want to know what is in them."""
        for first in firsts:
            self.faults.append(
                f"{file_name(first)} does not belong to the log: now called {file_name(first)}.foreign"
            )
            self._storage.rename(file_name(first), f"{file_name(first)}.foreign")

    def _resume(self, firsts: list[int]) -> None:
        """Goes on in the newest file, or in a new one where that is not what it should be."""
        if not firsts:
            if self._serial:
                self.faults.append(f"records {self._oldest} to {self._serial} are missing")
            return
        first = firsts[-1]
        tail = self._files.tail(first, self._digest if first == self._serial + 1 else None)
        fault = self._fault_of(first, tail)
        if fault:
            self.faults.append(fault)
            self._serial = max(self._serial, first)  # the next file must not replace this one
        elif tail.serial == 0:
            self._storage.remove(file_name(first))
            self.repairs.append(f"record {first} was half-written: removed")
            self._resume(firsts[:-1])
        else:
            self._go_on(first, tail)

    def _fault_of(self, first: int, tail: Tail) -> str:
        """A power cut can only have left something after the head, of one record."""
        if tail.serial < self._serial >= first:
            return f"records {max(first, tail.serial + 1)} to {self._serial} are missing or damaged"
        if tail.digests.get(self._serial, self._digest) != self._digest:
            return f"record {self._serial} is not the one that was written"
        if b"\n" in tail.rest[:-1]:
            return f"after record {self._serial} there is something that is no record"
        return ""

    def _go_on(self, first: int, tail: Tail) -> None:
        name = file_name(first)
        if tail.rest:
            self._storage.truncate(name, tail.octets)
            self.repairs.append(f"record {tail.serial + 1} was half-written: removed")
        if tail.rest or tail.serial != self._serial:
            # Behind the head nothing need be synced; but what is read now must not be lost by the next power cut.
            self._storage.sync(name)
            self._storage.sync_folder()
        self._file, self._octets = first, tail.octets
        self._serial, self._digest = tail.serial, tail.digest

    def _write_head(self) -> None:
        values = {"first": self._oldest, "serial": self._serial, "hash": self._digest}
        if self._head.values != values or self._head.damaged:
            self._head.write(**values)
