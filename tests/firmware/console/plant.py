"""What tests of the console's own commands need: a box with users, sessions and an audit log, and lines typed."""

from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from drivers.stores.audit_log import AuditLog
from drivers.stores.storage import FolderStorage
from firmware.accounts import commands as account_commands
from firmware.accounts.accounts import Accounts
from firmware.accounts.hashing import Hasher, run_at_once
from firmware.console import audit_commands, session_commands
from firmware.console.answer import Answer
from firmware.console.auditing import Auditor
from firmware.console.declaration import CommandSet, Role
from firmware.console.interpreter import Interpreter
from firmware.console.layout import lines
from firmware.console.sessions import LiveSession, SessionRegistry
from firmware.runtime import WallClock
from tests.firmware.accounts.plant import (
    ADMIN_PASSWORD,
    BOB_PASSWORD,
    BY_ADMIN,
    CHEAP,
    EPOCH,
    SERIAL,
    MemoryStore,
    Told,
)


@dataclass
class Console:
    """A box's console: `ended` is what the users of ended sessions were told, by the session's number."""

    auditor: Auditor
    accounts: Accounts
    sessions: SessionRegistry
    interpreter: Interpreter
    told: Told
    store: MemoryStore
    ended: dict[int, str] = field(default_factory=dict)

    def log_in(self, user: str, role: Role, terminal: str) -> LiveSession:
        number = count_of(self.sessions) + 1
        return self.sessions.open(
            user, role, terminal, lambda why: self.ended.update({number: why}), lambda shown: None
        )

    async def type(self, live: LiveSession, line: str) -> Answer:
        """The last answer to a line."""
        answers = [answer async for answer in self.interpreter.execute(line, live.session)]
        return answers[-1]

    async def shown(self, live: LiveSession, line: str) -> str:
        """It, as a terminal shows it."""
        return "\n".join(lines(await self.type(live, line), 200))


def count_of(sessions: SessionRegistry) -> int:
    return len(sessions.all())


async def console(folder: Path) -> Console:
    """A box with an administrator, and bob, an operator; nobody is logged in."""
    clock, told, store = WallClock(EPOCH), Told(), MemoryStore()
    auditor = Auditor(AuditLog.open(FolderStorage(folder / "audit")), "qm1", clock, told)
    accounts = Accounts(store, Hasher(run_at_once, CHEAP), clock, told, auditor, owner_uid=0)
    await accounts.set_first_password(ADMIN_PASSWORD, SERIAL)
    await accounts.add("bob", Role.OPERATOR, BOB_PASSWORD, BY_ADMIN)
    sessions = SessionRegistry(lambda: 8, lambda _: None)
    accounts.attach(sessions)
    sets = (
        CommandSet(accounts, account_commands.COMMANDS),
        CommandSet(sessions, session_commands.COMMANDS),
        CommandSet(auditor, audit_commands.COMMANDS),
    )
    interpreter = Interpreter(lambda: "qm1/Bern", sets, auditor, clock, count(1))
    return Console(auditor, accounts, sessions, interpreter, told, store)
