"""Two sessions edit, commit, try, undo and roll back at random, beside a naive model of flat dictionaries."""

import asyncio
import tempfile
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware.configuration.check import plain
from firmware.configuration.errors import (
    ConfigurationChangedError,
    ConfigurationRefusedError,
    NothingToCommitError,
    TrialError,
)
from firmware.qm.kind import QUEUING_MACHINE
from tests.firmware.configuration.box import ANN, BOB, Machine, Service, Target, run
from tests.firmware.configuration.test_changes import Flat, flat

TRIAL_S = 30
VALUES: dict[str, tuple[Any, ...]] = {
    "site.name": ("", "Bern", "Basel", "x" * 33),
    "site.contact": ("", "ann", "bob"),
    "signalling.called_digits": (5, 7, 0, 21, "7"),
    "clock.ssm_bit": (0, 4, 3, False),
    "clock.wait_to_restore_s": (300.0, 5, 721),
    "console.tcp_port": (0, 2000, 3000),
    "alarms.metrics_port": (0, 2000, 3000, 70000),
}


def is_good(values: Flat) -> bool:
    """By hand: what the tree permits of the values above."""
    return (
        len(values["site.name"]) <= 32
        and values["signalling.called_digits"] in (5, 7)
        and type(values["signalling.called_digits"]) is int
        and values["clock.ssm_bit"] in (0, 4)
        and values["clock.ssm_bit"] is not False
        and values["clock.wait_to_restore_s"] <= 720
        and values["alarms.metrics_port"] <= 65535
        and not 0 < values["alarms.metrics_port"] == values["console.tcp_port"]
    )


def differ(one: Any, other: Any) -> bool:
    return bool(one != other or (one is False) != (other is False))


def changed(old: Flat, new: Flat) -> set[str]:
    return {path for path in old if differ(old[path], new[path])}


@dataclass
class Model:
    """What should be: `base` and `edited` by session, with the revision that a candidate began as."""

    running: Flat
    number: int = 0
    boot: int = 0
    last: int = 0
    trial: bool = False
    revisions: dict[int, Flat] = field(default_factory=dict)
    base: dict[int, tuple[int, Flat]] = field(default_factory=dict)
    edited: dict[int, Flat] = field(default_factory=dict)

    def edit(self, session: int) -> Flat:
        if session not in self.edited or not changed(self.base[session][1], self.edited[session]):
            self.base[session] = (self.number, copy(self.running))
            self.edited[session] = copy(self.running)
        return self.edited[session]

    def commit(self, session: int, trial: bool) -> type[Exception] | None:
        edited = self.edit(session)
        if self.trial:
            return TrialError
        if self.base[session][0] != self.number:
            return ConfigurationChangedError
        if self.number and not changed(self.running, edited):
            return NothingToCommitError
        if not is_good(edited):
            return ConfigurationRefusedError
        self.put(edited, trial)
        del self.edited[session], self.base[session]
        return None

    def put(self, values: Flat, trial: bool) -> None:
        self.last += 1
        self.running, self.number, self.trial = copy(values), self.last, trial
        self.revisions[self.number] = copy(values)
        if not trial:
            self.boot = self.number

    def undo(self) -> None:
        self.trial, self.number = False, self.boot
        self.running = copy(self.revisions[self.boot])

    def roll_back(self, number: int) -> type[Exception] | None:
        if self.trial and number == self.boot:
            self.undo()
            return None
        if self.trial:
            return TrialError
        if number == self.number:
            return NothingToCommitError
        self.put(self.revisions[number], trial=False)
        return None

    def rebase(self, session: int) -> set[str]:
        mine = self.edit(session)
        base = self.base[session][1]
        theirs = changed(base, self.running)
        overlapping = {p for p in changed(base, mine) & theirs if differ(mine[p], self.running[p])}
        kept = changed(base, mine) - overlapping
        self.edited[session] = {path: mine[path] if path in kept else self.running[path] for path in base}
        self.base[session] = (self.number, copy(self.running))
        return overlapping


SESSIONS = st.sampled_from((ANN, BOB))
SETTINGS = st.sampled_from([(path, value) for path, values in VALUES.items() for value in values])
OPERATIONS = st.one_of(
    st.tuples(st.just("set"), SESSIONS, SETTINGS),
    st.tuples(st.just("set"), SESSIONS, SETTINGS),
    st.tuples(st.just("commit"), SESSIONS, st.booleans()),
    st.tuples(st.just("rebase"), SESSIONS, st.none()),
    st.tuples(st.just("discard"), SESSIONS, st.none()),
    st.tuples(st.just("confirm"), SESSIONS, st.none()),
    st.tuples(st.just("roll back"), SESSIONS, st.integers(0, 20)),
    st.tuples(st.just("wait"), SESSIONS, st.sampled_from((5, TRIAL_S + 1))),
    st.tuples(st.just("restart"), SESSIONS, st.none()),
)


class Pair:
    """The service and its model, taken through the same operations."""

    def __init__(self, machine: Machine, tasks: asyncio.TaskGroup) -> None:
        self._machine, self._tasks = machine, tasks
        self.service: Service
        self.target: Target
        self.service, self.target = machine.start(tasks)
        factory = flat(plain(QUEUING_MACHINE.failsafe))
        self.model = Model(running=factory, revisions={0: factory})
        self.until_s: float | None = None

    async def step(self, name: str, author: Any, argument: Any) -> None:
        service, model, session = self.service, self.model, author.session
        match name:
            case "set":
                service.edit(author).set(*argument)
                model.edit(session)[argument[0]] = argument[1]
            case "commit":
                confirm_s = TRIAL_S if argument else None
                refused = await self._try(service.commit(service.edit(author), "", confirm_s))
                assert refused is model.commit(session, argument)
                if refused is None and argument:
                    self.until_s = asyncio.get_running_loop().time() + TRIAL_S
            case "rebase":
                overlaps = service.rebase(service.edit(author))
                assert {overlap.mine.path for overlap in overlaps} == model.rebase(session)
            case "discard":
                service.editors.discard(session)
                model.edited.pop(session, None)
            case "confirm":
                assert (await self._try(service.confirm(author)) is None) == model.trial
                if model.trial:
                    model.trial, model.boot = False, model.number
            case "roll back":
                number = argument % (model.last + 1)
                refused = await self._try(service.roll_back(number, author, ""))
                assert refused is model.roll_back(number)
            case "wait":
                await asyncio.sleep(argument)
            case "restart":
                self.service, self.target = self._machine.start(self._tasks)
                model.edited.clear()
        if model.trial and self.until_s is not None and asyncio.get_running_loop().time() > self.until_s:
            model.undo()

    @staticmethod
    async def _try(work: Any) -> type[Exception] | None:
        try:
            await work
        except (
            ConfigurationChangedError, ConfigurationRefusedError, NothingToCommitError, TrialError,
        ) as error:  # fmt: skip
            return type(error)
        return None

    def check(self) -> None:
        service, model = self.service, self.model
        running = flat(plain(service.running))
        assert running == model.running
        assert is_good(running)
        assert QUEUING_MACHINE.check(plain(service.running)).problems == []
        assert self.target.tree == service.running == service.in_force
        assert (service.running_revision, service.boot_revision) == (model.number, model.boot)
        assert (service.trial is not None) == model.trial
        for session, edited in model.edited.items():
            candidate = service.editors.get(session)
            assert candidate is not None
            assert changed(flat(candidate.values), edited) == set()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(OPERATIONS, max_size=30))
def test_no_update_is_lost_and_what_runs_is_always_checked(operations: list[tuple[str, Any, Any]]) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        pair = Pair(machine, tasks)
        for operation in operations:
            await pair.step(*operation)
            pair.check()
        for number, values in pair.model.revisions.items():
            assert flat(plain(pair.service.revisions.read(number))) == values

    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), scenario)
