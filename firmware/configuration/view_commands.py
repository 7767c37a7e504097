"""Commands that show the configuration as a whole: what runs, what differs, what was."""

from collections.abc import Iterator, Sequence

import tomli_w

from drivers.stores.revision_store import RevisionSummary
from firmware.configuration.changes import diff
from firmware.configuration.check import plain
from firmware.configuration.console import (
    OF,
    Commands,
    ConfigurationConsole,
    change_table,
    refusals,
)
from firmware.console import return_codes
from firmware.console.declaration import (
    FLAG,
    Command,
    Integer,
    Invocation,
    Parameter,
    Role,
    Verb,
)
from firmware.console.report import Lines, Pairs, Report, Table, Value
from protocols.configuration_record import NO_REVISION, REVISION_MAX

REVISION_TEXT = "number of a revision (LST CFGHIS); 0: the failsafe configuration"


def revision(name: str, text: str, *, default: str = "") -> Parameter:
    """A parameter that takes the number of a revision."""
    return Parameter(name, Integer(0, REVISION_MAX - 1), text, default=default)


def _state(console: ConfigurationConsole) -> Iterator[tuple[str, Value]]:
    service = console.service
    yield "Running revision", service.running_revision
    yield "Boot revision", service.boot_revision
    yield "Schema", service.running.schema
    if service.failsafe_reason:
        yield "Failsafe in force", service.failsafe_reason
    trial = service.trial
    if trial is not None:
        yield "On trial", f"revision {trial.revision} by {trial.who} since {trial.when}"
        yield "Undone in (s)", round(trial.left_s)
    for change in service.pending:
        yield "Counts after RST BOX", str(change)


async def _display(console: ConfigurationConsole, _: Invocation) -> Report:
    service = console.service
    rows = [
        (
            one.author.session,
            one.author.who,
            one.author.from_where,
            one.base,
            len(one.diff()),
            FLAG.values[one.exclusive],
            FLAG.values[one.base != service.running_revision],
        )
        for one in service.editors.candidates()
    ]
    columns = ("Session", "User", "From", "Base", "Changes", "Exclusive", "Out of date")
    return Report(blocks=(Pairs("Configuration", list(_state(console))), Table("Candidates", columns, rows)))


async def _list(console: ConfigurationConsole, invocation: Invocation) -> Report:
    if "REV" in invocation.arguments:
        with refusals():
            values = plain(console.service.revisions.read(invocation["REV"]))
        title = f"revision {invocation['REV']}"
    else:
        title, values = console.values(invocation)
    return Report(blocks=(Lines(f"Configuration ({title})", tomli_w.dumps(values).splitlines()),))


async def _differences(console: ConfigurationConsole, invocation: Invocation) -> Report:
    service = console.service
    old, new = invocation.get("FROM"), invocation.get("TO")
    candidate = service.editors.get(invocation.session.number)
    with refusals():
        if new is None and old is None and candidate is not None:
            title, changes = f"The candidate against revision {candidate.base}", candidate.diff()
        elif new is None and candidate is not None and old is not None:
            before = plain(service.revisions.read(old))
            changes = diff(service.kind.description, before, candidate.values)
            title = f"The candidate against revision {old}"
        else:
            old = service.boot_revision if old is None else old
            new = service.running_revision if new is None else new
            title, changes = f"Revision {new} against revision {old}", service.revisions.diff(old, new)
    return Report(blocks=(change_table(title, changes),))


def _mark(console: ConfigurationConsole, number: int) -> str:
    service = console.service
    trial = service.trial
    marks = {
        "running": number == service.running_revision,
        "boots": number == service.boot_revision,
        "trial": trial is not None and number == trial.revision,
    }
    return " ".join(mark for mark, holds in marks.items() if holds)


def undone_trials(history: Sequence[RevisionSummary], running: int) -> set[int]:
    """Revisions that were undone: no later one has begun from them, and they do not run. None where that is not
    known: the failsafe configuration runs."""
    if running == NO_REVISION:
        return set()
    bases = {one.number: one.base for one in history if not one.damaged}
    begun_from, number = [running], running
    while number in bases:
        number = bases[number]
        begun_from.append(number)
    return {each for each in bases if each > min(begun_from) and each not in begun_from}


async def _history(console: ConfigurationConsole, invocation: Invocation) -> Report:
    columns = ("Revision", "State", "Base", "When", "Who", "From", "Kind", "Why")
    with refusals():
        everything = console.service.revisions.history()
    history = everything[: invocation.get("COUNT")]
    undone = undone_trials(everything, console.service.running_revision)
    rows = [
        (
            one.number,
            "damaged" if one.damaged else "undone" if one.number in undone else _mark(console, one.number),
            one.base,
            one.when,
            one.who,
            one.from_where,
            one.kind,
            one.damaged or one.why,
        )
        for one in history
    ]
    return Report(blocks=(Table("Revisions, newest first", columns, rows),))


VIEW_COMMANDS: Commands = (
    Command(
        Verb.DSP, "CFG", "what runs, what is on trial, who edits", _display, Role.GUEST,
        "DSP CFG;", "DSP CFG:REV=1;", return_codes.UNKNOWN_PARAMETER, watch=True,
    ),
    Command(
        Verb.LST, "CFG", "the whole configuration, as TOML", _list, Role.GUEST,
        "LST CFG:OF=RUNNING;", "LST CFG:OF=YESTERDAY;", return_codes.BAD_VALUE,
        (OF, revision("REV", REVISION_TEXT)),
    ),
    Command(
        Verb.DSP, "CFGDIFF", "what differs between two revisions, or in the candidate", _differences, Role.GUEST,
        "DSP CFGDIFF;", "DSP CFGDIFF:FROM=ONE;", return_codes.BAD_VALUE,
        (
            revision("FROM", REVISION_TEXT, default="the candidate's base, or what boots"),
            revision("TO", REVISION_TEXT, default="the candidate, or what runs"),
        ),
    ),
    Command(
        Verb.LST, "CFGHIS", "the revisions: who, when, why, from where", _history, Role.GUEST,
        "LST CFGHIS:COUNT=10;", "LST CFGHIS:COUNT=0;", return_codes.BAD_VALUE,
        (Parameter("COUNT", Integer(1, 1000), "so many of the newest", default="all"),),
    ),
)  # fmt: skip
