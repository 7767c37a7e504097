"""Configurations as files in the box's folder of exports: saved, listed, loaded into a candidate."""

import copy
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tomli_w

from drivers.errors import UserError
from drivers.stores.whole_file import WholeFile
from firmware.configuration.check import InvalidConfigurationError, misshapen, plain
from firmware.configuration.console import OF, Commands, ConfigurationConsole, problem_table, refusals
from firmware.configuration.file import ConfigurationFileError, own_values, read_values, values_of
from firmware.configuration.kind import BoxKind
from firmware.configuration.view_commands import revision
from firmware.console import return_codes
from firmware.console.declaration import Command, CommandError, Invocation, Parameter, Role, Text, Verb
from firmware.console.report import Report, Table

FILE_CHARACTERS = 64
FILES_MOST = 100
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
FILE = Parameter(
    "FILE", Text(FILE_CHARACTERS, 1), "name in the box's folder of exports; .toml is added", mandatory=True
)


def _path(console: ConfigurationConsole, invocation: Invocation) -> Path:
    name = invocation[FILE.name]
    if not _NAME.fullmatch(name):
        text = "FILE: letters, digits, '.', '_' and '-' only: files are in the box's folder of exports"
        raise CommandError(return_codes.BAD_VALUE, text)
    return console.exports / (name if name.endswith(".toml") else f"{name}.toml")


async def _save(console: ConfigurationConsole, invocation: Invocation) -> Report:
    path = _path(console, invocation)
    if "REV" in invocation.arguments:
        with refusals():
            values = plain(console.service.revisions.read(invocation["REV"]))
        title = f"revision {invocation['REV']}"
    else:
        title, values = console.values(invocation)
    if path.exists():
        raise CommandError(return_codes.ALREADY_EXISTS, f"{path.name}: exists already; choose another name")
    if len(list(console.exports.glob("*"))) >= FILES_MOST:
        raise CommandError(return_codes.LIMIT_REACHED, f"{FILES_MOST} files are saved: remove one (RMV CFGFILE)")
    try:
        console.exports.mkdir(parents=True, exist_ok=True)
        with WholeFile(path) as file:
            file.write(tomli_w.dumps(values).encode())
    except (OSError, UserError) as error:
        raise CommandError(return_codes.STORE_FAILED, str(error)) from None
    return Report(f"Saved the configuration ({title}) as {path}")


async def _remove(console: ConfigurationConsole, invocation: Invocation) -> Report:
    path = _path(console, invocation)
    try:
        path.unlink()
    except FileNotFoundError:
        raise CommandError(return_codes.NO_SUCH_OBJECT, f"{path.name}: there is no such file") from None
    except OSError as error:
        raise CommandError(return_codes.STORE_FAILED, f"{path.name}: {error.strerror}") from None
    return Report()


def _loaded(kind: BoxKind[Any], path: Path) -> dict[str, Any]:
    """A file's values, in shapes that a candidate can have; raises CommandError."""
    try:
        values = values_of(kind, own_values(kind, read_values(path)), path.parent)
        problems = misshapen(kind.tree_type, values)
        if problems:
            raise InvalidConfigurationError(problems)
    except ConfigurationFileError as error:
        code = return_codes.CONFIGURATION_REFUSED if path.exists() else return_codes.NO_SUCH_OBJECT
        raise CommandError(code, str(error)) from None
    except InvalidConfigurationError as error:
        text = f"{path.name} has {len(error.problems)} fault(s); nothing was changed"
        blocks = (problem_table(error.problems),)
        raise CommandError(return_codes.CONFIGURATION_REFUSED, text, blocks) from None
    return values


async def _load(console: ConfigurationConsole, invocation: Invocation) -> Report:
    values = _loaded(console.service.kind, _path(console, invocation))
    candidate = console.candidate(invocation)
    before = copy.deepcopy(candidate.values)
    candidate.load(values)
    report = console.edited(candidate, before)
    problems = candidate.check()
    return Report(report.text, (*report.blocks, problem_table(problems))) if problems else report


async def _list(console: ConfigurationConsole, _: Invocation) -> Report:
    rows: list[tuple[str, int, str]] = []
    for path in sorted(console.exports.glob("*.toml")):
        try:
            status = path.lstat()
        except OSError:  # it went away meanwhile
            continue
        if not stat.S_ISREG(status.st_mode):
            continue
        when = datetime.fromtimestamp(status.st_mtime, UTC).strftime("%Y-%m-%d %H:%M:%S")
        rows.append((path.name, status.st_size, when))
    return Report(blocks=(Table(f"Files in {console.exports}", ("File", "Octets", "When"), rows),))


EXPORT_COMMANDS: Commands = (
    Command(
        Verb.SAV, "CFG", "save a configuration as a file", _save, Role.OPERATOR,
        "SAV CFG:FILE=before-change,OF=RUNNING;", "SAV CFG;", return_codes.MISSING_PARAMETER,
        (FILE, OF, revision("REV", "this revision instead (LST CFGHIS)")),
    ),
    Command(
        Verb.ADD, "CFG", "load a saved file, of a box or a plant, into the candidate", _load, Role.ADMINISTRATOR,
        "ADD CFG:FILE=before-change;", "ADD CFG;", return_codes.MISSING_PARAMETER, (FILE,),
        "Replaces this session's candidate; counts after CMT CFG",
    ),
    Command(
        Verb.LST, "CFGFILE", "list the saved files", _list, Role.GUEST,
        "LST CFGFILE;", "LST CFGFILE:FILE=X;", return_codes.UNKNOWN_PARAMETER,
    ),
    Command(
        Verb.RMV, "CFGFILE", "remove a saved file", _remove, Role.OPERATOR,
        "RMV CFGFILE:FILE=before-change;", "RMV CFGFILE:FILE=nothing;", return_codes.NO_SUCH_OBJECT, (FILE,),
        "At once; revisions are not touched",
    ),
)  # fmt: skip
