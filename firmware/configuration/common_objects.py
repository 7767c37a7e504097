"""Objects of the parts of the tree that every box kind has."""

from firmware.configuration.objects import KeyedObject, TableObject
from firmware.console.declaration import Role

COMMON_OBJECTS = (
    TableObject("SITE", "site", "the site", Role.OPERATOR, 'NAME="Bern North"', f'NAME="{"N" * 33}"'),
    TableObject(
        "CON", "console", "the console's accesses and manners", Role.ADMINISTRATOR, "IDLE_LOGOUT=600", "SESSIONS=0"
    ),
    KeyedObject(
        object="SERIAL",
        path="console.serial",
        key="SN",
        text="serial console",
        plural="serial consoles",
        role=Role.ADMINISTRATOR,
        number=1,
        sample='DEVICE="/dev/ttyS0",SPEED=19200',
        bad="SPEED=12345",
    ),
    TableObject(
        "ALMCFG", "alarms", "how alarms are raised, kept and told", Role.ADMINISTRATOR,
        "HOLD_OFF=1000", "HOLD_OFF=99999",
    ),
)  # fmt: skip
