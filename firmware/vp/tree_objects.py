"""What of the voice box's configuration has commands of its own."""

from firmware.configuration.common_objects import COMMON_OBJECTS
from firmware.configuration.objects import TableObject
from firmware.configuration.tree_commands import tree_commands
from firmware.console.declaration import Role
from firmware.vp.kind import VOICE_BOX

OBJECTS = (
    *COMMON_OBJECTS,
    TableObject("BOARD", "", "the voice boards", Role.OPERATOR, "BOARDS=2", "BOARDS=0", fields=("boards",)),
    TableObject("SVC", "service", "the message service", Role.OPERATOR, "DIGIT_TIMEOUT=8", "DIGIT_TIMEOUT=0.5"),
)

TREE_COMMANDS = tree_commands(VOICE_BOX.description, OBJECTS)
