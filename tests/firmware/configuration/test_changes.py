"""Differences and merges, beside a naive model: a configuration as a flat dictionary from paths to values."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from firmware.configuration.changes import (
    Change,
    complete,
    diff,
    held_until_restart,
    merge,
    put,
    same,
    text_of,
    value_at,
)
from firmware.configuration.check import plain
from firmware.configuration.fields import Effect
from firmware.qm.configuration import PortConfiguration, QueuingMachineConfiguration
from firmware.qm.kind import QUEUING_MACHINE
from firmware.vp.configuration import ServiceConfiguration, VoiceBoxConfiguration
from firmware.vp.kind import VOICE_BOX
from tests.firmware.configuration import trees

TREE = QUEUING_MACHINE.description
Flat = dict[str, Any]


def flat(values: dict[str, Any], path: str = "") -> Flat:
    found: Flat = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= flat(value, f"{path}{name}.")
        else:
            found[f"{path}{name}"] = value
    return found


def full() -> st.SearchStrategy[dict[str, Any]]:
    return trees.values(TREE).map(lambda values: complete(TREE, values))


def leaves_of(changes: list[Change]) -> Flat:
    """Every path that changes touch, with its new value."""
    touched: Flat = {}
    for change in changes:
        for value in (change.old, change.new):
            below = flat(value, f"{change.path}.") if isinstance(value, dict) else {change.path: value}
            touched |= dict.fromkeys(below)
        new = change.new
        if new is not None:
            touched |= flat(new, f"{change.path}.") if isinstance(new, dict) else {change.path: new}
    return touched


@given(full(), full())
def test_a_diff_names_what_differs_and_nothing_else(old: dict[str, Any], new: dict[str, Any]) -> None:
    before, after = flat(old), flat(new)
    differing = {path: after.get(path) for path in before | after if before.get(path) != after.get(path)}
    touched = leaves_of(diff(TREE, old, new))
    # A whole entry that comes or goes names all its fields.
    assert differing.items() <= touched.items()
    assert all(before.get(path) is None or after.get(path) is None for path in touched.keys() - differing.keys())


@given(full(), full())
def test_changes_put_in_one_by_one_make_the_new_tree(old: dict[str, Any], new: dict[str, Any]) -> None:
    made = copy.deepcopy(old)
    for change in diff(TREE, old, new):
        put(made, change.path, change.new)
    assert flat(made) == flat(new)
    assert diff(TREE, new, made) == []


@given(full(), full(), full())
def test_a_merge_loses_nothing(base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    kept = copy.deepcopy((base, mine, theirs))
    merged, overlaps = merge(TREE, base, mine, theirs)
    assert (base, mine, theirs) == kept
    given_up = {overlap.mine.path for overlap in overlaps}
    for change in diff(TREE, base, mine):
        if change.path not in given_up:
            assert same(value_at(merged, change.path), change.new), change
    for change in diff(TREE, base, theirs):
        if value_at(merged, change.path) != change.new:
            # Only by a change of mine below it, which then did not overlap: impossible.
            raise AssertionError(change)
    for overlap in overlaps:
        assert overlap.theirs
    assert merge(TREE, base, base, theirs) == (theirs, [])
    assert flat(merge(TREE, base, mine, base)[0]) == flat(mine)


def test_overlaps() -> None:
    base = plain(QueuingMachineConfiguration(ports={1: PortConfiguration(), 2: PortConfiguration()}))
    mine, theirs = copy.deepcopy(base), copy.deepcopy(base)
    put(mine, "ports.1.name", "mine")
    put(mine, "ports.1.framing", "automatic")
    put(mine, "ports.2.name", "Thun")
    put(mine, "site.name", "Bern")
    put(theirs, "ports.1.name", "theirs")
    put(theirs, "ports.2", None)
    put(theirs, "site.name", "Bern")
    merged, overlaps = merge(TREE, base, mine, theirs)
    assert [overlap.mine.path for overlap in overlaps] == ["ports.1.name", "ports.2.name"]
    assert merged["ports"] == {"1": {**theirs["ports"]["1"], "framing": "automatic"}}
    assert merged["site"]["name"] == "Bern"


def test_truth_values_are_not_numbers() -> None:
    assert [change.path for change in diff(TREE, {"clock": {"ssm_bit": 0}}, {"clock": {"ssm_bit": False}})]
    assert not same([1, 0], [True, False])
    assert same([1, 2.0], [1, 2])


def test_changes_read_as_toml_does() -> None:
    assert str(Change("a.b", None, {"x": 1, "y": "z"}, Effect.NEXT_CALL)) == (
        'a.b: (none) -> {x = 1, y = "z"} (next call)'
    )
    assert text_of(True) == "true"


@given(trees.values(TREE))
def test_completed_values_are_those_of_the_tree(values: dict[str, Any]) -> None:
    tree = QUEUING_MACHINE.check(values).tree
    assert tree is not None
    completed = complete(TREE, {"ports": plain(tree)["ports"], **values})
    assert flat(completed) == flat(plain(tree))


def test_fields_that_wait_for_a_restart_are_held() -> None:
    old = VoiceBoxConfiguration(boards=1)
    new = VoiceBoxConfiguration(boards=2, service=ServiceConfiguration(digit_timeout_s=5))
    held = held_until_restart(VOICE_BOX.description, old, new)
    assert held == VoiceBoxConfiguration(boards=1, service=ServiceConfiguration(digit_timeout_s=5))
    ports = QueuingMachineConfiguration(ports={3: PortConfiguration(name="new")})
    assert held_until_restart(TREE, QueuingMachineConfiguration(), ports) == ports
