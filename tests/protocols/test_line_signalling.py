"""Line signalling (protocols/line_signalling.py): each table by itself, and both against each other."""

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.line_signalling import (
    INCOMING,
    OUTGOING,
    Action,
    IncomingState,
    Indication,
    LineBits,
    LineSignalling,
    OutgoingState,
    ProtocolError,
    Request,
    Start,
    Stop,
    Timeout,
    abcd_of,
    bits_of,
    incoming,
    outgoing,
)

IDLE, SEIZE, ANSWERED, ACKNOWLEDGED = (
    LineBits.BITS_10,
    LineBits.BITS_00,
    LineBits.BITS_01,
    LineBits.BITS_11,
)
EVENTS = [*LineBits, *Request, *Timeout]
TABLES: list[tuple[dict[Any, Any], enum.Enum, type[enum.Enum]]] = [
    (OUTGOING, OutgoingState.BLOCKED, OutgoingState),
    (INCOMING, IncomingState.IDLE, IncomingState),
]

# Q.421 table 1: what each end sends in each of its states; the called end keeps what it sent until it releases.
SENT_FORWARD = {
    OutgoingState.BLOCKED: {IDLE},
    OutgoingState.IDLE: {IDLE},
    OutgoingState.SEIZING: {SEIZE},
    OutgoingState.SEIZED: {SEIZE},
    OutgoingState.ANSWERED: {SEIZE},
    OutgoingState.CLEARED_BACK: {SEIZE},
    OutgoingState.RELEASING: {IDLE},  # clear-forward
    OutgoingState.FAULT: {IDLE},
}
SENT_BACKWARD = {
    IncomingState.IDLE: {IDLE},
    IncomingState.SEIZED: {ACKNOWLEDGED},
    IncomingState.ANSWERED: {ANSWERED},
    IncomingState.CLEARED_BACK: {ACKNOWLEDGED},
    IncomingState.CLEARING: {ACKNOWLEDGED, ANSWERED},
    IncomingState.BLOCKED: {ACKNOWLEDGED},
}


@dataclass(frozen=True)
class Plant:
    """Both ends of a channel and the bits between them: what is sent, and what the other end has recognised."""

    out: OutgoingState = OutgoingState.BLOCKED
    forward: LineBits = IDLE
    forward_seen: LineBits | None = None
    in_: IncomingState = IncomingState.IDLE
    backward: LineBits = IDLE
    backward_seen: LineBits | None = None
    timing: bool = False
    told: frozenset[Indication] = field(default=frozenset(), compare=False)

    def _ends(self) -> tuple[LineSignalling[OutgoingState], LineSignalling[IncomingState]]:
        """The two ends in these states; what they have recognised is what they have been fed last."""
        out, in_ = outgoing(), incoming()
        if self.backward_seen is not None:
            out.feed(self.backward_seen)
        if self.forward_seen is not None:
            in_.feed(self.forward_seen)
        out.state, in_.state = self.out, self.in_
        return out, in_

    def _after(
        self,
        out: LineSignalling[OutgoingState],
        in_: LineSignalling[IncomingState],
        actions: tuple[Action, ...],
        forward: bool,
        **seen: LineBits,
    ) -> "Plant":
        sent, timing = self.forward if forward else self.backward, self.timing
        for action in actions:
            if isinstance(action, LineBits):
                sent = action
            elif isinstance(action, (Start, Stop)):
                timing = isinstance(action, Start)
        values = {
            "forward": sent if forward else self.forward,
            "backward": self.backward if forward else sent,
            "forward_seen": self.forward_seen,
            "backward_seen": self.backward_seen,
        }
        told = frozenset(action for action in actions if isinstance(action, Indication))
        return Plant(out=out.state, in_=in_.state, timing=timing, told=told, **{**values, **seen})  # type: ignore[arg-type]

    def recognise_forward(self) -> "Plant":
        """The called end recognises what stands on the line."""
        out, in_ = self._ends()
        return self._after(out, in_, in_.feed(self.forward), forward=False, forward_seen=self.forward)

    def recognise_backward(self) -> "Plant":
        out, in_ = self._ends()
        return self._after(out, in_, out.feed(self.backward), forward=True, backward_seen=self.backward)

    def ask_outgoing(self, request: Request) -> "Plant":
        out, in_ = self._ends()
        return self._after(out, in_, out.feed(request), forward=True)

    def ask_incoming(self, request: Request) -> "Plant":
        out, in_ = self._ends()
        return self._after(out, in_, in_.feed(request), forward=False)

    def time_out(self) -> "Plant":
        out, in_ = self._ends()
        stopped = Plant(self.out, self.forward, self.forward_seen, self.in_, self.backward, self.backward_seen)
        return stopped._after(out, in_, out.feed(Timeout.SEIZURE_ACKNOWLEDGEMENT), forward=True)

    def by_itself(self) -> "Iterator[Plant]":
        """What happens without anybody asking: recognition, the timer."""
        if self.forward_seen is not self.forward:
            yield self.recognise_forward()
        if self.backward_seen is not self.backward:
            yield self.recognise_backward()
        if self.timing:
            yield self.time_out()

    def asked(self, outgoing_asks: Iterable[Request], incoming_asks: Iterable[Request]) -> "Iterator[Plant]":
        """What the call controls may ask for in these states."""
        for request in outgoing_asks:
            if (self.out, request) in OUTGOING:
                yield self.ask_outgoing(request)
        for request in incoming_asks:
            if (self.in_, request) in INCOMING:
                yield self.ask_incoming(request)


def reachable() -> set[Plant]:
    """Every state that both ends and the line between them can come into, whoever asks for what, whenever."""
    known, open_ = {Plant()}, [Plant()]
    while open_:
        plant = open_.pop()
        for following in (*plant.by_itself(), *plant.asked(Request, Request)):
            if following not in known:
                known.add(following)
                open_.append(following)
    return known


@pytest.mark.parametrize(("table", "first", "states"), TABLES)
def test_every_state_is_reachable_and_can_be_left(
    table: dict[Any, Any], first: enum.Enum, states: type[enum.Enum]
) -> None:
    known, open_ = {first}, [first]
    while open_:
        state = open_.pop()
        for (before, _), (after, _) in table.items():
            if before is state and after not in known:
                known.add(after)
                open_.append(after)
    assert known == set(states)
    assert {before for before, _ in table} == set(states)


@pytest.mark.parametrize(("table", "first", "states"), TABLES)
def test_every_pair_is_handled_or_refused(
    table: dict[Any, Any], first: enum.Enum, states: type[enum.Enum]
) -> None:
    """A request that a state does not allow is refused by name; anything else not in the table changes nothing."""
    role = "outgoing" if states is OutgoingState else "incoming"
    for state in states:
        for event in EVENTS:
            end = outgoing() if states is OutgoingState else incoming()
            end.state = state  # type: ignore[assignment]
            if (state, event) in table:
                after, actions = table[state, event]
                # Received bits go on standing: the state they lead to sees them too.
                while isinstance(event, LineBits) and (after, event) in table:
                    after, more = table[after, event]
                    actions += more
                assert (end.feed(event), end.state) == (actions, after)
            elif isinstance(event, Request):
                expected = f"^{role} channel: {event.name} is not allowed in state {state.name}$"
                with pytest.raises(ProtocolError, match=expected):
                    end.feed(event)
                assert end.state is state
            else:
                assert (end.feed(event), end.state) == ((), state)


def test_end_that_waits_for_what_stands_already_does_not_wait_for_ever() -> None:
    """The far end never saw the seizure: it has sent idle all along, so no change will come."""
    end = outgoing()
    end.feed(IDLE)
    end.feed(Request.SEIZE)
    assert end.feed(Timeout.SEIZURE_ACKNOWLEDGEMENT) == (IDLE, Indication.FAILED, Indication.UNBLOCKED)
    assert end.state is OutgoingState.IDLE
    called = incoming()
    called.feed(Request.BLOCK)
    called.feed(SEIZE)  # crosses the blocking signal on the line
    assert called.feed(Request.UNBLOCK) == (IDLE, ACKNOWLEDGED, Indication.SEIZED)


def test_each_end_sends_what_q421_has_it_send_in_each_state() -> None:
    for plant in reachable():
        assert plant.forward in SENT_FORWARD[plant.out]
        assert plant.backward in SENT_BACKWARD[plant.in_]


def test_timer_runs_while_the_acknowledgement_is_awaited_and_only_then() -> None:
    for plant in reachable():
        assert plant.timing == (plant.out is OutgoingState.SEIZING)


def test_no_state_is_a_deadlock() -> None:
    """From wherever the ends have come, both fall idle again, if only they clear, release and unblock."""
    ways_out: dict[Plant, list[Plant]] = {}
    for plant in reachable():
        for following in (
            *plant.by_itself(),
            *plant.asked([Request.CLEAR_FORWARD], [Request.RELEASED, Request.UNBLOCK]),
        ):
            ways_out.setdefault(following, []).append(plant)
    at_rest = [
        plant
        for plant in reachable()
        if (plant.out, plant.in_) == (OutgoingState.IDLE, IncomingState.IDLE)
        and (plant.forward_seen, plant.backward_seen) in [(IDLE, IDLE), (None, IDLE)]
    ]
    home, open_ = set(at_rest), list(at_rest)
    while open_:
        for before in ways_out.get(open_.pop(), []):
            if before not in home:
                home.add(before)
                open_.append(before)
    assert reachable() - home == set()


class Line:
    """Two ends joined by queues in which bits wait to be recognised, in the order in which they were sent."""

    def __init__(self) -> None:
        self.out, self.in_ = outgoing(), incoming()
        self.forward: list[LineBits] = [IDLE]
        self.backward: list[LineBits] = [IDLE]
        self.timing = False
        self.told: list[Indication] = []

    def carry_out(self, actions: tuple[Action, ...], queue: list[LineBits]) -> None:
        for action in actions:
            if isinstance(action, LineBits):
                assert queue is self.forward or action is not SEIZE
                assert queue is self.backward or action in (IDLE, SEIZE)
                queue.append(action)
            elif isinstance(action, (Start, Stop)):
                self.timing = isinstance(action, Start)
            else:
                self.told.append(action)

    def ask(self, request: Request, of_outgoing: bool) -> None:
        end, queue = (self.out, self.forward) if of_outgoing else (self.in_, self.backward)
        before = end.state
        try:
            self.carry_out(end.feed(request), queue)
        except ProtocolError:
            assert end.state is before

    def recognise(self, at_outgoing: bool) -> None:
        end, to, queue = (
            (self.out, self.backward, self.forward) if at_outgoing else (self.in_, self.forward, self.backward)
        )
        if to:
            self.carry_out(end.feed(to.pop(0)), queue)

    def time_out(self) -> None:
        if self.timing:
            self.timing = False
            self.carry_out(self.out.feed(Timeout.SEIZURE_ACKNOWLEDGEMENT), self.forward)

    def settle(self) -> None:
        """Clears, releases and unblocks until nothing is left to do."""
        for _ in range(40):
            self.recognise(at_outgoing=True)
            self.recognise(at_outgoing=False)
            self.ask(Request.CLEAR_FORWARD, of_outgoing=True)
            self.ask(Request.RELEASED, of_outgoing=False)
            self.ask(Request.UNBLOCK, of_outgoing=False)
            self.time_out()


STEPS = st.one_of(
    st.tuples(st.just("ask"), st.sampled_from(Request), st.booleans()),
    st.tuples(st.just("recognise"), st.booleans()),
    st.tuples(st.just("time_out")),
)


@given(st.lists(STEPS, max_size=60))
def test_ends_that_are_asked_anything_can_still_make_a_call(steps: list[tuple[Any, ...]]) -> None:
    line = Line()
    for name, *arguments in steps:
        getattr(line, name)(*arguments)
    line.settle()
    assert (line.out.state, line.in_.state) == (OutgoingState.IDLE, IncomingState.IDLE)
    line.told.clear()
    line.ask(Request.SEIZE, of_outgoing=True)
    line.recognise(at_outgoing=False)
    line.recognise(at_outgoing=True)
    line.ask(Request.ANSWER, of_outgoing=False)
    line.recognise(at_outgoing=True)
    line.ask(Request.CLEAR_BACK, of_outgoing=False)
    line.recognise(at_outgoing=True)
    line.ask(Request.CLEAR_FORWARD, of_outgoing=True)
    line.recognise(at_outgoing=False)
    line.ask(Request.RELEASED, of_outgoing=False)
    line.recognise(at_outgoing=True)
    assert line.told == [
        Indication.SEIZED,
        Indication.ACKNOWLEDGED,
        Indication.ANSWERED,
        Indication.CLEARED_BACK,
        Indication.CLEARED_FORWARD,
        Indication.RELEASED,
        Indication.RELEASED,
    ]


def test_bits_are_sent_with_c_0_and_d_1() -> None:
    assert [abcd_of(bits) for bits in (SEIZE, ANSWERED, IDLE, ACKNOWLEDGED)] == [0b0001, 0b0101, 0b1001, 0b1101]


@pytest.mark.parametrize("cd", range(4))
def test_c_and_d_of_the_far_end_are_not_looked_at(cd: int) -> None:
    assert [bits_of(ab << 2 | cd) for ab in range(4)] == [SEIZE, ANSWERED, IDLE, ACKNOWLEDGED]
