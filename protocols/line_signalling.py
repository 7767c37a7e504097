"""Digital line signalling of R2 (Q.421, Q.422): two state tables, one for each end of a trunk channel.

The calling end sends bits a, b forward, the called end backward; c = 0 and d = 1 always. What the bits mean
depends on the state: backward 1 1 acknowledges a seizure, blocks an idle channel, and clears an answered call.

    outgoing:  IDLE --SEIZE--> SEIZING --1 1--> SEIZED --0 1--> ANSWERED --1 1--> CLEARED_BACK
                 ^                |no answer        \\______________|__________________/ CLEAR_FORWARD
                 |                v                                 v
                 +---1 0------- FAULT                            RELEASING --1 0--> IDLE

    incoming:  IDLE --0 0--> SEIZED --ANSWER--> ANSWERED --CLEAR_BACK--> CLEARED_BACK
                 ^              \\_________________|__________________________/ 1 0 (clear-forward)
                 |                                v
                 +---RELEASED------------------ CLEARING
"""

import enum
from typing import Generic, NamedTuple, TypeVar

from construct import BitsInteger, BitStruct, Const, Flag, Padding


class LineBits(enum.Enum):
    """Bits a and b of one direction, as received or to be sent (Q.421 table 1)."""

    BITS_00 = (False, False)
    BITS_01 = (False, True)
    BITS_10 = (True, False)
    BITS_11 = (True, True)


# The four bits of a channel in timeslot 16: c = 0, d = 1 (Q.421 2).
ABCD = BitStruct(Padding(4), "a" / Flag, "b" / Flag, "cd" / Const(0b01, BitsInteger(2)))
VECTORS = [
    (ABCD, {"a": True, "b": False}, bytes.fromhex("09")),
    (ABCD, {"a": False, "b": False}, bytes.fromhex("01")),
    (ABCD, {"a": True, "b": True}, bytes.fromhex("0D")),
    (ABCD, {"a": False, "b": True}, bytes.fromhex("05")),
]

# How long the outgoing end waits for the seizure acknowledgement: 1-2 s where a satellite link cannot be ruled
# out (Q.422 2.2.2.1, note).
SEIZURE_ACKNOWLEDGEMENT_TIMEOUT_MS = 2000

# A change must stand this long to be recognised: 20 ms +- 10 ms (Q.422 2.2.1); the framer sees to it.
RECOGNITION_MS = 20


def abcd_of(bits: LineBits) -> int:
    """The four bits to send, a most significant."""
    a, b = bits.value
    return int(ABCD.build({"a": a, "b": b})[0])


def bits_of(abcd: int) -> LineBits:
    """The meaning of four received bits; c and d of the far end are not looked at (Q.421 2)."""
    return LineBits((bool(abcd & 8), bool(abcd & 4)))


class OutgoingState(enum.Enum):
    """States of the calling end."""

    BLOCKED = enum.auto()
    IDLE = enum.auto()
    SEIZING = enum.auto()
    SEIZED = enum.auto()
    ANSWERED = enum.auto()
    CLEARED_BACK = enum.auto()
    RELEASING = enum.auto()
    FAULT = enum.auto()


class IncomingState(enum.Enum):
    """States of the called end."""

    IDLE = enum.auto()
    SEIZED = enum.auto()
    ANSWERED = enum.auto()
    CLEARED_BACK = enum.auto()
    CLEARING = enum.auto()
    BLOCKED = enum.auto()


class Request(enum.Enum):
    """What the call control of an end asks of its channel."""

    SEIZE = enum.auto()
    CLEAR_FORWARD = enum.auto()
    ANSWER = enum.auto()
    CLEAR_BACK = enum.auto()
    RELEASED = enum.auto()
    BLOCK = enum.auto()
    UNBLOCK = enum.auto()


class Timeout(enum.Enum):
    """Timers that a table starts and may see expire."""

    SEIZURE_ACKNOWLEDGEMENT = enum.auto()


class Indication(enum.Enum):
    """What the channel tells the call control."""

    SEIZED = enum.auto()
    ACKNOWLEDGED = enum.auto()
    ANSWERED = enum.auto()
    CLEARED_BACK = enum.auto()
    CLEARED_FORWARD = enum.auto()
    RELEASED = enum.auto()
    BLOCKED = enum.auto()
    UNBLOCKED = enum.auto()
    FAILED = enum.auto()


class Start(NamedTuple):
    """An action: start a timer."""

    timer: Timeout


class Stop(NamedTuple):
    """An action: stop a timer."""

    timer: Timeout


Action = LineBits | Indication | Start | Stop
Event = LineBits | Request | Timeout
State = TypeVar("State", bound=enum.Enum)
Table = dict[tuple[State, Event], tuple[State, tuple[Action, ...]]]

_ACKNOWLEDGEMENT = Timeout.SEIZURE_ACKNOWLEDGEMENT

# Q.421 table 1 and 3.1: what is received backward, what the call control asks, when nothing comes.
OUTGOING: Table[OutgoingState] = {
    (OutgoingState.BLOCKED, LineBits.BITS_10): (OutgoingState.IDLE, (Indication.UNBLOCKED,)),
    (OutgoingState.IDLE, LineBits.BITS_11): (OutgoingState.BLOCKED, (Indication.BLOCKED,)),
    (OutgoingState.IDLE, LineBits.BITS_00): (OutgoingState.BLOCKED, (Indication.BLOCKED,)),
    (OutgoingState.IDLE, LineBits.BITS_01): (OutgoingState.BLOCKED, (Indication.BLOCKED,)),
    (OutgoingState.IDLE, Request.SEIZE): (
        OutgoingState.SEIZING,
        (LineBits.BITS_00, Start(_ACKNOWLEDGEMENT)),
    ),
    (OutgoingState.SEIZING, LineBits.BITS_11): (
        OutgoingState.SEIZED,
        (Stop(_ACKNOWLEDGEMENT), Indication.ACKNOWLEDGED),
    ),
    (OutgoingState.SEIZING, _ACKNOWLEDGEMENT): (
        OutgoingState.FAULT,
        (LineBits.BITS_10, Indication.FAILED),
    ),
    (OutgoingState.SEIZING, Request.CLEAR_FORWARD): (
        OutgoingState.RELEASING,
        (LineBits.BITS_10, Stop(_ACKNOWLEDGEMENT)),
    ),
    (OutgoingState.SEIZED, LineBits.BITS_01): (OutgoingState.ANSWERED, (Indication.ANSWERED,)),
    (OutgoingState.SEIZED, LineBits.BITS_10): (OutgoingState.FAULT, (LineBits.BITS_10, Indication.FAILED)),
    (OutgoingState.SEIZED, Request.CLEAR_FORWARD): (OutgoingState.RELEASING, (LineBits.BITS_10,)),
    (OutgoingState.ANSWERED, LineBits.BITS_11): (OutgoingState.CLEARED_BACK, (Indication.CLEARED_BACK,)),
    (OutgoingState.ANSWERED, LineBits.BITS_10): (OutgoingState.FAULT, (LineBits.BITS_10, Indication.FAILED)),
    (OutgoingState.ANSWERED, Request.CLEAR_FORWARD): (OutgoingState.RELEASING, (LineBits.BITS_10,)),
    (OutgoingState.CLEARED_BACK, LineBits.BITS_01): (OutgoingState.ANSWERED, (Indication.ANSWERED,)),
    (OutgoingState.CLEARED_BACK, LineBits.BITS_10): (
        OutgoingState.FAULT,
        (LineBits.BITS_10, Indication.FAILED),
    ),
    (OutgoingState.CLEARED_BACK, Request.CLEAR_FORWARD): (OutgoingState.RELEASING, (LineBits.BITS_10,)),
    (OutgoingState.RELEASING, LineBits.BITS_10): (OutgoingState.IDLE, (Indication.RELEASED,)),
    (OutgoingState.FAULT, LineBits.BITS_10): (OutgoingState.IDLE, (Indication.UNBLOCKED,)),
}

# Q.421 table 1 and 3.2: what is received forward, what the call control asks.
INCOMING: Table[IncomingState] = {
    (IncomingState.IDLE, LineBits.BITS_00): (IncomingState.SEIZED, (LineBits.BITS_11, Indication.SEIZED)),
    (IncomingState.IDLE, Request.BLOCK): (IncomingState.BLOCKED, (LineBits.BITS_11,)),
    (IncomingState.SEIZED, Request.ANSWER): (IncomingState.ANSWERED, (LineBits.BITS_01,)),
    (IncomingState.SEIZED, LineBits.BITS_10): (IncomingState.CLEARING, (Indication.CLEARED_FORWARD,)),
    (IncomingState.ANSWERED, Request.CLEAR_BACK): (IncomingState.CLEARED_BACK, (LineBits.BITS_11,)),
    (IncomingState.ANSWERED, LineBits.BITS_10): (IncomingState.CLEARING, (Indication.CLEARED_FORWARD,)),
    (IncomingState.CLEARED_BACK, Request.ANSWER): (IncomingState.ANSWERED, (LineBits.BITS_01,)),
    (IncomingState.CLEARED_BACK, LineBits.BITS_10): (IncomingState.CLEARING, (Indication.CLEARED_FORWARD,)),
    (IncomingState.CLEARING, Request.RELEASED): (IncomingState.IDLE, (LineBits.BITS_10, Indication.RELEASED)),
    (IncomingState.BLOCKED, Request.UNBLOCK): (IncomingState.IDLE, (LineBits.BITS_10,)),
}


class ProtocolError(Exception):
    """The call control asked for what the channel's state does not allow."""


class LineSignalling(Generic[State]):
    """One end of one channel: feed it events, carry out the actions it returns.

    Received bits that mean nothing new in a state change nothing. A request that a state does not allow raises
    ProtocolError; a timer that no state waits for has been overtaken and is ignored.

    Bits stand until others are received: after a request or a timeout the new state is shown those that stand, so
    that an end that waits for what is there already does not wait for ever.
    """

    def __init__(self, table: Table[State], state: State) -> None:
        self._table = table
        self.state = state
        self._received: LineBits | None = None

    def feed(self, event: Event) -> tuple[Action, ...]:
        """Moves to the next state; returns what to send, to tell and to time, in order."""
        if isinstance(event, LineBits):
            self._received = event
        actions = self._step(event)
        while self._received is not None and (self.state, self._received) in self._table:
            actions += self._step(self._received)
        return actions

    def _step(self, event: Event) -> tuple[Action, ...]:
        step = self._table.get((self.state, event))
        if step is not None:
            self.state, actions = step
            return actions
        if isinstance(event, Request):
            role = "outgoing" if isinstance(self.state, OutgoingState) else "incoming"
            raise ProtocolError(f"{role} channel: {event.name} is not allowed in state {self.state.name}")
        return ()


def outgoing() -> LineSignalling[OutgoingState]:
    """The calling end; blocked until the far end says idle. It sends idle (1 0) meanwhile."""
    return LineSignalling(OUTGOING, OutgoingState.BLOCKED)


def incoming() -> LineSignalling[IncomingState]:
    """The called end, idle; it sends idle (1 0) meanwhile."""
    return LineSignalling(INCOMING, IncomingState.IDLE)
