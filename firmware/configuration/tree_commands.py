"""Commands that list and edit parts of a configuration, made from a few declared objects and the tree itself."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from firmware.configuration.changes import value_at
from firmware.configuration.check import value_problem
from firmware.configuration.console import OF, ConfigurationConsole, problem_table, refusals
from firmware.configuration.description import Keyed, Leaf, Table, find
from firmware.configuration.parameters import effects, filters, leaves, parameters, typed, untyped
from firmware.configuration.target import Problem
from firmware.console import report as reports
from firmware.console import return_codes
from firmware.console.declaration import (
    Command,
    CommandError,
    Integer,
    IntegerSet,
    Invocation,
    Parameter,
    Role,
    Verb,
)
from firmware.console.report import Report

Commands = tuple[Command[ConfigurationConsole], ...]


@dataclass(frozen=True)
class KeyedObject:
    """Things under numbers: LST, ADD, MOD, RMV. `sample` and `bad` are parameters for the examples."""

    object: str
    path: str
    key: str
    text: str
    plural: str
    role: Role
    number: int  # in the examples
    sample: str
    bad: str


@dataclass(frozen=True)
class TableObject:
    """One table of values: LST, SET. `fields`: only these of it."""

    object: str
    path: str
    text: str
    role: Role
    sample: str
    bad: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class ListObject:
    """Numbers in order: LST, ADD, RMV."""

    object: str
    path: str
    key: str
    text: str
    plural: str
    role: Role
    low: int
    high: int
    number: int  # in the examples


TreeObject = KeyedObject | TableObject | ListObject

POSITION = "PRIORITY"


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise CommandError(return_codes.BAD_VALUE, str(problems[0]), (problem_table(problems),))


def _assigned(table: Table, invocation: Invocation, path: str) -> dict[str, Any]:
    """The fields that a command gives values, each good by itself; raises CommandError."""
    values, problems = {}, []
    for name, (field, leaf) in leaves(table).items():
        if name in invocation.arguments:
            values[field] = untyped(leaf, invocation[name])
            problem = value_problem(leaf, values[field], f"{path}.{field}".lstrip("."))
            problems += [problem] if problem is not None else []
    _refuse(problems)
    return values


def _something(values: dict[str, Any], table: Table) -> dict[str, Any]:
    if not values:
        names = ", ".join(leaves(table))
        raise CommandError(return_codes.MISSING_PARAMETER, f"Say what to change: {names}")
    return values


def _row(table: Table, values: dict[str, Any]) -> list[reports.Value]:
    return [typed(leaf, values.get(field, "")) for field, leaf in _shown(table)]


def _shown(table: Table) -> list[tuple[str, Leaf]]:
    return [(field, node) for field, node in table.nodes.items() if isinstance(node, Leaf)]


def _heading(field: str, leaf: Leaf) -> str:
    words = field.removesuffix(f"_{leaf.unit}").replace("_", " ") if leaf.unit else field.replace("_", " ")
    return f"{words.capitalize()} ({leaf.unit})" if leaf.unit else words.capitalize()


class _Keyed:
    """The handlers of a keyed object's commands."""

    def __init__(self, item: KeyedObject, keyed: Keyed) -> None:
        self._object, self._keyed, self._table = item, keyed, keyed.item

    def _path(self, invocation: Invocation) -> str:
        return f"{self._object.path}.{invocation[self._object.key]}"

    def _passes(self, values: dict[str, Any], invocation: Invocation) -> bool:
        for name, (field, leaf) in leaves(self._table).items():
            wanted = invocation.get(name)
            found = values.get(field)
            if wanted is None:
                continue
            if isinstance(found, str) and not leaf.choices:
                if wanted.lower() not in found.lower():
                    return False
            elif typed(leaf, found) != typed(leaf, untyped(leaf, wanted)):
                return False
        return True

    async def show(self, console: ConfigurationConsole, invocation: Invocation) -> Report:
        source, values = console.values(invocation)
        numbers = invocation.get(self._object.key)
        items = value_at(values, self._object.path) or {}
        rows = [
            [int(key), *_row(self._table, items[key])]
            for key in sorted(items, key=int)
            if (numbers is None or int(key) in numbers) and self._passes(items[key], invocation)
        ]
        columns = (self._object.key, *(_heading(*shown) for shown in _shown(self._table)))
        return Report(blocks=(reports.Table(f"{self._object.plural} ({source})", columns, rows),))

    async def add(self, console: ConfigurationConsole, invocation: Invocation) -> Report:
        path = self._path(invocation)
        values = _assigned(self._table, invocation, path)
        candidate = console.candidate(invocation)
        before = copy.deepcopy(candidate.values)
        with refusals():
            candidate.add(path, values)
        return console.edited(candidate, before)

    async def modify(self, console: ConfigurationConsole, invocation: Invocation) -> Report:
        path = self._path(invocation)
        values = _something(_assigned(self._table, invocation, path), self._table)
        candidate = console.candidate(invocation)
        before = copy.deepcopy(candidate.values)
        with refusals():
            candidate.get(path)
            for field, value in values.items():
                candidate.set(f"{path}.{field}", value)
        return console.edited(candidate, before)

    async def remove(self, console: ConfigurationConsole, invocation: Invocation) -> Report:
        candidate = console.candidate(invocation)
        before = copy.deepcopy(candidate.values)
        with refusals():
            candidate.remove(self._path(invocation))
        return console.edited(candidate, before)

    def commands(self) -> Commands:
        it, table = self._object, self._table
        low, high = self._keyed.low, self._keyed.high
        key = Parameter(it.key, Integer(low, high), f"number of the {it.text}", mandatory=True)
        numbers = Parameter(it.key, IntegerSet(low, high), f"only these {it.plural}", default="all")
        one, beyond = f"{it.key}={it.number}", f"{it.key}={high + 1}"
        effect = effects(table)
        return (
            Command(
                Verb.ADD, it.object, f"add a {it.text} to the candidate", self.add, it.role,
                f"ADD {it.object}:{one},{it.sample};", f"ADD {it.object}:{beyond},{it.sample};",
                return_codes.BAD_VALUE, (key, *parameters(table, adding=True)), effect,
            ),
            Command(
                Verb.MOD, it.object, f"change a {it.text} in the candidate", self.modify, it.role,
                f"MOD {it.object}:{one},{it.sample};", f"MOD {it.object}:{one},{it.bad};",
                return_codes.BAD_VALUE, (key, *parameters(table, adding=False)), effect,
            ),
            Command(
                Verb.LST, it.object, f"list the {it.plural}, as configured", self.show, Role.GUEST,
                f"LST {it.object}:{it.key}={low}&&{high};", f"LST {it.object}:{beyond};",
                return_codes.BAD_VALUE, (numbers, *filters(table), OF),
            ),
            Command(
                Verb.RMV, it.object, f"remove a {it.text} from the candidate", self.remove, it.role,
                f"RMV {it.object}:{one};", f"RMV {it.object}:{beyond};",
                return_codes.BAD_VALUE, (key,), "Changes this session's candidate; counts after CMT CFG",
            ),
        )  # fmt: skip


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
            (_heading(*shown), value)
            for shown, value in zip(_shown(self._table), _row(self._table, found), strict=True)
        ]
        return Report(blocks=(reports.Pairs(f"{self._object.text.capitalize()} ({source})", pairs),))

    async def set(self, console: ConfigurationConsole, invocation: Invocation) -> Report:
        values = _something(_assigned(self._table, invocation, self._object.path), self._table)
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
                made += _Keyed(item, node).commands()
            case TableObject(), Table():
                made += _Table(item, node).commands()
            case ListObject(), Leaf():
                made += _List(item, node).commands()
            case _:
                raise TypeError(f"{item.object}: {item.path} is no place in the tree for a {type(item).__name__}")
    return tuple(made)
