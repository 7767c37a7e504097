"""What of a configuration has commands of its own: declared as data, made into commands by tree_commands.py."""

from dataclasses import dataclass

from firmware.console.declaration import Role


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
