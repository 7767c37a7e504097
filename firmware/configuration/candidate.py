"""A configuration being edited by one session; nothing of it is in force before it is committed."""

import copy
from typing import Any, Generic, NamedTuple, TypeVar

from firmware.configuration.changes import Change, Overlap, Values, complete, diff, merge, put, value_at
from firmware.configuration.common import BoxConfiguration
from firmware.configuration.description import Keyed, Leaf, Table, find
from firmware.configuration.errors import AlreadyExistsError, NoSuchPathError
from firmware.configuration.kind import BoxKind
from firmware.configuration.target import Problem

Tree = TypeVar("Tree", bound=BoxConfiguration)


class Author(NamedTuple):
    """Who changes something, from where ("serial /dev/ttyS0"), in which session."""

    who: str
    from_where: str
    session: int


class Candidate(Generic[Tree]):
    """Plain values that began as those of revision `base`. Values may be bad until `check` finds none that is."""

    def __init__(self, kind: BoxKind[Tree], author: Author, base: int, values: Values) -> None:
        self._kind = kind
        self.author = author
        self.base = base
        self.exclusive = False
        self._base_values = values
        self.values = copy.deepcopy(values)

    @property
    def changed(self) -> bool:
        """Whether it differs from the revision it began as."""
        return bool(self.diff())

    def _node(self, path: str) -> Leaf | Table | Keyed:
        node = find(self._kind.description, path)
        if node is None:
            raise NoSuchPathError(f"{path}: there is no such field")
        return node

    def _parent_exists(self, path: str) -> None:
        parent = path.rpartition(".")[0]
        if parent and value_at(self.values, parent) is None:
            raise NoSuchPathError(f"{parent}: does not exist")

    def get(self, path: str) -> Any:
        """The value or table at a path; raises NoSuchPathError."""
        self._node(path)
        value = value_at(self.values, path)
        if value is None:
            raise NoSuchPathError(f"{path}: does not exist")
        return value

    def set(self, path: str, value: Any) -> None:
        """Sets a value; whether it is permitted, `check` says. Raises NoSuchPathError."""
        if not isinstance(self._node(path), Leaf):
            raise NoSuchPathError(f"{path}: is a table, not a value")
        self._parent_exists(path)
        put(self.values, path, value)

    def add(self, path: str, values: Values | None = None) -> None:
        """Adds an entry to a keyed table (`ports.3`), with defaults where `values` says nothing.

        Raises AlreadyExistsError, NoSuchPathError.
        """
        node = self._node(path)
        if not isinstance(node, Table) or not isinstance(self._node(path.rpartition(".")[0]), Keyed):
            raise NoSuchPathError(f"{path}: nothing can be added there")
        if value_at(self.values, path) is not None:
            raise AlreadyExistsError(f"{path}: exists already")
        put(self.values, path, complete(node, values or {}))

    def remove(self, path: str) -> None:
        """Removes an entry from a keyed table; raises NoSuchPathError."""
        parent = path.rpartition(".")[0]
        if not parent or not isinstance(self._node(parent), Keyed):
            raise NoSuchPathError(f"{path}: cannot be removed")
        self.get(path)
        put(self.values, path, None)

    def load(self, values: Values) -> None:
        """Takes plain values of the present schema in place of its own, with defaults where they say nothing."""
        self.values = complete(self._kind.description, values)

    def diff(self) -> list[Change]:
        """What it changes of its base."""
        return diff(self._kind.description, self._base_values, self.values)

    def check(self) -> list[Problem]:
        """Every fault there is."""
        return self._kind.check(self.values).problems

    def since(self, values: Values) -> list[Change]:
        """What others have changed of its base, to come to `values`."""
        return diff(self._kind.description, self._base_values, values)

    def rebase(self, base: int, values: Values) -> list[Overlap]:
        """Begins anew from another revision: its changes stay, but for those that overlap, which are listed."""
        merged, overlaps = merge(self._kind.description, self._base_values, self.values, values)
        self.base, self._base_values, self.values = base, values, merged
        return overlaps
