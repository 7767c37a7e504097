"""Spans on ports of the outside world, in real time for a second or two each: the one way they run."""

import asyncio
from pathlib import Path

import pytest

from drivers import clock
from drivers.engine import (
    BitErrorPattern,
    EngineError,
    LineCode,
    Maintenance,
    PortError,
    Shelf,
    Span,
    SpanOptions,
)
from drivers.ports import SLACK_FRAMES, open_port
from hil.e1d_daemon import PASS_FRAMES, E1dDaemon
from hil.soak import soak

BUNDLE = list(range(1, 16))
FRAMES_PER_S = 8000
TRIES = 10
OUTSIDE = SpanOptions(line_code=LineCode.NONE, slack_frames=SLACK_FRAMES)


def test_pseudowires_between_two_shelves_carry_every_bit() -> None:
    """Where the machine stands still for longer than the jitter buffer is deep, it is tried again."""
    for _ in range(TRIES):
        spans = soak("satop", spans=2, seconds=0.5).spans
        if not any(span.underruns for span in spans):
            break
    assert [(span.errors, span.underruns, span.alignment_losses) for span in spans] == [(0, 0, 0)] * 4
    assert all(span.bits > 1_000_000 for span in spans)


async def carry(daemon: E1dDaemon, seconds: float) -> None:
    """The daemon's two lines as a virtual pair: what is sent on one is received on the other, pass by pass."""
    one, other = daemon.lines()
    loop = asyncio.get_running_loop()
    began, carried = loop.time(), 0
    while loop.time() < began + seconds:
        while carried < (loop.time() - began) * FRAMES_PER_S:
            to_other, to_one = one.transmit(), other.transmit()
            other.receive(to_other)
            one.receive(to_one)
            carried += PASS_FRAMES
        await asyncio.sleep(0.001)


async def bits_carried(daemon: E1dDaemon, spans: list[Span]) -> None:
    """A stretch in which this process kept the daemon's pace: not a bit is wrong. A busy machine may try again."""
    await carry(daemon, 0.3)
    for _ in range(TRIES):
        before = [span.status().port_underruns for span in spans]
        for span in spans:
            span.test_start(BitErrorPattern.PRBS_2E15, BUNDLE)
        await carry(daemon, 0.5)
        if before == [span.status().port_underruns for span in spans]:
            break
    else:
        raise AssertionError(f"the daemon was late in {TRIES} stretches of half a second")
    for span in spans:
        result, status = span.test_result(), span.status()
        assert (status.in_service, status.cas_aligned, result.errors) == (True, True, 0)
        assert result.bits > 300_000


def test_lines_of_osmo_e1d_carry_every_bit(tmp_path: Path) -> None:
    daemon = E1dDaemon(tmp_path / "e1d.ctl", [2])
    daemon.start()
    try:
        with Shelf(4) as shelf:
            spans = [Span(shelf, OUTSIDE) for _ in range(2)]
            for line, span in enumerate(spans):
                with daemon.serving():
                    port = open_port(f"e1d:{tmp_path}/e1d.ctl/0/{line}")
                span.plug(port)

            clock.run(shelf, bits_carried(daemon, spans), real_time=True)
    finally:
        daemon.kill()


def test_what_the_adaptor_does_itself_is_refused_by_name(tmp_path: Path) -> None:
    daemon = E1dDaemon(tmp_path / "e1d.ctl", [1])
    daemon.start()
    try:
        with Shelf(2) as shelf:
            span = Span(shelf, OUTSIDE)
            with daemon.serving():
                span.plug(open_port(f"e1d:{tmp_path}/e1d.ctl/0/0"))
            for what in (Maintenance.LOOP_LOCAL, Maintenance.FORCE_AIS, Maintenance.FORCE_REMOTE_ALARM):
                with pytest.raises(EngineError, match="the adaptor frames this line"):
                    span.maintain(what)
            span.maintain(Maintenance.LOOP_PAYLOAD)
            with pytest.raises(EngineError, match="real time only"):
                shelf.run(1_000_000)
    finally:
        daemon.kill()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("tcp://host", "no such kind of port; there are satop:, e1d:, dahdi:, file:"),
        ("satop://", "say which host"),
        ("satop://h:99999", "no HOST:PORT"),
        ("satop://127.0.0.1?payload=77", "payload"),
        ("satop://127.0.0.1?depth=x", "depth=x is no number"),
        ("satop://127.0.0.1?rtp=maybe", "rtp=maybe is neither yes nor no"),
        ("satop://127.0.0.1?speed=9", "speed: unknown or given twice"),
        ("satop://127.0.0.1?speed", "no list of NAME=VALUE"),
        ("e1d:/nowhere", "say which line"),
        ("e1d:/nowhere.ctl/0/0", "No such file or directory"),
        ("dahdi:0", "spans are numbered 1-128"),
        ("dahdi:1", "/dev/dahdi/ctl"),
        ("file:/nowhere.e1", "/nowhere.e1: No such file or directory"),
        ("file:/", "Is a directory"),
    ],
)
def test_ports_that_cannot_be_opened_are_one_line(url: str, says: str) -> None:
    with pytest.raises(PortError) as error:
        open_port(url)
    (line,) = str(error.value).splitlines()
    assert url in line
    assert says in line
