"""What the configuration's commands work on: the service, and whose command it is."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drivers.stores.storage import StoreError
from firmware.configuration import errors
from firmware.configuration.candidate import Author, Candidate
from firmware.configuration.changes import Change, Values, diff, text_of
from firmware.configuration.check import plain
from firmware.configuration.service import ConfigurationService
from firmware.configuration.target import Problem
from firmware.console import return_codes
from firmware.console.declaration import Choice, Command, CommandError, Invocation, Parameter
from firmware.console.report import Block, Report, Table

Commands = tuple[Command["ConfigurationConsole"], ...]

RUNNING, CANDIDATE = "RUNNING", "CANDIDATE"
OF = Parameter(
    "OF",
    Choice((RUNNING, CANDIDATE)),
    "what is committed, or this session's candidate",
    default="the candidate where there is one",
)

_CODES: dict[type[Exception], int] = {
    errors.NoSuchPathError: return_codes.NO_SUCH_OBJECT,
    errors.NoSuchRevisionError: return_codes.NO_SUCH_OBJECT,
    errors.AlreadyExistsError: return_codes.ALREADY_EXISTS,
    errors.NothingToCommitError: return_codes.WRONG_STATE,
    errors.NotReadyError: return_codes.WRONG_STATE,
    errors.TrialError: return_codes.WRONG_STATE,
    errors.SessionOverError: return_codes.WRONG_STATE,
    errors.ExclusivelyHeldError: return_codes.EXCLUSIVELY_HELD,
    StoreError: return_codes.STORE_FAILED,
}


def problem_table(problems: Sequence[Problem]) -> Table:
    """Every fault, with what is permitted."""
    return Table("Faults", ("Path", "Fault", "Permitted"), list(problems))


def change_table(title: str, changes: Sequence[Change]) -> Table:
    """Changes, with when each counts."""
    rows = [(change.path, text_of(change.old), text_of(change.new), change.effect.value) for change in changes]
    return Table(title, ("Path", "Old", "New", "Counts"), rows)


def _changed(error: errors.ConfigurationChangedError) -> CommandError:
    rows = [(one.number, one.when, one.who, one.from_where, one.why) for one in error.revisions]
    blocks: list[Block] = [
        Table("Committed since", ("Revision", "When", "Who", "From", "Why"), rows),
        change_table("What that changed", error.changes),
    ]
    text = f"{error}. RST CFGEDIT; puts your changes on what runs now"
    return CommandError(return_codes.CONFIGURATION_CHANGED, text, blocks)


@contextmanager
def refusals() -> Iterator[None]:
    """What the service refuses, as a command's refusal."""
    try:
        yield
    except errors.ConfigurationRefusedError as error:
        text = f"The configuration has {len(error.problems)} fault(s); nothing was changed"
        blocks = (problem_table(error.problems),)
        raise CommandError(return_codes.CONFIGURATION_REFUSED, text, blocks) from None
    except errors.ConfigurationChangedError as error:
        raise _changed(error) from None
    except tuple(_CODES) as error:
        raise CommandError(_CODES[type(error)], str(error)) from None


class ConfigurationConsole:
    """The service of a box, as a console's sessions see it; `exports` is the folder for SAV CFG and ADD CFG."""

    def __init__(self, service: ConfigurationService[Any], exports: Path) -> None:
        self.service = service
        self.exports = exports

    @staticmethod
    def author(invocation: Invocation) -> Author:
        """Whose command it is."""
        session = invocation.session
        return Author(session.user, session.terminal, session.number)

    def candidate(self, invocation: Invocation) -> Candidate[Any]:
        """The session's candidate; a new one if it has none. Raises CommandError."""
        with refusals():
            return self.service.edit(self.author(invocation))

    def values(self, invocation: Invocation) -> tuple[str, Values]:
        """What LST shows, by its parameter OF, and what to call that."""
        candidate = self.service.editors.get(invocation.session.number)
        of = invocation.get(OF.name, CANDIDATE if candidate is not None and candidate.changed else RUNNING)
        if of == RUNNING:
            return f"revision {self.service.running_revision}, running", plain(self.service.running)
        if candidate is None:
            raise CommandError(return_codes.NO_SUCH_OBJECT, "This session has no candidate: nothing was edited")
        return f"candidate from revision {candidate.base}, not committed", candidate.values

    def edited(self, candidate: Candidate[Any], before: Values) -> Report:
        """What a command has changed of a candidate."""
        changes = diff(self.service.kind.description, before, candidate.values)
        return Report("In the candidate; CMT CFG; puts it in force", (change_table("Changes", changes),))
