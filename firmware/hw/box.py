"""The highway distribution box: a switch between the queuing machine's highways and the voice boards'."""

import asyncio
from collections import deque
from typing import NamedTuple

from drivers.bus import Bus, BusError
from drivers.engine import CHANNELS, SwitchBoard
from firmware.runtime import Box
from protocols.messages import ChannelConnected, ConnectChannel, DisconnectChannel, Done

CONNECT = "hw.connect"
DISCONNECT = "hw.disconnect"

End = tuple[int, int]  # port of the switch, timeslot


class VoiceHighway(NamedTuple):
    """A highway to a voice board: the box it is in, its number there, and the switch port it is plugged into."""

    box: str
    board: int
    port: int


class HighwayBox(Box):
    """Ports 0 … are the queuing machine's highways; `voice` says where the voice boards' are plugged in.

    A free voice channel is taken from the front of a queue and put back at its end, so that each rests longest.
    """

    def __init__(
        self, name: str, bus: Bus, tasks: asyncio.TaskGroup, switch: SwitchBoard, voice: list[VoiceHighway]
    ) -> None:
        super().__init__(name, bus, tasks)
        self._switch = switch
        self._free = deque((highway, timeslot) for timeslot in range(CHANNELS) for highway in voice)
        self._connected: dict[End, tuple[VoiceHighway, int]] = {}
        bus.serve(CONNECT, ConnectChannel, self._connect)
        bus.serve(DISCONNECT, DisconnectChannel, self._disconnect)

    async def _connect(self, request: ConnectChannel) -> ChannelConnected:
        end = (request.highway, request.timeslot)
        if end in self._connected:
            raise BusError(f"highway {request.highway} timeslot {request.timeslot} is connected already")
        if not self._free:
            raise BusError("no voice channel is free")
        highway, timeslot = self._connected[end] = self._free.popleft()
        self._switch.connect(end, (highway.port, timeslot))
        return ChannelConnected(box=highway.box, channel=highway.board * CHANNELS + timeslot)

    async def _disconnect(self, request: DisconnectChannel) -> Done:
        end = (request.highway, request.timeslot)
        if end not in self._connected:
            raise BusError(f"highway {request.highway} timeslot {request.timeslot} is not connected")
        highway, timeslot = self._connected.pop(end)
        self._switch.disconnect(end, (highway.port, timeslot))
        self._free.append((highway, timeslot))
        return Done()
