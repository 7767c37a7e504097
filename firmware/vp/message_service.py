"""The message service: number, answer, prompt, a key, a beep, then the caller's message until somebody clears."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from drivers.bus import Bus, BusError
from drivers.engine import Sound, Tone
from drivers.voice_channel import VoiceChannel
from drivers.wav_file import RecordingError, RecordingFile
from firmware.vp.configuration import ServiceConfiguration
from protocols.messages import AnswerCall, CallServed, ClearCall, Done, Step

BEEP = Tone((1400.0, 0.0), (-10.0, 0.0))
BEEP_MS = 300
SAMPLES_PER_S = 8000
PROGRESS_S = 2

# After the answer, before the prompt: every exchange on the way takes 20 +- 10 ms to recognise it (Q.422 2.2.1)
# and only then opens the speech path.
ANSWER_GUARD_MS = 200

Tell = Callable[[Step, str], None]


class MessageService:
    """One call on one channel. `run` ends by itself or is cancelled; then `end` says what came of it."""

    def __init__(
        self,
        channel: VoiceChannel,
        bus: Bus,
        call: str,
        configuration: ServiceConfiguration,
        prompt: Sound,
        called_digits: int,
        recording: Path,
        tell: Tell,
    ) -> None:
        self._channel = channel
        self._bus = bus
        self._call = call
        self._configuration = configuration
        self._prompt = prompt
        self._called_digits = called_digits
        self._path = recording
        self._tell = tell
        self._called_number = ""
        self._keys = ""
        self._answered = False
        self._failure = ""
        self._stopped = ""
        self.recording_failed = False
        self._recording: RecordingFile | None = None

    async def run(self) -> None:
        """Serves the call; a failure is kept for `end` and clears the call."""
        self._channel.hear_digits()
        try:
            await self._receive_number()
            answer = AnswerCall(call=self._call, called_number=self._called_number)
            await self._bus.request("qm.answer", answer, Done)
            self._answered = True
            await self._channel.play_silence(ANSWER_GUARD_MS)
            await self._greet()
            await self._record()
        except (BusError, RecordingError) as error:
            self._fail(error)
            self._tell(Step.FAILED, self._failure)
        # Refused where it was never answered or is cleared already: the caller's clear-forward ends the call.
        with suppress(BusError):
            await self._bus.request("qm.clear", ClearCall(call=self._call), Done)

    @property
    def progress(self) -> str:
        """How far it has come, for people."""
        if self._stopped:
            return "stopped"
        if self._recording is not None:
            return "recorded" if self._recording.closed else "recording"
        return "prompt" if self._answered else "number"

    @property
    def called_number(self) -> str:
        """The digits so far."""
        return self._called_number

    def stop(self, reason: str) -> None:
        """The message ends here; it is kept, and the call's record says why. `run` is to be cancelled."""
        self._stopped = reason
        self._save_or_fail()

    def _fail(self, error: BusError | RecordingError) -> None:
        self._failure = str(error)
        self.recording_failed |= isinstance(error, RecordingError)

    def _save_or_fail(self) -> None:
        try:
            self._save()
        except RecordingError as error:
            self._fail(error)

    def end(self) -> CallServed:
        """Stops the channel, saves the message, frees everything."""
        self._save_or_fail()
        self._channel.close()
        kept = self._recording if not self._failure else None
        return CallServed(
            called_number=self._called_number,
            keys=self._keys,
            recording=kept.path.name if kept else "",
            recorded_octets=kept.octets if kept else 0,
            failure=self._failure or self._stopped,
        )

    async def _receive_number(self) -> None:
        while len(self._called_number) < self._called_digits:
            digit = await self._channel.digit(self._configuration.digit_timeout_s)
            if not digit:
                break
            self._called_number += digit
        self._tell(Step.DIGITS, self._called_number or "none")

    async def _greet(self) -> None:
        await self._play_prompt()
        self._tell(Step.PLAYED, "")
        key = await self._channel.digit(self._configuration.digit_timeout_s)
        self._keys += key
        self._tell(Step.KEY, key or "none")

    async def _play_prompt(self) -> None:
        """Plays the prompt and tells how far it has come, every two seconds."""
        playing = asyncio.create_task(self._channel.play(self._prompt))
        length_s, played_s = self._prompt.samples / SAMPLES_PER_S, 0
        try:
            while not playing.done():
                self._tell(Step.PLAYING, f"{played_s} of {length_s:.1f} s")
                await asyncio.wait([playing], timeout=PROGRESS_S)
                played_s += PROGRESS_S
        finally:
            playing.cancel()
        await playing

    async def _record(self) -> None:
        await self._channel.play_tone(BEEP, BEEP_MS)
        self._recording = RecordingFile(self._path)
        self._channel.record_start(self._recording)
        self._tell(Step.RECORDING, self._path.name)
        try:
            async with asyncio.timeout(self._configuration.maximum_message_s):
                await self._channel.recording_failure()
        except TimeoutError:
            self._save()

    def _save(self) -> None:
        if self._recording is None or self._recording.closed:
            return
        self._channel.record_stop()
        self._tell(Step.RECORDED, f"{self._recording.octets / SAMPLES_PER_S:.1f} s")
