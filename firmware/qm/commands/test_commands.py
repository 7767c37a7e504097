"""Commands that test a port: loops, bit-error tests, errors on purpose."""

from drivers.engine import BitErrorResult
from firmware.console import return_codes
from firmware.console.declaration import (
    FLAG,
    Choice,
    Command,
    CommandError,
    Integer,
    IntegerSet,
    Invocation,
    Parameter,
    Role,
    Verb,
)
from firmware.console.report import Pairs, Report, Value
from firmware.qm import maintenance
from firmware.qm.box import QueuingMachine
from firmware.qm.commands.common import PN, RELEASE, port_calls, port_of, yes
from firmware.qm.maintenance import ADAPTOR_ERRORS_MAX, INJECTIONS, LOOPS, busy_timeslots
from firmware.qm.port import TrunkPort
from firmware.qm.port_test import PATTERNS, PortTest
from firmware.runtime import NS_PER_S
from protocols.e1 import CAS_TIMESLOT, CHANNEL_TIMESLOTS

ERRORS_MAX = 1_000_000
FAS_ERRORS_THAT_LOSE_ALIGNMENT = 3  # in succession (G.706 4.1.1)

LOOP_TIMESLOTS = Parameter("TS", IntegerSet(1, 31), "loop these timeslots one by one, instead or besides")
TEST_TIMESLOTS = Parameter("TS", IntegerSet(1, 31), "timeslots to test", default="all that carry calls")


def _loop_timeslots(invocation: Invocation) -> tuple[int, ...]:
    return tuple(invocation.get("TS", ()))


async def _loop(qm: QueuingMachine, invocation: Invocation) -> Report:
    port = port_of(qm, invocation)
    timeslots = _loop_timeslots(invocation)
    if not timeslots and invocation.get("LOOP") is None:
        raise CommandError(return_codes.MISSING_PARAMETER, "LOOP or TS: say what to loop, or LOOP=NONE")
    maintenance.loop(port, invocation.get("LOOP", "NONE"), timeslots)
    return Report(blocks=[Pairs(f"Port {port.number}", [("Loops", maintenance.loop_text(port))])])


def _loop_interrupts(qm: QueuingMachine, invocation: Invocation) -> list[str]:
    whole = invocation.get("LOOP", "NONE") != "NONE"
    return port_calls(qm, invocation, CHANNEL_TIMESLOTS if whole else _loop_timeslots(invocation))


def _test_timeslots(invocation: Invocation) -> tuple[int, ...]:
    """Empty: every bit of the line."""
    if yes(invocation, "FULL"):
        return ()
    return tuple(invocation.get("TS", CHANNEL_TIMESLOTS))


async def _test_start(qm: QueuingMachine, invocation: Invocation) -> Report:
    port, timeslots = port_of(qm, invocation), _test_timeslots(invocation)
    busy = busy_timeslots(port, timeslots or CHANNEL_TIMESLOTS)
    if yes(invocation, "FULL") and invocation.get("TS") is not None:
        raise CommandError(return_codes.NOT_APPLICABLE, "TS and FULL=YES: the whole line has no timeslots")
    if CAS_TIMESLOT in timeslots:
        reason = f"timeslot {CAS_TIMESLOT} carries the signalling of the others; FULL=YES tests the whole line"
        raise CommandError(return_codes.NOT_APPLICABLE, reason)
    if busy and not yes(invocation, "RELEASE"):
        reason = f"busy timeslots: {', '.join(map(str, busy))}; RELEASE=YES releases their calls"
        raise CommandError(return_codes.WRONG_STATE, reason)
    for call in port.calls(timeslots or CHANNEL_TIMESLOTS):
        qm.calls.release(call, f"{port.where} is under test")
    maintenance.test_start(port, invocation["PATTERN"], timeslots, qm.now_ns())
    return Report()


def _test_interrupts(qm: QueuingMachine, invocation: Invocation) -> list[str]:
    timeslots = _test_timeslots(invocation)
    calls = port_calls(qm, invocation, timeslots or CHANNEL_TIMESLOTS) if yes(invocation, "RELEASE") else []
    whole = ["the whole line: no frames, no signalling, no clock for the far end"] if not timeslots else []
    return whole + calls


def _test_of(port: TrunkPort) -> PortTest:
    if port.test is None:
        raise CommandError(
            return_codes.WRONG_STATE, f"there is no test on port {port.number}: STR BERT starts one"
        )
    return port.test


async def _test_stop(qm: QueuingMachine, invocation: Invocation) -> Report:
    port = port_of(qm, invocation)
    test = _test_of(port)
    if not test.running:
        raise CommandError(return_codes.WRONG_STATE, f"the test on port {port.number} is stopped already")
    maintenance.test_stop(port, test, qm.now_ns())
    return Report(blocks=[_test_pairs(qm, port, test)])


def _ratio(result: BitErrorResult) -> str:
    return f"{result.errors / result.bits:.2e}" if result.bits else "-"


def _test_pairs(qm: QueuingMachine, port: TrunkPort, test: PortTest) -> Pairs:
    result = test.result or port.span.test_result()
    ended_ns = qm.now_ns() if test.stopped_ns is None else test.stopped_ns
    where = ", ".join(map(str, test.timeslots)) or "every bit of the line"
    pairs: list[tuple[str, Value]] = [
        ("Test", "running" if test.running else "stopped"),
        ("Pattern", test.pattern),
        ("Timeslots", where),
        ("Started", qm.wall_clock.text(test.started_ns)),
        ("Elapsed (s)", f"{(ended_ns - test.started_ns) / NS_PER_S:.1f}"),
        ("Synchronised", "yes" if result.synchronised else "no"),
        ("Bits compared", result.bits),
        ("Bit errors", result.errors),
        ("Bit error ratio", _ratio(result)),
        ("Losses of synchronism", result.sync_losses),
        ("Bit slips", result.bit_slips),
        ("Errors about slips, not counted above", result.slip_errors),
        ("Bits sent", result.sent_bits),
        ("Errors sent on purpose", result.inserted_errors),
    ]
    return Pairs(f"Bit-error test of port {port.number}", pairs)


async def _test_display(qm: QueuingMachine, invocation: Invocation) -> Report:
    port = port_of(qm, invocation)
    if port.test is None:
        return Report(text=f"There is no test on port {port.number}")
    return Report(blocks=[_test_pairs(qm, port, port.test)])


async def _inject(qm: QueuingMachine, invocation: Invocation) -> Report:
    port, error, count = port_of(qm, invocation), invocation["ERROR"], invocation.get("COUNT", 1)
    if error == "BIT" and (port.test is None or not port.test.running):
        raise CommandError(
            return_codes.WRONG_STATE, f"bit errors are put into a test; none runs on port {port.number}"
        )
    if maintenance.is_dahdi(port) and count > ADAPTOR_ERRORS_MAX:
        raise CommandError(return_codes.LIMIT_REACHED, f"the card takes at most {ADAPTOR_ERRORS_MAX} at a time")
    maintenance.inject(port, error, count)
    return Report()


def _inject_interrupts(qm: QueuingMachine, invocation: Invocation) -> list[str]:
    loses = invocation["ERROR"] == "FAS" and invocation.get("COUNT", 1) >= FAS_ERRORS_THAT_LOSE_ALIGNMENT
    return port_calls(qm, invocation) if loses else []


TEST_COMMANDS: tuple[Command[QueuingMachine], ...] = (
    Command(
        Verb.LOP,
        "PORT",
        "loop a port, or timeslots of it; LOOP=NONE takes all loops away",
        _loop,
        Role.OPERATOR,
        example="LOP PORT:PN=2,LOOP=LOCAL;",
        refused="LOP PORT:PN=16,LOOP=LOCAL;",
        refused_code=return_codes.NO_SUCH_OBJECT,
        parameters=(
            PN,
            Parameter(
                "LOOP",
                Choice(tuple(LOOPS)),
                "LOCAL: what is sent is received, the line gets AIS; LINE: what the line brings goes back as is; "
                "PAYLOAD: the received frames go back in frames of our own; NONE: no loop",
                default="NONE where TS is given",
            ),
            LOOP_TIMESLOTS,
        ),
        effect="At once, instead of the loops there are: calls on what is looped end, no new ones come there.",
        interrupts=_loop_interrupts,
    ),
    Command(
        Verb.STR,
        "BERT",
        "start a bit-error test: a pattern (O.150) is sent and what comes back is compared; the far end must loop "
        "it, or send the same",
        _test_start,
        Role.OPERATOR,
        example="STR BERT:PN=2,PATTERN=PRBS15,TS=1&&5;",
        refused="STR BERT:PN=2,PATTERN=PRBS15,TS=16;",
        refused_code=return_codes.NOT_APPLICABLE,
        parameters=(
            PN,
            Parameter("PATTERN", Choice(tuple(PATTERNS)), "pseudo-random pattern", mandatory=True),
            TEST_TIMESLOTS,
            Parameter("FULL", FLAG, "YES: on every bit of the line, without frames", default="NO"),
            RELEASE,
        ),
        effect="At once: no calls on the timeslots until STP BERT. Started anew, its counts begin at 0.",
        interrupts=_test_interrupts,
    ),
    Command(
        Verb.DSP,
        "BERT",
        "the bit-error test of a port so far, or the last one",
        _test_display,
        Role.GUEST,
        example="DSP BERT:PN=2;",
        refused="DSP BERT:PN=16;",
        refused_code=return_codes.NO_SUCH_OBJECT,
        parameters=(PN,),
        watch=True,
    ),
    Command(
        Verb.TST,
        "PORT",
        "send errors on purpose, to see them counted",
        _inject,
        Role.OPERATOR,
        example="TST PORT:PN=2,ERROR=CRC,COUNT=5;",
        refused="TST PORT:PN=2,ERROR=CRC,COUNT=0;",
        refused_code=return_codes.BAD_VALUE,
        parameters=(
            PN,
            Parameter(
                "ERROR",
                Choice(tuple(INJECTIONS)),
                "CRC: errored sub-multiframes; FAS: errored frame alignment signals; VIOLATION: bipolar ones; "
                "CAS: errored alignment words of timeslot 16; BIT: errors in the pattern of a bit-error test",
                mandatory=True,
            ),
            Parameter("COUNT", Integer(1, ERRORS_MAX), "how many", default="1"),
        ),
        effect="At once, one behind the other. Three FAS errors in succession lose the far end's alignment.",
        interrupts=_inject_interrupts,
    ),
    Command(
        Verb.STP,
        "BERT",
        "stop the bit-error test of a port; its result stays for DSP BERT",
        _test_stop,
        Role.OPERATOR,
        example="STP BERT:PN=2;",
        refused="STP BERT:PN=1;",
        refused_code=return_codes.WRONG_STATE,
        parameters=(PN,),
        effect="At once: the timeslots take calls again.",
    ),
)
