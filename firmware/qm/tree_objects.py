"""What of the queuing machine's configuration has commands of its own."""

from firmware.configuration.common_objects import COMMON_OBJECTS
from firmware.configuration.objects import KeyedObject, ListObject, TableObject
from firmware.configuration.tree_commands import tree_commands
from firmware.console.declaration import Role
from firmware.qm.configuration import PORTS_MAX
from firmware.qm.kind import QUEUING_MACHINE

OBJECTS = (
    *COMMON_OBJECTS,
    KeyedObject(
        object="PORT",
        path="ports",
        key="PN",
        text="E1 port",
        plural="E1 ports",
        role=Role.OPERATOR,
        number=2,
        sample='NAME="Thun",FRAMING=CRC4',
        bad="RECOGNITION=31",
    ),
    TableObject(
        "CLK", "clock", "how the clock chooses its source", Role.OPERATOR, "HOLD_OFF=500", "HOLD_OFF=1801"
    ),
    ListObject(
        object="CLKSRC",
        path="clock.sources",
        key="PN",
        text="clock source",
        plural="clock sources",
        role=Role.OPERATOR,
        low=1,
        high=PORTS_MAX,
        number=2,
    ),
    TableObject(
        "SIG", "signalling", "the signalling of calls", Role.OPERATOR, "CALLED_DIGITS=7", "CALLED_DIGITS=0"
    ),
)

TREE_COMMANDS = tree_commands(QUEUING_MACHINE.description, OBJECTS)
