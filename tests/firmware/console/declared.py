"""What every declared command must fulfil: as a list of what is wrong with one."""

import asyncio
import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from prompt_toolkit.utils import get_cwidth

from firmware.console import help as help_pages
from firmware.console import return_codes as codes
from firmware.console.arguments import check
from firmware.console.declaration import (
    FORCE,
    WATCH,
    Choice,
    Command,
    CommandSet,
    Decimal,
    Integer,
    IntegerSet,
    Parameter,
    Role,
    Session,
    Verb,
)
from firmware.console.interpreter import Interpreter
from firmware.console.kinds import BadValueError, convert
from firmware.console.report import Report
from protocols import mml
from tests.firmware.console.example_commands import FixedClock

NAME = re.compile(r"[A-Z][A-Z0-9_]*")
LOOKING = (Verb.LST, Verb.DSP)
CHANGING = set(Verb) - {*LOOKING, Verb.CHK, Verb.TST, Verb.SAV, Verb.ACK}


def wrong_with(command: Command[Any]) -> list[str]:
    """What a generic test finds; nothing is carried out."""
    return [
        *_wrong_words(command),
        *_wrong_help(command),
        *(fault for parameter in command.parameters for fault in _wrong_parameter(command, parameter)),
        *_wrong_example(command),
        *_wrong_refused(command),
    ]


def _wrong_words(command: Command[Any]) -> Iterator[str]:
    if not NAME.fullmatch(command.object):
        yield f"object {command.object} is no name in capitals"
    if not command.text.strip():
        yield "no text"
    if command.verb in CHANGING and not command.effect:
        yield f"{command.verb.name} changes something: no effect is told"
    if command.verb in LOOKING and command.interrupts:
        yield f"{command.verb.name} only looks, and interrupts service"
    if command.verb not in LOOKING and command.watch:
        yield f"{command.verb.name} cannot be watched"
    names = [parameter.name for parameter in command.parameters]
    if len(set(names)) < len(names):
        yield "two parameters of one name"


def _wrong_help(command: Command[Any]) -> Iterator[str]:
    for line in help_pages.command_page(command):
        if get_cwidth(line) > 80 or not line.isprintable():
            yield f"help does not fit: {line}"


def _wrong_parameter(command: Command[Any], parameter: Parameter) -> Iterator[str]:
    name = parameter.name
    if not NAME.fullmatch(name) or name in (FORCE.name, WATCH.name):
        yield f"parameter {name}: no name in capitals, or one the interpreter keeps"
    if not parameter.text.strip():
        yield f"parameter {name}: no text"
    if parameter.mandatory and parameter.default:
        yield f"parameter {name}: mandatory with a default"
    kind = parameter.kind
    if isinstance(kind, Integer | Decimal | IntegerSet) and kind.low > kind.high:
        yield f"parameter {name}: an empty range"
    if isinstance(kind, Choice):
        yield from _wrong_choice(name, kind)
    if parameter.only_with:
        yield from _wrong_condition(command, parameter, *parameter.only_with)


def _wrong_choice(name: str, kind: Choice) -> Iterator[str]:
    if not kind.values or len({value.upper() for value in kind.values}) < len(kind.values):
        yield f"parameter {name}: no values, or two alike"
    if any(mml.format_value(mml.Value(value)) != value for value in kind.values):
        yield f"parameter {name}: a value that cannot be typed without quotes"


def _wrong_condition(command: Command[Any], parameter: Parameter, other: str, value: str) -> Iterator[str]:
    found = next((each for each in command.parameters if each.name == other), None)
    if found is None or found is parameter:
        yield f"parameter {parameter.name}: only with {other}, which there is not"
        return
    try:
        convert(found.kind, mml.Value(value))
    except BadValueError as error:
        yield f"parameter {parameter.name}: {other}={value} {error}"


def _wrong_example(command: Command[Any]) -> Iterator[str]:
    try:
        commands = mml.parse(command.example)
    except mml.MmlError as error:
        yield f"example: {error}"
        return
    if [f"{each.verb} {each.object}" for each in commands] != [command.name]:
        yield "the example is of another command"
        return
    _, faults, missing = check(command, commands[0].arguments)
    yield from (f"example: {fault}" for fault in faults)
    yield from (f"example: {parameter.name} is missing" for parameter in missing)


def _wrong_refused(command: Command[Any]) -> Iterator[str]:
    if command.refused_code == codes.OK or command.refused_code not in codes.TEXTS:
        yield f"refused with {command.refused_code}: no RETCODE of a refusal"
    code = _code_of(command, command.refused)
    # What the interpreter lets through, the box refuses: that is for a test with a box to see.
    if code not in (command.refused_code, codes.OK):
        yield f"the refused example has RETCODE {code} without the box, {command.refused_code} is declared"


def _code_of(command: Command[Any], line: str) -> int:
    """The RETCODE of a line where its command does nothing but succeed."""

    async def succeed(_subject: Any, _invocation: Any) -> Any:
        return Report()

    harmless = replace(command, handler=succeed, interrupts=None)
    if command.interrupts:  # FORCE stays a parameter
        harmless = replace(harmless, interrupts=lambda _subject, _invocation: [])
    interpreter = Interpreter(
        lambda: "box", [CommandSet(None, (harmless,))], lambda _entry: None, FixedClock(), itertools.count(1)
    )

    async def give() -> int:
        session = Session(1, "admin", Role.ADMINISTRATOR, "unix")
        return [answer.code async for answer in interpreter.execute(line, session)][-1]

    return asyncio.run(give())
