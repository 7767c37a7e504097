"""The voice box: takes calls on its channels and runs the message service on each."""

import asyncio
from contextlib import suppress
from pathlib import Path

from drivers.bus import Bus, BusError
from drivers.engine import CHANNELS, Sound, VoiceBoard
from drivers.errors import UserError
from drivers.voice_channel import VoiceChannel, VoiceChannels
from drivers.wav_file import read_speech
from firmware.configuration.target import Faults, PreparationError, Prepared, Problem
from firmware.runtime import Board, Box, WallClock
from firmware.vp.configuration import VoiceBoxConfiguration
from firmware.vp.message_service import MessageService
from protocols.messages import CallServed, ClearCall, Done, EndCall, ServeCall

RECORDING_FAILED = "RECORDING_FAILED"


class Session:
    """A call on a channel: its service, and the task that runs it."""

    def __init__(
        self,
        call: str,
        number: int,
        since_ns: int,
        channel: VoiceChannel,
        service: MessageService,
        task: asyncio.Task[None],
    ) -> None:
        self.call = call
        self.number = number
        self.since_ns = since_ns
        self.channel = channel
        self.service = service
        self.task = task


class PreparedService:
    """A prompt that has been read, and what puts it in force (firmware/configuration/target.py, Prepared)."""

    def __init__(self, box: "VoiceBox", configuration: VoiceBoxConfiguration, prompt: Sound) -> None:
        self._box = box
        self._configuration = configuration
        self._prompt = prompt

    def apply(self) -> None:
        """The next call hears it."""
        self._box.set_service(self._configuration, self._prompt)

    def abort(self) -> None:
        """Nothing to give back."""


class VoiceBox(Box):
    """Channel c of the box is channel c % 32 of its board c // 32; recordings go to `folder`."""

    channels_per_board = CHANNELS

    def __init__(
        self,
        name: str,
        bus: Bus,
        tasks: asyncio.TaskGroup,
        boards: list[VoiceBoard],
        configuration: VoiceBoxConfiguration,
        prompt: Sound,
        folder: Path,
        wall_clock: WallClock,
        faults: Faults,
    ) -> None:
        super().__init__(name, bus, tasks)
        self.wall_clock = wall_clock
        self.channels = [channel for board in boards for channel in VoiceChannels(board).channels]
        self.configuration = configuration
        self._prompt = prompt
        self._folder = folder
        self._faults = faults
        self._sessions: dict[str, Session] = {}
        bus.serve(f"vp.{name}.serve", ServeCall, self._serve)
        bus.serve(f"vp.{name}.end", EndCall, self._end)

    async def prepare(self, old: VoiceBoxConfiguration, new: VoiceBoxConfiguration) -> Prepared:
        """Reads the prompt; raises PreparationError."""
        prompt = self._prompt
        if new.service.prompt_file != old.service.prompt_file:
            try:
                prompt = Sound(read_speech(new.service.prompt_file))
            except UserError as error:
                raise PreparationError([Problem("service.prompt", str(error))]) from None
        return PreparedService(self, new, prompt)

    def interrupts(self, old: VoiceBoxConfiguration, new: VoiceBoxConfiguration) -> list[str]:
        """Nothing: what changes counts from the next call on."""
        return []

    def set_service(self, configuration: VoiceBoxConfiguration, prompt: Sound) -> None:
        """Serves so from the next call on."""
        self.configuration = configuration
        self._prompt = prompt

    @property
    def boards(self) -> list[Board]:
        """Its voice boards."""
        return [
            Board("voice board", number, f"{CHANNELS} channels")
            for number in range(len(self.channels) // CHANNELS)
        ]

    @property
    def sessions(self) -> list[Session]:
        """Calls being served, oldest first."""
        return list(self._sessions.values())

    def stop(self, session: Session, reason: str) -> None:
        """Ends the service of a call, and has the call cleared back; the message so far is kept."""
        session.service.stop(reason)
        session.task.cancel()
        self.spawn(self._clear(session), f"clearing {session.call}")

    async def _clear(self, session: Session) -> None:
        with suppress(asyncio.CancelledError):
            await session.task
        with suppress(BusError):  # it was never answered, or is cleared already
            await self.bus.request("qm.clear", ClearCall(call=session.call), Done)

    async def _serve(self, request: ServeCall) -> Done:
        if not 0 <= request.channel < len(self.channels):
            raise BusError(f"no channel {request.channel}: the box has {len(self.channels)}")
        channel = self.channels[request.channel]
        if any(session.channel is channel for session in self._sessions.values()):
            raise BusError(f"channel {request.channel} serves another call")
        service = MessageService(
            channel=channel,
            bus=self.bus,
            call=request.call,
            configuration=self.configuration.service,
            prompt=self._prompt,
            called_digits=request.called_digits,
            recording=self._folder / f"{request.call}.wav",
            tell=lambda step, detail: self.tell(
                step, detail, where=f"channel {request.channel}", call=request.call
            ),
        )
        task = self.spawn(service.run(), request.call)
        self._sessions[request.call] = Session(
            request.call, request.channel, self.now_ns(), channel, service, task
        )
        return Done()

    async def _end(self, request: EndCall) -> CallServed:
        session = self._sessions.pop(request.call, None)
        if session is None:
            raise BusError(f"no call {request.call}")
        session.task.cancel()
        with suppress(asyncio.CancelledError):
            await session.task
        served = session.service.end()
        if session.service.recording_failed:
            self._faults.event(RECORDING_FAILED, "", served.failure)
        return served
