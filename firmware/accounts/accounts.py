"""The accounts of a machine: who may log in, and how users are added, changed and removed."""

import asyncio
from datetime import timedelta

import msgspec

from drivers.stores.storage import StoreError
from firmware.accounts import passwords
from firmware.accounts.errors import (
    LastAdministratorError,
    NotFactoryError,
    PasswordRefusedError,
    TooManyUsersError,
    UnknownUserError,
    UserExistsError,
    WrongPasswordError,
)
from firmware.accounts.guard import Guard, user_key
from firmware.accounts.hashing import Hasher
from firmware.accounts.keeping import Author, State, UsersKeeper, UsersStore
from firmware.accounts.lock_out import FORGOTTEN_AFTER_S, Lock, delay_s
from firmware.accounts.login import Authenticated, Denied, LoginAudit, Origin, UserSessions, origin_of
from firmware.accounts.users import MOST_USERS, KeptLock, Scope, User, Users, checked_name
from firmware.configuration.target import Faults
from firmware.console import return_codes
from firmware.console.declaration import Role
from firmware.runtime import WallClock

FIRST_USER = "admin"
FACTORY_ALARM = "FACTORY_STATE"
DAMAGED_ALARM = "ACCOUNTS_DAMAGED"
STORE_ALARM = "ACCOUNTS_STORE_FAILED"

LOCKED_BY = Author("lock-out", "")
LOCK_KEPT_AFTER_S = (
    0.25  # well after the answer: writing at once, known names would answer later than unknown ones
)


class Accounts:
    """Users, roles, passwords, lock-out. Made in a running event loop; shared by the boxes of a process.

    A first password is set where there are no users: by `set_first_password`, and only by somebody in charge of
    the machine. The same where there were users and the store has lost them: over a network the box stays shut.
    """

    def __init__(
        self,
        store: UsersStore,
        hasher: Hasher,
        wall_clock: WallClock,
        faults: Faults,
        audit: LoginAudit,
        owner_uid: int,
    ) -> None:
        self._keeper = UsersKeeper(store, wall_clock)
        self._hasher = hasher
        self._faults = faults
        self._audit = audit
        self._owner_uid = owner_uid
        self._guard = Guard(faults, audit)
        self._authenticating = asyncio.Lock()
        self._sessions: list[UserSessions] = []
        self._unkept: dict[str, asyncio.TimerHandle] = {}  # locks about to be kept, by user
        if self._keeper.state is State.FACTORY:
            faults.fault(FACTORY_ALARM, "", "")
        if self._keeper.faults:
            faults.fault(DAMAGED_ALARM, "", "; ".join(self._keeper.faults))
        for user in self._keeper.users.users.values():
            self._restore_locks(user)

    @property
    def factory(self) -> bool:
        """Whether there are no users, so that a first password is to be set."""
        return self._keeper.state is not State.READY

    def admits_first_password(self, terminal: str) -> bool:
        """Whether there are no users, and whoever sits there may make the first one."""
        return self.factory and self._origin(terminal).in_charge

    def users(self) -> list[User]:
        """All users, by name."""
        return [user for _, user in sorted(self._keeper.users.users.items())]

    def find(self, name: str) -> User:
        """The user of that name, in either case; UnknownUserError."""
        user = self._keeper.users.find(name)
        if user is None:
            raise UnknownUserError(f"there is no user {name}")
        return user

    def attach(self, sessions: UserSessions) -> None:
        """The sessions of a box hang on these accounts: they end where a user loses what he logged in with."""
        self._sessions.append(sessions)

    def sessions_of(self, user: User) -> list[str]:
        """The user's sessions on all boxes, a line each."""
        return [line for sessions in self._sessions for line in sessions.of_user(user.name)]

    def close(self) -> None:
        """Keeps what is not kept yet and ends the timers."""
        for name in list(self._unkept):
            self._keep_locks(name)
        self._guard.close()

    # Logging in

    async def authenticate(self, name: str, password: str, terminal: str) -> Authenticated | Denied:
        """Whether this is the user's password. An unknown user is denied alike, and after as long."""
        origin = self._origin(terminal)
        user = await self._verified(name, password, origin)
        if isinstance(user, Denied):
            return user
        self._audit.login(user.name, origin.name, "logged in", return_codes.OK)
        return Authenticated(user.name, user.rank, user.must_change)

    async def set_first_password(self, password: str, terminal: str) -> Authenticated:
        """Makes the first administrator, `admin`; NotFactoryError, PasswordRefusedError, StoreError."""
        origin = self._origin(terminal)
        self._check_first(origin)
        kept = await self._hasher.hash(passwords.checked(password, FIRST_USER))
        self._check_first(origin)  # somebody else may have been faster
        admin = User(name=FIRST_USER, role="administrator", hash=kept)
        self._keep(Users().with_user(admin), Author(FIRST_USER, origin.name), "first password")
        self._audit.login(FIRST_USER, origin.name, "first password set", return_codes.OK)
        return Authenticated(admin.name, admin.rank, must_change=False)

    async def check_own_password(self, name: str, password: str, terminal: str) -> None:
        """Asks somebody who is logged in again; failures count as those of logging in. WrongPasswordError."""
        denied = await self._verified(name, password, self._origin(terminal))
        if isinstance(denied, Denied):
            later = f"; the next attempt is heard in {denied.wait_s:.0f} s" if denied.wait_s else ""
            raise WrongPasswordError(f"your own password is wrong{later}")

    async def change_own_password(self, name: str, old: str, new: str, terminal: str) -> Authenticated:
        """Who knows the old password sets a new one. WrongPasswordError, PasswordRefusedError, StoreError.

        Returns the user as he is now: between a login and this his role may have changed.
        """
        checked = passwords.checked(new, name)
        await self.check_own_password(name, old, terminal)
        if checked == passwords.normalised(old):
            raise PasswordRefusedError("the new password is the old one")
        kept = await self._hasher.hash(checked)
        changed = msgspec.structs.replace(self.find(name), hash=kept, must_change=False)
        self._keep_user(changed, Author(changed.name, terminal), "own password")
        return Authenticated(changed.name, changed.rank, changed.must_change)

    # Administration

    async def add(self, name: str, role: Role, password: str, author: Author) -> None:
        """Adds a user, who must change the password when logging in."""
        self._check_new(checked_name(name))
        kept = await self._hasher.hash(passwords.checked(password, name))
        self._check_new(name)
        self._guard.unlock(name)
        user = User(name=name, role=role.name.lower(), hash=kept, must_change=True)  # type: ignore[arg-type]
        self._keep_user(user, author, f"add user {name}")

    def modify(self, name: str, role: Role, author: Author) -> None:
        """Gives a user another role; the user's sessions end."""
        user = self.find(name)
        if user.rank is role:
            return
        changed = msgspec.structs.replace(user, role=role.name.lower())
        self._keep(self._with_administrator(self._keeper.users.with_user(changed)), author, f"role of {user.name}")
        self._end_sessions(user, f"{author.who} changed the role of {user.name}")

    def remove(self, name: str, author: Author) -> None:
        """Removes a user; the user's sessions end."""
        user = self.find(name)
        self._keep(self._with_administrator(self._keeper.users.without(user)), author, f"remove {user.name}")
        self._guard.unlock(user.name)
        self._end_sessions(user, f"{author.who} removed {user.name}")

    async def set_password(self, name: str, password: str, author: Author) -> None:
        """Sets another user's password, to be changed at the next login. Lifts locks, ends the user's sessions."""
        self.find(name)
        kept = await self._hasher.hash(passwords.checked(password, name))
        user = self.find(name)
        changed = msgspec.structs.replace(user, hash=kept, must_change=True, locks={})
        self._keep_user(changed, author, f"password of {user.name}")
        self._guard.unlock(user.name)
        self._end_sessions(user, f"{author.who} set the password of {user.name}")

    def unlock(self, name: str, author: Author) -> None:
        """Lifts the locks of a user."""
        user = self.find(name)
        if user.locks:
            self._keep_user(msgspec.structs.replace(user, locks={}), author, f"unlock {user.name}")
        self._guard.unlock(user.name)

    def locked(self, user: User) -> dict[Scope, float]:
        """Where the user is locked, and for how many seconds more."""
        now_s = asyncio.get_running_loop().time()
        left = {scope: lock.until_s - now_s for scope, lock in self._guard.user_locks(user).items()}
        return {scope: left_s for scope, left_s in left.items() if left_s > 0}

    # Within

    async def _verified(self, name: str, password: str, origin: Origin) -> User | Denied:
        """The user whose password it is. One at a time: nobody tries ten while the first is being counted."""
        async with self._authenticating:
            user = self._keeper.users.find(name)
            if wait_s := self._guard.wait_s(name, user, origin):
                self._guard.refused_unheard()
                return Denied(wait_s)
            typed = passwords.normalised(password)
            kept = user.hash if user else None
            right = await self._hasher.verify(kept, typed)
            user = self._keeper.users.find(name)  # may have been changed or removed meanwhile
            if user is None or user.hash != kept or not right:
                return self._denied(name, user, origin)
            await self._renew(user, typed, origin)
            return user

    def _origin(self, terminal: str) -> Origin:
        return origin_of(terminal, self._owner_uid)

    def _denied(self, name: str, user: User | None, origin: Origin) -> Denied:
        lock = self._guard.failed(name, user, origin)
        if user and delay_s(lock.failures) and user.name not in self._unkept:
            loop = asyncio.get_running_loop()
            self._unkept[user.name] = loop.call_later(LOCK_KEPT_AFTER_S, self._keep_locks, user.name)
        return Denied(self._guard.wait_s(name, user, origin))

    def _keep_locks(self, name: str) -> None:
        self._unkept.pop(name).cancel()
        user = self._keeper.users.find(name)
        locks = {} if user is None else self._guard.user_locks(user)
        if user and locks:
            kept = {scope: self._kept(lock) for scope, lock in locks.items()}
            self._keep_in_passing(msgspec.structs.replace(user, locks=kept), LOCKED_BY, f"{user.name} locked")

    def _kept(self, lock: Lock) -> KeptLock:
        left_s = lock.until_s - asyncio.get_running_loop().time()
        return KeptLock(failures=lock.failures, until=self._keeper.now() + timedelta(seconds=left_s))

    async def _renew(self, user: User, password: str, origin: Origin) -> None:
        """Forgets failures, and hashes the password anew where hashes now cost more."""
        self._guard.succeeded(user, origin)
        changes = user
        if origin.scope in user.locks:
            others = {scope: lock for scope, lock in user.locks.items() if scope != origin.scope}
            changes = msgspec.structs.replace(changes, locks=others)
        if self._hasher.outdated(user.hash):
            kept = await self._hasher.hash(password)
            changes = msgspec.structs.replace(changes, hash=kept)
        if changes is not user and self._keeper.users.find(user.name) is user:
            self._keep_in_passing(changes, Author(user.name, origin.name), f"{user.name} gave the password")

    def _check_first(self, origin: Origin) -> None:
        if not self.factory:
            raise NotFactoryError("the first password is set already")
        if not origin.in_charge:
            raise NotFactoryError("the first password is set at the machine itself, not over a network")

    def _check_new(self, name: str) -> None:
        users = self._keeper.users
        if users.find(name):
            raise UserExistsError(f"there is a user {name} already")
        if len(users.users) >= MOST_USERS:
            raise TooManyUsersError(f"there are {MOST_USERS} users, and no more are kept")

    @staticmethod
    def _with_administrator(users: Users) -> Users:
        if not users.has_administrator():
            raise LastAdministratorError("nobody else is an administrator: make somebody one first")
        return users

    def _keep_user(self, user: User, author: Author, why: str) -> None:
        self._keep(self._keeper.users.with_user(user), author, why)

    def _keep(self, users: Users, author: Author, why: str) -> None:
        self._keeper.keep(users, author, why)
        for alarm in (FACTORY_ALARM, DAMAGED_ALARM, STORE_ALARM):
            self._faults.recover(alarm, "")

    def _keep_in_passing(self, user: User, author: Author, why: str) -> None:
        """Keeps what a login brings with it; a disk that does not take it lets nobody in or out, but is told."""
        try:
            self._keep_user(user, author, why)
        except StoreError as error:
            self._faults.fault(STORE_ALARM, "", str(error))

    def _restore_locks(self, user: User) -> None:
        now_s = asyncio.get_running_loop().time()
        for scope, kept in user.locks.items():
            left_s = (kept.until - self._keeper.now()).total_seconds()
            if left_s > -FORGOTTEN_AFTER_S:
                # A clock that was set back locks nobody for longer than the lock was made for.
                until_s = now_s + min(left_s, delay_s(kept.failures))
                self._guard.users.restore(user_key(user.name, scope), Lock(kept.failures, until_s))

    def _end_sessions(self, user: User, why: str) -> None:
        for sessions in self._sessions:
            sessions.end_user(user.name, why)
