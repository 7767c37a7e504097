"""Every field of every tree says what it is for, what it may be, and when a change counts."""

import re
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import inspect

from firmware.configuration.common import Branch
from firmware.configuration.description import (
    MANDATORY,
    Keyed,
    Leaf,
    Node,
    Table,
    describe,
    effect_of,
    fields,
    find,
)
from firmware.configuration.fields import Effect, setting
from firmware.configuration.kind import BoxKind
from firmware.hw.kind import HIGHWAY_BOX
from firmware.plant import KINDS
from firmware.qm.kind import QUEUING_MACHINE
from firmware.vp.kind import VOICE_BOX

UNITS = ("ms", "s", "h")


def every_leaf(node: Node, name: str = "") -> list[tuple[str, Leaf]]:
    match node:
        case Leaf():
            return [(name, node)]
        case Table():
            return [leaf for below, inner in node.nodes.items() for leaf in every_leaf(inner, below)]
        case Keyed():
            return every_leaf(node.item)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_field_is_described(kind: BoxKind[Any]) -> None:
    leaves = every_leaf(kind.description)
    assert len(leaves) >= 13
    for name, leaf in leaves:
        assert re.match(r"\S.{8,}", leaf.text), name
        assert isinstance(leaf.effect, Effect)
        assert leaf.permitted
        unit = name.rpartition("_")[2]
        assert leaf.unit == unit if unit in UNITS else leaf.unit in ("", "bit/s"), name


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_value_is_bounded(kind: BoxKind[Any]) -> None:
    for name, leaf in every_leaf(kind.description):
        match leaf.type:
            case inspect.IntType() | inspect.FloatType():
                assert leaf.type.ge is not None, name
                assert leaf.type.le is not None, name
            case inspect.StrType():
                assert leaf.type.max_length is not None, name
            case _:
                pass


def test_rows_of_the_reference() -> None:
    rows = {row.path: row for row in fields(QUEUING_MACHINE.description)}
    recognition = rows["ports.*.recognition_ms"]
    assert recognition.permitted == "a whole number 10-30 ms in steps of 2"
    assert (recognition.default, recognition.unit, recognition.effect) == (20, "ms", Effect.SPAN_RESTART)
    assert rows["ports.*.framing"].permitted == "crc4, double-frame, automatic"
    assert rows["clock.wait_to_restore_s"].permitted == "a number 0-720 s"
    assert rows["console.serial.*.device"].default is MANDATORY
    assert rows["signalling.called_digits"].effect is Effect.NEXT_CALL
    assert list(rows)[:2] == ["schema", "site.name"]


def test_paths() -> None:
    tree = QUEUING_MACHINE.description
    assert isinstance(find(tree, "ports"), Keyed)
    assert isinstance(find(tree, "ports.16"), Table)
    assert isinstance(find(tree, "ports.3.url"), Leaf)
    for path in ("", "port", "ports.17", "ports.0", "ports.03", "ports.+3", "ports.٣", "ports.3.url.x", "clock."):
        assert find(tree, path) is None, path


@pytest.mark.parametrize(
    ("kind", "path", "effect"),
    [
        (QUEUING_MACHINE, "ports.3", Effect.AT_ONCE),
        (QUEUING_MACHINE, "ports.3.url", Effect.SPAN_RESTART),
        (QUEUING_MACHINE, "unknown.path", Effect.AT_ONCE),
        (VOICE_BOX, "boards", Effect.BOX_RESTART),
        (HIGHWAY_BOX, "console.sessions", Effect.AT_ONCE),
    ],
)
def test_effects(kind: BoxKind[Any], path: str, effect: Effect) -> None:
    assert effect_of(kind.description, path) is effect


class _Silent(Branch, frozen=True, kw_only=True):
    value: int = 1


class _Unkeyed(Branch, frozen=True, kw_only=True):
    values: Annotated[dict[int, _Silent], setting("keys without a range", effect=Effect.AT_ONCE)] = msgspec.field(
        default_factory=dict
    )


@pytest.mark.parametrize("tree_type", [_Silent, _Unkeyed])
def test_a_field_that_says_too_little_is_found_out(tree_type: type[msgspec.Struct]) -> None:
    with pytest.raises(TypeError, match=tree_type.__name__):
        describe(tree_type)
