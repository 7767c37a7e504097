"""Against guessing: locks of users and terminals, the alarm, and as many audit records as an attack is worth."""

import asyncio
from typing import get_args

from firmware.accounts.lock_out import Lock, LockOut, delay_s
from firmware.accounts.login import LoginAudit, Origin
from firmware.accounts.users import MOST_USERS, Scope, User
from firmware.configuration.target import Faults
from firmware.console import return_codes

ALARM = "LOGIN_ATTACK"
ALARM_FROM_S = 60.0  # shorter locks are slips of the finger
MOST_STRANGERS = MOST_TERMINALS = 1024
SCOPES: tuple[Scope, ...] = get_args(Scope)

MOST_TYPED = 64  # of a name: what is longer is nobody's, and need not be told apart

MOST_RECORDS = 60  # of failures at once; then
RECORD_EVERY_S = 60.0


def user_key(name: str, scope: Scope) -> str:
    """The key of a user's lock: one for those at the machine, one for the network."""
    return f"{scope} {name.lower()[:MOST_TYPED]}"


class Guard:
    """Who must wait. Names that no user has are locked as users are: a lock tells nobody who exists."""

    def __init__(self, faults: Faults, audit: LoginAudit) -> None:
        self.users = LockOut(MOST_USERS * len(SCOPES))
        self._strangers = LockOut(MOST_STRANGERS)
        self._terminals = LockOut(MOST_TERMINALS)
        self._faults = faults
        self._budget = _AuditBudget(audit)
        self._alarm: asyncio.TimerHandle | None = None

    def wait_s(self, typed: str, user: User | None, origin: Origin) -> float:
        """How long the next attempt is refused unheard."""
        now_s = asyncio.get_running_loop().time()
        return max(
            self._names(user).wait_s(user_key(typed, origin.scope), now_s),
            self._terminals.wait_s(origin.name, now_s),
        )

    def user_locks(self, user: User) -> dict[Scope, Lock]:
        """The user's locks, those that ended among them."""
        locks = {scope: self.users.find(user_key(user.name, scope)) for scope in SCOPES}
        return {scope: lock for scope, lock in locks.items() if lock and delay_s(lock.failures)}

    def failed(self, typed: str, user: User | None, origin: Origin) -> Lock:
        """Counts a failure; the user's lock that begins with it."""
        now_s = asyncio.get_running_loop().time()
        lock = self._names(user).failed(user_key(typed, origin.scope), now_s)
        terminal_lock = self._terminals.failed(origin.name, now_s)
        until_s = max(lock.until_s, terminal_lock.until_s)
        name = user.name if user else "unknown user"  # never what was typed: it may be a password
        locked = f", locked for {until_s - now_s:.0f} s" if until_s > now_s else ""
        self._budget.record(name, origin, f"login failed{locked}", now_s)
        if until_s - now_s >= ALARM_FROM_S:
            self._raise(until_s, f"{name} on {origin.name}: {lock.failures} failures")
        return lock

    def succeeded(self, user: User, origin: Origin) -> None:
        """The user and the terminal start anew."""
        self.users.forgive(user_key(user.name, origin.scope))
        self._terminals.forgive(origin.name)

    def unlock(self, name: str) -> None:
        """An administrator lifts the user's locks."""
        for scope in SCOPES:
            self.users.forgive(user_key(name, scope))
            self._strangers.forgive(user_key(name, scope))

    def refused_unheard(self) -> None:
        """Somebody tried while a lock stood: counted, and told with the next record."""
        self._budget.untold += 1

    def close(self) -> None:
        """Ends the alarm's timer."""
        if self._alarm:
            self._alarm.cancel()

    def _names(self, user: User | None) -> LockOut:
        return self.users if user else self._strangers

    def _raise(self, until_s: float, detail: str) -> None:
        loop = asyncio.get_running_loop()
        until_s = max(until_s, self._alarm.when() if self._alarm else 0.0)
        self.close()
        self._faults.fault(ALARM, "", detail)
        self._alarm = loop.call_at(until_s, self._calm)

    def _calm(self) -> None:
        self._alarm = None
        self._faults.recover(ALARM, "")


class _AuditBudget:
    """Failures are recorded as long as they are few; more of them are counted, so that an attack fills no disk."""

    def __init__(self, audit: LoginAudit) -> None:
        self._audit = audit
        self._records = float(MOST_RECORDS)
        self._since_s: float | None = None
        self.untold = 0

    def record(self, name: str, origin: Origin, text: str, now_s: float) -> None:
        """Records a failure, or counts it."""
        earned = 0.0 if self._since_s is None else (now_s - self._since_s) / RECORD_EVERY_S
        self._records, self._since_s = min(self._records + earned, float(MOST_RECORDS)), now_s
        if self._records < 1:
            self.untold += 1
            return
        self._records -= 1
        if self.untold:
            text += f"; {self.untold} attempts before it not recorded"
            self.untold = 0
        self._audit.login(name, origin.name, text, return_codes.NOT_LOGGED_IN)
