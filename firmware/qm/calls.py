"""The calls of the queuing machine, from the seizure to the record on disk.

    seizure -> highway timeslot and voice channel -> service on the VP -> (answer, clear-back when VP asks)
            -> clear-forward, or an end of ours -> service ended, paths taken down, record written

A call that ends from our side (STP CALL, a port restarted or out of service) is recorded with the reason, and its
voice channel is free at once; its trunk channel, when the far end has cleared.
"""

import asyncio

from drivers.bus import BusError
from drivers.engine import SwitchBoard
from drivers.stores.call_store import CallRecord
from firmware.qm.call_records import CallRecords
from firmware.qm.channel import TrunkCall, TrunkChannel
from firmware.qm.configuration import PORTS_MAX
from firmware.qm.port import TrunkPort
from firmware.runtime import Box, WallClock
from protocols.line_signalling import IncomingState, ProtocolError, Request
from protocols.messages import (
    AnswerCall,
    CallServed,
    ChannelConnected,
    ClearCall,
    ConnectChannel,
    DisconnectChannel,
    Done,
    EndCall,
    ServeCall,
    Step,
)

ANSWER = "qm.answer"
CLEAR = "qm.clear"
NOT_SERVED = CallServed(called_number="", keys="", recording="", recorded_octets=0, failure="")

End = tuple[int, int]  # port of the switch, timeslot


def switch_ends(port: int, timeslot: int) -> tuple[End, End]:
    """Of a trunk timeslot and of the highway timeslot behind it: port n is switch port n - 1, its highway the same
    beyond all ports."""
    return (port - 1, timeslot), (PORTS_MAX + port - 1, timeslot)


class Calls:
    """All calls of `box`. They are numbered from `last_call` + 1: no call of an earlier run shares its name."""

    def __init__(
        self, box: Box, switch: SwitchBoard, records: CallRecords, last_call: int, wall_clock: WallClock
    ) -> None:
        self._box = box
        self._switch = switch
        self.records = records
        self._wall_clock = wall_clock
        self._last_call = last_call
        self._calls: dict[str, TrunkCall] = {}
        self.called_digits = 0
        self.none_left = asyncio.Event()
        self.none_left.set()
        box.bus.serve(ANSWER, AnswerCall, self._answer)
        box.bus.serve(CLEAR, ClearCall, self._clear)

    def all(self) -> list[TrunkCall]:
        """Those not yet recorded, oldest first."""
        return list(self._calls.values())

    def find(self, name: str) -> TrunkCall | None:
        """A call by its name."""
        return self._calls.get(name)

    def begin(self, port: TrunkPort, channel: TrunkChannel) -> None:
        """A seizure: the channel has a call from now on."""
        self._last_call += 1
        self.none_left.clear()
        name = f"{self._box.name}-{self._last_call:08d}"
        call = channel.call = self._calls[name] = TrunkCall(name, port.number, channel, self._box.now_ns())
        self._box.spawn(self._run(call), name)

    def release(self, call: TrunkCall, reason: str) -> None:
        """Ends a call from our side: clears back where it was answered, and leaves it to the far end to clear."""
        if call.channel.call is call and call.channel.state is IncomingState.ANSWERED:
            call.channel.ask(Request.CLEAR_BACK)
        call.end(reason)

    def _tell(self, call: TrunkCall, step: Step, detail: str = "") -> None:
        where = f"port {call.port} timeslot {call.channel.timeslot}"
        self._box.tell(step, detail, where=where, call=call.name)

    async def _run(self, call: TrunkCall) -> None:
        self._tell(call, Step.SEIZED)
        failure = ""
        try:
            await self._connect(call)
            await self._serve(call)
        except BusError as error:
            failure = str(error)
            self._tell(call, Step.FAILED, failure)
        await call.over.wait()
        cleared_ns = self._box.now_ns()
        self._tell(call, Step.CLEARED, call.failure)
        served = NOT_SERVED if failure else await self._end_service(call)
        if call.voice is not None:
            await self._disconnect(call)
        await self._record(call, served, failure or served.failure or call.failure, cleared_ns)
        del self._calls[call.name]
        if not self._calls:
            self.none_left.set()
        call.channel.call_gone(call)

    async def _connect(self, call: TrunkCall) -> None:
        highway, timeslot = call.port - 1, call.channel.timeslot
        request = ConnectChannel(call=call.name, highway=highway, timeslot=timeslot)
        call.voice = await self._box.bus.request("hw.connect", request, ChannelConnected)
        self._switch.connect(*switch_ends(call.port, timeslot))
        self._tell(call, Step.CONNECTED, f"{call.voice.box} channel {call.voice.channel}")

    async def _serve(self, call: TrunkCall) -> None:
        if call.voice is not None:
            order = ServeCall(call=call.name, channel=call.voice.channel, called_digits=self.called_digits)
            await self._box.bus.request(f"vp.{call.voice.box}.serve", order, Done)

    async def _end_service(self, call: TrunkCall) -> CallServed:
        if call.voice is None:
            return NOT_SERVED
        return await self._box.bus.request(f"vp.{call.voice.box}.end", EndCall(call=call.name), CallServed)

    async def _disconnect(self, call: TrunkCall) -> None:
        highway, timeslot = call.port - 1, call.channel.timeslot
        self._switch.disconnect(*switch_ends(call.port, timeslot))
        await self._box.bus.request("hw.disconnect", DisconnectChannel(highway=highway, timeslot=timeslot), Done)

    async def _record(self, call: TrunkCall, served: CallServed, failure: str, cleared_ns: int) -> None:
        text = self._wall_clock.text
        record = CallRecord(
            call=call.name,
            span=call.port,
            timeslot=call.channel.timeslot,
            called_number=served.called_number,
            keys=served.keys,
            seized_at=text(call.seized_ns),
            answered_at="" if call.answered_ns is None else text(call.answered_ns),
            cleared_at=text(cleared_ns),
            recording=served.recording,
            recorded_octets=served.recorded_octets,
            failure=failure,
        )
        self._tell(call, Step.WRITTEN, await self.records.write(record))

    def _request(self, name: str, request: Request) -> TrunkCall:
        """Feeds a request of the voice box to a call's channel; raises BusError where it comes too late."""
        call = self._calls.get(name)
        if call is None or call.over.is_set():
            raise BusError(f"no call {name}")
        try:
            call.channel.ask(request)
        except ProtocolError as error:
            raise BusError(f"call {name}: {error}") from None
        return call

    async def _answer(self, request: AnswerCall) -> Done:
        call = self._request(request.call, Request.ANSWER)
        call.answered_ns = self._box.now_ns()
        call.called_number = request.called_number
        self._tell(call, Step.ANSWERED)
        return Done()

    async def _clear(self, request: ClearCall) -> Done:
        self._request(request.call, Request.CLEAR_BACK)
        return Done()
