"""A disk that refuses call records: no calls meanwhile, none is lost, and all goes on when it takes them again."""

import asyncio
from pathlib import Path

import pytest

from drivers.stores.call_store import CallStoreError
from firmware.embedded import CALLS
from firmware.qm.call_records import UNWRITABLE
from hil.exchange import CallFailedError
from tests.firmware.plants import LINE_UP_S, PROMPT_S, Plant, caller

CALL_S = PROMPT_S + 10


def refuse(folder: Path) -> Path:
    """Whatever is to be written there fails, as on a disk without room."""
    blocked = folder / CALLS
    blocked.mkdir(parents=True)
    return blocked


def test_no_calls_while_records_are_refused_and_none_is_lost(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    plant = Plant(folder, must_open=False)

    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(1)
        blocked = refuse(folder)
        calls = [plant.call(1, timeslot, caller()) for timeslot in (1, 2)]
        await asyncio.sleep(CALL_S)
        assert list(plant.heard["qm1"].standing) == [(UNWRITABLE, "")]
        assert len(plant.qm.calls.all()) == 2  # not released: nobody was told that they are recorded
        assert not any(call.done() for call in calls)
        states = {port: line.channels[7].state.name for port, line in plant.exchange.lines.items()}
        assert states == {1: "BLOCKED", 2: "BLOCKED"}
        blocked.rmdir()
        await asyncio.gather(*calls)
        assert not plant.heard["qm1"].standing
        await asyncio.sleep(LINE_UP_S)
        await plant.call(2, 7, caller())

    plant.run(scenario)
    assert [record.call for record in plant.records] == [f"qm1-{number:08d}" for number in (1, 2, 3)]
    assert [record.failure for record in plant.records] == [""] * 3


def test_a_port_that_comes_meanwhile_takes_no_calls_either(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    plant = Plant(folder, must_open=False)

    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(1)
        blocked = refuse(folder)
        call = plant.call(1, 1, caller())
        await asyncio.sleep(CALL_S)
        await plant.ok("RST PORT:PN=2;")
        await asyncio.sleep(1)
        assert plant.exchange.lines[2].channels[7].state.name == "BLOCKED"
        blocked.rmdir()
        await call

    plant.run(scenario)


def test_a_box_that_goes_down_says_what_it_could_not_write(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    plant = Plant(folder, must_open=False)

    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(1)
        refuse(folder)
        call = plant.call(1, 1, caller())
        await asyncio.sleep(CALL_S)
        with pytest.raises(CallStoreError, match="call record of qm1-00000001 not written"):
            await plant.bench.boxes.end_calls("the box was stopped")
        (folder / CALLS).rmdir()
        await call

    plant.run(scenario)


def test_the_bench_ends_with_the_first_record_that_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    plant = Plant(folder, must_open=True)

    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(1)
        refuse(folder)
        with pytest.raises(CallFailedError):
            await plant.call(1, 1, caller())

    with pytest.raises(ExceptionGroup) as raised:
        plant.run(scenario)
    assert raised.group_contains(CallStoreError)
