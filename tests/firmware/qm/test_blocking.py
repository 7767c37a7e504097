"""Ports and timeslots that take no more calls, calls that are released; what the far end sees of it."""

import asyncio
from pathlib import Path

import pytest

from drivers.wav_file import read_speech
from hil.exchange import CallFailedError
from protocols.line_signalling import IncomingState
from tests.calls.conftest import speech_of
from tests.firmware.plants import LINE_UP_S, PROMPT_S, Plant, caller, long_caller

BLOCKED, IDLE = "1101", "1001"


def received_bits(plant: Plant, port: int, timeslot: int) -> str:
    """What the far end sees of a channel: its outgoing end is blocked by 1 1, idle by 1 0 (Q.421 table 1)."""
    state = plant.exchange.lines[port].channels[timeslot].state
    return {"BLOCKED": BLOCKED, "IDLE": IDLE}.get(state.name, state.name)


@pytest.mark.parametrize("what", ["PORT:PN=1", "TS:PN=1,TS=1&&3"])
def test_idle_channel_is_blocked_at_once_and_calls_wait_until_it_is_not(tmp_path: Path, what: str) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(1)
        await plant.ok(f"BLK {what};")
        await asyncio.sleep(LINE_UP_S)
        assert [received_bits(plant, 1, timeslot) for timeslot in (1, 2, 3)] == [BLOCKED] * 3
        assert received_bits(plant, 1, 4) == (IDLE if "TS=" in what else BLOCKED)
        name = "TIMESLOTS_BLOCKED" if "TS=" in what else "PORT_BLOCKED"
        assert plant.heard["qm1"].on("port 1") == {name}
        call = plant.call(1, 2, caller())
        await asyncio.sleep(5)
        assert plant.qm.calls.all() == []
        await plant.ok(f"UBL {what};")
        await call
        assert plant.heard["qm1"].on("port 1") == set()

    plant.run(scenario)
    assert [record.failure for record in plant.records] == [""]


def test_busy_channel_is_blocked_when_its_call_has_ended_and_the_far_end_was_released(tmp_path: Path) -> None:
    plant, speech = Plant(tmp_path / "run"), speech_of(3, seed=1)

    async def scenario(plant: Plant) -> None:
        call = plant.call(1, 5, caller(speech))
        await asyncio.sleep(PROMPT_S + 1)
        answer = await plant.ok("BLK PORT:PN=1;")
        assert "1 in progress" in answer.text
        await call  # which fails unless the far end sees the channel idle
        await asyncio.sleep(LINE_UP_S)
        assert received_bits(plant, 1, 5) == BLOCKED

    plant.run(scenario)
    (record,) = plant.records
    assert record.failure == "" and read_speech(plant.recording(record)).count(speech) == 1


def test_block_that_releases_names_the_calls_and_ends_them(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        call = plant.call(1, 5, long_caller())
        await asyncio.sleep(PROMPT_S + 3)
        refused = await plant.give("BLK TS:PN=1,TS=5,RELEASE=YES;", force=False)
        assert refused.code != 0 and len(plant.qm.calls.all()) == 1
        await plant.ok("BLK TS:PN=1,TS=5,RELEASE=YES;")
        await call
        await asyncio.sleep(LINE_UP_S)
        assert received_bits(plant, 1, 5) == BLOCKED

    plant.run(scenario)
    assert [record.failure for record in plant.records] == ["released by bob (session 7)"]


@pytest.mark.parametrize("before_ms", [5, 20, 40])
def test_seizure_on_its_way_as_the_channel_is_blocked_is_a_call(tmp_path: Path, before_ms: int) -> None:
    """The far end takes the blocking signal for its acknowledgement, so it must get what it then waits for."""
    plant, speech = Plant(tmp_path / "run"), speech_of(2, seed=2)

    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(1)
        call = plant.call(1, 1, caller(speech))
        await asyncio.sleep(before_ms / 1000)
        await plant.ok("BLK PORT:PN=1;")
        await call
        await asyncio.sleep(LINE_UP_S)
        assert received_bits(plant, 1, 1) == BLOCKED

    plant.run(scenario)
    (record,) = plant.records
    assert record.failure == "" and read_speech(plant.recording(record)).count(speech) == 1


def test_block_survives_a_restart_of_the_port(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        await plant.ok("BLK PORT:PN=1;")
        await asyncio.sleep(LINE_UP_S)
        await plant.ok("RST PORT:PN=1;")
        await asyncio.sleep(1)
        assert received_bits(plant, 1, 1) == BLOCKED
        assert (await plant.pairs("DSP PORT:PN=1;"))["Administrative state"] == "blocked"
        await plant.ok("UBL PORT:PN=1;")
        await plant.call(1, 1, caller())

    plant.run(scenario)


def test_released_call_keeps_its_message_and_says_who_did_it(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        call = plant.call(1, 9, long_caller())
        await asyncio.sleep(PROMPT_S + 5)
        (row,) = await plant.rows("DSP CALL;")
        assert (row["Call"], row["PN"], row["TS"], row["State"], row["Number"]) == (
            "qm1-00000001",
            1,
            9,
            "answered",
            "12345",
        )
        (connection,) = await plant.rows("DSP CONN;")
        assert (connection["PN"], connection["TS"], connection["Call"]) == (1, 9, "qm1-00000001")
        await plant.ok("STP CALL:CALL=qm1-00000001;")
        async with asyncio.timeout(1):
            await call  # cleared back, the caller clears, the channel is released
        assert await plant.rows("DSP CALL;") == []
        assert plant.qm.ports[1].channels[9].state is IncomingState.IDLE
        assert (await plant.give("STP CALL:CALL=qm1-00000001;")).code != 0

    plant.run(scenario)
    (record,) = plant.records
    assert record.failure == "released by bob (session 7)"
    assert record.recorded_octets > 8000


def test_call_released_before_its_answer_is_over_and_the_caller_hears_nothing_more(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        call = plant.call(1, 9, caller(number="12", patience_s=5))
        await asyncio.sleep(1)
        await plant.ok("STP CALL:CALL=qm1-00000001;")
        await asyncio.sleep(0.1)
        assert len(plant.records) == 1 and plant.bench.boxes.hw.connections == []
        assert plant.qm.ports[1].channels[9].state_text == "released, far end to clear"
        with pytest.raises(CallFailedError, match="no ANSWERED"):
            await call
        await plant.exchange.call(1, 9, caller())

    plant.run(scenario)
    assert [record.failure for record in plant.records] == ["released by bob (session 7)", ""]


def test_timeslots_as_they_are_shown(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        call = plant.call(1, 3, long_caller())
        await asyncio.sleep(PROMPT_S + 1)
        await plant.ok("BLK TS:PN=1,TS=7&8;")
        await asyncio.sleep(LINE_UP_S)
        rows = {row["TS"]: row for row in await plant.rows("DSP TS:PN=1;")}
        assert sorted(rows) == [*range(1, 16), *range(17, 32)]
        # Q.421 table 1: answered is 0 1 backward, seized 0 0 forward; idle 1 0 both ways, blocked 1 1.
        assert (rows[3]["State"], rows[3]["Sent abcd"], rows[3]["Received abcd"]) == ("answered", "0101", "0001")
        assert (rows[7]["State"], rows[7]["Held"], rows[7]["Sent abcd"]) == ("blocked", "blocked", "1101")
        assert (rows[9]["State"], rows[9]["Sent abcd"], rows[9]["Received abcd"]) == ("idle", "1001", "1001")
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)

    plant.run(scenario)
