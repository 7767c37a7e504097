"""The queuing machine: watches its trunk spans and runs every call that comes in on them.

A trunk channel has a line-signalling machine for life and a TrunkCall while one is up:

    seizure -> highway timeslot and voice channel -> service on the VP -> (answer, clear-back when VP asks)
            -> clear-forward -> service ended, paths taken down, channel released, record written
"""

import asyncio

from drivers.bus import Bus, BusError
from drivers.call_store import CallRecord, CallStore
from drivers.engine import Event, EventKind, Span, SwitchBoard
from firmware.qm.clock import BoxClock
from firmware.qm.configuration import QueuingMachineConfiguration
from firmware.runtime import Box, WallClock
from protocols.e1 import CHANNEL_TIMESLOTS
from protocols.line_signalling import (
    IncomingState,
    Indication,
    LineBits,
    LineSignalling,
    ProtocolError,
    Request,
    abcd_of,
    bits_of,
    incoming,
)
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


class TrunkCall:
    """A call in progress on a trunk channel."""

    def __init__(self, name: str, channel: "TrunkChannel", seized_ns: int) -> None:
        self.name = name
        self.channel = channel
        self.seized_ns = seized_ns
        self.answered_ns: int | None = None
        self.cleared_forward = asyncio.Event()


class TrunkChannel:
    """A timeslot of a span (numbered from 0 here, from 1 for people)."""

    def __init__(self, span: int, timeslot: int) -> None:
        self.span = span
        self.timeslot = timeslot
        self.signalling: LineSignalling[IncomingState] = incoming()
        self.call: TrunkCall | None = None


class QueuingMachine(Box):
    """Span k is port k of `switch`; highway k to the HW box is port len(spans) + k, the same timeslot.

    Calls are numbered from `last_call` + 1, so that no call of an earlier run shares its name.
    """

    def __init__(
        self,
        name: str,
        bus: Bus,
        tasks: asyncio.TaskGroup,
        spans: list[Span],
        switch: SwitchBoard,
        store: CallStore,
        last_call: int,
        wall_clock: WallClock,
        clock: BoxClock,
        configuration: QueuingMachineConfiguration,
    ) -> None:
        super().__init__(name, bus, tasks)
        self._clock = clock
        self._configuration = configuration
        self._spans = spans
        self._switch = switch
        self._store = store
        self._wall_clock = wall_clock
        self._calls: dict[str, TrunkCall] = {}
        self._last_call = last_call
        self._channels = [
            {timeslot: TrunkChannel(span, timeslot) for timeslot in CHANNEL_TIMESLOTS}
            for span in range(len(spans))
        ]
        bus.serve(ANSWER, AnswerCall, self._answer)
        bus.serve(CLEAR, ClearCall, self._clear)
        for number, span in enumerate(spans):
            self._span_start(number, span)

    def _span_start(self, number: int, span: Span) -> None:
        for timeslot in CHANNEL_TIMESLOTS:
            span.set_cas(timeslot, abcd_of(LineBits.BITS_10))
        span.listen(lambda event: self._handle(number, event))

    def _handle(self, number: int, event: Event) -> None:
        self._clock.handle(number + 1, event)
        match event.kind:
            case EventKind.CAS_ALIGNED:
                phase = self._spans[number].status().bit_phase
                self.tell(
                    Step.ALIGNED, f"bit phase {phase}, signalling multiframe found", where=f"span {number + 1}"
                )
            case EventKind.ALIGNMENT_LOST:
                self.tell(Step.ALIGNMENT_LOST, where=f"span {number + 1}")
            case EventKind.CAS_BITS if event.timeslot in CHANNEL_TIMESLOTS:
                self._feed(self._channels[number][event.timeslot], bits_of(event.value))
            case _:
                pass

    def _feed(self, channel: TrunkChannel, event: LineBits | Request) -> None:
        for action in channel.signalling.feed(event):
            match action:
                case LineBits():
                    self._spans[channel.span].set_cas(channel.timeslot, abcd_of(action))
                case Indication.SEIZED:
                    self._call_begin(channel)
                case Indication.CLEARED_FORWARD if channel.call is not None:
                    channel.call.cleared_forward.set()
                case _:
                    pass

    def _call_begin(self, channel: TrunkChannel) -> None:
        self._last_call += 1
        name = f"{self.name}-{self._last_call:08d}"
        call = channel.call = self._calls[name] = TrunkCall(name, channel, self.now_ns())
        self.spawn(self._call_run(call), name)

    def _tell_call(self, call: TrunkCall, step: Step, detail: str = "") -> None:
        where = f"span {call.channel.span + 1} timeslot {call.channel.timeslot}"
        self.tell(step, detail, where=where, call=call.name)

    async def _call_run(self, call: TrunkCall) -> None:
        self._tell_call(call, Step.SEIZED)
        voice: ChannelConnected | None = None
        served = NOT_SERVED
        try:
            voice = await self._connect(call)
            digits = self._configuration.signalling.called_digits
            order = ServeCall(call=call.name, channel=voice.channel, called_digits=digits)
            await self.bus.request(f"vp.{voice.box}.serve", order, Done)
        except BusError as error:
            served = CallServed(called_number="", keys="", recording="", recorded_octets=0, failure=str(error))
            self._tell_call(call, Step.FAILED, str(error))
        await call.cleared_forward.wait()
        cleared_ns = self.now_ns()
        self._tell_call(call, Step.CLEARED)
        if voice is not None:
            if not served.failure:
                served = await self.bus.request(f"vp.{voice.box}.end", EndCall(call=call.name), CallServed)
            await self._disconnect(call)
        self._record(call, served, cleared_ns)
        call.channel.call = None
        del self._calls[call.name]
        self._feed(call.channel, Request.RELEASED)

    async def _connect(self, call: TrunkCall) -> ChannelConnected:
        span, timeslot = call.channel.span, call.channel.timeslot
        voice = await self.bus.request(
            "hw.connect",
            ConnectChannel(call=call.name, highway=span, timeslot=timeslot),
            ChannelConnected,
        )
        self._switch.connect((span, timeslot), (len(self._spans) + span, timeslot))
        self._tell_call(call, Step.CONNECTED, f"{voice.box} channel {voice.channel}")
        return voice

    async def _disconnect(self, call: TrunkCall) -> None:
        span, timeslot = call.channel.span, call.channel.timeslot
        self._switch.disconnect((span, timeslot), (len(self._spans) + span, timeslot))
        await self.bus.request("hw.disconnect", DisconnectChannel(highway=span, timeslot=timeslot), Done)

    def _record(self, call: TrunkCall, served: CallServed, cleared_ns: int) -> None:
        text = self._wall_clock.text
        record = CallRecord(
            call=call.name,
            span=call.channel.span + 1,
            timeslot=call.channel.timeslot,
            called_number=served.called_number,
            keys=served.keys,
            seized_at=text(call.seized_ns),
            answered_at="" if call.answered_ns is None else text(call.answered_ns),
            cleared_at=text(cleared_ns),
            recording=served.recording,
            recorded_octets=served.recorded_octets,
            failure=served.failure,
        )
        self._store.write(record)
        self._tell_call(call, Step.WRITTEN, self._store.path.name)

    def _request(self, name: str, request: Request) -> TrunkCall:
        """Feeds a request of the voice box to a call's channel; raises BusError where it comes too late."""
        call = self._calls.get(name)
        if call is None:
            raise BusError(f"no call {name}")
        try:
            self._feed(call.channel, request)
        except ProtocolError as error:
            raise BusError(f"call {name}: {error}") from None
        return call

    async def _answer(self, request: AnswerCall) -> Done:
        call = self._request(request.call, Request.ANSWER)
        call.answered_ns = self.now_ns()
        self._tell_call(call, Step.ANSWERED)
        return Done()

    async def _clear(self, request: ClearCall) -> Done:
        self._request(request.call, Request.CLEAR_BACK)
        return Done()
