"""Catalogues against each other, and against the sources: alarms that are told, commands to type next."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import firmware
from firmware.alarms.catalogue import CATALOGUE, KINDS
from firmware.alarms.kind import BOX, AlarmKind
from firmware.all_commands import by_box_kind
from firmware.console.declaration import Command
from tests.firmware.told_alarms import Told, modules, told_in


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


TOLD = [told for module in modules() for told in told_in(module)]
every_telling = pytest.mark.parametrize("told", TOLD, ids=lambda told: f"{told.where} {told.way}")


@every_telling
def test_what_is_told_is_in_the_catalogue(told: Told) -> None:
    assert told.names
    assert told.names <= set(CATALOGUE)


@every_telling
def test_what_is_told_befalls_such_an_object_and_stands_or_not_as_told(told: Told) -> None:
    for name in told.names:
        assert CATALOGUE[name].object in told.objects
        assert len(told.names) > 1 or CATALOGUE[name].stands is (told.way != "event")


# Packages that are of one kind of box alone; all others are of each.
OWN = {"firmware.qm": "QM", "firmware.hw": "HW", "firmware.vp": "VP"}


def test_next_commands_are_there_on_the_boxes_that_tell_the_alarm() -> None:
    declared = {kind: {command.name for command in commands} for kind, commands in by_box_kind().items()}
    missing = set()
    for told in TOLD:
        package = ".".join(told.where.split()[0].split(".")[:2])
        boxes = [OWN[package]] if package in OWN else list(declared)
        for name in told.names:
            command = next_command(CATALOGUE[name]).partition(":")[0].rstrip(";")
            missing |= {f"{name}: {command} on {box}" for box in boxes if command not in declared[box]}
    assert not missing
