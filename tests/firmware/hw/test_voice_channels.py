"""Voice channels that are handed out to no more calls."""

import asyncio
from pathlib import Path

from tests.firmware.plants import PROMPT_S, Plant, caller, long_caller


def test_blocked_channels_are_not_handed_out_and_busy_ones_are_blocked_after_their_call(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        first = plant.call(1, 1, caller())
        await asyncio.sleep(PROMPT_S)
        assert [row["VCH"] for row in await plant.rows("DSP VCH;", "hw1") if row["State"] == "busy"] == [0]
        answer = await plant.ok("BLK VCH:VCH=0&&30;", "hw1")
        assert answer.text.startswith("1 of them")
        await first
        states = [row["State"] for row in await plant.rows("DSP VCH;", "hw1")]
        assert states == ["blocked"] * 31 + ["free"]
        assert plant.heard["hw1"].standing == {("VOICE_CHANNELS_BLOCKED", ""): "31 of 32 voice channels"}
        calls = [plant.call(1, timeslot, caller()) for timeslot in (2, 3)]
        await asyncio.sleep(3)
        assert plant.heard["hw1"].on("") == {"VOICE_CHANNELS_BLOCKED", "VOICE_CHANNELS_BUSY"}
        (connection,) = await plant.rows("DSP CONN;", "hw1")
        assert connection["Voice channel"] == 31
        await plant.ok("UBL VCH:VCH=0&&30;", "hw1")
        assert plant.heard["hw1"].on("") == set()
        await asyncio.gather(*calls, return_exceptions=True)

    plant.run(scenario)
    assert sorted(record.failure for record in plant.records) == ["", "", "hw.connect: no voice channel is free"]


def test_unblocking_a_channel_in_use_does_not_hand_it_out_twice(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        call = plant.call(1, 1, long_caller(5))
        await asyncio.sleep(PROMPT_S)
        await plant.ok("BLK VCH:VCH=0&&31;", "hw1")
        await plant.ok("UBL VCH:VCH=0;", "hw1")
        await call
        states = [row["State"] for row in await plant.rows("DSP VCH;", "hw1")]
        assert states == ["free"] + ["blocked"] * 31
        await plant.call(1, 2, caller())
        await plant.call(1, 3, caller())
        await plant.ok("UBL VCH:VCH=0&&31;", "hw1")
        in_use = [plant.call(1, timeslot, long_caller(1)) for timeslot in range(1, 11)]
        await asyncio.sleep(3)
        rows = await plant.rows("DSP CONN;", "hw1")
        assert len({row["Voice channel"] for row in rows}) == len(rows) == 10
        await asyncio.gather(*in_use)

    plant.run(scenario)


def test_highways_count_what_is_connected(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        calls = [plant.call(port, 1, long_caller(5)) for port in (1, 2, 2)[:2]]
        await asyncio.sleep(PROMPT_S)
        rows = [(row["To"], row["Timeslots connected"]) for row in await plant.rows("DSP HWY;", "hw1")]
        assert rows == [("queuing machine, port 1", 1), ("queuing machine, port 2", 1), ("vp1, board 0", 2)]
        await asyncio.gather(*calls)

    plant.run(scenario)
