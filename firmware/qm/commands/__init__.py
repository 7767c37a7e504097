"""The queuing machine's commands; each works on a QueuingMachine."""

from firmware.qm.commands.call_commands import CALL_COMMANDS
from firmware.qm.commands.clock_commands import CLOCK_COMMANDS
from firmware.qm.commands.counter_commands import COUNTER_COMMANDS
from firmware.qm.commands.port_commands import PORT_COMMANDS
from firmware.qm.commands.test_commands import TEST_COMMANDS
from firmware.qm.commands.timeslot_commands import TIMESLOT_COMMANDS

COMMANDS = (
    *PORT_COMMANDS,
    *COUNTER_COMMANDS,
    *TIMESLOT_COMMANDS,
    *CALL_COMMANDS,
    *CLOCK_COMMANDS,
    *TEST_COMMANDS,
)

__all__ = ["COMMANDS"]
