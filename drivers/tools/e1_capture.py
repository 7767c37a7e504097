"""`trunkshelf e1 capture`: what a port receives, bit for bit, into a file."""

import argparse
import asyncio
import math
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from drivers import clock
from drivers.engine import Event, EventKind, Framing, LineCode, Port, Shelf, Span, SpanOptions
from drivers.errors import UserError
from drivers.line_recording import LineRecording
from drivers.ports import SLACK_FRAMES, open_port

SECONDS_MAX = 7 * 86_400


class CaptureError(UserError):
    """A capture that cannot be made as asked."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument(
        "--seconds", type=float, metavar="S", help="how long (default: until Ctrl-C, a file: port until its end)"
    )
    parser.add_argument(
        "port", metavar="PORT", help="satop://HOST:PORT, e1d:SOCKET/INTERFACE/LINE, dahdi:SPAN or file:PATH"
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="raw bits, most significant first; overwritten")


def _endless(url: str) -> bool:
    """A file: that begins again where it ends."""
    parts = urlsplit(url)
    return parts.scheme == "file" and "yes" in parse_qs(parts.query).get("repeat", [])


def _check(url: str, seconds: float | None, file: Path) -> None:
    parts = urlsplit(url)
    replayed = Path(unquote(parts.path))
    if parts.scheme == "file" and file.exists() and replayed.exists() and file.samefile(replayed):
        raise CaptureError(f"{file}: cannot be replayed and recorded at once")
    if seconds is None and _endless(url):
        raise CaptureError(f"{url}: has no end; say for how long: --seconds S")
    if seconds is not None and not 0 < seconds <= SECONDS_MAX:
        raise CaptureError(f"--seconds {seconds:g}: more than 0, at most {SECONDS_MAX}")


class _Listener:
    """What the span tells while it is recorded: whether a signal ever came, and when it has ended."""

    def __init__(self, span: Span) -> None:
        self.heard = True
        self.ended = asyncio.Event()
        span.listen(self._handle)

    def _handle(self, event: Event) -> None:
        if event.kind is not EventKind.SIGNAL_LOST:
            return
        if event.bit == 0:
            self.heard = False  # from the very first millisecond on
        if event.value:
            self.ended.set()
        else:
            self.heard = True

    async def wait(self, seconds: float, signal_ends: bool) -> None:
        """For so long or, of a port whose signal does not come back, until the signal ends."""
        over = self.ended if signal_ends else asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await over.wait()


def _record(port: Port, recording: LineRecording, seconds: float | None) -> bool:
    """Records and prints what there was; false if no signal ever came."""
    with Shelf(1) as shelf:
        options = SpanOptions(framing=Framing.AUTOMATIC, line_code=LineCode.NONE, slack_frames=SLACK_FRAMES)
        span, real_time = Span(shelf, options), port.real_time
        span.plug(port)
        span.tap(recording.port)
        listener = _Listener(span)
        # For ever is a timer, too: a long file without an event is nothing that virtual time should wonder at.
        limit = math.inf if seconds is None else seconds
        with suppress(KeyboardInterrupt):
            clock.run(shelf, listener.wait(limit, seconds is None and not real_time), real_time)
        octets = recording.finish()
        status = span.status()
    print(f"{octets} octets, {octets // 32 / 8000:.3f} s; alignment: {status.alignment.name.lower()}")
    if status.port_underruns:
        print(f"underruns: {status.port_underruns} ms without anything to receive")
    return listener.heard


def execute(arguments: argparse.Namespace) -> int:
    """Records; exit code 1 with one line where port or file do not open, or the file does not take it."""
    seconds = arguments.seconds
    _check(arguments.port, seconds, arguments.file)
    port = open_port(arguments.port)
    try:
        recording = LineRecording(arguments.file)
    except UserError:
        port.close()
        raise
    heard = _record(port, recording, seconds)
    print(arguments.file)
    if not heard:
        raise CaptureError(f"{arguments.port}: no signal came: is the far end sending?")
    return 0
