"""Every declared command, by kind of box: for the command book and the tests that look at all of them."""

from typing import Any

from firmware.accounts import commands as account_commands
from firmware.alarms import commands as alarm_commands
from firmware.box_commands import BOX_COMMANDS
from firmware.configuration import commands as configuration_commands
from firmware.console import audit_commands, session_commands
from firmware.console.declaration import Command
from firmware.hw.commands import COMMANDS as HW_COMMANDS
from firmware.hw.tree_objects import TREE_COMMANDS as HW_TREE
from firmware.qm.commands import COMMANDS as QM_COMMANDS
from firmware.qm.tree_objects import TREE_COMMANDS as QM_TREE
from firmware.vp.commands import COMMANDS as VP_COMMANDS
from firmware.vp.tree_objects import TREE_COMMANDS as VP_TREE

# What every kind of box has.
COMMON: tuple[Command[Any], ...] = (
    *account_commands.COMMANDS,
    *alarm_commands.COMMANDS,
    *audit_commands.COMMANDS,
    *configuration_commands.COMMANDS,
    *session_commands.COMMANDS,
    *BOX_COMMANDS,
)


def queuing_machine() -> tuple[Command[Any], ...]:
    """The commands of a queuing machine (QM)."""
    return (*COMMON, *QM_COMMANDS, *QM_TREE)


def highway_box() -> tuple[Command[Any], ...]:
    """The commands of a highway box (HW)."""
    return (*COMMON, *HW_COMMANDS, *HW_TREE)


def voice_box() -> tuple[Command[Any], ...]:
    """The commands of a voice box (VP)."""
    return (*COMMON, *VP_COMMANDS, *VP_TREE)


def by_box_kind() -> dict[str, tuple[Command[Any], ...]]:
    """All of them, by the kind's short name."""
    return {"QM": queuing_machine(), "HW": highway_box(), "VP": voice_box()}
