"""The life of one alarm, on one object, as a table; it knows neither timers nor people.

    IDLE      nothing wrong
    RAISING   the fault stands, the raise hold-off runs: nobody is told yet
    ACTIVE    it is an alarm
    CLEARING  the fault is gone, the clear hold-off runs: it still is an alarm

    state     FAULT            RECOVERY          HOLD_OFF_OVER     EVENT             REMOVAL
    IDLE      -> RAISING,                                          -> CLEARING,
                 start                                                raise, start
    RAISING                    -> IDLE, stop     -> ACTIVE, raise                    -> IDLE, stop
    ACTIVE                     -> CLEARING,                                          -> IDLE, clear
                                  start
    CLEARING  -> ACTIVE,                         -> IDLE, clear    count             -> IDLE, stop, clear
                 stop, count

What is not in the table changes nothing: a fault that is told again, a recovery of what is not wrong, a timer that
has been overtaken. A fault that comes and goes within the hold-offs stays one alarm, and its occurrences are
counted (the persistency filter of G.7710, with a memory). A hold-off of no duration is over as it starts.

An event is a fault that is over when it comes: the window in which more of them count as the same is the clear
hold-off, and does not start anew with each, so that a steady stream of them is told once a window.

Two marks go beside the state, from the time the alarm is raised until it is cleared (firmware/alarms/manager.py):

    told          people know of it: it has a serial number, and a record in the history. An alarm that is raised
                  while one that hides it stands, or is about to, is not told; it is told when the last that hides
                  it is gone, if it is ACTIVE then. What was told is told cleared, hidden or not; never told twice.
    acknowledged  somebody has said that he takes care of it: told alarms only, once. It changes no state, and goes
                  with the alarm.

`hidden` is no mark but a question: does an alarm that hides it stand (ACTIVE or CLEARING) now? It takes a told
alarm out of the list of active ones as long as that is so.
"""

import enum


class State(enum.Enum):
    """States of an alarm."""

    IDLE = enum.auto()
    RAISING = enum.auto()
    ACTIVE = enum.auto()
    CLEARING = enum.auto()

    @property
    def stands(self) -> bool:
        """It is an alarm."""
        return self in {State.ACTIVE, State.CLEARING}


class Happening(enum.Enum):
    """What can happen to an alarm."""

    FAULT = enum.auto()
    RECOVERY = enum.auto()
    HOLD_OFF_OVER = enum.auto()
    EVENT = enum.auto()
    REMOVAL = enum.auto()  # of the object


class Do(enum.Enum):
    """What a step asks for, in this order."""

    STOP = enum.auto()  # the hold-off that runs
    COUNT = enum.auto()  # one more occurrence
    RAISE = enum.auto()
    CLEAR = enum.auto()
    START = enum.auto()  # the hold-off of the state that is entered


TABLE: dict[tuple[State, Happening], tuple[State, tuple[Do, ...]]] = {
    (State.IDLE, Happening.FAULT): (State.RAISING, (Do.START,)),
    (State.IDLE, Happening.EVENT): (State.CLEARING, (Do.RAISE, Do.START)),
    (State.RAISING, Happening.RECOVERY): (State.IDLE, (Do.STOP,)),
    (State.RAISING, Happening.HOLD_OFF_OVER): (State.ACTIVE, (Do.RAISE,)),
    (State.ACTIVE, Happening.RECOVERY): (State.CLEARING, (Do.START,)),
    (State.CLEARING, Happening.FAULT): (State.ACTIVE, (Do.STOP, Do.COUNT)),
    (State.CLEARING, Happening.HOLD_OFF_OVER): (State.IDLE, (Do.CLEAR,)),
    (State.CLEARING, Happening.EVENT): (State.CLEARING, (Do.COUNT,)),
    (State.RAISING, Happening.REMOVAL): (State.IDLE, (Do.STOP,)),
    (State.ACTIVE, Happening.REMOVAL): (State.IDLE, (Do.CLEAR,)),
    (State.CLEARING, Happening.REMOVAL): (State.IDLE, (Do.STOP, Do.CLEAR)),
}


def step(state: State, happening: Happening) -> tuple[State, tuple[Do, ...]]:
    """The state that follows, and what is to be done."""
    return TABLE.get((state, happening), (state, ()))
