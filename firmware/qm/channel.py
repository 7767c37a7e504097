"""A trunk channel: a timeslot of a port, its line signalling, what holds it back from calls, its call."""

import asyncio
import enum
from collections.abc import Callable

from protocols.line_signalling import (
    IncomingState,
    Indication,
    LineBits,
    LineSignalling,
    Request,
    abcd_of,
    bits_of,
    incoming,
)
from protocols.messages import ChannelConnected

# The far end must have seen a channel idle before it sees it blocked, or it would wait for the release for ever.
# To recognise idle takes it 20 +- 10 ms (Q.422 2.2.1); as long again for good measure.
IDLE_BEFORE_BLOCKING_S = 0.06
HALF_A_MILLISECOND_S = 0.0005

# A seizure on its way as the channel was blocked: the far end takes the blocking signal for the acknowledgement
# (both are 1 1, Q.421 table 1), so the call is taken. Two recognition times and a long terrestrial round trip.
SEIZURE_ON_ITS_WAY_S = 0.2


STATE_TEXTS = {
    IncomingState.IDLE: "idle",
    IncomingState.SEIZED: "seized",
    IncomingState.ANSWERED: "answered",
    IncomingState.CLEARED_BACK: "cleared back",
    IncomingState.CLEARING: "clearing",
    IncomingState.BLOCKED: "blocked",
}


class Hold(enum.Enum):
    """Why a channel takes no calls."""

    PORT = "port blocked"
    TIMESLOT = "blocked"
    LOOP = "looped"
    TEST = "under test"
    RECORDS = "call records not written"


class TrunkCall:
    """A call in progress. `over` is set when the caller clears, or the box ends it: `failure` then says why."""

    def __init__(self, name: str, port: int, channel: "TrunkChannel", seized_ns: int) -> None:
        self.name = name
        self.port = port
        self.channel = channel
        self.seized_ns = seized_ns
        self.answered_ns: int | None = None
        self.called_number = ""
        self.voice: ChannelConnected | None = None
        self.over = asyncio.Event()
        self.failure = ""

    def end(self, failure: str = "") -> None:
        """Ends it: service, paths, record. Once over it stays as it ended first."""
        if not self.over.is_set():
            self.failure = failure
            self.over.set()


class TrunkChannel:
    """`send` puts abcd on the line; `seized` is told of every seizure, and gives the channel its call."""

    def __init__(
        self, timeslot: int, send: Callable[[int, int], None], seized: Callable[["TrunkChannel"], None]
    ) -> None:
        self.timeslot = timeslot
        self.signalling: LineSignalling[IncomingState] = incoming()
        self.received: int | None = None
        self.call: TrunkCall | None = None
        self.holds: set[Hold] = set()
        self._send = send
        self._seized = seized
        self._timer: asyncio.TimerHandle | None = None
        self._blocked_s = -SEIZURE_ON_ITS_WAY_S
        self._to_be_cleared = False
        self.begin()

    def begin(self) -> None:
        """A new life of the line: idle, nothing received yet.

        A call of the life before is no longer this channel's. The far end, which may not have noticed, must clear
        it before it can seize anew.
        """
        self._to_be_cleared |= self.busy
        self.signalling = incoming()
        self.received = None
        self.sent = LineBits.BITS_10
        self.call = None
        self._idle_s = self._now_s()
        self._send(self.timeslot, abcd_of(self.sent))
        self._settle()

    def close(self) -> None:
        """The line is gone for good."""
        if self._timer is not None:
            self._timer.cancel()

    @property
    def state(self) -> IncomingState:
        """Of its line signalling."""
        return self.signalling.state

    @property
    def busy(self) -> bool:
        """Neither idle nor blocked: there is a call, or the far end has yet to clear one."""
        return self.call is not None or self.state not in {IncomingState.IDLE, IncomingState.BLOCKED}

    @property
    def state_text(self) -> str:
        """For people: what the line signalling says, and whether anybody is behind it."""
        if self._to_be_cleared:
            return "idle, far end to clear"
        if self.call is None and self.busy:
            return "released, far end to clear"
        return STATE_TEXTS[self.state]

    @property
    def mirrored(self) -> bool:
        """What is received is what is sent."""
        return self.received is not None and bits_of(self.received) is self.sent

    def receive(self, abcd: int) -> None:
        """Takes in what the far end sends."""
        self.received = abcd
        bits = bits_of(abcd)
        if self._to_be_cleared and bits is not LineBits.BITS_10:
            return
        self._to_be_cleared = False
        self._carry_out(bits)
        on_its_way = self._now_s() - self._blocked_s < SEIZURE_ON_ITS_WAY_S
        served = not self.holds & {Hold.TEST, Hold.LOOP}
        if bits is LineBits.BITS_00 and self.state is IncomingState.BLOCKED and on_its_way and served:
            self._carry_out(Request.UNBLOCK)
        self._settle()

    def ask(self, request: Request) -> None:
        """What the call control asks; raises ProtocolError where the state does not allow it."""
        self._carry_out(request)
        self._settle()

    def hold(self, why: Hold) -> None:
        """Takes no more calls, for this reason too; one in progress goes on."""
        self.holds.add(why)
        self._settle()

    def let_go(self, why: Hold) -> None:
        """This reason stands no longer."""
        self.holds.discard(why)
        self._settle()

    def call_gone(self, call: TrunkCall) -> None:
        """The call is over and recorded; the channel is released when the far end has cleared."""
        if self.call is call:
            self.call = None
            self._settle()

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()

    def _carry_out(self, event: LineBits | Request) -> None:
        for action in self.signalling.feed(event):
            match action:
                case LineBits():
                    self.sent = action
                    self._send(self.timeslot, abcd_of(action))
                case Indication.SEIZED:
                    self._seized(self)
                case Indication.CLEARED_FORWARD if self.call is not None:
                    self.call.end()
                case Indication.RELEASED:
                    self._idle_s = self._now_s()
                case _:
                    pass

    def _settle(self) -> None:
        """Does what is due: releases, blocks as soon as the far end has seen it idle, unblocks."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.state is IncomingState.CLEARING and self.call is None:
            self._carry_out(Request.RELEASED)
        if self.state is IncomingState.BLOCKED and not self.holds:
            self._idle_s = self._now_s()
            self._carry_out(Request.UNBLOCK)
        if self.state is IncomingState.IDLE and self.holds:
            self._block()

    def _block(self) -> None:
        wait_s = self._idle_s + IDLE_BEFORE_BLOCKING_S - self._now_s()
        if wait_s > HALF_A_MILLISECOND_S:  # a timer is due a rounding error early
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._settle)
            return
        self._blocked_s = self._now_s()
        self._carry_out(Request.BLOCK)
