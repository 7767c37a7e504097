"""What the configuration service refuses, each with one clear text and what a caller must know."""

from collections.abc import Sequence
from typing import Any

from firmware.configuration.changes import Change
from firmware.configuration.target import Problem


class ConfigurationError(Exception):
    """Base of them all: nothing has been changed."""


class NoSuchPathError(ConfigurationError):
    """The tree, or the candidate, has nothing there."""


class AlreadyExistsError(ConfigurationError):
    """It cannot be added a second time."""


class NoSuchRevisionError(ConfigurationError):
    """The store has no such revision, or it is damaged."""


class NothingToCommitError(ConfigurationError):
    """The candidate is what runs already."""


class NotReadyError(ConfigurationError):
    """The box has not booted yet: it takes no changes."""


class ExclusivelyHeldError(ConfigurationError):
    """Another session edits exclusively, or edits while this one wants to."""


class SessionOverError(ConfigurationError):
    """The session has ended: nobody could commit or discard what it edits."""


class TrialError(ConfigurationError):
    """A trial runs and must be confirmed or undone first; or none runs."""


class ConfigurationRefusedError(ConfigurationError):
    """The check or the preparation found faults: all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(f"{len(self.problems)} fault(s): " + "; ".join(map(str, self.problems)))


class ConfigurationChangedError(ConfigurationError):
    """Others committed since the candidate began: their revisions (newest first), and what they changed."""

    def __init__(self, base: int, revisions: Sequence[Any], changes: Sequence[Change]) -> None:
        self.base, self.revisions, self.changes = base, list(revisions), list(changes)
        by = "; ".join(
            f"revision {one.number}, {one.when}, {one.who}: {one.why or 'no reason given'}" for one in revisions
        )
        super().__init__(f"the candidate began as revision {base}; since then: {by or 'a trial was undone'}")
