"""Every declared command, by kind of box: for the command book and the tests that look at all of them."""

from typing import Any

from firmware.accounts import commands as account_commands
from firmware.alarms import commands as alarm_commands
from firmware.configuration import commands as configuration_commands
from firmware.console import audit_commands, session_commands
from firmware.console.declaration import Command
from firmware.hw import tree_objects as hw_objects
from firmware.qm import tree_objects as qm_objects
from firmware.vp import tree_objects as vp_objects

# What every kind of box has.
COMMON: tuple[Command[Any], ...] = (
    *account_commands.COMMANDS,
    *alarm_commands.COMMANDS,
    *audit_commands.COMMANDS,
    *configuration_commands.COMMANDS,
    *session_commands.COMMANDS,
)


def queuing_machine() -> tuple[Command[Any], ...]:
    """The commands of a queuing machine (QM)."""
    return (*COMMON, *qm_objects.TREE_COMMANDS)


def highway_box() -> tuple[Command[Any], ...]:
    """The commands of a highway box (HW)."""
    return (*COMMON, *hw_objects.TREE_COMMANDS)


def voice_box() -> tuple[Command[Any], ...]:
    """The commands of a voice box (VP)."""
    return (*COMMON, *vp_objects.TREE_COMMANDS)


def by_box_kind() -> dict[str, tuple[Command[Any], ...]]:
    """All of them, by the kind's short name."""
    return {"QM": queuing_machine(), "HW": highway_box(), "VP": voice_box()}
