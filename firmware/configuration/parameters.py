"""A configuration's fields as parameters of commands: names, kinds, and values as they are typed."""

from typing import Any

from msgspec import inspect

from firmware.configuration.description import MANDATORY, Leaf, Table
from firmware.console.declaration import FLAG, Choice, Decimal, Integer, Kind, Parameter, Text
from firmware.console.report import Value

TEXT_CHARACTERS = 255


def parameter_name(field: str, leaf: Leaf) -> str:
    """`recognition_ms` -> RECOGNITION: units are told, not typed."""
    return field.removesuffix(f"_{leaf.unit}").upper() if leaf.unit else field.upper()


def kind_of(leaf: Leaf) -> Kind | None:
    """What may be typed; None for lists, which have commands of their own."""
    if leaf.choices:
        return Choice(tuple(str(choice).upper() for choice in leaf.choices))
    match leaf.type:
        case inspect.BoolType():
            return FLAG
        case inspect.IntType(ge=int(low), le=int(high)):
            return Integer(low, high, leaf.unit)
        case inspect.FloatType(ge=low, le=high) if low is not None and high is not None:
            return Decimal(low, high, leaf.unit)
        case inspect.StrType(max_length=most):
            return Text(most or TEXT_CHARACTERS)
        case _:
            return None


def typed(leaf: Leaf, value: Any) -> Value:
    """A value as it is typed and shown."""
    if isinstance(value, bool):
        return FLAG.values[value]
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    if leaf.choices:
        return str(value).upper()
    return value if isinstance(value, int | float | str) else str(value)


def untyped(leaf: Leaf, value: Any) -> Any:
    """A parameter's value as the field has it."""
    if leaf.choices:
        return {str(choice).upper(): choice for choice in leaf.choices}[value]
    return value == "YES" if isinstance(leaf.type, inspect.BoolType) else value


def leaves(table: Table) -> dict[str, tuple[str, Leaf]]:
    """The fields of a struct that a parameter can set: field and leaf, by parameter name."""
    return {
        parameter_name(field, node): (field, node)
        for field, node in table.nodes.items()
        if isinstance(node, Leaf) and kind_of(node) is not None
    }


def _text(leaf: Leaf) -> str:
    return f"{leaf.text} (counts: {leaf.effect.value})"


def parameters(table: Table, *, adding: bool) -> tuple[Parameter, ...]:
    """A parameter for each field; in adding, those without a default are mandatory."""
    made = []
    for name, (_, leaf) in leaves(table).items():
        kind = kind_of(leaf)
        if kind is not None:
            mandatory = leaf.default is MANDATORY
            default = "as it is" if not adding else "" if mandatory else str(typed(leaf, leaf.default))
            made.append(Parameter(name, kind, _text(leaf), mandatory=adding and mandatory, default=default))
    return tuple(made)


def filters(table: Table) -> tuple[Parameter, ...]:
    """A parameter for each field, to list only what has this value."""
    return tuple(
        Parameter(name, kind, f"only those with this: {leaf.text}", default="all")
        for name, (_, leaf) in leaves(table).items()
        if (kind := kind_of(leaf)) is not None
    )


def effects(table: Table) -> str:
    """When changes count, for help and the book."""
    groups: dict[str, list[str]] = {}
    for name, (_, leaf) in leaves(table).items():
        groups.setdefault(leaf.effect.value, []).append(name)
    listed = "; ".join(f"{effect}: {', '.join(names)}" for effect, names in groups.items())
    return f"Changes this session's candidate; after CMT CFG counts {listed}"
