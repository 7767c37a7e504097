"""Who edits: a candidate for each session, or one session alone."""

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from firmware.configuration.candidate import Author, Candidate
from firmware.configuration.check import plain
from firmware.configuration.common import BoxConfiguration
from firmware.configuration.errors import ExclusivelyHeldError, SessionOverError
from firmware.configuration.kind import BoxKind

Tree = TypeVar("Tree", bound=BoxConfiguration)

SESSIONS_REMEMBERED = 1000  # numbers are not used again, and a command does not outlive its session by as many


def _name(candidate: Candidate[Tree]) -> str:
    author = candidate.author
    return f"{author.who} (session {author.session}, {author.from_where})"


class Editors(Generic[Tree]):
    """The candidates by session. `running` tells the revision that a new one begins as."""

    def __init__(self, kind: BoxKind[Tree], running: Callable[[], tuple[int, Tree]]) -> None:
        self._kind = kind
        self._running = running
        self._candidates: dict[int, Candidate[Tree]] = {}
        self._over: deque[int] = deque(maxlen=SESSIONS_REMEMBERED)

    def candidates(self) -> list[Candidate[Tree]]:
        """Everybody's."""
        return list(self._candidates.values())

    def get(self, session: int) -> Candidate[Tree] | None:
        """A session's candidate."""
        return self._candidates.get(session)

    def edit(self, author: Author, exclusive: bool) -> Candidate[Tree]:
        """A session's candidate; one without changes begins anew as what runs. Raises ExclusivelyHeldError,
        SessionOverError."""
        if author.session in self._over:
            raise SessionOverError(f"session {author.session} is over: it edits nothing any more")
        self.may_edit(author.session)
        if exclusive:
            self._may_exclude(author.session)
        candidate = self._candidates.get(author.session)
        exclusive = exclusive or (candidate is not None and candidate.exclusive)
        if candidate is None or not candidate.changed:
            revision, tree = self._running()
            candidate = Candidate(self._kind, author, revision, plain(tree))
            self._candidates[author.session] = candidate
        candidate.exclusive = exclusive
        return candidate

    def may_edit(self, session: int) -> None:
        """Raises ExclusivelyHeldError where another session edits exclusively."""
        for other in self._candidates.values():
            if other.exclusive and other.author.session != session:
                raise ExclusivelyHeldError(f"{_name(other)} edits the configuration, exclusively")

    def _may_exclude(self, session: int) -> None:
        for other in self._candidates.values():
            if other.changed and other.author.session != session:
                raise ExclusivelyHeldError(f"{_name(other)} has changes that are not committed")

    def discard(self, session: int) -> None:
        """Forgets a session's candidate, if it has one."""
        self._candidates.pop(session, None)

    def end(self, session: int) -> None:
        """A session is over: a command of it that still runs must leave no candidate: nobody could discard it."""
        self.discard(session)
        self._over.append(session)
