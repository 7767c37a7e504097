"""What a box gives its console sessions."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from firmware.accounts.accounts import Accounts
from firmware.console.interpreter import Interpreter
from firmware.console.sessions import SessionRegistry

Result = TypeVar("Result")


class Spawn(Protocol):
    """Starts a task that the box owns: asyncio.TaskGroup.create_task."""

    def __call__(self, work: Coroutine[Any, Any, Result], /, *, name: str) -> asyncio.Task[Result]:
        """Starts it."""


@dataclass(frozen=True)
class BoxConsole:
    """A box as its sessions see it. `banner`: what it says of itself before anybody logs in, a line each."""

    name: str
    banner: Callable[[], list[str]]
    interpreter: Interpreter
    accounts: Accounts
    registry: SessionRegistry
    idle_logout_s: Callable[[], int]  # 0: never
    on_logout: Callable[[str, str, str], None]  # user, terminal, why: for the audit log
    spawn: Spawn
