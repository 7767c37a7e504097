"""The users in their revision store: what is found at start, and every change as a revision of its own."""

import enum
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from drivers.stores.storage import StoreError
from firmware.accounts.users import Users, UsersDamagedError, decode, encode
from firmware.runtime import WallClock

KIND = "users"


class KeptRevision(Protocol):
    """A revision that was read."""

    @property
    def octets(self) -> bytes:
        """What was committed."""


class UsersStore(Protocol):
    """Of a RevisionStore, what the accounts need."""

    @property
    def boot_revision(self) -> int | None:
        """The revision in force; None: none that can be read."""

    @property
    def faults(self) -> list[str]:
        """What was found damaged."""

    def read(self, number: int) -> KeptRevision:
        """One revision."""

    def history(self) -> Sequence[object]:
        """All revisions."""

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
        """Keeps a new revision."""


class State(enum.Enum):
    """What is known of the users."""

    FACTORY = "no user yet"
    READY = "users"
    DAMAGED = "there were users; they cannot be read"


class Author(NamedTuple):
    """Who changes something, and from where."""

    who: str
    from_where: str


class UsersKeeper:
    """The users in force. A store that holds something, but no users it can read, is damaged, never factory."""

    def __init__(self, store: UsersStore, wall_clock: WallClock) -> None:
        self._store = store
        self._wall_clock = wall_clock
        self.users = Users()
        self.faults = list(store.faults)
        self.state = self._read()

    def now(self) -> datetime:
        """Wall-clock time of the event loop's time."""
        return datetime.fromisoformat(self._now_text())

    def keep(self, users: Users, author: Author, why: str) -> None:
        """Puts changed users in force once they are on disk; StoreError, and the old ones stay."""
        self._store.commit(
            encode(users),
            base=self._store.boot_revision or 0,
            who=author.who,
            when=self._now_text(),
            why=why,
            from_where=author.from_where,
            kind=KIND,
            deadline_ns=None,
        )
        self.users = users
        self.state = State.READY

    def _read(self) -> State:
        number = self._store.boot_revision
        try:
            if number is None:
                return State.DAMAGED if self.faults or self._store.history() else State.FACTORY
            self.users = decode(self._store.read(number).octets)
        except (StoreError, UsersDamagedError) as error:
            self.faults.append(str(error))
            return State.DAMAGED
        return State.READY

    def _now_text(self) -> str:
        return self._wall_clock.now()
