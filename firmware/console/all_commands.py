"""Every declared command, by kind of box: for the command book and the tests that look at all of them."""

from typing import Any

from firmware.console.declaration import Command


def queuing_machine() -> tuple[Command[Any], ...]:
    """The commands of a queuing machine (QM)."""
    return ()


def highway_box() -> tuple[Command[Any], ...]:
    """The commands of a highway box (HW)."""
    return ()


def voice_box() -> tuple[Command[Any], ...]:
    """The commands of a voice box (VP)."""
    return ()


def by_box_kind() -> dict[str, tuple[Command[Any], ...]]:
    """All of them, by the kind's short name."""
    return {"QM": queuing_machine(), "HW": highway_box(), "VP": voice_box()}
