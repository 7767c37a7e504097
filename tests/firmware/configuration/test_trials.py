"""Commits to be confirmed: undone in time, through everything that can come between."""

import asyncio
from pathlib import Path

import pytest

from drivers.stores.revision_store import RevisionStore
from drivers.stores.storage import StoreError
from firmware.configuration.check import plain
from firmware.configuration.errors import TrialError
from firmware.configuration.target import Problem
from tests.firmware.configuration.box import ANN, BOB, Machine, Service, run
from tests.firmware.configuration.test_service import FAILSAFE, name_site

TRIAL_S = 60


async def begin(machine: Machine, tasks: asyncio.TaskGroup) -> tuple[Service, object]:
    service, target = machine.start(tasks)
    await name_site(service, "old")
    await name_site(service, "new", TRIAL_S)
    return service, target


def test_a_trial_that_nobody_confirms_is_undone_to_the_second(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, target = machine.start(tasks)
        await name_site(service, "old")
        assert await name_site(service, "new", TRIAL_S) == 2
        trial = service.trial
        assert trial is not None
        assert (trial.revision, trial.who) == (2, "ann")
        assert trial.left_s == pytest.approx(TRIAL_S)
        assert (service.running_revision, service.boot_revision) == (2, 1)
        assert machine.faults.standing == {"CFG_TRIAL": "revision 2 by ann"}
        service.discard(ANN.session)  # the session is cut
        await asyncio.sleep(TRIAL_S - 0.01)
        assert target.tree.site.name == "new"
        await asyncio.sleep(0.02)
        assert target.tree.site.name == service.running.site.name == "old"
        assert (service.running_revision, service.boot_revision, service.trial) == (1, 1, None)
        assert machine.faults.standing == {}
        assert machine.faults.events == [
            ("CFG_UNDONE", "revision 2 was not confirmed in time; revision 1 is in force again")
        ]
        assert [one.number for one in service.revisions.history()] == [2, 1]
        assert await name_site(service, "third", author=BOB) == 3

    run(tmp_path, scenario)


def test_anybody_confirms(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, _ = await begin(machine, tasks)
        assert await service.confirm(BOB) == 2
        assert (service.boot_revision, service.trial, machine.faults.standing) == (2, None, {})
        await asyncio.sleep(10 * TRIAL_S)
        assert service.running.site.name == "new"
        with pytest.raises(TrialError, match="nothing to confirm"):
            await service.confirm(BOB)

    run(tmp_path, scenario)


def test_nothing_else_is_committed_meanwhile(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, _ = await begin(machine, tasks)
        await asyncio.sleep(20)
        candidate = service.edit(BOB)
        candidate.set("site.contact", "bob")
        for refused in (service.commit(candidate, ""), service.roll_back(0, BOB, "")):
            with pytest.raises(TrialError, match="revision 2 by ann is on trial for 40 s more"):
                await refused
        assert service.running.site.name == "new"

    run(tmp_path, scenario)


def test_a_trial_is_undone_by_rolling_back_to_what_boots(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, _ = await begin(machine, tasks)
        assert await service.roll_back(1, BOB, "no good") == 1
        assert (service.running.site.name, service.trial) == ("old", None)
        assert machine.faults.events == [
            ("CFG_UNDONE", "revision 2 undone by bob: no good; revision 1 is in force again")
        ]
        await asyncio.sleep(10 * TRIAL_S)
        assert (service.running_revision, len(machine.faults.events)) == (1, 1)

    run(tmp_path, scenario)


def test_the_first_commit_of_all_is_undone_to_the_failsafe(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, target = machine.start(tasks)
        await name_site(service, "new", TRIAL_S)
        assert list(machine.faults.standing) == ["CFG_TRIAL"]
        await asyncio.sleep(TRIAL_S + 1)
        assert (target.tree, service.running_revision) == (FAILSAFE, 0)
        assert list(machine.faults.standing) == ["CFG_FAILSAFE"]

    run(tmp_path, scenario)


def test_the_time_goes_on_through_a_restart_of_the_process(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        await begin(machine, tasks)
        await asyncio.sleep(25)
        service, target = machine.start(tasks)
        trial = service.trial
        assert trial is not None
        assert trial.left_s == pytest.approx(35)
        assert target.tree.site.name == "new"
        assert list(machine.faults.standing) == ["CFG_TRIAL"]
        await asyncio.sleep(36)
        assert (target.tree.site.name, service.running_revision) == ("old", 1)

    run(tmp_path, scenario)


def test_another_start_of_the_machine_boots_the_old(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        await begin(machine, tasks)
        machine.reboot()
        service, target = machine.start(tasks)
        assert (target.tree.site.name, service.running_revision, service.trial) == ("old", 1, None)
        assert [name for name, _ in machine.faults.events] == ["CFG_UNDONE"]

    run(tmp_path, scenario)


def test_a_process_that_was_down_when_the_time_was_over_boots_the_old(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, _ = await begin(machine, tasks)
        service.close()
        await asyncio.sleep(TRIAL_S + 1)
        service, target = machine.start(tasks)
        assert (target.tree.site.name, service.trial) == ("old", None)

    run(tmp_path, scenario)


def test_undoing_that_fails_is_an_alarm_and_is_tried_again_with_growing_pauses(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, target = machine.start(tasks)
        await name_site(service, "old")
        await name_site(service, "new", TRIAL_S)
        target.refuses = [Problem("ports.1.url", "unplugged")]
        target.told.clear()
        await asyncio.sleep(TRIAL_S + 1)
        assert "unplugged" in machine.faults.standing["CFG_UNDO_FAILED"]
        tried = []
        for after_s in (9, 19, 39, 79):  # a second after each try: 10, 20, 40, 80 s
            tried.append(len(target.told))
            await asyncio.sleep(after_s - 0.5)
            assert len(target.told) == tried[-1]
            await asyncio.sleep(1.5)
        assert tried == [1, 2, 3, 4]
        assert target.tree.site.name == "new"
        target.refuses = []
        await asyncio.sleep(160)
        assert (target.tree.site.name, service.trial) == ("old", None)
        assert machine.faults.standing == {}

    run(tmp_path, scenario)


def test_a_trial_that_could_not_be_undone_may_still_be_confirmed(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, target = machine.start(tasks)
        await name_site(service, "new", TRIAL_S)
        target.refuses = [Problem("", "no")]
        await asyncio.sleep(TRIAL_S + 1)
        assert await service.confirm(ANN) == 1
        target.refuses = []
        await asyncio.sleep(1000)
        assert (target.tree.site.name, machine.faults.standing) == ("new", {})

    run(tmp_path, scenario)


@pytest.mark.parametrize("operation", ["confirm", "abandon"])
def test_a_store_that_fails_leaves_the_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, target = machine.start(tasks)
        await name_site(service, "old")
        await name_site(service, "new", TRIAL_S)
        target.told.clear()

        def full(_: object) -> None:
            raise StoreError("disk full")

        with monkeypatch.context() as patch:
            patch.setattr(RevisionStore, operation, full)
            with pytest.raises(StoreError):
                await (service.confirm(ANN) if operation == "confirm" else service.roll_back(1, ANN, ""))
        assert target.told == ([] if operation == "confirm" else ["prepare", "abort"])
        assert service.trial is not None
        await asyncio.sleep(TRIAL_S + 1)
        assert target.tree.site.name == "old"

    run(tmp_path, scenario)


def test_a_confirmation_in_the_last_moment_waits_for_the_undoing_that_has_begun(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, target = machine.start(tasks)
        await name_site(service, "old")
        await name_site(service, "new", TRIAL_S)
        target.gate = asyncio.Event()
        await asyncio.sleep(TRIAL_S + 1)
        confirmation = asyncio.create_task(service.confirm(BOB))
        await asyncio.sleep(1)
        target.gate.set()
        with pytest.raises(TrialError):
            await confirmation
        assert (target.tree.site.name, service.boot_revision) == ("old", 1)

    run(tmp_path, scenario)


def test_the_end_of_one_trial_does_not_end_the_next(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, target = machine.start(tasks)
        await name_site(service, "old")
        await name_site(service, "new", TRIAL_S)
        target.gate = asyncio.Event()
        await asyncio.sleep(TRIAL_S - 1)
        undoing = asyncio.create_task(service.roll_back(1, BOB, ""))
        await asyncio.sleep(0)
        candidate = service.edit(ANN)
        candidate.rebase(1, plain(service.revisions.read(1)))
        candidate.set("site.name", "newer")
        committing = asyncio.create_task(service.commit(candidate, "", TRIAL_S))
        await asyncio.sleep(10)  # the first trial's time is over, and its undoing waits behind these two
        target.gate.set()
        assert (await undoing, await committing) == (1, 3)
        await asyncio.sleep(TRIAL_S - 1)
        assert target.tree.site.name == "newer"
        assert list(machine.faults.standing) == ["CFG_TRIAL"]
        await asyncio.sleep(2)
        assert target.tree.site.name == "old"

    run(tmp_path, scenario)


def test_a_trial_that_no_longer_can_be_used_is_undone_at_the_next_start(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, _ = machine.start(tasks)
        await name_site(service, "old")
        deadline_ns = machine.now_ns() + 60_000_000_000
        service.revisions.store.commit(
            b"schema = 9\n", base=1, who="x", when="", why="", from_where="", kind="", deadline_ns=deadline_ns
        )
        service, target = machine.start(tasks)
        assert (service.running_revision, target.tree.site.name) == (1, "old")
        await asyncio.sleep(1)
        assert service.trial is None
        assert [name for name, _ in machine.faults.events] == ["CFG_UNDONE"]

    run(tmp_path, scenario)


def test_an_exception_while_it_is_undone_ends_the_process(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, target = machine.start(tasks)
        await name_site(service, "new", TRIAL_S)

        async def broken(old: object, new: object) -> None:
            raise ZeroDivisionError

        target.prepare = broken  # type: ignore[method-assign, assignment]
        await asyncio.sleep(TRIAL_S + 1)
        raise AssertionError("the task group was not ended")

    with pytest.raises(BaseExceptionGroup) as raised:
        run(tmp_path, scenario)
    assert raised.group_contains(ZeroDivisionError)
