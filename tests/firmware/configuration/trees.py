"""Values for trees, made from what the trees' descriptions permit."""

from typing import Any

from hypothesis import strategies as st
from msgspec import inspect

from firmware.configuration.description import MANDATORY, Keyed, Leaf, Node, Table

PRINTABLE = st.characters(blacklist_categories=("C", "Z"))


def good(leaf: Leaf) -> st.SearchStrategy[Any]:  # noqa: PLR0911 (a line for each type)
    """Values of a leaf that are permitted."""
    if leaf.choices:
        return st.sampled_from(leaf.choices)
    if leaf.file:
        return st.text(PRINTABLE, max_size=20).map(lambda name: f"/{name}")
    match leaf.type:
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType(ge=int(low), le=int(high), multiple_of=step):
            return st.integers(low, high).map(lambda value: value - value % step if step else value)
        case inspect.FloatType(ge=low, le=high):
            return st.floats(low, high)
        case inspect.StrType(pattern=pattern, max_length=most):
            text = st.text(PRINTABLE, max_size=min(most or 20, 20))
            return st.sampled_from(["/dev/ttyS0", "/dev/serial/by-id/usb-1"]) if pattern else text
        case inspect.VarTupleType():
            return st.lists(st.integers(1, 16), max_size=4)
        case other:
            raise AssertionError(other)


def values(node: Node) -> st.SearchStrategy[Any]:
    """Plain values of a node; of a table's fields, any may be left out."""
    match node:
        case Leaf():
            return good(node)
        case Table():
            fields = {name: values(below) for name, below in node.nodes.items()}
            needed = {
                name: fields.pop(name)
                for name, below in node.nodes.items()
                if isinstance(below, Leaf) and below.default is MANDATORY
            }
            return st.fixed_dictionaries(needed, optional=fields)
        case Keyed(low=low, high=high):
            return st.dictionaries(st.integers(low, high).map(str), values(node.item), max_size=3)
