"""`trunkshelf e1 capture`: what a port receives, bit for bit, into a file."""

import argparse
import asyncio
from contextlib import suppress
from pathlib import Path

from drivers import clock
from drivers.engine import Event, EventKind, Framing, LineCode, Port, Shelf, Span, SpanOptions, SpanStatus
from drivers.errors import UserError
from drivers.line_recording import LineRecording
from drivers.ports import SLACK_FRAMES, open_port

SECONDS_MAX = 7 * 86_400


class CaptureError(UserError):
    """A capture that cannot be made as asked."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument(
        "--seconds", type=float, metavar="S", help="how long (default: until Ctrl-C; a file: port until its end)"
    )
    parser.add_argument(
        "port", metavar="PORT", help="satop://HOST:PORT, e1d:SOCKET/INTERFACE/LINE, dahdi:SPAN or file:PATH"
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="raw bits, most significant first; overwritten")


async def _wait(span: Span, seconds: float | None) -> None:
    """For so long; without a time, until the signal ends, which the outside world's ports may outlive."""
    over = asyncio.Event()

    def handle(event: Event) -> None:
        if event.kind is EventKind.SIGNAL_LOST and event.value and seconds is None:
            over.set()

    span.listen(handle)
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await over.wait()


def _record(port: Port, recording: LineRecording, seconds: float | None) -> SpanStatus:
    with Shelf(1) as shelf:
        options = SpanOptions(framing=Framing.AUTOMATIC, line_code=LineCode.NONE, slack_frames=SLACK_FRAMES)
        span, real_time = Span(shelf, options), port.real_time
        span.plug(port)
        span.tap(recording.port)
        with suppress(KeyboardInterrupt):
            clock.run(shelf, _wait(span, seconds), real_time)
        octets = recording.finish()
        status = span.status()
    print(f"{octets} octets, {octets // 32 / 8000:.3f} s; alignment: {status.alignment.name.lower()}")
    return status


def execute(arguments: argparse.Namespace) -> int:
    """Records; exit code 1 with one line where port or file do not open, or the file does not take it."""
    seconds = arguments.seconds
    if seconds is not None and not 0 < seconds <= SECONDS_MAX:
        raise CaptureError(f"--seconds {seconds:g}: more than 0, at most {SECONDS_MAX}")
    port = open_port(arguments.port)
    try:
        recording = LineRecording(arguments.file)
    except UserError:
        port.close()
        raise
    status = _record(port, recording, seconds)
    if status.port_underruns:
        print(f"underruns: {status.port_underruns} ms without anything to receive")
    print(arguments.file)
    return 0
