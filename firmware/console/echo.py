"""A line as it may be shown, logged and remembered: secrets are stars, control characters harmless."""

import re
from collections.abc import Iterable
from typing import Any

from prompt_toolkit.utils import get_cwidth

from firmware.console.declaration import Command, Secret
from firmware.console.kinds import STARS
from protocols.mml import HELP, Parsed, format_value

EXCERPT_CHARACTERS = 64  # of a faulty line: a window around the fault
ECHO_CHARACTERS = 200  # of a line that is no command


def command_echo(parsed: Parsed, command: Command[Any] | None, *, careful: bool) -> str:
    """A command as it is shown; `careful` also stars what the command does not know: it may be a secret."""
    if parsed.verb == HELP:
        return " ".join((HELP, *parsed.topic)) + ";"
    known = {} if command is None else {parameter.name: parameter for parameter in command.all_parameters}
    listed = []
    for argument in parsed.arguments:
        parameter = known.get(argument.name)
        hidden = careful if parameter is None else isinstance(parameter.kind, Secret)
        listed.append(f"{argument.name}={STARS if hidden else format_value(argument.value)}")
    return f"{parsed.verb} {parsed.object}{':' + ','.join(listed) if listed else ''};"


def line_echo(line: str, secret_names: Iterable[str], secret_commands: Iterable[tuple[str, str]] = ()) -> str:
    """A line that is no command: nothing is shown of it from the first secret on, nor behind a command that takes
    one (verb and object): it may stand there without its name."""
    names = [rf"\b{re.escape(name)}\s*=" for name in secret_names]
    commands = [rf"\b{re.escape(verb)}\s+{re.escape(thing)}\b(?=.*\w)" for verb, thing in secret_commands]
    secret = re.search("|".join((*commands, *names)), line, re.IGNORECASE | re.DOTALL) if names else None
    shown = line[: secret.end()] + STARS if secret else line
    if len(shown) > ECHO_CHARACTERS:
        shown = shown[:ECHO_CHARACTERS] + "..."
    return printable(shown)


def pointed(line: str, position: int) -> list[str]:
    """The part of a line around a position, and a caret below it."""
    start = line.rfind("\n", 0, position) + 1
    end = line.find("\n", position)
    row, column = line[start : len(line) if end < 0 else end], position - start
    left = max(0, column - EXCERPT_CHARACTERS * 3 // 4)
    before = printable(row[left:column])
    return [before + printable(row[column : left + EXCERPT_CHARACTERS]), " " * get_cwidth(before) + "^"]


def printable(text: str) -> str:
    """A text whose control characters are dots: it cannot play tricks on a terminal."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "." for character in text)
