"""The highway box's commands: highways, connections, voice channels."""

from firmware.console import return_codes
from firmware.console.declaration import Command, CommandError, IntegerSet, Invocation, Parameter, Role, Verb
from firmware.console.report import Report, Table, Value
from firmware.hw.box import HighwayBox, VoiceTimeslot

CHANNELS_MAX = 511  # 16 boards of 32

VCH = Parameter("VCH", IntegerSet(0, CHANNELS_MAX), "numbers of the voice channels, 32 to a board", mandatory=True)


def _in_use(hw: HighwayBox) -> dict[VoiceTimeslot, str]:
    return {connection.voice: connection.call for connection in hw.connections}


def _state(hw: HighwayBox, voice: VoiceTimeslot, in_use: dict[VoiceTimeslot, str]) -> str:
    if voice in in_use:
        return "busy, then blocked" if hw.blocked(voice) else "busy"
    return "blocked" if hw.blocked(voice) else "free"


async def _highways(hw: HighwayBox, _: Invocation) -> Report:
    connections = hw.connections
    trunks: list[tuple[Value, ...]] = []
    for highway in sorted({connection.end[0] for connection in connections}):
        busy = sum(connection.end[0] == highway for connection in connections)
        trunks.append((highway, highway, f"queuing machine, port {highway + 1}", busy))
    for voice in hw.voice:
        busy = sum(connection.voice.highway == voice for connection in connections)
        trunks.append((f"{voice.box} {voice.board}", voice.port, f"{voice.box}, board {voice.board}", busy))
    columns = ("Highway", "Switch port", "To", "Timeslots connected")
    return Report(blocks=[Table("Highways to voice boards, and those of trunks with calls", columns, trunks)])


async def _connections(hw: HighwayBox, _: Invocation) -> Report:
    rows = [
        (each.end[0], each.end[1], each.voice.highway.port, each.voice.timeslot, each.voice.channel, each.call)
        for each in hw.connections
    ]
    columns = ("Highway", "TS", "Voice highway", "Voice TS", "Voice channel", "Call")
    return Report(blocks=[Table("Connections, both ways", columns, rows)])


async def _channels(hw: HighwayBox, _: Invocation) -> Report:
    in_use = _in_use(hw)
    rows = [
        (voice.channel, voice.highway.box, voice.highway.board, _state(hw, voice, in_use), in_use.get(voice, "-"))
        for voice in hw.voice_channels
    ]
    return Report(blocks=[Table("Voice channels", ("VCH", "Box", "Board", "State", "Call"), rows)])


def _named(hw: HighwayBox, invocation: Invocation) -> list[VoiceTimeslot]:
    there = {voice.channel: voice for voice in hw.voice_channels}
    unknown = [number for number in invocation["VCH"] if number not in there]
    if unknown:
        reason = f"there is no voice channel {unknown[0]}; there are 0-{len(there) - 1}"
        raise CommandError(return_codes.NO_SUCH_OBJECT, reason)
    return [there[number] for number in invocation["VCH"]]


async def _block(hw: HighwayBox, invocation: Invocation) -> Report:
    voices = _named(hw, invocation)
    hw.block(voices)
    busy = sum(voice in _in_use(hw) for voice in voices)
    if busy:
        return Report(text=f"{busy} of them have a call and are blocked when it has ended")
    return Report()


async def _unblock(hw: HighwayBox, invocation: Invocation) -> Report:
    hw.unblock(_named(hw, invocation))
    return Report()


COMMANDS: tuple[Command[HighwayBox], ...] = (
    Command(
        Verb.DSP,
        "HWY",
        "highways: where they lead and how many of their timeslots are connected",
        _highways,
        Role.GUEST,
        example="DSP HWY;",
        refused="DSP HWY:PN=1;",
        refused_code=return_codes.UNKNOWN_PARAMETER,
        watch=True,
    ),
    Command(
        Verb.DSP,
        "CONN",
        "connections of highway timeslots with voice channels",
        _connections,
        Role.GUEST,
        example="DSP CONN;",
        refused="DSP CONN:PN=1;",
        refused_code=return_codes.UNKNOWN_PARAMETER,
        watch=True,
    ),
    Command(
        Verb.DSP,
        "VCH",
        "voice channels: free, busy or blocked",
        _channels,
        Role.GUEST,
        example="DSP VCH;",
        refused="DSP VCH:VCH=1;",
        refused_code=return_codes.UNKNOWN_PARAMETER,
        watch=True,
    ),
    Command(
        Verb.BLK,
        "VCH",
        "hand voice channels out to no more calls",
        _block,
        Role.OPERATOR,
        example="BLK VCH:VCH=30&31;",
        refused="BLK VCH:VCH=511;",
        refused_code=return_codes.NO_SUCH_OBJECT,
        parameters=(VCH,),
        effect="At once where they are free, else when their call has ended. Lifted by UBL and by a box restart.",
    ),
    Command(
        Verb.UBL,
        "VCH",
        "hand voice channels out to calls again",
        _unblock,
        Role.OPERATOR,
        example="UBL VCH:VCH=30&31;",
        refused="UBL VCH:VCH=512;",
        refused_code=return_codes.BAD_VALUE,
        parameters=(VCH,),
        effect="At once.",
    ),
)
