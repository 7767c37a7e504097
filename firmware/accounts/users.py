"""The users of a machine as they are kept: one TOML file a revision, every value checked when it is read."""

import re
from datetime import datetime
from typing import Annotated, Literal

import msgspec
import tomli_w

from firmware.accounts.errors import NameRefusedError
from firmware.console.declaration import Role

SCHEMA = 1
MOST_USERS = 64
NAME_PATTERN = r"^[A-Za-z0-9._-]{1,32}\Z"

Scope = Literal["local", "network"]


class UsersDamagedError(Exception):
    """The file is not what this program wrote; the text says where."""


class _Table(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Base of the tables: unknown keys are refused, values never change in place."""


class KeptLock(_Table, frozen=True, kw_only=True):
    """A lock-out that outlives a restart: after how many failures, until when (UTC)."""

    failures: Annotated[int, msgspec.Meta(ge=1)]
    until: Annotated[datetime, msgspec.Meta(tz=True)]


class User(_Table, frozen=True, kw_only=True):
    """One user. `locks`: kept apart for those who stand at the machine and for the network, so that no attack from
    there locks anybody out here."""

    name: Annotated[str, msgspec.Meta(pattern=NAME_PATTERN)]
    role: Literal["guest", "operator", "administrator"]
    hash: Annotated[str, msgspec.Meta(pattern=r"^\$argon2id\$")]
    must_change: bool = False
    locks: dict[Scope, KeptLock] = {}

    @property
    def rank(self) -> Role:
        """The role as the console orders it."""
        return Role[self.role.upper()]


class Users(_Table, frozen=True, kw_only=True):
    """All users, by their names in lower case."""

    schema: int = SCHEMA
    users: dict[str, User] = {}

    def find(self, name: str) -> User | None:
        """The user of that name, in whatever case it is typed."""
        return self.users.get(name.lower())

    def with_user(self, user: User) -> "Users":
        """The same users and this one, new or changed."""
        return Users(users=self.users | {user.name.lower(): user})

    def without(self, user: User) -> "Users":
        """The same users but this one."""
        return Users(users={key: other for key, other in self.users.items() if other is not user})

    def has_administrator(self) -> bool:
        """Whether anybody can administer the machine."""
        return any(user.rank is Role.ADMINISTRATOR for user in self.users.values())


def checked_name(name: str) -> str:
    """The name, if a user can have it; NameRefusedError."""
    if not re.match(NAME_PATTERN, name):
        raise NameRefusedError("a user's name is 1 to 32 letters, digits, dots, hyphens and underscores")
    return name


def encode(users: Users) -> bytes:
    """As it is kept."""
    return tomli_w.dumps(msgspec.to_builtins(users, builtin_types=(datetime,))).encode()


def decode(octets: bytes) -> Users:
    """The users of a revision; UsersDamagedError with one line."""
    try:
        users = msgspec.toml.decode(octets, type=Users)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsersDamagedError(f"the users' file cannot be read: {error}") from error
    if users.schema != SCHEMA:
        raise UsersDamagedError(f"the users' file has schema {users.schema}, this program knows {SCHEMA}")
    for key, user in users.users.items():
        if key != user.name.lower():
            raise UsersDamagedError(f"the users' file calls {user.name!r} {key!r}")
    if not users.has_administrator():
        raise UsersDamagedError("the users' file has no administrator")
    return users
