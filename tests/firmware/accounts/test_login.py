"""Logging in: the factory state, right and wrong passwords, and what an unknown user is told."""

from firmware.accounts.login import Authenticated
from firmware.console.declaration import Role
from tests.firmware.accounts.plant import SERIAL, Plant, run


def test_the_first_login_sets_the_administrators_password() -> None:
    async def scenario() -> None:
        accounts = Plant().start()
        assert accounts.factory
        admin = Authenticated("admin", Role.ADMINISTRATOR, must_change=False)
        assert await accounts.set_first_password("a long way home", SERIAL) == admin
        assert not accounts.factory
        assert await accounts.authenticate("ADMIN", "a long way home", SERIAL) == admin

    run(scenario())
