"""What the queuing machine's commands share: ports by number, calls in words, parameters."""

from collections.abc import Iterable, Sequence

from firmware.console import return_codes
from firmware.console.declaration import FLAG, CommandError, Integer, IntegerSet, Invocation, Parameter
from firmware.qm.box import QueuingMachine
from firmware.qm.channel import TrunkCall
from firmware.qm.configuration import PORTS_MAX
from firmware.qm.port import TrunkPort
from protocols.e1 import CHANNEL_TIMESLOTS

CALLS_NAMED_MAX = 5

PN = Parameter("PN", Integer(1, PORTS_MAX), "number of the port", mandatory=True)
PN_OR_ALL = Parameter("PN", Integer(1, PORTS_MAX), "number of the port", default="all ports")
TS = Parameter("TS", IntegerSet(1, 31), "timeslots; 16 carries the signalling of the others", mandatory=True)
RELEASE = Parameter(
    "RELEASE", FLAG, "YES: calls in progress are released at once, instead of waited for", default="NO"
)


def port_of(qm: QueuingMachine, invocation: Invocation) -> TrunkPort:
    """The port that PN names; raises CommandError where there is none."""
    number = invocation["PN"]
    if number not in qm.ports:
        there = ", ".join(map(str, qm.ports)) or "none"
        raise CommandError(return_codes.NO_SUCH_OBJECT, f"there is no port {number}; there are: {there}")
    return qm.ports[number]


def ports_of(qm: QueuingMachine, invocation: Invocation) -> list[TrunkPort]:
    """The port that PN names, or all, by number."""
    if invocation.get("PN") is not None:
        return [port_of(qm, invocation)]
    return [qm.ports[number] for number in sorted(qm.ports)]


def channels_of(invocation: Invocation) -> list[int]:
    """The timeslots that TS names; raises CommandError for timeslot 16."""
    timeslots: Sequence[int] = invocation["TS"]
    for timeslot in timeslots:
        if timeslot not in CHANNEL_TIMESLOTS:
            reason = f"timeslot {timeslot} carries no calls: 1-15 and 17-31 do"
            raise CommandError(return_codes.NOT_APPLICABLE, reason)
    return list(timeslots)


def yes(invocation: Invocation, name: str) -> bool:
    """Whether a flag was given as YES."""
    return bool(invocation.get(name, "NO") == "YES")


def calls_in_words(calls: Iterable[TrunkCall]) -> list[str]:
    """What would be interrupted: each call, or how many where they are many."""
    found = list(calls)
    if len(found) > CALLS_NAMED_MAX:
        return [f"{len(found)} calls in progress"]
    return [f"call {call.name} on port {call.port} timeslot {call.channel.timeslot}" for call in found]


def port_calls(qm: QueuingMachine, invocation: Invocation, timeslots: Iterable[int] | None = None) -> list[str]:
    """In words, those on the port of PN, or on some of its timeslots; none where there is no such port."""
    port = qm.ports.get(invocation["PN"])
    if port is None:
        return []
    return calls_in_words(port.calls(CHANNEL_TIMESLOTS if timeslots is None else timeslots))


def operator(invocation: Invocation) -> str:
    """Who gave the command, for call records."""
    return f"released by {invocation.session.user or 'an operator'} (session {invocation.session.number})"
