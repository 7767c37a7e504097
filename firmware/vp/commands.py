"""The voice box's commands: its channels, the calls that they serve."""

from firmware.console import return_codes
from firmware.console.declaration import Command, CommandError, Invocation, Parameter, Role, Text, Verb
from firmware.console.report import Report, Table, Value
from firmware.vp.box import Session, VoiceBox

CALL_CHARACTERS_MAX = 32


async def _channels(vp: VoiceBox, _: Invocation) -> Report:
    serving = {session.number: session for session in vp.sessions}
    rows: list[tuple[Value, ...]] = []
    for channel in range(len(vp.channels)):
        session = serving.get(channel)
        state = "idle" if session is None else session.service.progress
        rows.append((channel, channel // vp.channels_per_board, state, "-" if session is None else session.call))
    return Report(blocks=[Table("Voice channels", ("VCH", "Board", "State", "Call"), rows)])


async def _calls(vp: VoiceBox, _: Invocation) -> Report:
    rows = [
        (
            session.call,
            session.number,
            session.service.progress,
            vp.wall_clock.text(session.since_ns),
            session.service.called_number or "-",
        )
        for session in vp.sessions
    ]
    return Report(blocks=[Table("Calls served", ("Call", "VCH", "State", "Since", "Number"), rows)])


def _session(vp: VoiceBox, invocation: Invocation) -> Session | None:
    return next((session for session in vp.sessions if session.call == invocation["CALL"]), None)


async def _stop(vp: VoiceBox, invocation: Invocation) -> Report:
    session = _session(vp, invocation)
    if session is None:
        raise CommandError(return_codes.NO_SUCH_OBJECT, f"no call {invocation['CALL']} is served (any more)")
    if session.service.progress == "stopped":
        raise CommandError(return_codes.WRONG_STATE, "it is stopped already; the far end has yet to clear")
    who = invocation.session
    vp.stop(session, f"stopped by {who.user or 'an operator'} (session {who.number})")
    return Report()


def _interrupts(vp: VoiceBox, invocation: Invocation) -> list[str]:
    session = _session(vp, invocation)
    return [] if session is None else [f"call {session.call} on voice channel {session.number}"]


COMMANDS: tuple[Command[VoiceBox], ...] = (
    Command(
        Verb.DSP,
        "VCH",
        "voice channels and what each is doing",
        _channels,
        Role.GUEST,
        example="DSP VCH;",
        refused="DSP VCH:VCH=1;",
        refused_code=return_codes.UNKNOWN_PARAMETER,
        watch=True,
    ),
    Command(
        Verb.DSP,
        "CALL",
        "calls that are being served",
        _calls,
        Role.GUEST,
        example="DSP CALL;",
        refused="DSP CALL:PN=1;",
        refused_code=return_codes.UNKNOWN_PARAMETER,
        watch=True,
    ),
    Command(
        Verb.STP,
        "CALL",
        "end the service of a call",
        _stop,
        Role.OPERATOR,
        example="STP CALL:CALL=qm1-00000001;",
        refused="STP CALL:CALL=qm1-99999999;",
        refused_code=return_codes.NO_SUCH_OBJECT,
        parameters=(
            Parameter("CALL", Text(CALL_CHARACTERS_MAX, 1), "name of the call, as DSP CALL tells", mandatory=True),
        ),
        effect="At once: the message so far is kept and an answered call is cleared back. The voice channel is "
        "free when the far end has cleared; STP CALL of the queuing machine does not wait for that.",
        interrupts=_interrupts,
    ),
)
