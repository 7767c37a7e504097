"""The configuration service: the only way a box is configured.

    candidate -> check (all faults) -> prepare (reserves what can fail) -> store -> apply (cannot fail)

A commit *to be confirmed* is a trial: the service undoes it, by the same way, unless somebody confirms it in time.
The trial stands in the store, so it survives this process; another boot of the machine ends it.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from drivers.stores.revision_store import RevisionStore, Trial
from drivers.stores.storage import StoreError
from firmware.configuration.candidate import Author, Candidate
from firmware.configuration.changes import Change, Overlap, diff, held_until_restart
from firmware.configuration.check import plain
from firmware.configuration.common import BoxConfiguration
from firmware.configuration.editors import Editors
from firmware.configuration.errors import (
    ConfigurationChangedError,
    ConfigurationRefusedError,
    NoSuchRevisionError,
    NothingToCommitError,
    NotReadyError,
    TrialError,
)
from firmware.configuration.kind import BoxKind
from firmware.configuration.revisions import FAILSAFE_REVISION, Bootable, Revisions, RunningTrial
from firmware.configuration.target import Faults, PreparationError, Prepared, Target
from firmware.configuration.trial_timer import TrialTimer
from firmware.runtime import WallClock

Tree = TypeVar("Tree", bound=BoxConfiguration)

CONFIRM_S_MIN = 10
CONFIRM_S_MAX = 86_400

FAILSAFE = "CFG_FAILSAFE"
STORE_DAMAGED = "CFG_STORE_DAMAGED"
STORE_READ_ONLY = "CFG_STORE_READ_ONLY"
STORE_REPAIRED = "CFG_STORE_REPAIRED"
PENDING_RESTART = "CFG_PENDING_RESTART"
TRIAL = "CFG_TRIAL"
UNDONE = "CFG_UNDONE"
UNDO_FAILED = "CFG_UNDO_FAILED"

COMMIT, ROLL_BACK, INSTALL = "commit", "rollback", "install"


class ConfigurationService(Generic[Tree]):
    """Configures one box; made in a running event loop. `boot_clock_ns` reads the boot clock.

    `running` is what was committed last; `in_force` what the box does: fields that count after a restart differ.
    """

    def __init__(
        self,
        kind: BoxKind[Tree],
        store: RevisionStore,
        wall_clock: WallClock,
        faults: Faults,
        boot_clock_ns: Callable[[], int],
    ) -> None:
        self.kind = kind
        self.revisions = Revisions(kind, store, wall_clock, boot_clock_ns)
        self.editors = Editors(kind, lambda: (self.running_revision, self.running))
        self._store = store
        self._faults = faults
        self._log = logging.getLogger(f"trunkshelf.configuration.{kind.name}")
        self._lock = asyncio.Lock()
        self._target: Target[Tree] | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._timer = TrialTimer(self._expire)
        self._unusable_trial = ""
        self.running_revision, self.running, self.failsafe_reason = self._bootable()
        self.in_force = self.running

    # Booting

    def _bootable(self) -> Bootable[Tree]:
        """The trial, or what is confirmed. A trial that cannot be used is as good as undone."""
        trial = self._store.trial
        if trial is not None:
            try:
                return Bootable(trial.revision, self.revisions.read(trial.revision))
            except NoSuchRevisionError as error:
                self._unusable_trial = f"on trial, it cannot be used: {error}"
        return self.revisions.confirmed()

    def install(self, tree: Tree, author: Author, why: str) -> int:
        """Commits a configuration that comes with the box, before it boots; returns the revision.

        Raises ConfigurationRefusedError, StoreError, and NotReadyError once the box has booted.
        """
        if self._target is not None:
            raise NotReadyError("the box has booted: changes go through a candidate")
        self._checked(plain(tree))
        number = self.revisions.write(tree, self.running_revision, author, why, INSTALL)
        self.running_revision, self.running, self.in_force, self.failsafe_reason = number, tree, tree, ""
        return number

    def attach(self, target: Target[Tree], tasks: asyncio.TaskGroup) -> None:
        """The box has booted with `in_force` and takes changes from now on; a trial's time runs on.

        What goes wrong, but must not, while a trial is undone ends `tasks`.
        """
        self._target, self._tasks = target, tasks
        for repair in self._store.repairs:
            self._faults.event(STORE_REPAIRED, "", repair)
        if self._store.undone is not None:
            reason = "its time, or the machine's start in which it began, was over when the box booted"
            self._faults.event(UNDONE, "", f"revision {self._store.undone} was not confirmed: {reason}")
        self._tell_state()
        trial = self.trial
        if trial is not None:
            self._timer.start(0 if self._unusable_trial else trial.left_s)

    def close(self) -> None:
        """Stops the trial's timer; the store keeps its deadline."""
        self._timer.stop()

    # What there is

    @property
    def trial(self) -> RunningTrial | None:
        """The trial that runs."""
        return self.revisions.trial

    @property
    def boot_revision(self) -> int:
        """What the box boots with: the last confirmed revision."""
        return self._store.boot_revision or FAILSAFE_REVISION

    @property
    def pending(self) -> list[Change]:
        """What was committed and counts only when the box has been restarted."""
        return diff(self.kind.description, plain(self.in_force), plain(self.running))

    def interrupts(self, tree: Tree) -> list[str]:
        """What putting a tree in force would interrupt, a line each."""
        return [] if self._target is None else self._target.interrupts(self.in_force, self._held(tree))

    # Editing

    def edit(self, author: Author, exclusive: bool = False) -> Candidate[Tree]:
        """A session's candidate, kept until it is committed or discarded.

        Raises ExclusivelyHeldError, SessionOverError.
        """
        return self.editors.edit(author, exclusive)

    def discard(self, session: int) -> None:
        """A session has ended: its candidate is forgotten, and it gets no other."""
        self.editors.end(session)

    def rebase(self, candidate: Candidate[Tree]) -> list[Overlap]:
        """Puts a candidate's changes on what runs now; those that overlap with others' are left out and listed."""
        return candidate.rebase(self.running_revision, plain(self.running))

    # Changing

    async def commit(self, candidate: Candidate[Tree], why: str, confirm_s: int | None = None) -> int:
        """Puts a candidate in force; with `confirm_s` as a trial of so many seconds. Returns the revision.

        Raises a ConfigurationError or StoreError: then nothing has changed, and the candidate is still there.
        """
        async with self._lock:
            self._may_change(candidate.author.session)
            if candidate.base != self.running_revision:
                raise self._changed(candidate)
            if not candidate.changed and self.running_revision != FAILSAFE_REVISION:
                raise NothingToCommitError(f"the candidate is the same as revision {candidate.base}, which runs")
            tree = self._checked(candidate.values)
            number = await self._change(tree, candidate.author, why, COMMIT, confirm_s)
            self.editors.discard(candidate.author.session)
            return number

    async def roll_back(self, revision: int, author: Author, why: str, confirm_s: int | None = None) -> int:
        """Commits what an earlier revision says (0: the failsafe configuration); returns the new revision.

        During a trial it may only be the boot revision: the trial is undone at once, and that is returned.
        """
        async with self._lock:
            if self._store.trial is not None and revision == self.boot_revision:
                await self._undo(f"undone by {author.who}: {why}" if why else f"undone by {author.who}")
                return self.running_revision
            self._may_change(author.session)
            if revision == self.running_revision:
                raise NothingToCommitError(f"revision {revision} runs already")
            return await self._change(self.revisions.read(revision), author, why, ROLL_BACK, confirm_s)

    async def confirm(self, author: Author) -> int:
        """The trial becomes what the box boots with; returns its revision. Raises TrialError, StoreError."""
        async with self._lock:
            trial = self._store.trial
            if trial is None or self._unusable_trial:
                raise TrialError("no revision is on trial: there is nothing to confirm")
            self._store.confirm()
            self._timer.stop()
            self._log.info("revision %d confirmed by %s", trial.revision, author.who)
            self._faults.recover(UNDO_FAILED)
            self._tell_state()
            return trial.revision

    def _may_change(self, session: int) -> None:
        if self._target is None:
            raise NotReadyError("the box has not booted yet")
        self.editors.may_edit(session)
        trial = self.trial
        if trial is not None:
            left = f"revision {trial.revision} by {trial.who} is on trial for {trial.left_s:.0f} s more"
            raise TrialError(f"{left}: confirm it or undo it first")

    def _changed(self, candidate: Candidate[Tree]) -> ConfigurationChangedError:
        history = self.revisions.history()
        since = [one for one in history if candidate.base < one.number <= self.running_revision]
        return ConfigurationChangedError(candidate.base, since, candidate.since(plain(self.running)))

    def _checked(self, values: dict[str, Any]) -> Tree:
        found = self.kind.check(values)
        if found.tree is None or found.problems:
            raise ConfigurationRefusedError(found.problems)
        return found.tree

    def _held(self, tree: Tree) -> Tree:
        held: Tree = held_until_restart(self.kind.description, self.in_force, tree)
        return held

    async def _prepare(self, held: Tree) -> Prepared:
        if self._target is None:
            raise NotReadyError("the box has not booted yet")
        try:
            return await self._target.prepare(self.in_force, held)
        except PreparationError as error:
            raise ConfigurationRefusedError(error.problems) from None

    async def _change(self, tree: Tree, author: Author, why: str, kind: str, confirm_s: int | None) -> int:
        held = self._held(tree)
        prepared = await self._prepare(held)
        try:
            number = self.revisions.write(tree, self.running_revision, author, why, kind, confirm_s)
        except BaseException:
            prepared.abort()
            raise
        self._put_in_force(prepared, Bootable(number, tree), held)
        self._log.info("revision %d by %s is in force: %s", number, author.who, why)
        if confirm_s is not None:
            self._timer.start(confirm_s)
        return number

    def _put_in_force(self, prepared: Prepared, now: Bootable[Tree], held: Tree) -> None:
        prepared.apply()
        self.running_revision, self.running, self.failsafe_reason = now
        self.in_force = held
        self._tell_state()

    def _tell_state(self) -> None:
        """The faults that stand, or do not, as things are."""
        trial = self.trial
        on_trial = f"revision {trial.revision} by {trial.who}" if trial is not None else ""
        pending = ", ".join(change.path for change in self.pending)
        details = {
            FAILSAFE: self.failsafe_reason,
            PENDING_RESTART: pending,
            TRIAL: on_trial,
            STORE_READ_ONLY: "nothing can be committed" if self._store.read_only else "",
            STORE_DAMAGED: "" if self._store.read_only else "; ".join(self._store.faults),
        }
        for name, detail in details.items():
            if detail:
                self._faults.fault(name, "", detail)
            else:
                self._faults.recover(name)

    # Undoing a trial

    def _expire(self) -> None:
        trial = self._store.trial
        if self._tasks is not None and trial is not None:
            self._tasks.create_task(self._undo_in_time(trial), name=f"{self.kind.name}: undo of a trial")

    async def _undo_in_time(self, trial: Trial) -> None:
        async with self._lock:
            if self._store.trial != trial:
                return  # confirmed, or undone by somebody, while this waited its turn
            try:
                await self._undo(self._unusable_trial or "was not confirmed in time")
            except (ConfigurationRefusedError, StoreError) as error:
                pause_s = self._timer.retry()
                reason = f"revision {trial.revision} is still in force, next try in {pause_s} s: {error}"
                self._faults.fault(UNDO_FAILED, "", reason)

    async def _undo(self, reason: str) -> None:
        """Back to the boot revision, as a change like any other; raises ConfigurationRefusedError, StoreError."""
        trial = self._store.trial
        confirmed = self.revisions.confirmed()
        held = self._held(confirmed.tree)
        prepared = await self._prepare(held)
        try:
            self._store.abandon()
        except BaseException:
            prepared.abort()
            raise
        self._timer.stop()
        self._unusable_trial = ""
        self._put_in_force(prepared, confirmed, held)
        self._faults.recover(UNDO_FAILED)
        number = trial.revision if trial is not None else "?"
        detail = f"revision {number} {reason}; revision {confirmed.revision} is in force again"
        self._faults.event(UNDONE, "", detail)
