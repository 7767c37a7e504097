"""What passes between the accounts and whoever asks for a login."""

import re
from ipaddress import ip_address, ip_network
from typing import NamedTuple, Protocol

from firmware.accounts.users import Scope
from firmware.console.declaration import Role

ROOT_UID = 0


class Origin(NamedTuple):
    """Where somebody wants to log in.

    `name` is what lock-out and audit know the terminal by, without what changes with every connection. `scope`:
    which of a user's two locks counts. `in_charge`: stands at the box, or owns the process; only such may set the
    first password.
    """

    name: str
    scope: Scope
    in_charge: bool


def origin_of(terminal: str, owner_uid: int) -> Origin:
    """By the terminal's name (drivers/terminal/terminal.py). Whatever has another one counts as network."""
    way, _, rest = terminal.partition(" ")
    if way in ("serial", "pty"):
        return Origin(terminal, "local", in_charge=True)
    if way == "unix" and (peer := re.match(r"uid=(\d+)\b", rest)):
        uid = int(peer[1])
        return Origin(f"unix uid={uid}", "local", in_charge=uid in (ROOT_UID, owner_uid))
    if way == "tcp":
        return Origin(f"tcp {_network_of(rest)}", "network", in_charge=False)
    return Origin(way, "network", in_charge=False)


def _network_of(peer: str) -> str:
    """The host of HOST:PORT; of IPv6, the /64 that a single subscriber has all addresses of (RFC 6177)."""
    host = peer.rpartition(":")[0].strip("[]").partition("%")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(ip_network((address, 64), strict=False)) if address.version == 6 else host


class Authenticated(NamedTuple):
    """The password was right. `must_change`: nothing else is permitted before the user has a new one."""

    user: str
    role: Role
    must_change: bool


class Denied(NamedTuple):
    """It was not, or nobody looked: the next attempt is heard in so many seconds."""

    wait_s: float


class LoginAudit(Protocol):
    """Where logins are recorded (firmware/console/auditing.py); does not fail."""

    def login(self, user: str, terminal: str, text: str, code: int) -> None:
        """Records what came of an attempt, and the RETCODE it is worth."""


class UserSessions(Protocol):
    """The sessions of a box (firmware/console/sessions.py), as far as they hang on accounts."""

    def of_user(self, user: str) -> list[str]:
        """The user's sessions, a line each."""

    def end_user(self, user: str, why: str) -> None:
        """Ends them, and tells why."""
