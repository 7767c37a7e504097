"""What tests of the accounts need: accounts on a store, in time that jumps, and what they told."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from drivers.stores.storage import StoreError
from firmware.accounts.accounts import Accounts
from firmware.accounts.hashing import HashCost, Hasher
from firmware.accounts.keeping import Author
from firmware.console.declaration import Role
from firmware.runtime import WallClock

CHEAP = HashCost(memory_kib=8, passes=1, lanes=1)
EPOCH = datetime(2026, 11, 25, tzinfo=UTC)
OWNER_UID = 1000
SERIAL, NETWORK = "serial /dev/ttyS0", "tcp 192.0.2.7:40001"
ADMIN_PASSWORD, BOB_PASSWORD, WRONG = "a long way home", "correct horse", "battery staple"
BY_ADMIN = Author("admin", SERIAL)

Result = TypeVar("Result")


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer."""

    def __init__(self) -> None:
        super().__init__(_Jump(self))
        self.now_s = 0.0

    def time(self) -> float:
        return self.now_s


class _Jump(selectors.DefaultSelector):
    def __init__(self, loop: JumpingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everybody waits for something that nothing brings about"
            self._loop.now_s += timeout
        return ready


def run(scenario: Coroutine[Any, Any, Result]) -> Result:
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(scenario)


async def pass_s(seconds: float) -> None:
    """Time passes, and every timer up to then has run."""
    await asyncio.sleep(seconds)
    await asyncio.sleep(0)


@dataclass
class MemoryRevision:
    octets: bytes


@dataclass
class MemoryStore:
    """Revisions in memory."""

    revisions: list[bytes] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    full: bool = False

    @property
    def boot_revision(self) -> int | None:
        return len(self.revisions) or None

    def read(self, number: int) -> MemoryRevision:
        return MemoryRevision(self.revisions[number - 1])

    def history(self) -> list[object]:
        return list(self.revisions)

    def commit(self, octets: bytes, *, who: str, when: str, why: str, from_where: str, **_: object) -> int:
        if self.full:
            raise StoreError("the disk is full")
        self.revisions.append(octets)
        self.reasons.append(f"{when} {who} on {from_where}: {why}")
        return len(self.revisions)


@dataclass
class Told:
    """Alarms that stand, and the records of logins."""

    standing: dict[str, str] = field(default_factory=dict)
    records: list[str] = field(default_factory=list)

    def fault(self, name: str, object: str = "", detail: str = "") -> None:  # noqa: A002
        self.standing[name] = detail

    def recover(self, name: str, object: str = "") -> None:  # noqa: A002
        self.standing.pop(name, None)

    def event(self, name: str, object: str = "", detail: str = "") -> None:  # noqa: A002
        raise AssertionError(f"{name}: what is told here stands")

    def login(self, user: str, terminal: str, text: str, code: int) -> None:
        self.records.append(f"{user} on {terminal}: {text}")


@dataclass
class BoxSessions:
    """A box where one user is logged in."""

    user: str
    ended: list[str] = field(default_factory=list)

    def of_user(self, user: str) -> list[str]:
        return [f"session 1 of {user}"] if user == self.user and not self.ended else []

    def end_user(self, user: str, why: str) -> None:
        if self.of_user(user):
            self.ended.append(why)


@dataclass
class Plant:
    """One machine's accounts, which can be started again on the same store."""

    store: MemoryStore = field(default_factory=MemoryStore)
    told: Told = field(default_factory=Told)
    hashes: int = 0

    def start(self, epoch: datetime = EPOCH, cost: HashCost = CHEAP) -> Accounts:
        return Accounts(self.store, Hasher(self.count, cost), WallClock(epoch), self.told, self.told, OWNER_UID)

    async def commissioned(self) -> Accounts:
        """With an administrator, and bob, an operator."""
        accounts = self.start()
        await accounts.set_first_password(ADMIN_PASSWORD, SERIAL)
        await accounts.add("bob", Role.OPERATOR, BOB_PASSWORD, BY_ADMIN)
        return accounts

    async def count(self, work: Callable[[], Result], /) -> Result:
        """Runs the work of a hash; others have their turn meanwhile, as they have in real time."""
        self.hashes += 1
        await asyncio.sleep(0)
        return work()
