"""A configuration tree's own description, read from its types: every field's range, default, effect."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args, get_origin

import msgspec
from msgspec import inspect

from firmware.configuration.fields import Effect

MANDATORY = msgspec.NODEFAULT


@dataclass(frozen=True)
class Leaf:
    """A value: its type as msgspec converts it, and everything its `setting` says of it."""

    hint: Any
    type: inspect.Type
    text: str
    unit: str
    effect: Effect
    default: Any
    file: bool

    @property
    def choices(self) -> tuple[Any, ...]:
        """Where it is one of a few values: these, as they were declared."""
        inner = get_args(self.hint)[0]
        return get_args(inner) if get_origin(inner) is Literal else ()

    @property
    def permitted(self) -> str:
        """What the value may be, for people."""
        if self.choices:
            return ", ".join(map(str, self.choices))
        if self.file:
            return "the name of a file, from the root: /..., or empty"
        return _permitted(self.type, self.unit)


@dataclass(frozen=True)
class Table:
    """A struct: its fields by name."""

    tree_type: type[msgspec.Struct]
    nodes: dict[str, "Node"]


@dataclass(frozen=True)
class Keyed:
    """Structs under numbers: ports, serial consoles. `effect`: when one that is added or removed counts."""

    item: Table
    low: int
    high: int
    text: str
    effect: Effect

    def permits(self, key: str) -> bool:
        """Whether the key is a number as we write it (no sign, no leading zero), within the range."""
        # So short first: Python does not convert thousands of digits.
        short = len(key) <= len(str(self.high)) and key.isascii() and key.isdecimal()
        return short and str(int(key)) == key and self.low <= int(key) <= self.high


Node = Leaf | Table | Keyed


class FieldDescription(NamedTuple):
    """A row of the configuration's reference: `ports.*.recognition_ms`, the star standing for every key."""

    path: str
    permitted: str
    default: Any
    unit: str
    effect: Effect
    text: str


def _limits(kind: inspect.IntType | inspect.FloatType, unit: str) -> str:
    unit = f" {unit}" if unit else ""
    steps = f" in steps of {kind.multiple_of}" if kind.multiple_of else ""
    if kind.ge is None or kind.le is None:
        return f"{unit}{steps}"
    return f" {kind.ge:g}-{kind.le:g}{unit}{steps}" if kind.le < 1e5 else f" {kind.ge}-{kind.le}{unit}{steps}"


def _permitted(kind: inspect.Type, unit: str) -> str:
    match kind:
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return f"a whole number{_limits(kind, unit)}"
        case inspect.FloatType():
            return f"a number{_limits(kind, unit)}"
        case inspect.StrType(max_length=most, pattern=pattern):
            most_text = f" of at most {most} characters" if most is not None else ""
            return f"printable text{most_text}" + (f" like {pattern}" if pattern else "")
        case inspect.VarTupleType(item_type=item):
            return f"a list; of each: {_permitted(_bare(item), unit)}"
        case _:
            raise TypeError(f"{kind}: a configuration tree has no such values")


def _bare(kind: inspect.Type) -> inspect.Type:
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def _leaf(field: msgspec.structs.FieldInfo, meta: inspect.Metadata) -> Leaf:
    default = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    return Leaf(field.type, meta.type, *_words(meta), default, (meta.extra or {})["file"])


def _words(meta: inspect.Metadata) -> tuple[str, str, Effect]:
    extra = meta.extra or {}
    return (meta.extra_json_schema or {})["description"], extra["unit"], extra["effect"]


def _node(owner: type[msgspec.Struct], field: msgspec.structs.FieldInfo) -> Node:
    kind = inspect.type_info(field.type)
    if isinstance(kind, inspect.StructType):
        return describe(kind.cls)
    if not isinstance(kind, inspect.Metadata) or "effect" not in (kind.extra or {}):
        raise TypeError(f"{owner.__name__}.{field.name}: a field needs a setting() in its Annotated")
    if not isinstance(kind.type, inspect.DictType):
        return _leaf(field, kind)
    key, item = _bare(kind.type.key_type), kind.type.value_type
    if not isinstance(key, inspect.IntType) or key.ge is None or key.le is None:
        raise TypeError(f"{owner.__name__}.{field.name}: keys need a range: Annotated[int, keys(1, 16)]")
    if not isinstance(item, inspect.StructType):
        raise TypeError(f"{owner.__name__}.{field.name}: only structs stand under keys")
    text, _, effect = _words(kind)
    return Keyed(describe(item.cls), key.ge, key.le, text, effect)


@functools.cache
def describe(tree_type: type[msgspec.Struct]) -> Table:
    """The description of a struct and all below it; raises TypeError where a field says too little of itself."""
    return Table(tree_type, {field.name: _node(tree_type, field) for field in msgspec.structs.fields(tree_type)})


def fields(table: Table, path: str = "") -> Iterator[FieldDescription]:
    """Every value of a tree, in the order of the trees' own text."""
    for name, node in table.nodes.items():
        here = f"{path}{name}"
        match node:
            case Leaf():
                yield FieldDescription(here, node.permitted, node.default, node.unit, node.effect, node.text)
            case Table():
                yield from fields(node, f"{here}.")
            case Keyed():
                yield from fields(node.item, f"{here}.*.")


def find(table: Table, path: str) -> Node | None:
    """The node a path leads to: `ports.3` is a port's table, `ports` all of them; None where it leads nowhere."""
    node: Node = table
    for name in path.split("."):
        if isinstance(node, Table) and name in node.nodes:
            node = node.nodes[name]
        elif isinstance(node, Keyed) and node.permits(name):
            node = node.item
        else:
            return None
    return node


def effect_of(table: Table, path: str) -> Effect:
    """When a change at a path counts: a value's own effect; that of its collection for a whole keyed table."""
    node = find(table, path)
    if isinstance(node, Leaf | Keyed):
        return node.effect
    parent = find(table, path.rpartition(".")[0])
    return parent.effect if isinstance(parent, Keyed) else Effect.AT_ONCE
