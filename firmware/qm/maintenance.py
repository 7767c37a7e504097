"""What technicians do to a port: loops, bit-error tests, errors on purpose. Its timeslots take no calls then."""

from collections.abc import Iterable

from drivers.engine import AdaptorMaintenance, Injection, Maintenance
from drivers.port_statistics import port_statistics
from firmware.qm.channel import Hold
from firmware.qm.port import TrunkPort
from firmware.qm.port_test import PATTERNS, PortTest
from protocols.e1 import CHANNEL_TIMESLOTS

LOOPS = {
    "LOCAL": Maintenance.LOOP_LOCAL,
    "LINE": Maintenance.LOOP_LINE,
    "PAYLOAD": Maintenance.LOOP_PAYLOAD,
    "NONE": Maintenance.NONE,
}

INJECTIONS = {
    "CRC": Injection.CRC,
    "FAS": Injection.FAS,
    "VIOLATION": Injection.VIOLATION,
    "CAS": Injection.CAS,
    "BIT": Injection.TEST,
}

# What an adaptor that frames the line does itself, one error a request.
ADAPTOR_ERRORS = {
    "CRC": AdaptorMaintenance.ERROR_CRC,
    "FAS": AdaptorMaintenance.ERROR_FAS,
    "VIOLATION": AdaptorMaintenance.ERROR_BIPOLAR,
    "CAS": AdaptorMaintenance.ERROR_CAS,
}
ADAPTOR_ERRORS_MAX = 100


def is_dahdi(port: TrunkPort) -> bool:
    """The port's card has loops and errors of its own."""
    return port_statistics(port.span).kind == "dahdi"


def loop(port: TrunkPort, name: str, timeslots: tuple[int, ...]) -> None:
    """Sets exactly this loop of LOOPS, and these timeslots; raises EngineError where the port cannot."""
    at_card = name == "LOCAL" and is_dahdi(port)
    if at_card or port.adaptor_loop:
        port.span.maintain_adaptor(AdaptorMaintenance.LOOP_LOCAL if at_card else AdaptorMaintenance.LOOP_NONE)
        port.adaptor_loop = name if at_card else ""
    maintenance = Maintenance.NONE if at_card else LOOPS[name]
    port.span.maintain(maintenance, list(timeslots))
    port.maintenance, port.looped_timeslots = maintenance, timeslots
    looped = CHANNEL_TIMESLOTS if at_card or maintenance else timeslots
    port.end_calls(f"{port.where} was looped", looped)
    port.let_go(Hold.LOOP, [timeslot for timeslot in CHANNEL_TIMESLOTS if timeslot not in looped])
    port.hold(Hold.LOOP, [timeslot for timeslot in looped if timeslot in port.channels])
    port.alarms.set("PORT_LOOPED", bool(looped), loop_text(port))


def loop_text(port: TrunkPort) -> str:
    """The loops that are set, for people."""
    name = port.adaptor_loop or next(
        (name for name, flag in LOOPS.items() if flag and flag == port.maintenance), ""
    )
    timeslots = ", ".join(map(str, port.looped_timeslots))
    parts = [name.lower()] if name else []
    return "; ".join([*parts, *([f"timeslots {timeslots}"] if timeslots else [])]) or "none"


def test_start(port: TrunkPort, pattern: str, timeslots: tuple[int, ...], now_ns: int) -> None:
    """Sends a pattern on these timeslots, or on every bit of the line; calls there end. Raises EngineError."""
    port.span.test_start(PATTERNS[pattern], list(timeslots) or None)
    if port.test is not None:
        port.let_go(Hold.TEST)
    port.test = PortTest(pattern, timeslots, now_ns)
    tested = [timeslot for timeslot in timeslots or CHANNEL_TIMESLOTS if timeslot in port.channels]
    port.end_calls(f"{port.where} is under test", tested)
    port.hold(Hold.TEST, tested)
    port.alarms.set("TEST_RUNNING", True, pattern)


def test_stop(port: TrunkPort, test: PortTest, now_ns: int) -> None:
    """Ends it; its result stays to be read."""
    test.result = port.span.test_result()
    port.span.test_stop()
    test.stopped_ns = now_ns
    port.let_go(Hold.TEST)
    port.alarms.set("TEST_RUNNING", False)


def inject(port: TrunkPort, error: str, count: int) -> None:
    """Sends so many errors of a kind of INJECTIONS; raises EngineError where the port cannot send them."""
    if error in ADAPTOR_ERRORS and is_dahdi(port):
        for _ in range(count):
            port.span.maintain_adaptor(ADAPTOR_ERRORS[error])
    else:
        port.span.inject(INJECTIONS[error], count)


def busy_timeslots(port: TrunkPort, timeslots: Iterable[int]) -> list[int]:
    """Those with a call, or one that the far end has yet to clear."""
    return [timeslot for timeslot in timeslots if timeslot in port.channels and port.channels[timeslot].busy]
