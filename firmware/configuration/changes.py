"""What differs between two configurations, by path; and the merging of changes that two people made at once."""

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from firmware.configuration.description import MANDATORY, Keyed, Leaf, Table, effect_of
from firmware.configuration.fields import Effect

Values = dict[str, Any]


class Change(NamedTuple):
    """One difference. `old` None: there was nothing at the path; `new` None: there is nothing any more."""

    path: str
    old: Any
    new: Any
    effect: Effect

    def __str__(self) -> str:
        return f"{self.path}: {text_of(self.old)} -> {text_of(self.new)} ({self.effect.value})"


class Overlap(NamedTuple):
    """A change that cannot be merged, with those of the others at, above or below its path."""

    mine: Change
    theirs: list[Change]


def text_of(value: Any) -> str:
    """A value of a change, as TOML has it, on one line."""
    match value:
        case None:
            return "(none)"
        case dict():
            return "{" + ", ".join(f"{name} = {text_of(below)}" for name, below in value.items()) + "}"
        case _:
            return msgspec.json.encode(value).decode()


def same(one: Any, other: Any) -> bool:
    """Equal, and truth values only equal to truth values: to a check, 1 and true differ."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def _differences(old: Values, new: Values, path: str) -> Iterator[tuple[str, Any, Any]]:
    for name in [*old, *(name for name in new if name not in old)]:
        before, after = old.get(name), new.get(name)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _differences(before, after, f"{path}{name}.")
        elif not same(before, after):
            yield f"{path}{name}", before, after


def diff(table: Table, old: Values, new: Values) -> list[Change]:
    """What changes from one tree's plain values to another's, with each change's effect."""
    return [Change(*difference, effect_of(table, difference[0])) for difference in _differences(old, new, "")]


def value_at(values: Values, path: str) -> Any:
    """The value or table at a path; None where there is nothing."""
    found: Any = values
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def put(values: Values, path: str, value: Any) -> None:
    """Sets what is at a path, in place; None removes it. Tables on the way are made."""
    *way, last = path.split(".")
    for name in way:
        if not isinstance(values.get(name), dict):
            values[name] = {}
        values = values[name]
    if value is None:
        values.pop(last, None)
    else:
        values[last] = copy.deepcopy(value)


def complete(table: Table, values: Values) -> Values:
    """A copy with the defaults of fields left out; what the tree does not know stays, for the check to name."""
    completed = copy.deepcopy(values)
    for name, node in table.nodes.items():
        value = completed.get(name)
        if isinstance(node, Leaf) and value is None and node.default is not MANDATORY:
            completed[name] = msgspec.json.decode(msgspec.json.encode(node.default))
        elif isinstance(node, Table) and isinstance(value, dict | None):
            completed[name] = complete(node, value or {})
        elif isinstance(node, Keyed) and value is None:
            completed[name] = {}
        elif isinstance(node, Keyed) and isinstance(value, dict):
            completed[name] = {
                key: complete(node.item, item) if isinstance(item, dict) else item for key, item in value.items()
            }
    return completed


def _overlap(one: Change, other: Change) -> bool:
    if one.path == other.path:
        return not same(one.new, other.new)
    return f"{one.path}.".startswith(f"{other.path}.") or f"{other.path}.".startswith(f"{one.path}.")


def merge(table: Table, base: Values, mine: Values, theirs: Values) -> tuple[Values, list[Overlap]]:
    """Their values with my changes since `base`, but for those that overlap with theirs: these are listed."""
    their_changes = diff(table, base, theirs)
    merged, overlaps = copy.deepcopy(theirs), []
    for change in diff(table, base, mine):
        meeting = [other for other in their_changes if _overlap(change, other)]
        if meeting:
            overlaps.append(Overlap(change, meeting))
        else:
            put(merged, change.path, change.new)
    return merged, overlaps


def held_until_restart(table: Table, in_force: Any, new: Any) -> Any:
    """The new tree as it counts before the box is restarted: fields that need that are still as they were."""
    kept = {}
    for name, node in table.nodes.items():
        before, after = getattr(in_force, name), getattr(new, name)
        if isinstance(node, Table):
            value = held_until_restart(node, before, after)
        elif node.effect is Effect.BOX_RESTART:
            value = before
        elif isinstance(node, Keyed):
            value = {
                key: held_until_restart(node.item, before[key], item) if key in before else item
                for key, item in after.items()
            }
        else:
            value = after
        kept[name] = value
    return msgspec.structs.replace(new, **kept)
