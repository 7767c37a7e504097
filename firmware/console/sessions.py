"""Who is logged in: the sessions of a box, their settings, their limit, and how one is ended by another.

share reached    nobody has more than half of the sessions: who logs in once more is let in, and of his own the one
                 that has been idle longest ends
limit reached    guests and operators are refused; an administrator is let in, and the session that has been idle
                 longest ends: a guest's or an operator's if there is one, else an administrator's
RMV SES          a user may end his own sessions, and those of users whose role is not above his
"""

import asyncio
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from firmware.console.declaration import Role, Session
from firmware.pace import Pace

# How fast a user may give commands, over all his sessions on a box: each is kept in the audit log, and nobody is
# to push others' out of it.
BURST = 500  # a long script runs as fast as it can
PER_S = 2.0  # for ever: the log, some 100 000 records, then lasts for half a day at least


class SessionRefusedError(Exception):
    """A session that cannot be opened or ended; one line says why."""


class Notice(NamedTuple):
    """A report that nobody asked for: an alarm, what became of a trial. `serial` numbers it among all reports."""

    serial: int
    lines: tuple[str, ...]


@dataclass
class SessionSettings:
    """What SET SES changes. Rows and columns 0: as the terminal says, else 24 by 80."""

    reports: bool = True  # alarms and other reports nobody asked for are shown
    paging: bool = True
    machine: bool = False  # records with length and CRC (protocols/mml_record.py), no echo, no prompts, no paging
    rows: int = 0
    columns: int = 0


@dataclass
class LiveSession:
    """A session from login to logout. Times are the event loop's, in seconds."""

    session: Session
    since_s: float
    last_input_s: float
    end: Callable[[str], None]  # ends it, and tells its user why
    tell: Callable[[Notice], None]  # shows what nobody asked for, when nothing else is being printed
    pace: Pace  # its user's
    settings: SessionSettings = field(default_factory=SessionSettings)

    @property
    def for_s(self) -> float:
        """How long ago its user logged in."""
        return asyncio.get_running_loop().time() - self.since_s

    @property
    def idle_s(self) -> float:
        """How long nothing has been typed."""
        return asyncio.get_running_loop().time() - self.last_input_s


class SessionRegistry:
    """The sessions of one box; `limit` is asked at each login, `ended` is told the number of each that is over."""

    def __init__(self, limit: Callable[[], int], ended: Callable[[int], None]) -> None:
        self._limit = limit
        self._ended = ended
        self._sessions: dict[int, LiveSession] = {}
        self._paces: dict[str, Pace] = {}  # by user; there are not many (firmware/accounts/users.py)
        self._last_number = 0

    def all(self) -> list[LiveSession]:
        """Everyone logged in, by number."""
        return list(self._sessions.values())

    def find(self, number: int) -> LiveSession | None:
        """A session by its number."""
        return self._sessions.get(number)

    def open(
        self, user: str, role: Role, terminal: str, end: Callable[[str], None], tell: Callable[[Notice], None]
    ) -> LiveSession:
        """Logs a user in; raises SessionRefusedError where the limit does not let him."""
        own = [live for live in self.all() if live.session.user == user]
        if len(own) >= max(1, self._limit() // 2):
            self._take_over(own, user, terminal)
        elif len(self._sessions) >= self._limit():
            self._make_room(user, role, terminal)
        self._last_number += 1
        now_s = asyncio.get_running_loop().time()
        session = Session(self._last_number, user, role, terminal)
        live = LiveSession(session, now_s, now_s, end, tell, self._pace(user, role))
        self._sessions[self._last_number] = live
        return live

    def close(self, live: LiveSession) -> None:
        """Logged out. May be called again."""
        if self._sessions.pop(live.session.number, None) is not None:
            self._ended(live.session.number)

    def remove(self, number: int, by: Session) -> LiveSession:
        """Ends a session on a user's behalf; raises SessionRefusedError where there is none, or he may not."""
        live = self._sessions.get(number)
        if live is None:
            raise SessionRefusedError(f"there is no session {number}")
        self.check_removable(live, by)
        self._end(live, f"session ended by {by.user} from {by.terminal}")
        return live

    @staticmethod
    def check_removable(live: LiveSession, by: Session) -> None:
        """Raises SessionRefusedError where that user may not end the session."""
        session = live.session
        if session.role > by.role and session.user != by.user:
            raise SessionRefusedError(f"session {session.number} is of {session.user}, whose role is above yours")

    def of_user(self, user: str) -> list[str]:
        """A user's sessions, a line each, for questions before they are ended."""
        return [
            f"session {live.session.number} of {user} on {live.session.terminal}"
            for live in self.all()
            if live.session.user == user
        ]

    def end_user(self, user: str, why: str) -> None:
        """Ends all sessions of a user: what he logged in with no longer holds."""
        for live in self.all():
            if live.session.user == user:
                self._end(live, why)

    def tell(self, serial: int, lines: Iterable[str]) -> None:
        """Shows a report that nobody asked for to everyone who has not turned them off."""
        notice = Notice(serial, tuple(lines))
        for live in self.all():
            if live.settings.reports:
                live.tell(notice)

    def _make_room(self, user: str, role: Role, terminal: str) -> None:
        if role is not Role.ADMINISTRATOR:
            raise SessionRefusedError(f"all {len(self._sessions)} sessions are in use; try again later")
        others = [live for live in self.all() if live.session.role is not Role.ADMINISTRATOR]
        self._take_over(others or self.all(), user, terminal)

    def _take_over(self, sessions: list[LiveSession], user: str, terminal: str) -> None:
        idlest = max(sessions, key=lambda live: live.idle_s)
        self._end(idlest, f"session taken over by {user} from {terminal}")

    def _pace(self, user: str, role: Role) -> Pace:
        if role is Role.ADMINISTRATOR:  # they could do worse
            return Pace(math.inf, PER_S)
        return self._paces.setdefault(user, Pace(BURST, PER_S))

    def _end(self, live: LiveSession, why: str) -> None:
        self.close(live)
        live.end(why)
