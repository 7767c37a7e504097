"""Commands on calls: which there are, and their release."""

from firmware.console import return_codes
from firmware.console.declaration import Command, CommandError, Invocation, Parameter, Role, Text, Verb
from firmware.console.report import Report, Table, Value
from firmware.qm.box import QueuingMachine
from firmware.qm.channel import TrunkCall
from firmware.qm.commands.common import PN_OR_ALL, calls_in_words, operator, ports_of

CALL_CHARACTERS_MAX = 32


def _row(qm: QueuingMachine, call: TrunkCall) -> tuple[Value, ...]:
    voice = "-" if call.voice is None else f"{call.voice.box} {call.voice.channel}"
    state = "ending" if call.over.is_set() else call.channel.state_text
    seized = qm.wall_clock.text(call.seized_ns)
    return (call.name, call.port, call.channel.timeslot, state, seized, call.called_number or "-", voice)


async def _display(qm: QueuingMachine, invocation: Invocation) -> Report:
    ports = {port.number for port in ports_of(qm, invocation)}
    every = invocation.get("PN") is None
    rows = [_row(qm, call) for call in qm.calls.all() if every or call.port in ports]
    columns = ("Call", "PN", "TS", "State", "Since", "Number", "Voice channel")
    return Report(blocks=[Table("Calls", columns, rows)])


def _call(qm: QueuingMachine, invocation: Invocation) -> TrunkCall | None:
    call = qm.calls.find(invocation["CALL"])
    return call if call is not None and not call.over.is_set() else None


async def _release(qm: QueuingMachine, invocation: Invocation) -> Report:
    call = _call(qm, invocation)
    if call is None:
        raise CommandError(return_codes.NO_SUCH_OBJECT, f"there is no call {invocation['CALL']} (any more)")
    qm.calls.release(call, operator(invocation))
    return Report()


def _interrupts(qm: QueuingMachine, invocation: Invocation) -> list[str]:
    call = _call(qm, invocation)
    return [] if call is None else calls_in_words([call])


CALL_COMMANDS: tuple[Command[QueuingMachine], ...] = (
    Command(
        Verb.DSP,
        "CALL",
        "calls in progress",
        _display,
        Role.GUEST,
        example="DSP CALL;",
        refused="DSP CALL:PN=16;",
        refused_code=return_codes.NO_SUCH_OBJECT,
        parameters=(PN_OR_ALL,),
        watch=True,
    ),
    Command(
        Verb.STP,
        "CALL",
        "release a call",
        _release,
        Role.OPERATOR,
        example="STP CALL:CALL=qm1-00000001;",
        refused="STP CALL:CALL=qm1-99999999;",
        refused_code=return_codes.NO_SUCH_OBJECT,
        parameters=(
            Parameter(
                "CALL", Text(CALL_CHARACTERS_MAX, 1), "name of the call, as DSP CALL tells it", mandatory=True
            ),
        ),
        effect="At once: the message so far is kept, the voice channel is free, the record says who did it. An "
        "answered call is cleared back; its timeslot is idle when the far end has cleared.",
        interrupts=_interrupts,
    ),
)
