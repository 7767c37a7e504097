"""Immutable revisions of a configuration, and the record of which one is booted and which one is on trial.

Every commit: write the revision, sync its files and the folder, then write the pointer. That one write decides:
before it the old revision holds, after it the new one.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Self

from drivers.stores.boot import Boot
from drivers.stores.revision_files import RevisionFiles
from drivers.stores.storage import Storage, StorageError, StoreError
from drivers.stores.two_copy_record import UNSURE, RecordError, TwoCopyRecord
from protocols.configuration_record import BOOT_ID_OCTETS, NO_REVISION, REVISION_MAX, REVISION_POINTER
from protocols.revision_file import Revision

REVISIONS_KEPT = 200


class Trial(NamedTuple):
    """A revision that runs, and is undone unless it is confirmed before the deadline (on CLOCK_BOOTTIME)."""

    revision: int
    deadline_ns: int


class RevisionSummary(NamedTuple):
    """A line of the history. `damaged`: why it cannot be read, and the rest is empty then; "" if it can."""

    number: int
    base: int = NO_REVISION
    who: str = ""
    when: str = ""
    why: str = ""
    from_where: str = ""
    kind: str = ""
    damaged: str = ""


class RevisionStore:
    """Owner of a folder of revisions. Knows octets, not what they mean. Made by `open`.

    Attributes: `trial`, what runs unconfirmed; `undone`, the trial that opening ended; `faults`, what is wrong
    with the store, and `repairs`, what opening found wrong and put right: a line each.
    """

    def __init__(self, storage: Storage, boot: Boot, kept: int = REVISIONS_KEPT) -> None:
        self._storage = storage
        self._boot = boot
        self._kept = kept
        self._files = RevisionFiles(storage)
        self._pointer = TwoCopyRecord(storage, "pointer", REVISION_POINTER)
        self._boot_revision = NO_REVISION
        self._last = NO_REVISION
        self._unreadable: set[int] = set()
        self.trial: Trial | None = None
        self.undone: int | None = None
        self.faults: list[str] = []
        self.repairs: list[str] = []

    @classmethod
    def open(cls, storage: Storage, boot: Boot, kept: int = REVISIONS_KEPT) -> Self:
        """Reads the store; never raises for what it finds there, see `faults`.

        Ends a trial whose deadline or start of the machine is over; puts right what a power cut or damage left.
        """
        store = cls(storage, boot, kept)
        if store.read_only:
            store.faults.append("the disk is read-only: nothing can be stored until it is made writable")
        try:
            store._recover()
        except StorageError as error:
            store.faults.append(f"the store cannot be read: {error}")
        return store

    @property
    def boot_revision(self) -> int | None:
        """What a restart of the machine starts with. None: nothing stored yet, or unreadable (see `faults`)."""
        return None if self._boot_revision in {NO_REVISION, *self._unreadable} else self._boot_revision

    @property
    def read_only(self) -> bool:
        """True while the disk takes nothing."""
        return self._storage.read_only()

    def read(self, number: int) -> Revision:
        """A revision as it was committed. Raises StoreError where there is none, or where it is damaged."""
        if not NO_REVISION < number <= self._last:
            raise StoreError(f"there is no revision {number}; the newest is {self._last}")
        return self._files.read(number)

    def history(self) -> list[RevisionSummary]:
        """Every revision that is kept, newest first. Raises StoreError."""
        try:
            return [self._summary(number) for number in reversed(self._numbers())]
        except StorageError as error:
            raise StoreError(f"the history cannot be read: {error}") from None

    def commit(
        self,
        octets: bytes,
        *,
        base: int,
        who: str,
        when: str,
        why: str,
        from_where: str,
        kind: str,
        deadline_ns: int | None,
    ) -> int:
        """Stores a revision and makes it what is booted (no deadline) or a trial; returns its number.

        On return it survives a power cut. Raises StoreError: the old one holds, and nothing is left of the new.
        """
        number = self._last + 1
        if number >= REVISION_MAX:
            raise StoreError(f"revision {number} not stored: no number beyond {REVISION_MAX - 1} is kept")
        try:
            self._files.write(Revision(number, base, who, when, why, from_where, kind, octets))
            if deadline_ns is None:
                self._point(number, None, number)
            else:
                self._point(self._boot_revision, Trial(number, deadline_ns), number)
        except StorageError as error:
            if _certain(error):
                self._files.remove(number)
            else:
                self._last = number  # the next start may boot it: its files must not be touched any more
            raise StoreError(f"revision {number} not stored: {error}{_doubt(error)}") from None
        self._attempt(self._remove_oldest)
        return number

    def confirm(self) -> None:
        """The trial becomes what is booted. Raises StoreError: then it is still a trial."""
        if self.trial is None:
            raise StoreError("nothing to confirm: no revision is on trial")
        try:
            self._point(self.trial.revision, None, self._last)
        except StorageError as error:
            raise StoreError(f"revision {self.trial.revision} not confirmed: {error}{_doubt(error)}") from None

    def abandon(self) -> int:
        """Ends the trial; returns the revision that is booted (0: none). Raises StoreError: the trial goes on."""
        if self.trial is None:
            raise StoreError("nothing to undo: no revision is on trial")
        try:
            self._point(self._boot_revision, None, self._last)
        except StorageError as error:
            raise StoreError(f"revision {self.trial.revision} not undone: {error}{_doubt(error)}") from None
        return self.boot_revision or NO_REVISION

    def _point(self, boot: int, trial: Trial | None, last: int) -> None:
        """The one write that decides. The second copy is for flipped bits: that it fails is a fault."""
        self._pointer.write(
            boot=boot,
            trial=trial.revision if trial else NO_REVISION,
            last=last,
            boot_id=self._boot.boot_id if trial else bytes(BOOT_ID_OCTETS),
            deadline_ns=trial.deadline_ns if trial else 0,
        )
        self._boot_revision, self.trial, self._last = boot, trial, last
        self._attempt(self._pointer.settle)

    def _recover(self) -> None:
        pointer = self._pointer.values
        if pointer is None:
            self._recover_without_pointer()
            return
        self.repairs += [f"{name} was damaged or half-written: restored" for name in self._pointer.damaged]
        self._boot_revision, self._last = pointer["boot"], pointer["last"]
        for number in self._files.numbers():
            if number > self._last:  # of a commit that did not come to its end
                self._files.remove(number)
        self._attempt(self._pointer.settle)
        self._check_revisions({self._boot_revision, pointer["trial"]})
        self._resume_trial(Trial(pointer["trial"], pointer["deadline_ns"]), pointer["boot_id"])
        self._remove_oldest()

    def _recover_without_pointer(self) -> None:
        numbers = self._files.numbers()
        if numbers:
            self._last = numbers[-1]
            self.faults.append("neither copy of the pointer can be read: which revision was in force is not known")
            self._check_revisions(set())
        else:
            # The first start, or one that the power cut: before the first commit there is a pointer.
            self._attempt(lambda: self._point(NO_REVISION, None, NO_REVISION))

    def _check_revisions(self, needed: set[int]) -> None:
        for number in sorted({*self._numbers(), *needed} - {NO_REVISION}):
            condition = self._files.condition(number)
            if condition.fault:
                self.faults.append(condition.fault)
                self._unreadable.add(number)
            if condition.damaged and self._attempt(partial(self._files.restore, number, condition.damaged)):
                self.repairs.append(f"{condition.damaged} was damaged: restored from the other file")

    def _resume_trial(self, trial: Trial, boot_id: bytes) -> None:
        """A trial goes on in the same start of the machine, until its deadline."""
        if trial.revision == NO_REVISION:
            return
        in_time = boot_id == self._boot.boot_id and self._boot.now_ns < trial.deadline_ns
        if in_time and trial.revision not in self._unreadable:
            self.trial = trial
        else:
            self.undone = trial.revision
            self._attempt(lambda: self._point(self._boot_revision, None, self._last))

    def _remove_oldest(self) -> None:
        """Leaves the newest, and whatever is in force and what that was made from."""
        too_old = self._numbers()[: -self._kept]
        for number in set(too_old) - (self._in_force() if too_old else set()):
            self._files.remove(number)

    def _in_force(self) -> set[int]:
        running = {self._boot_revision, self.trial.revision if self.trial else NO_REVISION} - {NO_REVISION}
        return running | {self._summary(number).base for number in running}

    def _attempt(self, action: Callable[[], None]) -> bool:
        """What should be done, and need not be: an error is a fault of the store. True: done."""
        try:
            action()
        except StorageError as error:
            if str(error) not in self.faults:
                self.faults.append(str(error))
            return False
        return True

    def _numbers(self) -> list[int]:
        """Committed revisions, ascending."""
        return [number for number in self._files.numbers() if number <= self._last]

    def _summary(self, number: int) -> RevisionSummary:
        try:
            return RevisionSummary(*self._files.read(number)[:-1])
        except StoreError as error:
            return RevisionSummary(number, damaged=str(error))


def _certain(error: StorageError) -> bool:
    return not isinstance(error, RecordError) or error.certain


def _doubt(error: StorageError) -> str:
    return "" if _certain(error) else UNSURE
