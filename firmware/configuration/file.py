"""Configuration files: a *plant* file has a table for each box kind, a box file is one box's tree alone."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from drivers.errors import UserError
from drivers.stores.named_file import NamedFileError, read_named_file
from firmware.configuration.check import InvalidConfigurationError
from firmware.configuration.common import BoxConfiguration
from firmware.configuration.description import Leaf, Table, describe
from firmware.configuration.kind import BoxKind, parse
from firmware.configuration.migration import migrate
from firmware.configuration.target import Problem

Tree = TypeVar("Tree", bound=BoxConfiguration)

FILE_OCTETS_MAX = 64 << 10  # the console's loop stands still while one is read and compared


class ConfigurationFileError(UserError):
    """A configuration file cannot be read, or has faults: a line for each with file, path, what is permitted."""

    def __init__(self, path: Path, problems: Iterable[Problem]) -> None:
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems))


def read_values(path: Path) -> dict[str, Any]:
    """A file's plain values; raises ConfigurationFileError."""
    try:
        return parse(read_named_file(path, FILE_OCTETS_MAX))
    except NamedFileError as error:
        raise ConfigurationFileError(path, [Problem("", str(error))]) from None
    except InvalidConfigurationError as error:
        raise ConfigurationFileError(path, error.problems) from None


def _resolve(table: Table, values: dict[str, Any], folder: Path) -> None:
    """File names in a file count from its own folder."""
    for name, node in table.nodes.items():
        value = values.get(name)
        if isinstance(node, Table) and isinstance(value, dict):
            _resolve(node, value, folder)
        elif isinstance(node, Leaf) and node.file and isinstance(value, str) and value:
            values[name] = str((folder / value).absolute())


def _old_words_hint(kind: BoxKind[Any], values: dict[str, Any]) -> list[Problem]:
    """A table that schema 1 did not have, and no `schema`: the faults need it said how the file was read."""
    if "schema" in values:
        return []
    first = describe(kind.migrations[0].tree_type).nodes
    if all(isinstance(first.get(name), Table) for name, value in values.items() if isinstance(value, dict)):
        return []
    reason = f"is missing, so this was read as schema 1; the present one is {kind.failsafe.schema}"
    return [Problem("schema", reason)]


def values_of(kind: BoxKind[Any], values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A box's values in a file of any schema as those of the present one; raises InvalidConfigurationError."""
    try:
        migrated = migrate(values, kind.failsafe.schema, kind.migrations)
    except InvalidConfigurationError as error:
        raise InvalidConfigurationError([*error.problems, *_old_words_hint(kind, values)]) from None
    _resolve(kind.description, migrated, folder)
    return migrated


def tree_of(kind: BoxKind[Tree], values: dict[str, Any], folder: Path) -> Tree:
    """A box's values in a file of any schema as its tree, checked; raises InvalidConfigurationError."""
    found = kind.check(values_of(kind, values, folder))
    if found.tree is None or found.problems:
        raise InvalidConfigurationError(found.problems)
    return found.tree


def own_values(kind: BoxKind[Any], values: dict[str, Any]) -> dict[str, Any]:
    """A box's part of a file: its table of a plant file with those beside it in schema 1, or all of a box file,
    which says its `schema`; raises InvalidConfigurationError."""
    if isinstance(values.get("schema"), int):
        return values
    beside = {name: values[name] for name in kind.beside if name in values}
    table = values.get(kind.name, {} if beside else None)
    if not isinstance(table, dict):
        raise InvalidConfigurationError([Problem(kind.name, "there is no such table", f"[{kind.name}]")])
    if beside and "schema" in table:
        problems = [Problem(name, f"belongs into [{kind.name}.{name}] since schema 2") for name in beside]
        raise InvalidConfigurationError(problems)
    return {**table, **beside}


def in_file(kind: BoxKind[Any], values: dict[str, Any], problem: Problem) -> Problem:
    """A problem of a box's values with its path as the plant file has it."""
    if problem.path.partition(".")[0] in (kind.name, *(name for name in kind.beside if name in values)):
        return problem
    return problem._replace(path=f"{kind.name}.{problem.path}" if problem.path else kind.name)
