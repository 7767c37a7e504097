"""What passes between the accounts and whoever asks for a login."""

from typing import NamedTuple, Protocol

from firmware.accounts.users import Scope
from firmware.console.declaration import Role


class Access(NamedTuple):
    """Where somebody wants to log in.

    `name` is what lock-out and audit know the terminal by, without what changes with every connection: "serial
    /dev/ttyS0", "unix uid 1000", "tcp 192.0.2.7". `local`: at the machine itself, not over a network. `in_charge`:
    stands at the box (a serial port, a pty) or owns what it runs on (a Unix socket's peer with uid 0, or that of
    this process): only such may set the first password.
    """

    name: str
    local: bool
    in_charge: bool

    @property
    def scope(self) -> Scope:
        """Which of a user's two locks counts here."""
        return "local" if self.local else "network"


class Authenticated(NamedTuple):
    """The password was right. `must_change`: nothing else is permitted before the user has a new one."""

    user: str
    role: Role
    must_change: bool


class Denied(NamedTuple):
    """It was not, or nobody looked: the next attempt is heard in so many seconds."""

    wait_s: float


class Faults(Protocol):
    """Where standing faults are told (firmware/alarms/manager.py)."""

    def fault(self, name: str, where: str, detail: str, /) -> None:
        """It stands."""

    def recover(self, name: str, where: str, /) -> None:
        """It no longer does."""


class LoginAudit(Protocol):
    """Where logins are recorded (firmware/console/auditing.py); does not fail."""

    def login(self, user: str, access: str, text: str) -> None:
        """Records what came of an attempt."""
