"""Turns plain values (TOML, a candidate) into a tree, finding every fault at once, each with its path."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import inspect

from firmware.configuration.description import MANDATORY, Keyed, Leaf, Node, Table, describe
from firmware.configuration.target import Problem

Tree = TypeVar("Tree", bound=msgspec.Struct)

SHOWN_CHARACTERS = 40
ABSENT: Any = object()


class InvalidConfigurationError(Exception):
    """A configuration with faults: all of them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(map(str, self.problems)))


@dataclass
class Conversion(Generic[Tree]):
    """What came of plain values: `tree` has defaults where a value was bad; None where there is no default."""

    tree: Tree | None
    problems: list[Problem] = field(default_factory=list)


def shown(value: Any) -> str:
    """A value as a message shows it: short, and on one line."""
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."


def value_problem(leaf: Leaf, value: Any, path: str) -> Problem | None:
    """What is wrong with a value by itself, at a path."""
    reason = ""
    try:
        msgspec.convert(value, type=leaf.hint)
    except msgspec.ValidationError:
        reason = "is not permitted"
    if isinstance(value, str) and not value.isprintable():
        reason = "has control characters"  # they would tear a report
    return Problem(path, f"{shown(value)} {reason}", leaf.permitted) if reason else None


def _convert_leaf(leaf: Leaf, value: Any, path: str, problems: list[Problem]) -> Any:
    problem = value_problem(leaf, value, path)
    if problem is not None:
        problems.append(problem)
        return ABSENT
    return msgspec.convert(value, type=leaf.hint)


def _convert_keyed(keyed: Keyed, value: dict[str, Any], path: str, problems: list[Problem]) -> dict[int, Any]:
    items = {}
    for key, below in value.items():
        here = f"{path}.{key}"
        if not keyed.permits(key):
            problems.append(Problem(here, "there is no such number", f"{keyed.low}-{keyed.high}"))
            continue
        item = _convert(keyed.item, below, here, problems)
        if item is not ABSENT:
            items[int(key)] = item
    return dict(sorted(items.items()))


def _convert_table(table: Table, value: dict[str, Any], path: str, problems: list[Problem]) -> Any:
    prefix = f"{path}." if path else ""
    problems.extend(
        Problem(f"{prefix}{name}", "there is no such field", ", ".join(table.nodes))
        for name in value
        if name not in table.nodes
    )
    values = {}
    complete = True
    for name, node in table.nodes.items():
        below = value.get(name, ABSENT)
        if below is ABSENT and isinstance(node, Leaf) and node.default is MANDATORY:
            problems.append(Problem(f"{prefix}{name}", "is missing", node.permitted))
        converted = ABSENT if below is ABSENT else _convert(node, below, f"{prefix}{name}", problems)
        if converted is not ABSENT:
            values[name] = converted
        elif isinstance(node, Leaf) and node.default is MANDATORY:
            complete = False
    return table.tree_type(**values) if complete else ABSENT


def _convert(node: Node, value: Any, path: str, problems: list[Problem]) -> Any:
    if isinstance(node, Leaf):
        return _convert_leaf(node, value, path, problems)
    if not isinstance(value, dict):
        problems.append(Problem(path, f"{shown(value)} is no table", "a table"))
        return ABSENT
    if isinstance(node, Keyed):
        return _convert_keyed(node, value, path, problems)
    return _convert_table(node, value, path, problems)


def convert(tree_type: type[Tree], value: dict[str, Any]) -> Conversion[Tree]:
    """Converts plain values with string keys; never raises for what it is given."""
    problems: list[Problem] = []
    tree = _convert(describe(tree_type), value, "", problems)
    return Conversion(None if tree is ABSENT else tree, problems)


def _misshapen(node: Node, value: Any, path: str) -> Iterator[Problem]:
    prefix = f"{path}." if path else ""
    if isinstance(node, Leaf):
        is_list = isinstance(node.type, inspect.VarTupleType)
        if isinstance(value, dict) or isinstance(value, list) is not is_list:
            yield Problem(path, f"{shown(value)} is no {'list' if is_list else 'single value'}", node.permitted)
    elif not isinstance(value, dict):
        yield Problem(path, f"{shown(value)} is no table", "a table")
    elif isinstance(node, Keyed):
        for key, below in value.items():
            if node.permits(key):
                yield from _misshapen(node.item, below, f"{prefix}{key}")
            else:
                yield Problem(f"{prefix}{key}", "there is no such number", f"{node.low}-{node.high}")
    else:
        for name in node.nodes.keys() & value.keys():
            yield from _misshapen(node.nodes[name], value[name], f"{prefix}{name}")


def misshapen(tree_type: type[msgspec.Struct], values: dict[str, Any]) -> list[Problem]:
    """What cannot stand in a candidate, which is listed as tables, lists and single values: other shapes.

    What is missing, unknown or out of its range may: the candidate's own check names it.
    """
    return sorted(_misshapen(describe(tree_type), values, ""))


def plain(tree: msgspec.Struct) -> dict[str, Any]:
    """A tree as plain values with string keys, every field given: the inverse of `convert`."""
    values: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(tree))
    return values
