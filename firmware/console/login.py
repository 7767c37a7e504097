"""Who is there? Asks for user and password; in factory state for a first one, and for a new one where due."""

import asyncio
from typing import NamedTuple

from drivers.stores.storage import StoreError
from firmware.accounts.accounts import FIRST_USER, Accounts
from firmware.accounts.errors import AccountsError, NameRefusedError
from firmware.accounts.login import Authenticated, Denied
from firmware.accounts.users import checked_name
from firmware.console.declaration import Role
from firmware.console.plain_editor import PlainEditor
from firmware.console.screen import Screen
from protocols.console_text import INCORRECT, LOGIN, NEW_PASSWORD, PASSWORD, SAME_AGAIN

LINE_LIMIT_S = 60.0  # to type a name or a password
TRIES = 3
WAIT_MAX_S = 10.0  # longer locks are not sat out
FACTORY = f"Factory state: log in as {FIRST_USER} and set the first password."
FACTORY_ELSEWHERE = "Factory state: the first password is set at the machine itself, not from here."


class NoiseError(Exception):
    """What was typed is no name: noise of the line, or a password in the wrong place."""


class LoggedIn(NamedTuple):
    """Who it is."""

    user: str
    role: Role


class Login:
    """Talks with whoever is at the terminal. The editor's exceptions pass through, TimeoutError too."""

    def __init__(self, accounts: Accounts, terminal: str, editor: PlainEditor, screen: Screen) -> None:
        self._accounts = accounts
        self._terminal = terminal
        self._editor = editor
        self._screen = screen

    async def run(self) -> LoggedIn | None:
        """Who has logged in; None after too many tries. Raises NoiseError where no name is typed."""
        first_password = self._accounts.admits_first_password(self._terminal)
        if self._accounts.factory:
            await self._say(FACTORY if first_password else FACTORY_ELSEWHERE)
        for _ in range(TRIES):
            name = await self._name()
            if first_password and name.lower() == FIRST_USER:
                return await self._first_password()
            password = await self._password(PASSWORD)
            result = await self._accounts.authenticate(name, password, self._terminal)
            if isinstance(result, Denied):
                if not await self._denied(result):
                    return None
                continue
            if result.must_change:
                return await self._change(result, password)
            return LoggedIn(result.user, result.role)
        return None

    async def _name(self) -> str:
        while not (name := (await self._editor.line(LOGIN, limit_s=LINE_LIMIT_S)).strip()):
            pass
        try:
            return checked_name(name)
        except NameRefusedError:
            raise NoiseError from None

    async def _denied(self, denied: Denied) -> bool:
        """Sits a short lock out; false for a long one. Says nothing of whether there is such a user."""
        wait_s = round(denied.wait_s)
        await self._say(f"{INCORRECT}; wait {wait_s} s" if wait_s else INCORRECT)
        if denied.wait_s > WAIT_MAX_S:
            return False
        await asyncio.sleep(denied.wait_s)
        return True

    async def _first_password(self) -> LoggedIn | None:
        for _ in range(TRIES):
            password = await self._new_password()
            try:
                result = await self._accounts.set_first_password(password, self._terminal)
            except (AccountsError, StoreError) as error:
                await self._say(str(error))
            else:
                return LoggedIn(result.user, result.role)
        return None

    async def _change(self, user: Authenticated, old: str) -> LoggedIn | None:
        await self._say("The password must be changed.")
        for _ in range(TRIES):
            new = await self._new_password()
            try:
                changed = await self._accounts.change_own_password(user.user, old, new, self._terminal)
            except (AccountsError, StoreError) as error:
                await self._say(str(error))
            else:
                return LoggedIn(changed.user, changed.role)  # the role may have changed meanwhile
        return None

    async def _new_password(self) -> str:
        """Typed twice alike."""
        while True:
            password = await self._password(NEW_PASSWORD)
            if password == await self._password(SAME_AGAIN):
                return password
            await self._say("The two are not the same.")

    async def _password(self, prompt: str) -> str:
        return await self._editor.line(prompt, secret=True, limit_s=LINE_LIMIT_S)

    async def _say(self, line: str) -> None:
        await self._screen.send_lines([line])
