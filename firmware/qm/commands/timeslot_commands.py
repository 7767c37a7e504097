"""Commands on timeslots: what each does, blocking, and the connections through the switch."""

from firmware.console import return_codes
from firmware.console.declaration import Command, Invocation, Role, Verb
from firmware.console.report import Report, Table, Value
from firmware.qm.box import QueuingMachine
from firmware.qm.calls import switch_ends
from firmware.qm.channel import Hold, TrunkChannel
from firmware.qm.commands.common import (
    PN,
    PN_OR_ALL,
    RELEASE,
    TS,
    channels_of,
    operator,
    port_calls,
    port_of,
    ports_of,
    yes,
)
from firmware.qm.commands.port_commands import LIFTED
from protocols.line_signalling import abcd_of


def _row(channel: TrunkChannel) -> tuple[Value, ...]:
    received = "-" if channel.received is None else f"{channel.received:04b}"
    holds = ", ".join(sorted(hold.value for hold in channel.holds)) or "-"
    call = channel.call.name if channel.call is not None else "-"
    return (
        channel.timeslot,
        channel.state_text,
        holds,
        f"{abcd_of(channel.sent):04b}",
        received,
        call,
    )


async def _display(qm: QueuingMachine, invocation: Invocation) -> Report:
    port = port_of(qm, invocation)
    columns = ("TS", "State", "Held", "Sent abcd", "Received abcd", "Call")
    rows = [_row(channel) for channel in port.channels.values()]
    return Report(
        blocks=[Table(f"Port {port.number}: channels; timeslot 16 carries their signalling", columns, rows)]
    )


async def _block(qm: QueuingMachine, invocation: Invocation) -> Report:
    port, timeslots = port_of(qm, invocation), channels_of(invocation)
    port.hold(Hold.TIMESLOT, timeslots)
    calls = port.calls(timeslots)
    if yes(invocation, "RELEASE"):
        for call in calls:
            qm.calls.release(call, operator(invocation))
        return Report()
    if calls:
        return Report(
            text=f"{len(calls)} calls in progress go on; their timeslots are blocked when they have ended"
        )
    return Report()


async def _unblock(qm: QueuingMachine, invocation: Invocation) -> Report:
    port_of(qm, invocation).let_go(Hold.TIMESLOT, channels_of(invocation))
    return Report()


def _released(qm: QueuingMachine, invocation: Invocation) -> list[str]:
    return port_calls(qm, invocation, invocation["TS"]) if yes(invocation, "RELEASE") else []


def _connections(qm: QueuingMachine, ports: list[int]) -> list[tuple[Value, ...]]:
    rows: list[tuple[Value, ...]] = []
    for call in qm.calls.all():
        if call.port in ports and call.voice is not None:
            (_, timeslot), (switch_port, highway_timeslot) = switch_ends(call.port, call.channel.timeslot)
            voice = f"{call.voice.box} {call.voice.channel}"
            rows.append((call.port, timeslot, call.port - 1, highway_timeslot, switch_port, voice, call.name))
    return rows


async def _display_connections(qm: QueuingMachine, invocation: Invocation) -> Report:
    ports = [port.number for port in ports_of(qm, invocation)]
    columns = ("PN", "TS", "Highway", "Highway TS", "Switch port", "Voice channel", "Call")
    return Report(blocks=[Table("Connections, both ways", columns, _connections(qm, ports))])


TIMESLOT_COMMANDS: tuple[Command[QueuingMachine], ...] = (
    Command(
        Verb.DSP,
        "TS",
        "the timeslots of a port: state, signalling bits both ways, call",
        _display,
        Role.GUEST,
        example="DSP TS:PN=1;",
        refused="DSP TS:PN=16;",
        refused_code=return_codes.NO_SUCH_OBJECT,
        parameters=(PN,),
        watch=True,
    ),
    Command(
        Verb.BLK,
        "TS",
        "take no more calls on timeslots of a port",
        _block,
        Role.OPERATOR,
        example="BLK TS:PN=2,TS=1&&5;",
        refused="BLK TS:PN=2,TS=16;",
        refused_code=return_codes.NOT_APPLICABLE,
        parameters=(PN, TS, RELEASE),
        effect=f"Idle ones send the blocking signal at once, busy ones when their call has ended. {LIFTED}",
        interrupts=_released,
    ),
    Command(
        Verb.UBL,
        "TS",
        "take calls on timeslots of a port again",
        _unblock,
        Role.OPERATOR,
        example="UBL TS:PN=2,TS=1&&5;",
        refused="UBL TS:PN=2,TS=32;",
        refused_code=return_codes.BAD_VALUE,
        parameters=(PN, TS),
        effect="At once, but where the port is blocked, looped or under test.",
    ),
    Command(
        Verb.DSP,
        "CONN",
        "connections of trunk timeslots with timeslots of the highways to the HW box",
        _display_connections,
        Role.GUEST,
        example="DSP CONN:PN=1;",
        refused="DSP CONN:PN=16;",
        refused_code=return_codes.NO_SUCH_OBJECT,
        parameters=(PN_OR_ALL,),
        watch=True,
    ),
)
