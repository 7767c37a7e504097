"""The highway distribution box: a switch between the queuing machine's highways and the voice boards'."""

import asyncio
from collections import deque
from typing import NamedTuple

from drivers.bus import Bus, BusError
from drivers.engine import CHANNELS, SwitchBoard
from firmware.configuration.target import Faults, Prepared
from firmware.hw.configuration import HighwayBoxConfiguration
from firmware.runtime import Board, Box
from protocols.messages import ChannelConnected, ConnectChannel, DisconnectChannel, Done

CONNECT = "hw.connect"
DISCONNECT = "hw.disconnect"
BUSY, BLOCKED = "VOICE_CHANNELS_BUSY", "VOICE_CHANNELS_BLOCKED"

End = tuple[int, int]  # port of the switch, timeslot


class VoiceHighway(NamedTuple):
    """A highway to a voice board: the box it is in, its number there, and the switch port it is plugged into."""

    box: str
    board: int
    port: int


class VoiceTimeslot(NamedTuple):
    """A voice channel as this box knows it: a timeslot of a highway to a voice board."""

    highway: VoiceHighway
    timeslot: int

    @property
    def channel(self) -> int:
        """The number of the channel in its voice box."""
        return self.highway.board * CHANNELS + self.timeslot


class Connection(NamedTuple):
    """What a call has: a timeslot of a highway to the queuing machine, and a voice channel."""

    call: str
    end: End
    voice: VoiceTimeslot


class NothingToDo:
    """A change that changes nothing here (firmware/configuration/target.py, Prepared)."""

    def apply(self) -> None:
        """Nothing to put in force."""

    def abort(self) -> None:
        """Nothing to give back."""


class HighwayBox(Box):
    """Ports 0 … are the queuing machine's highways; `voice` says where the voice boards' are plugged in.

    A free voice channel is taken from the front of a queue and put back at its end, so that each rests longest.
    """

    def __init__(
        self,
        name: str,
        bus: Bus,
        tasks: asyncio.TaskGroup,
        switch: SwitchBoard,
        voice: list[VoiceHighway],
        faults: Faults,
    ) -> None:
        super().__init__(name, bus, tasks)
        self.voice = voice
        self._switch = switch
        self._faults = faults
        self._free = deque(VoiceTimeslot(highway, timeslot) for timeslot in range(CHANNELS) for highway in voice)
        self._connected: dict[End, Connection] = {}
        self._blocked: set[VoiceTimeslot] = set()
        bus.serve(CONNECT, ConnectChannel, self._connect)
        bus.serve(DISCONNECT, DisconnectChannel, self._disconnect)

    async def prepare(self, old: HighwayBoxConfiguration, new: HighwayBoxConfiguration) -> Prepared:
        """The box has no settings of its own."""
        return NothingToDo()

    def interrupts(self, old: HighwayBoxConfiguration, new: HighwayBoxConfiguration) -> list[str]:
        """Nothing."""
        return []

    @property
    def boards(self) -> list[Board]:
        """Its switch."""
        return [Board("switch board", 0, f"{len(self._switch.streams)} highways of 32 timeslots")]

    @property
    def voice_channels(self) -> list[VoiceTimeslot]:
        """All of them, in the order of their numbers."""
        return [VoiceTimeslot(highway, timeslot) for highway in self.voice for timeslot in range(CHANNELS)]

    @property
    def connections(self) -> list[Connection]:
        """Those that are up, oldest first."""
        return list(self._connected.values())

    def blocked(self, voice: VoiceTimeslot) -> bool:
        """Whether it is handed out to no more calls."""
        return voice in self._blocked

    def block(self, voices: list[VoiceTimeslot]) -> None:
        """Hands these out no more; a call that has one keeps it to its end."""
        self._blocked.update(voices)
        self._free = deque(voice for voice in self._free if voice not in self._blocked)
        self._tell_blocked()

    def unblock(self, voices: list[VoiceTimeslot]) -> None:
        """Hands them out again."""
        in_use = {connection.voice for connection in self._connected.values()}
        for voice in voices:
            if voice in self._blocked:
                self._blocked.remove(voice)
                if voice not in in_use:
                    self._give_back(voice)
        self._tell_blocked()

    def _tell_blocked(self) -> None:
        if self._blocked:
            self._faults.fault(BLOCKED, "", f"{len(self._blocked)} of {CHANNELS * len(self.voice)} voice channels")
        else:
            self._faults.recover(BLOCKED)

    def _give_back(self, voice: VoiceTimeslot) -> None:
        self._free.append(voice)
        self._faults.recover(BUSY)

    async def _connect(self, request: ConnectChannel) -> ChannelConnected:
        end = (request.highway, request.timeslot)
        if end in self._connected:
            raise BusError(f"highway {request.highway} timeslot {request.timeslot} is connected already")
        if not self._free:
            self._faults.fault(BUSY)
            raise BusError("no voice channel is free")
        voice = self._free.popleft()
        self._connected[end] = Connection(request.call, end, voice)
        self._switch.connect(end, (voice.highway.port, voice.timeslot))
        return ChannelConnected(box=voice.highway.box, channel=voice.channel)

    async def _disconnect(self, request: DisconnectChannel) -> Done:
        end = (request.highway, request.timeslot)
        if end not in self._connected:
            raise BusError(f"highway {request.highway} timeslot {request.timeslot} is not connected")
        voice = self._connected.pop(end).voice
        self._switch.disconnect(end, (voice.highway.port, voice.timeslot))
        if voice not in self._blocked:
            self._give_back(voice)
        return Done()
