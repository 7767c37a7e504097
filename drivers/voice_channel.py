"""One channel of a voice board as something to await: play, collect digits, record to a file."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from drivers.engine import CHANNELS, Event, EventKind, Sound, Tone, VoiceBoard
from drivers.wav_file import RecordingError, RecordingFile

SAMPLES_PER_MS = 8


class VoiceChannel:
    """Channel `number` of `board`; VoiceChannels brings it its events."""

    def __init__(self, board: VoiceBoard, number: int) -> None:
        self.number = number
        self._board = board
        self._next_tag = 0
        self._played: dict[int, asyncio.Future[None]] = {}
        self._digits: asyncio.Queue[str] = asyncio.Queue()
        self._recording: RecordingFile | None = None
        self._recording_failed: asyncio.Future[None] | None = None

    def handle(self, event: Event) -> None:
        """Takes an event of this channel in."""
        match event.kind:
            case EventKind.PLAY_DONE:
                played = self._played.pop(event.value, None)
                if played is not None and not played.done():
                    played.set_result(None)
            case EventKind.DIGIT_BEGIN:
                self._digits.put_nowait(chr(event.value))
            case EventKind.RECORD_DATA:
                self._record_drain()
            case EventKind.RECORD_OVERRUN:
                self._record_fail(RecordingError(f"channel {self.number}: recording overran: disk too slow"))
            case _:
                pass

    async def play(self, sound: Sound) -> None:
        """Plays a sound to its last sample; cancelled, the channel falls silent."""
        await self._until_played(lambda tag: self._board.play_sound(self.number, sound, tag))

    async def play_tone(self, tone: Tone, duration_ms: int) -> None:
        """Sends a tone for so long."""
        samples = duration_ms * SAMPLES_PER_MS
        await self._until_played(lambda tag: self._board.play_tone(self.number, tone, samples, tag))

    async def play_silence(self, duration_ms: int) -> None:
        """Sends nothing for so long: the way to wait on a channel, exact to the sample."""
        samples = duration_ms * SAMPLES_PER_MS
        await self._until_played(lambda tag: self._board.play_silence(self.number, samples, tag))

    async def play_tones(self, tones: list[Tone], on_ms: int, off_ms: int) -> None:
        """Sends tones one after the other, sample-exact, each followed by a silence."""
        for tone in tones[:-1]:
            self._board.play_tone(self.number, tone, on_ms * SAMPLES_PER_MS, self._tag())
            self._board.play_silence(self.number, off_ms * SAMPLES_PER_MS, self._tag())
        await self.play_tone(tones[-1], on_ms)

    def hear_digits(self) -> None:
        """Collects digits from now on, until `close`."""
        self._board.hear_digits(self.number, True)

    async def digit(self, timeout_s: float) -> str:
        """The next digit heard, or '' if none comes in time."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._digits.get()
        except TimeoutError:
            return ""

    def record_start(self, recording: RecordingFile) -> None:
        """Records what the channel hears from the next block on."""
        self._recording = recording
        self._recording_failed = asyncio.get_running_loop().create_future()
        self._board.record_start(self.number)

    async def recording_failure(self) -> None:
        """Never returns: raises RecordingError when the recording fails."""
        if self._recording_failed is None:
            raise RecordingError(f"channel {self.number}: nothing is being recorded")
        await asyncio.shield(self._recording_failed)

    def record_stop(self) -> None:
        """Ends the recording with the last block heard; raises RecordingError if it cannot be kept."""
        self._board.record_stop(self.number)
        self._record_drain()
        recording, self._recording = self._recording, None
        if self._recording_failed is not None and self._recording_failed.done():
            self._recording_failed.result()
        if recording is not None:
            recording.finish()

    def close(self) -> None:
        """Frees everything the channel holds: queue, digits, an unfinished recording."""
        self._board.play_stop(self.number)
        self._board.hear_digits(self.number, False)
        self._board.record_stop(self.number)
        self._board.record_read(self.number)
        if self._recording is not None:
            self._recording.discard()
            self._recording = None
        if self._recording_failed is not None:
            self._recording_failed.cancel()
            self._recording_failed = None
        self._played.clear()
        self._digits = asyncio.Queue()

    def _tag(self) -> int:
        self._next_tag = (self._next_tag + 1) % 2**32
        return self._next_tag

    async def _until_played(self, queue: Callable[[int], None]) -> None:
        tag = self._tag()
        played = self._played[tag] = asyncio.get_running_loop().create_future()
        try:
            queue(tag)
            await played
        except asyncio.CancelledError:
            self._board.play_stop(self.number)
            raise
        finally:
            self._played.pop(tag, None)

    def _record_drain(self) -> None:
        octets = self._board.record_read(self.number)
        if self._recording is None:
            return
        try:
            self._recording.append(octets)
        except RecordingError as error:
            self._record_fail(error)

    def _record_fail(self, error: RecordingError) -> None:
        self._board.record_stop(self.number)
        if self._recording is not None:
            self._recording.discard()
            self._recording = None
        if self._recording_failed is not None and not self._recording_failed.done():
            self._recording_failed.set_exception(error)
            with suppress(RecordingError):
                self._recording_failed.exception()  # seen: whoever asks for it later still gets it


class VoiceChannels:
    """The channels of a voice board, by number; takes the board's events over."""

    def __init__(self, board: VoiceBoard) -> None:
        self.channels = [VoiceChannel(board, number) for number in range(CHANNELS)]
        board.listen(self._handle)

    def _handle(self, event: Event) -> None:
        self.channels[event.timeslot].handle(event)
