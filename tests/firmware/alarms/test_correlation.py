"""What is told and shown, against a naive model that looks at every alarm every millisecond."""

import asyncio
import tempfile
from datetime import datetime
from itertools import product
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.alarms.catalogue import CATALOGUE
from firmware.configuration.common import AlarmConfiguration
from tests.firmware.alarms.plant import EPOCH, Plant, kind, run

# Neither is a multiple of the actions' step: no hold-off ends at the instant of an action.
STEP_MS = 10
RAISE_MS, CLEAR_MS = 53, 47

# Few of each, so that they meet.
HIDDEN_BY = {"A": (), "B": ("A",), "C": ("A", "B", "X"), "X": ()}
STORM_AND_DISK = {name: CATALOGUE[name] for name in ("ALARM_STORM", "HISTORY_FAILED", "HISTORY_DAMAGED")}
KINDS = STORM_AND_DISK | {
    name: kind(number, name, place="box" if name == "X" else "port", hidden_by=hiders)
    for number, (name, hiders) in enumerate(HIDDEN_BY.items())
}
OBJECTS = ("port 1", "port 2")

# Hundreds of runs write a history each: not to a disk, where there is a choice.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None

Key = tuple[str, str]
Action = tuple[str, str, str]
Told = tuple[int, str, str, str]

KEYS = [*product("ABC", OBJECTS), ("X", "")]

# Often within a hold-off, now and then beyond.
steps = st.one_of(st.integers(1, 4), st.integers(1, 15))


@st.composite
def scripts(draw: st.DrawFn) -> list[tuple[int, Action]]:
    """A few alarms that come and go among each other; objects that move, or are removed, now and then."""
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=2, max_size=4, unique=True))
    turns = [("turn", *key) for key in keys]
    moves = [
        ("place", "port 2", "port 1"),
        ("place", "port 2", "elsewhere"),
        ("remove", draw(st.sampled_from(OBJECTS)), ""),
    ]
    actions = st.sampled_from(turns * 3 + moves)
    drawn = draw(st.lists(st.tuples(steps, actions), min_size=15, max_size=40))
    # The objects are within each other from the start, more often than not.
    return [(1, ("place", "port 2", draw(st.sampled_from(["port 1", "port 1", "elsewhere"])))), *drawn]


class Naive:
    """The rules, taken literally, once a millisecond."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.present: dict[Key, int] = {}  # since when
        self.absent: dict[Key, int] = {}
        self.raised: set[Key] = set()
        self.known: set[Key] = set()
        self.outer: dict[str, str] = {}
        self.told: list[Told] = []

    def choose(self, action: Action) -> Action:
        """A turn is a fault or a recovery, whichever is news."""
        what, name, place = action
        if what != "turn":
            return action
        return "recover" if (name, place) in self.present else "fault", name, place

    def act(self, action: Action) -> None:
        what, one, other = action
        key = (one, other)
        if what == "fault":
            self.present.setdefault(key, self.now_ms)
            self.absent.pop(key, None)
        elif what == "recover" and self.present.pop(key, None) is not None:
            self.absent[key] = self.now_ms
        elif what == "place":
            self.outer[one] = other
        elif what == "remove":
            self.remove(one)
        self.look()

    def remove(self, place: str) -> None:
        gone = {each for each in OBJECTS if place in self.around(each)}
        for key in [key for key in self.raised | set(self.present) if key[1] in gone]:
            if key in self.known:
                self.told.append((self.now_ms, "cleared", *key))
            self.raised.discard(key)
            self.known.discard(key)
            self.present.pop(key, None)
            self.absent.pop(key, None)
        for each in gone:
            self.outer.pop(each, None)

    def pass_to(self, now_ms: int) -> None:
        while self.now_ms < now_ms:
            self.now_ms += 1
            self.look()

    def look(self) -> None:
        for key, since in self.present.items():
            if self.now_ms - since >= RAISE_MS:
                self.raised.add(key)
        for key in sorted(self.raised - set(self.present)):
            if self.now_ms - self.absent[key] >= CLEAR_MS:
                self.raised.discard(key)
                if key in self.known:
                    self.known.discard(key)
                    self.told.append((self.now_ms, "cleared", *key))
        for key in sorted(self.raised & set(self.present) - self.known):
            if not any(hider in self.raised or hider in self.present for hider in self.hiders(key)):
                self.known.add(key)
                self.told.append((self.now_ms, "raised", *key))

    def around(self, place: str) -> list[str]:
        return [place, *(self.around(self.outer[place]) if place in self.outer else [])]

    def hiders(self, key: Key) -> list[Key]:
        return [(name, place) for name in HIDDEN_BY[key[0]] for place in (*self.around(key[1]), "")]

    def active(self) -> set[Key]:
        return {key for key in self.raised if not any(hider in self.raised for hider in self.hiders(key))}


def told_by(plant: Plant) -> list[Told]:
    """The reports, by the millisecond since the start."""
    return [
        (round((datetime.fromisoformat(report.at) - EPOCH).total_seconds() * 1000), news, name, place)
        for report, (news, name, place) in zip(plant.reports, plant.told, strict=True)
    ]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(scripts())
def test_as_the_naive_model_says(script: list[tuple[int, Action]]) -> None:
    naive = Naive()

    async def scenario(plant: Plant) -> None:
        at_ms = 0
        for count, action in script:
            at_ms += count * STEP_MS
            await asyncio.sleep((at_ms - naive.now_ms) / 1000)
            naive.pass_to(at_ms)
            assert set(plant.active) == naive.active()
            what, one, other = naive.choose(action)
            naive.act((what, one, other))
            getattr(plant.manager, what)(*((one,) if what == "remove" else (one, other)))
            assert set(plant.active) == naive.active()
        await asyncio.sleep(1)
        naive.pass_to(at_ms + 1000)
        assert set(plant.active) == naive.active()
        # Several at the same instant may be told in any order.
        assert sorted(told_by(plant)) == sorted(naive.told)
        # In the order of time, each told once until it is cleared.
        assert [at for at, *_ in told_by(plant)] == sorted(at for at, *_ in naive.told)

    configuration = AlarmConfiguration(hold_off_ms=RAISE_MS, clear_hold_off_ms=CLEAR_MS)
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        records = run(scenario, Path(folder), configuration, KINDS)
    # The history is what was told.
    told = [(name, place) for _, news, name, place in naive.told if news == "raised"]
    assert sorted((record.name, record.object) for record in records) == sorted(told)
    open_ones = sorted((record.name, record.object) for record in records if not record.cleared_at)
    assert open_ones == sorted(naive.known)
