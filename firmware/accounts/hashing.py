"""Password hashes: argon2id, one at a time, off the event loop where time is real."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol, TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

Result = TypeVar("Result")

SALT_OCTETS, TAG_OCTETS = 16, 32  # RFC 9106 section 4


class HashRunner(Protocol):
    """Does a piece of work that keeps a processor busy for tens of milliseconds."""

    def __call__(self, work: Callable[[], Result], /) -> Awaitable[Result]:
        """What the work returns."""


async def run_at_once(work: Callable[[], Result], /) -> Result:
    """The runner of virtual time: nothing else happens meanwhile."""
    return work()


class HashThread:
    """The runner of real time: one thread. argon2 holds no interpreter lock meanwhile, so calls go on."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="password hash")

    async def __call__(self, work: Callable[[], Result], /) -> Result:
        """What the work returns, once it has had its turn."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def close(self) -> None:
        """Ends the thread, after the hash it is at."""
        self._executor.shutdown()


class HashCost(NamedTuple):
    """What a hash costs: memory, passes over it, lanes."""

    memory_kib: int
    passes: int
    lanes: int


# The least that OWASP's Password Storage Cheat Sheet recommends for Argon2id, and it names nothing weaker.
COST = HashCost(memory_kib=19 * 1024, passes=2, lanes=1)


class Hasher:
    """Makes and verifies hashes. To verify an unknown user's password takes as long as a known one's."""

    def __init__(self, run: HashRunner, cost: HashCost = COST) -> None:
        self._run = run
        self._turn = asyncio.Lock()
        self._argon2 = argon2.PasswordHasher(
            time_cost=cost.passes,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            hash_len=TAG_OCTETS,
            salt_len=SALT_OCTETS,
        )
        self._nobodys = _hash_of_nothing(cost)

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        async with self._turn:
            return await self._run(lambda: self._argon2.hash(password))

    async def verify(self, kept: str | None, password: str) -> bool:
        """Whether the password is the one of a kept hash; never, at the same cost, where there is none."""
        async with self._turn:
            return await self._run(lambda: self._verify(kept or self._nobodys, password))

    def outdated(self, kept: str) -> bool:
        """Whether the hash was made at another cost than hashes are made at now."""
        return self._argon2.check_needs_rehash(kept)

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._argon2.verify(kept, password)
        except VerificationError:
            return False
        except InvalidHashError:  # damaged in a way that its checksum did not show: nobody's password
            return False


def _hash_of_nothing(cost: HashCost) -> str:
    """A hash that costs as much as others to verify and that no password has: its tag was never computed."""
    salt, tag = (base64.b64encode(bytes(octets)).rstrip(b"=").decode() for octets in (SALT_OCTETS, TAG_OCTETS))
    return f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p={cost.lanes}${salt}${tag}"
