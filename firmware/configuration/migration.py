"""Configurations of earlier schemas made into the present one, a step at a time."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from firmware.configuration.check import InvalidConfigurationError, convert, shown
from firmware.configuration.target import Problem

SCHEMA_FIRST = 1  # also of files without a `schema`: they are older than the key


class Migration(NamedTuple):
    """From one schema to the next: the old tree's type, and what makes an old tree the next one's plain values.

    `upgrade` may raise InvalidConfigurationError for what the old tree's single values do not say.
    """

    tree_type: type[msgspec.Struct]
    upgrade: Callable[[Any], dict[str, Any]]


def schema_of(values: dict[str, Any]) -> int:
    """The schema that values say they have; raises InvalidConfigurationError for one that cannot be."""
    schema = values.get("schema", SCHEMA_FIRST)
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < SCHEMA_FIRST:
        raise InvalidConfigurationError([Problem("schema", f"{shown(schema)} is no schema")])
    return schema


def migrate(values: dict[str, Any], schema: int, migrations: Sequence[Migration]) -> dict[str, Any]:
    """Plain values of any schema up to `schema` as plain values of that; raises InvalidConfigurationError.

    Values of an older schema are checked as that, so that faults are told in the words of the file.
    """
    found = schema_of(values)
    if found > schema:
        reason = f"{found} is newer than this program, which knows schemas up to {schema}: update the program"
        raise InvalidConfigurationError([Problem("schema", reason)])
    for migration in migrations[found - SCHEMA_FIRST :]:
        old = convert(migration.tree_type, values)
        if old.tree is None or old.problems:
            raise InvalidConfigurationError(old.problems)
        values = migration.upgrade(old.tree)
    return values
