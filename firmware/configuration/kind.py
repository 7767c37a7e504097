"""What the configuration service must know of a box kind: its tree, its checks, its migrations, its failsafe."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
import tomli_w

from firmware.configuration.check import Conversion, InvalidConfigurationError, convert, plain
from firmware.configuration.common import BoxConfiguration
from firmware.configuration.description import Table, describe
from firmware.configuration.migration import Migration, migrate
from firmware.configuration.target import Problem

Tree = TypeVar("Tree", bound=BoxConfiguration)

DEPTH_MAX = 10
INTEGER_BITS = 64  # of TOML, the sign one of them


class Check(NamedTuple):
    """A check of what no single value's range says. It reads `branches` only, and runs if these have no fault."""

    branches: tuple[str, ...]
    problems: Callable[[Any], Iterable[Problem]]


@dataclass(frozen=True)
class BoxKind(Generic[Tree]):
    """A kind of box. `migrations` lead from schema 1 to the tree's own; `failsafe` is in the image.

    `beside`: tables of a plant file that stood beside the kind's own in schema 1, and belong to it.
    """

    name: str
    tree_type: type[Tree]
    failsafe: Tree
    checks: tuple[Check, ...]
    migrations: tuple[Migration, ...]
    beside: tuple[str, ...] = ()

    @property
    def description(self) -> Table:
        """The tree's description."""
        return describe(self.tree_type)

    def check(self, values: dict[str, Any]) -> Conversion[Tree]:
        """Values of the present schema as a tree, with every fault: of single values and of their relations."""
        found = convert(self.tree_type, values)
        if found.tree is not None:
            faulty = {problem.path.partition(".")[0] for problem in found.problems}
            for check in self.checks:
                if faulty.isdisjoint(check.branches):
                    found.problems.extend(check.problems(found.tree))
        return found

    def tree(self, values: dict[str, Any]) -> Tree:
        """Plain values of any schema as a checked tree of the present one; raises InvalidConfigurationError."""
        found = self.check(migrate(values, self.failsafe.schema, self.migrations))
        if found.tree is None or found.problems:
            raise InvalidConfigurationError(found.problems)
        return found.tree

    def decode(self, octets: bytes) -> Tree:
        """A tree from the TOML of any schema; raises InvalidConfigurationError."""
        return self.tree(parse(octets))


def parse(octets: bytes) -> dict[str, Any]:
    """TOML as plain values; raises InvalidConfigurationError."""
    try:
        values: dict[str, Any] = msgspec.toml.decode(octets)
    # ValueError: octets that are no UTF-8, and an integer of more digits than Python converts.
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise InvalidConfigurationError([Problem("", f"not TOML: {error}")]) from None
    if _deeper(values, DEPTH_MAX):
        raise InvalidConfigurationError([Problem("", f"tables stand in each other more than {DEPTH_MAX} deep")])
    if _has_long_integer(values):
        raise InvalidConfigurationError([Problem("", "not TOML: an integer has more than 64 bits")])
    return values


def _deeper(value: Any, depth: int) -> bool:
    """No tree is deep; what is, could exhaust the stack of whoever walks it."""
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth == 0 or any(_deeper(inner, depth - 1) for inner in below)


def _has_long_integer(value: Any) -> bool:
    """TOML 1.0.0 has 64 bits; one in hexadecimal could be longer than what Python writes in decimal."""
    if isinstance(value, int):
        return value.bit_length() >= INTEGER_BITS
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_has_long_integer, below))


def encode(tree: BoxConfiguration) -> bytes:
    """A tree as TOML, every field given: it stays what it is when a later program has other defaults."""
    return tomli_w.dumps(plain(tree)).encode()
