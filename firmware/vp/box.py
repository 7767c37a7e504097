"""The voice box: takes calls on its channels and runs the message service on each."""

import asyncio
from contextlib import suppress
from pathlib import Path

from drivers.bus import Bus, BusError
from drivers.engine import Sound, VoiceBoard
from drivers.voice_channel import VoiceChannel, VoiceChannels
from firmware.runtime import Box
from firmware.vp.configuration import VoiceBoxConfiguration
from firmware.vp.message_service import MessageService
from protocols.messages import CallServed, Done, EndCall, ServeCall


class Session:
    """A call on a channel: its service, and the task that runs it."""

    def __init__(self, channel: VoiceChannel, service: MessageService, task: asyncio.Task[None]) -> None:
        self.channel = channel
        self.service = service
        self.task = task


class VoiceBox(Box):
    """Channel c of the box is channel c % 32 of its board c // 32; recordings go to `folder`."""

    def __init__(
        self,
        name: str,
        bus: Bus,
        tasks: asyncio.TaskGroup,
        boards: list[VoiceBoard],
        configuration: VoiceBoxConfiguration,
        prompt: Sound,
        folder: Path,
    ) -> None:
        super().__init__(name, bus, tasks)
        self._channels = [channel for board in boards for channel in VoiceChannels(board).channels]
        self._configuration = configuration
        self._prompt = prompt
        self._folder = folder
        self._sessions: dict[str, Session] = {}
        bus.serve(f"vp.{name}.serve", ServeCall, self._serve)
        bus.serve(f"vp.{name}.end", EndCall, self._end)

    async def _serve(self, request: ServeCall) -> Done:
        if not 0 <= request.channel < len(self._channels):
            raise BusError(f"no channel {request.channel}: the box has {len(self._channels)}")
        channel = self._channels[request.channel]
        if any(session.channel is channel for session in self._sessions.values()):
            raise BusError(f"channel {request.channel} serves another call")
        service = MessageService(
            channel=channel,
            bus=self.bus,
            call=request.call,
            configuration=self._configuration.service,
            prompt=self._prompt,
            called_digits=request.called_digits,
            recording=self._folder / f"{request.call}.wav",
            tell=lambda step, detail: self.tell(
                step, detail, where=f"channel {request.channel}", call=request.call
            ),
        )
        task = self.spawn(service.run(), request.call)
        self._sessions[request.call] = Session(channel, service, task)
        return Done()

    async def _end(self, request: EndCall) -> CallServed:
        session = self._sessions.pop(request.call, None)
        if session is None:
            raise BusError(f"no call {request.call}")
        session.task.cancel()
        with suppress(asyncio.CancelledError):
            await session.task
        return session.service.end()
