"""Commands on the shelf's clock: what it follows, and forcing a source."""

from firmware.console import return_codes
from firmware.console.declaration import Command, CommandError, Invocation, Role, Verb
from firmware.console.report import Pairs, Report, Table, Value
from firmware.qm.box import QueuingMachine
from firmware.qm.clock import ClockSource
from firmware.qm.commands.common import PN
from protocols.clock_selection import SourceState

STATES = {
    SourceState.UNSEEN: "not seen yet",
    SourceState.USABLE: "good",
    SourceState.HOLDING_OFF: "failing",
    SourceState.FAILED: "failed",
    SourceState.WAITING: "good, waits to be restored",
}


def _row(source: ClockSource) -> tuple[Value, ...]:
    quality = "-" if source.quality is None else source.quality.name
    use = (
        ("forced" if source.forced else "chosen")
        if source.chosen
        else "forced, not good"
        if source.forced
        else "-"
    )
    return (source.priority, source.number, STATES[source.state], quality, use)


async def _display(qm: QueuingMachine, _: Invocation) -> Report:
    clock, status = qm.clock, qm.shelf.clock_status()
    configuration = qm.configuration.clock
    pairs: list[tuple[str, Value]] = [
        ("State", clock.clock.state.name.lower().replace("_", " ")),
        ("Follows", "-" if clock.following is None else f"port {clock.following}"),
        ("Faster than the machine's clock (ppb)", status.steer_ppb),
        ("Back to a better source", "yes" if configuration.revertive else "no"),
        ("Hold-off (ms)", configuration.hold_off_ms),
        ("Wait to restore (s)", configuration.wait_to_restore_s),
        ("Holdover at most (h)", configuration.holdover_h),
        (
            "Synchronization status message",
            f"Sa{configuration.ssm_bit}" if configuration.ssm_bit else "not heeded",
        ),
    ]
    columns = ("Priority", "PN", "State", "Quality", "Use")
    table = Table("Clock sources", columns, [_row(source) for source in clock.sources])
    return Report(blocks=[Pairs("Clock of the shelf", pairs), table])


async def _force(qm: QueuingMachine, invocation: Invocation) -> Report:
    number = invocation["PN"]
    sources = [source.number for source in qm.clock.sources]
    if number not in sources:
        there = ", ".join(map(str, sources)) or "none"
        reason = f"port {number} is no clock source; these are: {there}"
        raise CommandError(return_codes.NO_SUCH_OBJECT, reason)
    qm.clock.force(number)
    if qm.clock.following != number:
        return Report(text=f"Port {number} is forced, but not good: the clock follows nothing until it is")
    return Report()


async def _release(qm: QueuingMachine, _: Invocation) -> Report:
    qm.clock.force(None)
    return Report()


CLOCK_COMMANDS: tuple[Command[QueuingMachine], ...] = (
    Command(
        Verb.DSP,
        "CLK",
        "the shelf's clock and its sources",
        _display,
        Role.GUEST,
        example="DSP CLK;",
        refused="DSP CLK:PN=1;",
        refused_code=return_codes.UNKNOWN_PARAMETER,
        watch=True,
    ),
    Command(
        Verb.ACT,
        "CLKSRC",
        "force a clock source: it is followed, and no other, as long as its signal is good",
        _force,
        Role.OPERATOR,
        example="ACT CLKSRC:PN=1;",
        refused="ACT CLKSRC:PN=16;",
        refused_code=return_codes.NO_SUCH_OBJECT,
        parameters=(PN,),
        effect="At once, until DEA CLKSRC or a box restart. If it fails, the clock is held, then runs free.",
    ),
    Command(
        Verb.DEA,
        "CLKSRC",
        "choose the clock source by priority and quality again",
        _release,
        Role.OPERATOR,
        example="DEA CLKSRC;",
        refused="DEA CLKSRC:PN=1;",
        refused_code=return_codes.UNKNOWN_PARAMETER,
        effect="At once.",
    ),
)
