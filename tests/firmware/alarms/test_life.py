"""The table of an alarm's life (firmware/alarms/life.py): every state with everything that can happen to it."""

import pytest

from firmware.alarms.life import Do, Happening, State, step

# Written from the description above the table, not from the table: None where nothing changes.
EXPECTED: dict[State, dict[Happening, tuple[State, set[Do]] | None]] = {
    State.IDLE: {
        Happening.FAULT: (State.RAISING, {Do.START}),
        Happening.RECOVERY: None,
        Happening.HOLD_OFF_OVER: None,
        Happening.EVENT: (State.CLEARING, {Do.RAISE, Do.START}),
        Happening.REMOVAL: None,
    },
    State.RAISING: {
        Happening.FAULT: None,
        Happening.RECOVERY: (State.IDLE, {Do.STOP}),
        Happening.HOLD_OFF_OVER: (State.ACTIVE, {Do.RAISE}),
        Happening.EVENT: None,
        Happening.REMOVAL: (State.IDLE, {Do.STOP}),
    },
    State.ACTIVE: {
        Happening.FAULT: None,
        Happening.RECOVERY: (State.CLEARING, {Do.START}),
        Happening.HOLD_OFF_OVER: None,
        Happening.EVENT: None,
        Happening.REMOVAL: (State.IDLE, {Do.CLEAR}),
    },
    State.CLEARING: {
        Happening.FAULT: (State.ACTIVE, {Do.STOP, Do.COUNT}),
        Happening.RECOVERY: None,
        Happening.HOLD_OFF_OVER: (State.IDLE, {Do.CLEAR}),
        Happening.EVENT: (State.CLEARING, {Do.COUNT}),
        Happening.REMOVAL: (State.IDLE, {Do.STOP, Do.CLEAR}),
    },
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("happening", Happening)
def test_every_state_and_happening(state: State, happening: Happening) -> None:
    expected = EXPECTED[state][happening]
    following, todo = step(state, happening)
    assert (following, set(todo)) == (expected or (state, set()))
    # A hold-off of no duration is over as it starts: nothing may come after.
    assert Do.START not in todo[:-1]


def test_every_state_is_reached_and_left() -> None:
    def reached_from(state: State) -> set[State]:
        found = {state}
        while True:
            more = {step(each, happening)[0] for each in found for happening in Happening} | found
            if more == found:
                return found
            found = more

    assert all(reached_from(state) == set(State) for state in State)


def test_hold_offs_run_in_raising_and_clearing_and_nowhere_else() -> None:
    """Along every path of up to six happenings."""
    paths: set[tuple[State, bool]] = {(State.IDLE, False)}
    for _ in range(6):
        following: set[tuple[State, bool]] = set()
        for state, running in paths:
            assert running == (state in {State.RAISING, State.CLEARING})
            for happening in Happening:
                then, todo = step(state, happening)
                runs = running and happening is not Happening.HOLD_OFF_OVER and Do.STOP not in todo
                assert not (Do.STOP in todo and not running)
                following.add((then, runs or Do.START in todo))
        paths = following
