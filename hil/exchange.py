"""The long-distance exchange at the far end of the trunks: places calls as a far end would, over the line only."""

import asyncio
import random
from dataclasses import dataclass
from pathlib import Path

from drivers.engine import Event, EventKind, Shelf, Sound, Span, SpanOptions, VoiceBoard, dtmf_tone
from drivers.voice_channel import VoiceChannel, VoiceChannels
from drivers.wav_file import RecordingFile
from protocols.e1 import CHANNEL_TIMESLOTS, MULTIFRAME_MS
from protocols.line_signalling import (
    OUTGOING,
    RECOGNITION_MS,
    SEIZURE_ACKNOWLEDGEMENT_TIMEOUT_MS,
    Indication,
    LineBits,
    LineSignalling,
    OutgoingState,
    Request,
    Start,
    Stop,
    Timeout,
    abcd_of,
    bits_of,
    outgoing,
)

LINE_DELAY_BITS_MAX = 4096
DIGIT_LEVEL_DBM0 = -9.0
DIGIT_ON_MS = 70
DIGIT_OFF_MS = 70


class CallFailedError(Exception):
    """The far end did not do what the caller waited for."""


@dataclass(frozen=True)
class CallerScript:
    """What a caller does: dials, listens, presses a key, waits for the tone, speaks, lingers and hangs up.

    `heard` is where to record what comes back over the line from the answer on, if anywhere.
    """

    number: str
    speech: Sound
    listen_s: float
    key: str = "1"
    wait_s: float = 1.5
    linger_s: float = 0.5
    patience_s: float = 30.0
    heard: Path | None = None


class OutgoingChannel:
    """A trunk timeslot at the calling end: its signalling, its voice channel, and the call on it."""

    def __init__(self, span: Span, timeslot: int, voice: VoiceChannel) -> None:
        self._span = span
        self._timeslot = timeslot
        self._voice = voice
        self._acknowledgement_timer: asyncio.TimerHandle | None = None
        self._indications: asyncio.Queue[Indication] = asyncio.Queue()
        self._idle = asyncio.Event()
        self.begin()

    def begin(self) -> None:
        """Another line: a call on the one before has failed; the new one must be seen idle first."""
        self._signalling: LineSignalling[OutgoingState] = outgoing()
        if self._acknowledgement_timer is not None:
            self._acknowledgement_timer.cancel()
        self._indications.put_nowait(Indication.FAILED)
        self._idle.clear()
        self._span.set_cas(self._timeslot, abcd_of(LineBits.BITS_10))

    @property
    def state(self) -> OutgoingState:
        """Of its line signalling."""
        return self._signalling.state

    def feed(self, event: LineBits | Request | Timeout) -> None:
        """Takes an event in and carries out what the table says."""
        for action in self._signalling.feed(event):
            match action:
                case LineBits():
                    self._span.set_cas(self._timeslot, abcd_of(action))
                case Start(timer):
                    delay_s = SEIZURE_ACKNOWLEDGEMENT_TIMEOUT_MS / 1000
                    loop = asyncio.get_running_loop()
                    self._acknowledgement_timer = loop.call_later(delay_s, self.feed, timer)
                case Stop() if self._acknowledgement_timer is not None:
                    self._acknowledgement_timer.cancel()
                case Indication():
                    self._indications.put_nowait(action)
                case _:
                    pass
        if self._signalling.state is OutgoingState.IDLE:
            self._idle.set()
        else:
            self._idle.clear()

    async def call(self, script: CallerScript) -> None:
        """Plays the caller's part to the end; raises CallFailedError, with the channel cleared, if it cannot."""
        await self._idle.wait()
        self._indications = asyncio.Queue()
        try:
            self.feed(Request.SEIZE)
            await self._expect(Indication.ACKNOWLEDGED, script.patience_s)
            await self._dial(script.number)
            await self._expect(Indication.ANSWERED, script.patience_s)
            await self._talk(script)
        finally:
            self._voice.close()
            await self._clear(script.patience_s)

    async def _talk(self, script: CallerScript) -> None:
        """Speaks by the script; a clear-back ends it early."""
        heard = None if script.heard is None else RecordingFile(script.heard)
        if heard is not None:
            self._voice.record_start(heard)
        cleared_back = asyncio.create_task(self._indications.get())
        speaking = asyncio.create_task(self._speak(script))
        try:
            await asyncio.wait([cleared_back, speaking], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (cleared_back, speaking):
                task.cancel()
        if speaking.done() and not speaking.cancelled():
            speaking.result()
        if heard is not None:
            self._voice.record_stop()

    async def _speak(self, script: CallerScript) -> None:
        await self._voice.play_silence(round(script.listen_s * 1000))
        await self._dial(script.key)
        await self._voice.play_silence(round(script.wait_s * 1000))
        await self._voice.play(script.speech)
        await self._voice.play_silence(round(script.linger_s * 1000))

    async def _dial(self, digits: str) -> None:
        tones = [dtmf_tone(digit, DIGIT_LEVEL_DBM0) for digit in digits]
        await self._voice.play_tones(tones, DIGIT_ON_MS, DIGIT_OFF_MS)

    async def _expect(self, wanted: Indication, patience_s: float) -> None:
        try:
            async with asyncio.timeout(patience_s):
                came = await self._indications.get()
        except TimeoutError:
            raise CallFailedError(f"timeslot {self._timeslot}: no {wanted.name} in {patience_s:g} s") from None
        if came is not wanted:
            raise CallFailedError(f"timeslot {self._timeslot}: {came.name} instead of {wanted.name}")

    async def _clear(self, patience_s: float) -> None:
        """Clears forward where the state asks for it, and waits until the far end has released the channel."""
        if (self._signalling.state, Request.CLEAR_FORWARD) in OUTGOING:
            self.feed(Request.CLEAR_FORWARD)
        try:
            async with asyncio.timeout(patience_s):
                await self._idle.wait()
        except TimeoutError:
            raise CallFailedError(f"timeslot {self._timeslot}: not released in {patience_s:g} s") from None


class ExchangeLine:
    """The exchange's end of a line: a span, its voice board, and a channel for each timeslot."""

    def __init__(self, shelf: Shelf, options: SpanOptions) -> None:
        self.span = Span(shelf, options)
        board = VoiceBoard(shelf)
        self.span.attach(board.stream)
        board.attach(self.span.stream)
        voices = VoiceChannels(board).channels
        self.channels = {
            timeslot: OutgoingChannel(self.span, timeslot, voices[timeslot]) for timeslot in CHANNEL_TIMESLOTS
        }
        self.joined = False
        self.span.listen(self._handle)

    def _handle(self, event: Event) -> None:
        if event.kind is EventKind.CAS_BITS and event.timeslot in self.channels:
            self.channels[event.timeslot].feed(bits_of(event.value))

    def begin(self, options: SpanOptions) -> None:
        """Makes ready for another line: unplugged, calls of the one before have failed."""
        if self.joined:
            self.span.unplug()
        self.span.restart(options)
        for channel in self.channels.values():
            channel.begin()
        self.joined = True


class Exchange:
    """An exchange with a line to each `line:` port of a box, by the port's number there.

    The lines' delays, and so the bit phases, are drawn from `seed`.
    """

    def __init__(self, shelf: Shelf, seed: int) -> None:
        self._shelf = shelf
        self._chance = random.Random(seed)
        self.lines: dict[int, ExchangeLine] = {}

    def join(self, port: int, span: Span) -> None:
        """A line to a box's span without a port, which is framed and coded the same at both ends."""
        options = span.options._replace(cas_debounce_multiframes=RECOGNITION_MS // MULTIFRAME_MS)
        if port not in self.lines:
            self.lines[port] = ExchangeLine(self._shelf, options)
        self.lines[port].begin(options)
        there, back = (self._chance.randrange(LINE_DELAY_BITS_MAX) for _ in range(2))
        self.lines[port].span.join(span, there, back, seed=self._chance.getrandbits(32))

    async def call(self, port: int, timeslot: int, script: CallerScript) -> None:
        """Places a call on a port's timeslot as soon as that is idle; see OutgoingChannel.call."""
        await self.lines[port].channels[timeslot].call(script)
