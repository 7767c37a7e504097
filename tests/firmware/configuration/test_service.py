"""Commits: in which order, what is refused, what stays as it was."""

import asyncio
from pathlib import Path

import pytest

from drivers.stores.revision_store import RevisionStore
from drivers.stores.storage import StoreError
from firmware.configuration.candidate import Author
from firmware.configuration.errors import (
    ConfigurationChangedError,
    ConfigurationRefusedError,
    ExclusivelyHeldError,
    NoSuchRevisionError,
    NothingToCommitError,
    NotReadyError,
    SessionOverError,
)
from firmware.configuration.target import Problem
from firmware.qm.configuration import QueuingMachineConfiguration
from firmware.qm.kind import QUEUING_MACHINE
from tests.firmware.configuration.box import ANN, BOB, Change, Machine, Service, run

FAILSAFE = QUEUING_MACHINE.failsafe


async def name_site(service: Service, name: str, confirm_s: int | None = None, author: Author = ANN) -> int:
    candidate = service.edit(author)
    candidate.set("site.name", name)
    return await service.commit(candidate, f"called {name}", confirm_s)


def test_a_new_box_runs_the_failsafe_until_something_is_committed(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, target = machine.start(tasks)
        assert (service.running, service.running_revision, service.boot_revision) == (FAILSAFE, 0, 0)
        assert machine.faults.standing == {"CFG_FAILSAFE": "nothing has been committed yet"}
        candidate = service.edit(ANN)
        candidate.add("ports.3", {"url": "dahdi:1"})
        assert await service.commit(candidate, "first port") == 1
        assert target.told == ["prepare", "apply"]
        assert target.tree == service.running == service.in_force
        committed = service.running
        assert committed.ports[3].url == "dahdi:1"
        assert machine.faults.standing == {}
        (made,) = service.revisions.history()
        assert (made.number, made.base, made.who, made.why, made.kind) == (1, 0, "ann", "first port", "commit")
        assert (made.from_where, made.when) == ("serial /dev/ttyS0", "2026-01-01T00:00:00.000Z")
        service, target = machine.start(tasks)
        assert (service.running_revision, service.running) == (1, committed)

    run(tmp_path, scenario)


def test_the_failsafe_itself_can_be_committed_but_nothing_twice(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, _ = machine.start(tasks)
        assert await service.commit(service.edit(ANN), "as it comes") == 1
        with pytest.raises(NothingToCommitError):
            await service.commit(service.edit(ANN), "")
        with pytest.raises(NothingToCommitError):
            await service.roll_back(1, ANN, "")

    run(tmp_path, scenario)


def test_a_candidate_with_faults_is_refused_with_all_of_them(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, target = machine.start(tasks)
        candidate = service.edit(ANN)
        candidate.set("site.name", "x" * 33)
        candidate.set("clock.sources", [7])
        with pytest.raises(ConfigurationRefusedError) as raised:
            await service.commit(candidate, "")
        assert sorted(problem.path for problem in raised.value.problems) == ["clock.sources", "site.name"]
        assert (target.told, service.running, service.revisions.history()) == ([], FAILSAFE, [])
        assert service.edit(ANN) is candidate

    run(tmp_path, scenario)


def test_what_the_box_cannot_prepare_is_not_stored(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, target = machine.start(tasks)
        target.refuses = [Problem("ports.1.url", "no such adaptor"), Problem("ports.2.url", "in use")]
        with pytest.raises(ConfigurationRefusedError) as raised:
            await name_site(service, "Bern")
        assert raised.value.problems == target.refuses
        assert (target.told, service.running, service.revisions.history()) == (["prepare"], FAILSAFE, [])
        target.refuses = []
        assert await service.commit(service.edit(ANN), "again") == 1

    run(tmp_path, scenario)


def test_a_store_that_fails_aborts_the_preparation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, target = machine.start(tasks)

        def full(*_: object, **__: object) -> int:
            raise StoreError("disk full")

        with monkeypatch.context() as patch:
            patch.setattr(RevisionStore, "commit", full)
            with pytest.raises(StoreError):
                await name_site(service, "Bern")
        assert (target.told, service.running) == (["prepare", "abort"], FAILSAFE)
        assert await service.commit(service.edit(ANN), "again") == 1

    run(tmp_path, scenario)


def test_a_process_that_dies_between_store_and_apply_boots_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Death(BaseException):
        pass

    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, _ = machine.start(tasks)

        def die(*_: object) -> None:
            raise Death

        monkeypatch.setattr(Change, "apply", die)
        with pytest.raises(Death):
            await name_site(service, "Bern")
        service, _ = machine.start(tasks)
        assert (service.running_revision, service.running.site.name) == (1, "Bern")

    run(tmp_path, scenario)


def test_a_commit_that_is_cancelled_while_it_prepares_changes_nothing(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, target = machine.start(tasks)
        target.gate = asyncio.Event()
        commit = asyncio.create_task(name_site(service, "Bern"))
        await asyncio.sleep(1)
        commit.cancel()
        with pytest.raises(asyncio.CancelledError):
            await commit
        target.gate.set()
        assert (service.running, service.revisions.history()) == (FAILSAFE, [])
        assert await service.commit(service.edit(ANN), "again") == 1

    run(tmp_path, scenario)


def test_the_second_of_two_editors_is_told_what_changed(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, target = machine.start(tasks)
        mine, theirs = service.edit(BOB), service.edit(ANN)
        mine.set("site.contact", "bob")
        mine.set("site.name", "Basel")
        theirs.set("site.name", "Bern")
        target.gate = asyncio.Event()
        first = asyncio.create_task(service.commit(theirs, "moved"))
        second = asyncio.create_task(service.commit(mine, ""))
        await asyncio.sleep(1)
        target.gate.set()
        assert await first == 1
        with pytest.raises(ConfigurationChangedError, match="ann: moved") as raised:
            await second
        assert [(one.number, one.who) for one in raised.value.revisions] == [(1, "ann")]
        assert [(change.path, change.old, change.new) for change in raised.value.changes] == [
            ("site.name", "", "Bern")
        ]
        (overlap,) = service.rebase(mine)
        assert (overlap.mine.new, overlap.theirs[0].new) == ("Basel", "Bern")
        assert await service.commit(mine, "") == 2
        assert (service.running.site.name, service.running.site.contact) == ("Bern", "bob")

    run(tmp_path, scenario)


def test_a_candidate_without_changes_keeps_up(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, _ = machine.start(tasks)
        assert service.edit(BOB).base == 0
        await name_site(service, "Bern")
        candidate = service.edit(BOB)
        assert (candidate.base, candidate.get("site.name")) == (1, "Bern")

    run(tmp_path, scenario)


def test_exclusive_editing(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, _ = machine.start(tasks)
        old = service.edit(BOB)
        old.set("site.name", "Basel")
        with pytest.raises(ExclusivelyHeldError, match=r"bob \(session 2, unix\) has changes"):
            service.edit(ANN, exclusive=True)
        service.editors.discard(BOB.session)
        assert service.edit(ANN, exclusive=True).exclusive
        for exclusive in (False, True):
            with pytest.raises(ExclusivelyHeldError, match=r"ann \(session 1, serial /dev/ttyS0\)"):
                service.edit(BOB, exclusive)
        with pytest.raises(ExclusivelyHeldError):
            await service.commit(old, "")
        with pytest.raises(ExclusivelyHeldError):
            await service.roll_back(0, BOB, "")
        await name_site(service, "Bern")
        assert not service.edit(BOB).exclusive

    run(tmp_path, scenario)


def test_a_session_that_is_over_edits_nothing(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, _ = machine.start(tasks)
        service.edit(BOB, exclusive=True).set("site.name", "Basel")
        service.discard(BOB.session)
        for exclusive in (False, True):
            with pytest.raises(SessionOverError, match="session 2 is over"):
                service.edit(BOB, exclusive)
        assert service.edit(ANN, exclusive=True).exclusive
        assert [candidate.author for candidate in service.editors.candidates()] == [ANN]

    run(tmp_path, scenario)


def test_roll_back_is_a_commit_of_its_own(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, target = machine.start(tasks)
        for name in ("one", "two", "three"):
            await name_site(service, name)
        assert await service.roll_back(1, BOB, "it was better") == 4
        assert service.running.site.name == target.tree.site.name == "one"
        last = service.revisions.history()[0]
        assert (last.number, last.base, last.who, last.why, last.kind) == (
            4,
            3,
            "bob",
            "it was better",
            "rollback",
        )
        assert [(change.old, change.new) for change in service.revisions.diff(3, 4)] == [("three", "one")]
        with pytest.raises(NoSuchRevisionError):
            await service.roll_back(9, BOB, "")
        assert await service.roll_back(0, BOB, "") == 5
        assert service.running == FAILSAFE
        assert machine.faults.standing == {}

    run(tmp_path, scenario)


def test_what_comes_with_the_box(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service = machine.opened()
        tree = QueuingMachineConfiguration()
        with pytest.raises(NotReadyError):
            await name_site(service, "Bern")
        assert service.install(tree, ANN, "plant.toml") == 1
        assert service.in_force == tree
        service, target = machine.start(tasks)
        assert (target.tree, service.failsafe_reason) == (tree, "")
        with pytest.raises(NotReadyError):
            service.install(tree, ANN, "again")

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"schema = 3\n", "newer than this program"),
        (b"schema = 2\n[site]\nname = 1\n", "site.name"),
        (b"schema = 2\n[", "not TOML"),
    ],
)
def test_a_revision_that_cannot_be_used_boots_the_failsafe_never_an_older_one(
    tmp_path: Path, octets: bytes, reason: str
) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, _ = machine.start(tasks)
        await name_site(service, "good")
        service.revisions.store.commit(
            octets, base=1, who="newer", when="", why="", from_where="", kind="commit", deadline_ns=None
        )
        service, target = machine.start(tasks)
        assert (service.running_revision, target.tree) == (0, FAILSAFE)
        assert reason in machine.faults.standing["CFG_FAILSAFE"]
        assert [one.number for one in service.revisions.history()] == [2, 1]
        assert await service.roll_back(1, ANN, "") == 3
        assert (service.running.site.name, machine.faults.standing) == ("good", {})

    run(tmp_path, scenario)


def test_a_damaged_store_is_told(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service, _ = machine.start(tasks)
        await name_site(service, "one")
        await name_site(service, "two")
        one, *rest = sorted(tmp_path.glob("revision-00000001*"))
        one.write_bytes(b"gone")
        service, _ = machine.start(tasks)
        assert service.running.site.name == "two"
        assert [name for name, _ in machine.faults.events] == ["CFG_STORE_REPAIRED"]
        for path in (one, *rest):
            path.write_bytes(b"gone")
        service, _ = machine.start(tasks)
        assert list(machine.faults.standing) == ["CFG_STORE_DAMAGED"]
        assert service.revisions.history()[1].damaged
        with pytest.raises(NoSuchRevisionError):
            await service.roll_back(1, ANN, "")

    run(tmp_path, scenario)


def test_interruptions_are_asked_of_the_box(tmp_path: Path) -> None:
    async def scenario(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        service = machine.opened()
        service.install(QueuingMachineConfiguration(), ANN, "")
        service, _ = machine.start(tasks)
        assert service.interrupts(QueuingMachineConfiguration(ports={})) == ["port 1: 3 calls"]
        assert service.interrupts(QueuingMachineConfiguration()) == []

    run(tmp_path, scenario)
