"""The store's revisions as trees: reading them, choosing the one to boot, writing new ones."""

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from drivers.stores.revision_store import RevisionStore, RevisionSummary
from drivers.stores.storage import StoreError
from firmware.configuration.candidate import Author
from firmware.configuration.changes import Change, diff
from firmware.configuration.check import InvalidConfigurationError, plain
from firmware.configuration.common import BoxConfiguration
from firmware.configuration.errors import NoSuchRevisionError
from firmware.configuration.kind import BoxKind, encode
from firmware.runtime import NS_PER_S, WallClock

Tree = TypeVar("Tree", bound=BoxConfiguration)

FAILSAFE_REVISION = 0  # the image's own: nothing was committed yet, or what was cannot be used
NOTHING_COMMITTED = "nothing has been committed yet"


class RunningTrial(NamedTuple):
    """A revision that runs and is not confirmed yet: whose it is, and the time left to confirm it."""

    revision: int
    who: str
    when: str
    left_s: float


class Bootable(NamedTuple, Generic[Tree]):
    """What a box can boot: a revision, or the failsafe configuration and why that."""

    revision: int
    tree: Tree
    failsafe_reason: str = ""


class Revisions(Generic[Tree]):
    """Reads and writes trees of `kind`; `boot_clock_ns` is the clock by which the store keeps deadlines."""

    def __init__(
        self, kind: BoxKind[Tree], store: RevisionStore, wall_clock: WallClock, boot_clock_ns: Callable[[], int]
    ) -> None:
        self.kind = kind
        self.store = store
        self._wall_clock = wall_clock
        self._boot_clock_ns = boot_clock_ns

    @property
    def trial(self) -> RunningTrial | None:
        """The trial in the store."""
        trial = self.store.trial
        if trial is None:
            return None
        left_s = max(0.0, (trial.deadline_ns - self._boot_clock_ns()) / NS_PER_S)
        try:
            made = self.store.read(trial.revision)
        except StoreError:
            return RunningTrial(trial.revision, "somebody (it cannot be read)", "", left_s)
        return RunningTrial(trial.revision, made.who, made.when, left_s)

    def history(self) -> list[RevisionSummary]:
        """Newest first; raises StoreError."""
        return self.store.history()

    def read(self, revision: int) -> Tree:
        """A revision as a tree of the present schema, checked; raises NoSuchRevisionError."""
        if revision == FAILSAFE_REVISION:
            return self.kind.failsafe
        try:
            return self.kind.decode(self.store.read(revision).octets)
        except StoreError as error:
            raise NoSuchRevisionError(str(error)) from None
        except InvalidConfigurationError as error:
            raise NoSuchRevisionError(f"revision {revision}: {error}") from None

    def diff(self, old: int, new: int) -> list[Change]:
        """What changes from one revision to another; raises NoSuchRevisionError."""
        return diff(self.kind.description, plain(self.read(old)), plain(self.read(new)))

    def confirmed(self) -> Bootable[Tree]:
        """What a reboot boots: the last confirmed revision; never an older one in its place, but the failsafe."""
        number = self.store.boot_revision
        if number is None:
            return Bootable(
                FAILSAFE_REVISION, self.kind.failsafe, "; ".join(self.store.faults) or NOTHING_COMMITTED
            )
        try:
            return Bootable(number, self.read(number))
        except NoSuchRevisionError as error:
            return Bootable(FAILSAFE_REVISION, self.kind.failsafe, str(error))

    def write(
        self, tree: Tree, base: int, author: Author, why: str, kind: str, confirm_s: int | None = None
    ) -> int:
        """A new revision, confirmed at once or on trial; raises StoreError."""
        deadline_ns = None if confirm_s is None else self._boot_clock_ns() + confirm_s * NS_PER_S
        return self.store.commit(
            encode(tree),
            base=base,
            who=author.who,
            when=self._wall_clock.now(),
            why=why,
            from_where=author.from_where,
            kind=kind,
            deadline_ns=deadline_ns,
        )
