"""The commands of the configuration as a whole: look, check, commit, confirm, roll back, undo."""

from typing import Any

from firmware.configuration.changes import text_of
from firmware.configuration.console import (
    Commands,
    ConfigurationConsole,
    change_table,
    problem_table,
    refusals,
)
from firmware.configuration.export_commands import EXPORT_COMMANDS
from firmware.configuration.service import CONFIRM_S_MAX, CONFIRM_S_MIN
from firmware.configuration.view_commands import REVISION_TEXT, VIEW_COMMANDS, revision
from firmware.console import return_codes
from firmware.console.declaration import (
    FLAG,
    Command,
    CommandError,
    Integer,
    Invocation,
    Parameter,
    Role,
    Text,
    Verb,
)
from firmware.console.report import Block, Lines, Report, Table

WHY = Parameter("WHY", Text(120), "the reason, for the history")
CONFIRM = Parameter(
    "CONFIRM",
    Integer(CONFIRM_S_MIN, CONFIRM_S_MAX, "s"),
    "the box undoes it by itself unless it is confirmed within this time",
    default="in force for good",
)


async def _check(console: ConfigurationConsole, invocation: Invocation) -> Report:
    candidate = console.candidate(invocation)
    problems = candidate.check()
    if problems:
        text = f"The candidate has {len(problems)} fault(s)"
        raise CommandError(return_codes.CONFIGURATION_REFUSED, text, (problem_table(problems),))
    return Report(
        "The candidate has no fault",
        (change_table("Changes", candidate.diff()), *_interrupted(console, invocation)),
    )


def _interrupted(console: ConfigurationConsole, invocation: Invocation) -> tuple[Block, ...]:
    lines = _commit_interrupts(console, invocation)
    return (Lines("Its commit interrupts", lines),) if lines else ()


def _confirms(console: ConfigurationConsole, invocation: Invocation) -> bool:
    """CMT CFG confirms a trial where it names it, or where the session has nothing else to commit."""
    if "TRIAL" in invocation.arguments:
        return True
    candidate = console.service.editors.get(invocation.session.number)
    changed = candidate is not None and candidate.changed
    return console.service.trial is not None and not changed and CONFIRM.name not in invocation.arguments


async def _confirm(console: ConfigurationConsole, invocation: Invocation) -> Report:
    trial = console.service.trial
    wanted = invocation.get("TRIAL")
    if wanted is not None and (trial is None or trial.revision != wanted):
        on_trial = f"revision {trial.revision} is" if trial is not None else "none is"
        raise CommandError(return_codes.WRONG_STATE, f"Revision {wanted} is not on trial: {on_trial}")
    with refusals():
        number = await console.service.confirm(console.author(invocation))
    return Report(f"Revision {number} is confirmed: the box boots with it from now on")


async def _commit(console: ConfigurationConsole, invocation: Invocation) -> Report:
    if _confirms(console, invocation):
        return await _confirm(console, invocation)
    candidate = console.candidate(invocation)
    changes = candidate.diff()
    confirm_s = invocation.get(CONFIRM.name)
    with refusals():
        number = await console.service.commit(candidate, invocation.get(WHY.name, ""), confirm_s)
    return _in_force(console, number, confirm_s, change_table("Changes", changes))


def _in_force(console: ConfigurationConsole, number: int, confirm_s: int | None, *blocks: Block) -> Report:
    trial = f", on trial for {confirm_s} s: CMT CFG; confirms it" if confirm_s is not None else ""
    pending = console.service.pending
    waiting = (change_table("Counts only after RST BOX", pending),) if pending else ()
    return Report(f"Revision {number} is in force{trial}", (*blocks, *waiting))


def _commit_interrupts(console: ConfigurationConsole, invocation: Invocation) -> list[str]:
    if _confirms(console, invocation):
        return []
    candidate = console.service.editors.get(invocation.session.number)
    found = console.service.kind.check(candidate.values) if candidate is not None else None
    if found is None or found.tree is None or found.problems:
        return []
    return console.service.interrupts(found.tree)


def _target_revision(console: ConfigurationConsole, invocation: Invocation) -> int:
    if "REV" in invocation.arguments:
        return int(invocation["REV"])
    if console.service.trial is None:
        raise CommandError(return_codes.MISSING_PARAMETER, "No revision is on trial: say to which one, REV=number")
    return console.service.boot_revision


async def _roll_back(console: ConfigurationConsole, invocation: Invocation) -> Report:
    author, why = console.author(invocation), invocation.get(WHY.name, "")
    revision = _target_revision(console, invocation)
    confirm_s = invocation.get(CONFIRM.name)
    undoing = console.service.trial is not None
    with refusals():
        number = await console.service.roll_back(revision, author, why, confirm_s)
    return _in_force(console, number, None if undoing else confirm_s)


def _roll_back_interrupts(console: ConfigurationConsole, invocation: Invocation) -> list[str]:
    with refusals():
        tree = console.service.revisions.read(_target_revision(console, invocation))
    return console.service.interrupts(tree)


async def _discard(console: ConfigurationConsole, invocation: Invocation) -> Report:
    candidate = console.service.editors.get(invocation.session.number)
    if candidate is None:
        raise CommandError(return_codes.NO_SUCH_OBJECT, "This session has no candidate")
    changes = candidate.diff()
    console.service.editors.discard(invocation.session.number)
    return Report("The candidate is discarded; nothing was in force", (change_table("Changes given up", changes),))


async def _start(console: ConfigurationConsole, invocation: Invocation) -> Report:
    exclusive = invocation.get("EXCLUSIVE") == "YES"
    with refusals():
        candidate = console.service.edit(console.author(invocation), exclusive)
    how = ", exclusively" if candidate.exclusive else ""
    return Report(f"This session edits a candidate from revision {candidate.base}{how}")


async def _rebase(console: ConfigurationConsole, invocation: Invocation) -> Report:
    candidate = console.candidate(invocation)
    overlaps = console.service.rebase(candidate)
    rows: list[tuple[Any, ...]] = [
        (overlap.mine.path, text_of(overlap.mine.new), "; ".join(str(change) for change in overlap.theirs))
        for overlap in overlaps
    ]
    blocks: list[Block] = [change_table("Changes kept", candidate.diff())]
    if rows:
        blocks.append(Table("Given up: others changed the same", ("Path", "Yours", "Theirs"), rows))
    return Report(f"The candidate is now based on revision {candidate.base}", blocks)


COMMANDS: Commands = (
    *VIEW_COMMANDS,
    Command(
        Verb.CHK, "CFG", "every fault of this session's candidate", _check, Role.OPERATOR,
        "CHK CFG;", "CHK CFG:REV=1;", return_codes.UNKNOWN_PARAMETER,
    ),
    Command(
        Verb.CMT, "CFG", "put this session's candidate in force, or confirm the trial", _commit, Role.OPERATOR,
        'CMT CFG:CONFIRM=600,WHY="new trunk to Thun";', "CMT CFG:CONFIRM=5;", return_codes.BAD_VALUE,
        (
            CONFIRM,
            WHY,
            revision("TRIAL", "confirm this trial, whatever is edited", default="any, if nothing is edited"),
        ),
        "Everything of the candidate at once, or nothing: when each field counts, DSP CFGDIFF says",
        interrupts=_commit_interrupts,
    ),
    Command(
        Verb.RBK, "CFG", "commit what an earlier revision says, or undo the trial", _roll_back, Role.ADMINISTRATOR,
        'RBK CFG:REV=1,WHY="as it was";', "RBK CFG:REV=LAST;", return_codes.BAD_VALUE,
        (revision("REV", REVISION_TEXT, default="undoes the trial"), CONFIRM, WHY),
        "A new revision with the old one's content, checked and migrated first",
        interrupts=_roll_back_interrupts,
    ),
    Command(
        Verb.STR, "CFGEDIT", "begin a candidate, exclusively if wanted", _start, Role.OPERATOR,
        "STR CFGEDIT:EXCLUSIVE=YES;", "STR CFGEDIT:EXCLUSIVE=MAYBE;", return_codes.BAD_VALUE,
        (Parameter("EXCLUSIVE", FLAG, "nobody else may edit meanwhile", default="NO"),),
        "Nothing is in force before CMT CFG",
    ),
    Command(
        Verb.RST, "CFGEDIT", "put this session's changes on what others have committed", _rebase, Role.OPERATOR,
        "RST CFGEDIT;", "RST CFGEDIT:REV=1;", return_codes.UNKNOWN_PARAMETER,
        effect="Changes this session's candidate: what overlaps with others' changes is given up and listed",
    ),
    Command(
        Verb.RMV, "CFGEDIT", "discard this session's candidate", _discard, Role.OPERATOR,
        "RMV CFGEDIT;", "RMV CFGEDIT:SESSION=1;", return_codes.UNKNOWN_PARAMETER,
        effect="Its changes are lost; nothing of them was in force",
    ),
    *EXPORT_COMMANDS,
)  # fmt: skip
