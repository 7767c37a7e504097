"""What of the highway box's configuration has commands of its own."""

from firmware.configuration.common_objects import COMMON_OBJECTS
from firmware.configuration.tree_commands import tree_commands
from firmware.hw.kind import HIGHWAY_BOX

TREE_COMMANDS = tree_commands(HIGHWAY_BOX.description, COMMON_OBJECTS)
