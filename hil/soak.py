"""Spans in real time, under a bit-error test for as long as asked: what the machine's clock makes of them."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

from drivers import clock
from drivers.engine import BitErrorPattern, ClockStatus, LineCode, Shelf, Span, SpanOptions, SpanStatus
from drivers.ports import open_port
from protocols.e1 import CHANNEL_TIMESLOTS

SETTLE_S = 1.0
LOOPBACK = "127.0.0.1"


class SpanOutcome(NamedTuple):
    """One span's end: what it compared, and where the line let it down since the test began."""

    bits: int
    errors: int
    underruns: int
    slips: int
    alignment_losses: int


class Outcome(NamedTuple):
    """How the shelves kept time, and every span's end."""

    clocks: list[ClockStatus]
    spans: list[SpanOutcome]


def _underruns(status: SpanStatus) -> int:
    return status.port_underruns + status.store_restarts + status.transmit_store_restarts


class _Pair:
    """Two spans that face each other, and what their counters stood at when the test began."""

    def __init__(self, near: Span, far: Span) -> None:
        self.ends = (near, far)
        self._before = [end.status() for end in self.ends]

    def begin(self) -> None:
        for end in self.ends:
            end.test_start(BitErrorPattern.PRBS_2E15, CHANNEL_TIMESLOTS)

    def settle(self) -> None:
        """Forgets what happened until now, when the lines came up."""
        self._before = [end.status() for end in self.ends]

    def outcomes(self) -> Iterator[SpanOutcome]:
        for end, before in zip(self.ends, self._before, strict=True):
            status, test = end.status(), end.test_result()
            yield SpanOutcome(
                bits=test.bits,
                errors=test.errors,
                underruns=_underruns(status) - _underruns(before),
                slips=status.slips_repeated + status.slips_deleted - before.slips_repeated - before.slips_deleted,
                alignment_losses=status.alignment_losses - before.alignment_losses,
            )


def _lines(near: Shelf, far: Shelf, spans: int) -> list[_Pair]:
    """Spans joined by lines inside one shelf."""
    pairs = []
    for number in range(spans):
        one, other = Span(near), Span(near)
        one.join(other, delay_bits=311 * number, far_end_delay_bits=173 * number)
        pairs.append(_Pair(one, other))
    return pairs


def _free_udp_ports(count: int) -> list[int]:
    """Ports that nobody uses at this instant."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]


def _pseudowires(near: Shelf, far: Shelf, spans: int) -> list[_Pair]:
    """Spans of two shelves, each with its own thread, joined over UDP on this machine."""
    options = SpanOptions(line_code=LineCode.NONE)
    pairs = []
    ports = _free_udp_ports(2 * spans)
    for here, there in zip(ports[::2], ports[1::2], strict=True):
        one, other = Span(near, options), Span(far, options)
        one.plug(open_port(f"satop://{LOOPBACK}:{there}?local={LOOPBACK}:{here}"))
        other.plug(open_port(f"satop://{LOOPBACK}:{here}?local={LOOPBACK}:{there}"))
        pairs.append(_Pair(one, other))
    return pairs


PLANTS = {"line": _lines, "satop": _pseudowires}


async def _run(far: Shelf, pairs: list[_Pair], seconds: float) -> ClockStatus:
    loop = asyncio.get_running_loop()
    real_time = clock.RealTime(far, loop, clock.now_ns())
    try:
        await asyncio.sleep(SETTLE_S)
        for pair in pairs:
            pair.begin()
        await asyncio.sleep(SETTLE_S)
        for pair in pairs:
            pair.settle()
        await asyncio.sleep(seconds)
        return far.clock_status()
    finally:
        real_time.stop()


def soak(plant: str, spans: int, seconds: float) -> Outcome:
    """Runs `spans` pairs over PLANTS[plant] for so long."""
    with ExitStack() as stack:
        near, far = (stack.enter_context(Shelf(2 * spans)) for _ in range(2))
        pairs = PLANTS[plant](near, far, spans)

        async def main() -> Outcome:
            far_clock = await _run(far, pairs, seconds)
            outcomes = [outcome for pair in pairs for outcome in pair.outcomes()]
            return Outcome([near.clock_status(), far_clock], outcomes)

        return clock.run(near, main(), real_time=True)
