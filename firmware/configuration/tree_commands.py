"""Commands that list and edit parts of a configuration, made from a few declared objects and the tree itself."""

import copy
from collections.abc import Sequence
from typing import Any

from firmware.configuration.assignment import assigned, heading, row, shown_leaves, something
from firmware.configuration.changes import value_at
from firmware.configuration.console import OF, Commands, ConfigurationConsole, refusals
from firmware.configuration.description import Keyed, Leaf, Table, find
from firmware.configuration.keyed_commands import KeyedCommands
from firmware.configuration.objects import KeyedObject, ListObject, TableObject, TreeObject
from firmware.configuration.parameters import effects, parameters
from firmware.console import report as reports
from firmware.console import return_codes
from firmware.console.declaration import Command, CommandError, Integer, Invocation, Parameter, Role, Verb
from firmware.console.report import Report

POSITION = "PRIORITY"


class _Table:
    """The handlers of a table's commands."""

    def __init__(self, item: TableObject, table: Table) -> None:
        nodes = {name: node for name, node in table.nodes.items() if not item.fields or name in item.fields}
        self._object, self._table = item, Table(table.tree_type, nodes)

    def _at(self, field: str) -> str:
        return f"{self._object.path}.{field}" if self._object.path else field

    async def show(self, console: ConfigurationConsole, invocation: Invocation) -> Report:
        source, values = console.values(invocation)
        found = value_at(values, self._object.path) if self._object.path else values
        pairs = [
            (heading(*shown), value)
            for shown, value in zip(shown_leaves(self._table), row(self._table, found), strict=True)
        ]
        return Report(blocks=(reports.Pairs(f"{self._object.text.capitalize()} ({source})", pairs),))

    async def set(self, console: ConfigurationConsole, invocation: Invocation) -> Report:
        values = something(assigned(self._table, invocation, self._object.path), self._table)
        candidate = console.candidate(invocation)
        before = copy.deepcopy(candidate.values)
        with refusals():
            for field, value in values.items():
                candidate.set(self._at(field), value)
        return console.edited(candidate, before)

    def commands(self) -> Commands:
        it = self._object
        return (
            Command(
                Verb.SET, it.object, f"change {it.text} in the candidate", self.set, it.role,
                f"SET {it.object}:{it.sample};", f"SET {it.object}:{it.bad};",
                return_codes.BAD_VALUE, parameters(self._table, adding=False), effects(self._table),
            ),
            Command(
                Verb.LST, it.object, f"list {it.text}, as configured", self.show, Role.GUEST,
                f"LST {it.object}:OF=RUNNING;", f"LST {it.object}:OF=YESTERDAY;", return_codes.BAD_VALUE, (OF,),
            ),
        )  # fmt: skip


class _List:
    """The handlers of a list's commands."""

    def __init__(self, item: ListObject, leaf: Leaf) -> None:
        self._object, self._leaf = item, leaf

    async def show(self, console: ConfigurationConsole, invocation: Invocation) -> Report:
        source, values = console.values(invocation)
        rows = list(enumerate(value_at(values, self._object.path) or [], 1))
        title = f"{self._object.plural.capitalize()} ({source})"
        return Report(blocks=(reports.Table(title, ("Priority", self._object.key), rows),))

    async def add(self, console: ConfigurationConsole, invocation: Invocation) -> Report:
        number = invocation[self._object.key]
        candidate = console.candidate(invocation)
        numbers = list(candidate.get(self._object.path))
        if number in numbers:
            text = f"{self._object.key}={number} is a {self._object.text} already; RMV {self._object.object} first"
            raise CommandError(return_codes.ALREADY_EXISTS, text)
        numbers.insert(invocation.get(POSITION, len(numbers) + 1) - 1, number)
        return self._put(console, candidate, numbers)

    async def remove(self, console: ConfigurationConsole, invocation: Invocation) -> Report:
        number = invocation[self._object.key]
        candidate = console.candidate(invocation)
        numbers = list(candidate.get(self._object.path))
        if number not in numbers:
            text = f"{self._object.key}={number} is no {self._object.text}"
            raise CommandError(return_codes.NO_SUCH_OBJECT, text)
        numbers.remove(number)
        return self._put(console, candidate, numbers)

    def _put(self, console: ConfigurationConsole, candidate: Any, numbers: list[int]) -> Report:
        before = copy.deepcopy(candidate.values)
        candidate.set(self._object.path, numbers)
        return console.edited(candidate, before)

    def commands(self) -> Commands:
        it = self._object
        key = Parameter(it.key, Integer(it.low, it.high), f"number of the {it.text}", mandatory=True)
        position = Parameter(POSITION, Integer(1, it.high), "its place, 1 being the best", default="the last")
        one, beyond = f"{it.key}={it.number}", f"{it.key}={it.high + 1}"
        effect = f"Changes this session's candidate; counts after CMT CFG: {self._leaf.effect.value}"
        return (
            Command(
                Verb.ADD, it.object, f"add a {it.text} to the candidate", self.add, it.role,
                f"ADD {it.object}:{one},{POSITION}=1;", f"ADD {it.object}:{beyond};",
                return_codes.BAD_VALUE, (key, position), effect,
            ),
            Command(
                Verb.LST, it.object, f"list the {it.plural}, as configured", self.show, Role.GUEST,
                f"LST {it.object}:OF=RUNNING;", f"LST {it.object}:OF=YESTERDAY;", return_codes.BAD_VALUE, (OF,),
            ),
            Command(
                Verb.RMV, it.object, f"remove a {it.text} from the candidate", self.remove, it.role,
                f"RMV {it.object}:{one};", f"RMV {it.object}:{beyond};", return_codes.BAD_VALUE, (key,), effect,
            ),
        )  # fmt: skip


def tree_commands(tree: Table, objects: Sequence[TreeObject]) -> Commands:
    """The commands of all objects of a tree; raises TypeError where an object's path does not lead to its kind."""
    made: list[Command[ConfigurationConsole]] = []
    for item in objects:
        node = find(tree, item.path) if item.path else tree
        match item, node:
            case KeyedObject(), Keyed():
                made += KeyedCommands(item, node).commands()
            case TableObject(), Table():
                made += _Table(item, node).commands()
            case ListObject(), Leaf():
                made += _List(item, node).commands()
            case _:
                raise TypeError(f"{item.object}: {item.path} is no place in the tree for a {type(item).__name__}")
    return tuple(made)
