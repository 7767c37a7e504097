"""Catalogues against each other: the next command of every alarm is a command that is declared."""

import importlib
import pkgutil
from collections.abc import Iterator

import firmware
from firmware.alarms.catalogue import KINDS
from firmware.alarms.kind import BOX, AlarmKind
from firmware.console.declaration import Command


def declared_commands() -> Iterator[Command[object]]:
    """Every Command in a tuple (or list) of any module of firmware."""
    for found in pkgutil.walk_packages(firmware.__path__, "firmware."):
        for value in vars(importlib.import_module(found.name)).values():
            if isinstance(value, tuple | list):
                yield from (each for each in value if isinstance(each, Command))


COMMANDS = {command.name: command for command in declared_commands()}


def next_command(kind: AlarmKind) -> str:
    return kind.command_for("" if kind.object == BOX else f"{kind.object} 1")


def test_every_next_command_is_declared() -> None:
    wanted = {next_command(kind).partition(":")[0].rstrip(";") for kind in KINDS}
    missing = sorted(wanted - set(COMMANDS))
    assert not missing, f"alarms name commands that nobody declares: {', '.join(missing)}"


def test_next_commands_give_what_the_commands_take() -> None:
    wrong = []
    for kind in KINDS:
        name, _, values = next_command(kind).rstrip(";").partition(":")
        given = {pair.partition("=")[0] for pair in values.split(",") if pair}
        parameters = COMMANDS[name].parameters if name in COMMANDS else ()
        takes = {parameter.name for parameter in parameters}
        needs = {parameter.name for parameter in parameters if parameter.mandatory}
        if not needs <= given <= takes:
            wrong.append(f"{kind.name}: {next_command(kind)}")
    assert not wrong, f"next commands that are refused: {', '.join(wrong)}"
