"""Fields of a table as commands assign and show them."""

from collections.abc import Sequence
from typing import Any

from firmware.configuration.check import value_problem
from firmware.configuration.console import problem_table
from firmware.configuration.description import Leaf, Table
from firmware.configuration.parameters import leaves, typed, untyped
from firmware.configuration.target import Problem
from firmware.console import return_codes
from firmware.console.declaration import CommandError, Invocation
from firmware.console.report import Value


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise CommandError(return_codes.BAD_VALUE, str(problems[0]), (problem_table(problems),))


def assigned(table: Table, invocation: Invocation, path: str) -> dict[str, Any]:
    """The fields that a command gives values, each good by itself; raises CommandError."""
    values, problems = {}, []
    for name, (field, leaf) in leaves(table).items():
        if name in invocation.arguments:
            values[field] = untyped(leaf, invocation[name])
            problem = value_problem(leaf, values[field], f"{path}.{field}".lstrip("."))
            problems += [problem] if problem is not None else []
    _refuse(problems)
    return values


def something(values: dict[str, Any], table: Table) -> dict[str, Any]:
    """What a command assigns; raises CommandError where that is nothing."""
    if not values:
        names = ", ".join(leaves(table))
        raise CommandError(return_codes.MISSING_PARAMETER, f"Say what to change: {names}")
    return values


def row(table: Table, values: dict[str, Any]) -> list[Value]:
    """A table's values as cells."""
    return [typed(leaf, values.get(field, "")) for field, leaf in shown_leaves(table)]


def shown_leaves(table: Table) -> list[tuple[str, Leaf]]:
    """What a listing shows of a table."""
    return [(field, node) for field, node in table.nodes.items() if isinstance(node, Leaf)]


def heading(field: str, leaf: Leaf) -> str:
    """A field's column heading: the unit in brackets."""
    words = field.removesuffix(f"_{leaf.unit}").replace("_", " ") if leaf.unit else field.replace("_", " ")
    return f"{words.capitalize()} ({leaf.unit})" if leaf.unit else words.capitalize()
