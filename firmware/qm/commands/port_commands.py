"""Commands on E1 ports: their state, blocking, restart, what their adaptors count."""

from drivers.engine import Maintenance, SpanStatus
from drivers.port_statistics import port_statistics
from firmware.console import return_codes
from firmware.console.declaration import Command, Invocation, Role, Verb
from firmware.console.report import Pairs, Report, Table, Value
from firmware.qm.box import QueuingMachine
from firmware.qm.channel import Hold
from firmware.qm.commands.common import (
    PN,
    PN_OR_ALL,
    RELEASE,
    operator,
    port_calls,
    port_of,
    ports_of,
    yes,
)
from firmware.qm.maintenance import loop_text
from firmware.qm.port import TrunkPort
from protocols.e1 import CHANNEL_TIMESLOTS
from protocols.line_signalling import LineBits

LIFTED = "Lifted by UBL and by a restart of the box; a restart of the port keeps it."


def operational(port: TrunkPort, status: SpanStatus) -> str:
    """Whether calls can come in, and if not, why."""
    if port.failure:
        return "no line"
    if status.signal_lost:
        return "no signal"
    if status.ais:
        return "all ones (AIS)"
    if not status.in_service:
        return "no frame alignment"
    return "in service" if status.cas_aligned else "no signalling"


def _administrative(port: TrunkPort) -> str:
    if port.blocked:
        return "blocked"
    return f"{len(port.blocked_timeslots)} ts blocked" if port.blocked_timeslots else "unblocked"


def _alarms(status: SpanStatus) -> str:
    """What stands on the line; what follows from the worst is left out."""
    if status.signal_lost or status.ais or not status.in_service:
        return "LOS" if status.signal_lost else "AIS" if status.ais else "LOF"
    found = [
        name
        for name, stands in (
            ("RAI", status.remote_alarm),
            ("CAS_LOSS", not status.cas_aligned),
            ("CAS_RAI", status.cas_remote_alarm),
            ("UNAVAILABLE", status.near_end_unavailable),
        )
        if stands
    ]
    return " ".join(found) or "-"


def _clock_role(qm: QueuingMachine, port: TrunkPort) -> str:
    for source in qm.clock.sources:
        if source.number == port.number:
            use = ", in use" if source.chosen else ""
            return f"source {source.priority}{use}{', forced' if source.forced else ''}"
    return "-"


def mirrors(port: TrunkPort) -> bool:
    """What comes is what is sent, and not just the idle signal of both ends: a loop at the far end?"""
    if port.maintenance & Maintenance.LOOP_LOCAL:
        return False  # our own loop
    from_far = [channel for channel in port.channels.values() if channel.received is not None]
    same = all(channel.mirrored for channel in from_far)
    return bool(from_far) and same and any(channel.sent is not LineBits.BITS_10 for channel in from_far)


def _row(qm: QueuingMachine, port: TrunkPort) -> tuple[Value, ...]:
    status = port.span.status()
    return (
        port.number,
        port.configuration.name or "-",
        operational(port, status),
        _administrative(port),
        _alarms(status),
        len(port.calls()),
        _clock_role(qm, port),
        loop_text(port),
        port.configuration.url,
    )


def _detail(qm: QueuingMachine, port: TrunkPort) -> Pairs:
    status = port.span.status()
    configuration = port.configuration
    test = port.test
    running = "none" if test is None else f"{test.pattern}, {'running' if test.running else 'stopped'}"
    return Pairs(
        f"Port {port.number}",
        [
            ("Name", configuration.name or "-"),
            ("Line", configuration.url),
            ("Operational state", operational(port, status)),
            ("Why", port.failure or "-"),
            ("Administrative state", _administrative(port)),
            ("Alarms of the line", _alarms(status)),
            ("Framing", configuration.framing),
            (
                "Line code",
                configuration.line_code if port.span.options.line_code else "none: the port carries bits",
            ),
            ("Alignment", status.alignment.name.lower().replace("_", "-")),
            ("Bit phase", status.bit_phase),
            ("Signalling multiframe", "found" if status.cas_aligned else "not found"),
            ("Sa bits received", f"{status.sa_bits:05b}"),
            ("Clock", _clock_role(qm, port)),
            ("Loops", loop_text(port)),
            ("Bit-error test", running),
            ("Far-end loop", "suspected: our own signals come back" if mirrors(port) else "no sign of one"),
            ("Calls", len(port.calls())),
            ("Since", qm.wall_clock.text(port.span.since_ns)),
        ],
    )


async def _display(qm: QueuingMachine, invocation: Invocation) -> Report:
    if invocation.get("PN") is not None:
        return Report(blocks=[_detail(qm, port_of(qm, invocation))])
    columns = ("PN", "Name", "State", "Admin", "Alarms", "Calls", "Clock", "Loops", "Line")
    return Report(blocks=[Table("E1 ports", columns, [_row(qm, port) for port in ports_of(qm, invocation)])])


async def _statistics(qm: QueuingMachine, invocation: Invocation) -> Report:
    port = port_of(qm, invocation)
    statistics = port_statistics(port.span)
    pairs: list[tuple[str, Value]] = [("kind of port", statistics.kind), ("adaptor frames the line", "no")]
    pairs[1] = ("adaptor frames the line", "yes" if statistics.framed else "no")
    title = f"Port {port.number}: {port.configuration.url}, since it was opened"
    return Report(blocks=[Pairs(title, [*pairs, *statistics.pairs])])


async def _restart(qm: QueuingMachine, invocation: Invocation) -> Report:
    port = port_of(qm, invocation)
    qm.restart(port)
    if not port.plugged:
        return Report(text=f"Port {port.number} is being opened; DSP PORT:PN={port.number}; tells what came of it")
    return Report()


async def _block(qm: QueuingMachine, invocation: Invocation) -> Report:
    port = port_of(qm, invocation)
    port.hold(Hold.PORT, CHANNEL_TIMESLOTS)
    calls = port.calls()
    if yes(invocation, "RELEASE"):
        for call in calls:
            qm.calls.release(call, operator(invocation))
        return Report()
    if calls:
        return Report(text=f"No new calls; {len(calls)} in progress go on, then their channels are blocked too")
    return Report()


async def _unblock(qm: QueuingMachine, invocation: Invocation) -> Report:
    port_of(qm, invocation).let_go(Hold.PORT)
    return Report()


def _released(qm: QueuingMachine, invocation: Invocation) -> list[str]:
    return port_calls(qm, invocation) if yes(invocation, "RELEASE") else []


PORT_COMMANDS: tuple[Command[QueuingMachine], ...] = (
    Command(
        Verb.DSP,
        "PORT",
        "state of the E1 ports: all in a table, or one in detail",
        _display,
        Role.GUEST,
        example="DSP PORT:PN=1;",
        refused="DSP PORT:PN=16;",
        refused_code=return_codes.NO_SUCH_OBJECT,
        parameters=(PN_OR_ALL,),
        watch=True,
    ),
    Command(
        Verb.DSP,
        "PORTSTAT",
        "what a port's adaptor counts: packets, jitter buffer, restarts of the daemon or card",
        _statistics,
        Role.GUEST,
        example="DSP PORTSTAT:PN=1;",
        refused="DSP PORTSTAT:PN=0;",
        refused_code=return_codes.BAD_VALUE,
        parameters=(PN,),
        watch=True,
    ),
    Command(
        Verb.RST,
        "PORT",
        "restart a port on the line it has; one that did not open is opened anew",
        _restart,
        Role.OPERATOR,
        example="RST PORT:PN=2;",
        refused="RST PORT:PN=16;",
        refused_code=return_codes.NO_SUCH_OBJECT,
        parameters=(PN,),
        effect="At once: its calls are lost, loops and tests end, all its counters begin at 0. Blocks stay.",
        interrupts=port_calls,
    ),
    Command(
        Verb.BLK,
        "PORT",
        "take no more calls on a port",
        _block,
        Role.OPERATOR,
        example="BLK PORT:PN=2;",
        refused="BLK PORT:PN=16;",
        refused_code=return_codes.NO_SUCH_OBJECT,
        parameters=(PN, RELEASE),
        effect=f"Idle channels send the blocking signal at once, busy ones when their call has ended. {LIFTED}",
        interrupts=_released,
    ),
    Command(
        Verb.UBL,
        "PORT",
        "take calls on a port again",
        _unblock,
        Role.OPERATOR,
        example="UBL PORT:PN=2;",
        refused="UBL PORT:PN=16;",
        refused_code=return_codes.NO_SUCH_OBJECT,
        parameters=(PN,),
        effect="At once, but for timeslots that are blocked, looped or under test themselves.",
    ),
)
