"""What a console asks of a terminal, whatever it is reached over."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from drivers.errors import UserError


class AccessError(UserError):
    """A way to the console that cannot be opened: which, why."""


class AccessInUseError(AccessError):
    """Another process serves it."""


class TerminalGoneError(Exception):
    """The terminal has hung up, was unplugged, or its connection is broken."""


class Terminal(Protocol):
    """Octets both ways. One task reads, one writes."""

    name: str  # the access, for the audit log: "serial /dev/ttyS0", "unix uid=0 pid=77", "tcp 127.0.0.1:4711"
    present: bool  # somebody is known to be there (a connection): no Enter is waited for
    octets_per_s: int  # what the line carries; 0: as fast as the other end reads
    on_break: Callable[[], None]  # called when a BREAK comes; a console sets it

    async def read(self) -> bytes:
        """What has come, at least one octet; b"" once the terminal is gone, and from then on."""

    async def write(self, octets: bytes) -> None:
        """Returns when the terminal has taken them, but for what a fraction of a second carries.

        Raises TerminalGoneError. A terminal that takes nothing is waited for: the caller sets the limit.
        """

    async def drained(self) -> None:
        """Returns when everything written has left; raises TerminalGoneError."""

    def discard_output(self) -> None:
        """Drops what was written and has not left yet."""

    def next_speed(self) -> None:
        """Goes on to the next line speed; nothing where there are none."""

    def close(self) -> None:
        """Hangs up. May be called again."""


Talk = Callable[[Terminal], Awaitable[None]]


class Access(Protocol):
    """A way to the console."""

    async def serve(self, talk: Talk) -> None:
        """Calls `talk` for every terminal that comes, until it is cancelled."""
