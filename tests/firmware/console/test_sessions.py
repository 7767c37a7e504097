"""Who gets a session when there are many: the share of one user, the limit, and who has to go."""

import asyncio

import pytest

from firmware.console.declaration import Role
from firmware.console.sessions import SessionRefusedError, SessionRegistry
from tests.firmware.accounts.plant import run

ROLES = {"eve": Role.GUEST, "bob": Role.OPERATOR, "olga": Role.OPERATOR}


class Sessions:
    """A registry, and the users of its sessions in the order in which they came."""

    def __init__(self, limit: int) -> None:
        self.told: list[str] = []
        self.registry = SessionRegistry(lambda: limit, lambda _: None)

    def log_in(self, *users: str) -> None:
        for user in users:
            role = ROLES.get(user, Role.ADMINISTRATOR)
            self.registry.open(user, role, "unix", self.told.append, lambda _: None)

    @property
    def users(self) -> list[str]:
        return [live.session.user for live in self.registry.all()]


@pytest.mark.parametrize("user", ["eve", "bob", "admin"])
@pytest.mark.parametrize(("limit", "share"), [(1, 1), (2, 1), (3, 1), (8, 4), (9, 4), (32, 16)])
def test_one_user_has_half_of_the_sessions_at_most(limit: int, share: int, user: str) -> None:
    async def scenario() -> None:
        box = Sessions(limit)
        box.log_in(*[user] * 3 * limit)
        assert box.users == [user] * share
        assert box.told == [f"session taken over by {user} from unix"] * (3 * limit - share)
        assert [live.session.number for live in box.registry.all()] == list(
            range(3 * limit - share + 1, 3 * limit + 1)
        )

    run(scenario())


def test_of_his_own_the_one_idle_longest_ends_and_nobody_elses() -> None:
    async def scenario() -> None:
        box = Sessions(4)
        box.log_in("bob")
        await asyncio.sleep(5)
        box.log_in("eve", "bob")
        await asyncio.sleep(5)
        box.registry.all()[0].last_input_s = asyncio.get_running_loop().time()  # the first types
        box.log_in("bob")
        assert [(live.session.number, live.session.user) for live in box.registry.all()] == [
            (1, "bob"),
            (2, "eve"),
            (4, "bob"),
        ]

    run(scenario())


def test_at_the_limit_others_are_refused_but_an_administrator_and_who_has_his_share() -> None:
    async def scenario() -> None:
        box = Sessions(4)
        box.log_in("bob", "bob", "eve", "eve")
        with pytest.raises(SessionRefusedError, match="all 4 sessions are in use"):
            box.log_in("olga")
        box.log_in("eve")
        assert box.users == ["bob", "bob", "eve", "eve"]
        await asyncio.sleep(1)
        box.log_in("admin", "admin", "admin")
        assert box.users == ["eve", "eve", "admin", "admin"]

    run(scenario())
