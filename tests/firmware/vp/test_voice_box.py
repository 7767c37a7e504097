"""The voice box's configuration at work, its calls as they are shown and stopped, what it tells of recordings."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from drivers.wav_file import read_speech
from firmware.configuration.target import PreparationError
from firmware.console import return_codes
from firmware.plant import PlantConfiguration
from firmware.vp.configuration import DEFAULT_PROMPT, ServiceConfiguration, VoiceBoxConfiguration
from hil.bench_shelf import BenchShelf
from hil.calls import CALLER_SPEECH
from tests.calls.conftest import speech_of
from tests.firmware.plants import CUT, PROMPT_S, WHOLE, Plant, caller, long_caller


async def change(plant: Plant, **service: Any) -> None:
    vp = plant.bench.boxes.vp
    changed = msgspec.structs.replace(vp.configuration.service, **service)
    new = VoiceBoxConfiguration(service=changed)
    prepared = await vp.prepare(vp.configuration, new)
    prepared.apply()


def test_other_prompt_is_heard_by_the_next_call_and_not_by_those_that_are_up(tmp_path: Path) -> None:
    plant, heard = Plant(tmp_path / "run"), [tmp_path / "first.wav", tmp_path / "second.wav"]
    prompt = CALLER_SPEECH  # no part of it comes twice

    async def scenario(plant: Plant) -> None:
        first = plant.call(1, 1, caller(heard=heard[0]))
        await asyncio.sleep(1.5)  # the prompt plays
        await change(plant, prompt=str(prompt))
        await plant.call(1, 2, caller(heard=heard[1], listen_s=11.5))
        await first

    plant.run(scenario)
    old, new = read_speech(DEFAULT_PROMPT), read_speech(prompt)
    assert [read_speech(heard[0]).count(old), read_speech(heard[1]).count(old)] == [1, 0]
    assert read_speech(heard[1]).count(new) == 1


def test_prompt_that_cannot_be_read_is_refused_and_nothing_has_changed(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        with pytest.raises(PreparationError, match=r"service.prompt: .*gone.wav"):
            await change(plant, prompt=str(tmp_path / "gone.wav"))
        await change(plant, digit_timeout_s=3.0)
        await plant.call(1, 1, caller())

    plant.run(scenario)
    assert [record.failure for record in plant.records] == [""]


def test_box_boots_with_the_image_s_prompt_where_its_own_is_gone(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")
    service = ServiceConfiguration(prompt=str(tmp_path / "gone.wav"))
    configuration = PlantConfiguration(vp=VoiceBoxConfiguration(service=service))
    plant.bench = BenchShelf(configuration, tmp_path / "run", seed=1, must_open=False)
    plant.bench.faults = lambda name: plant.heard[name]

    async def scenario(plant: Plant) -> None:
        assert "gone.wav" in plant.heard["vp1"].standing["PROMPT_UNREADABLE", ""]
        await plant.call(1, 1, caller())

    plant.run(scenario)
    assert [record.failure for record in plant.records] == [""]


def test_calls_are_shown_and_one_is_stopped_with_its_message_kept(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        calls = [plant.call(1, timeslot, long_caller(10)) for timeslot in (1, 2)]
        await asyncio.sleep(3)
        assert {row["State"] for row in await plant.rows("DSP CALL;", "vp1")} == {"prompt"}
        await asyncio.sleep(PROMPT_S + 2)
        rows = await plant.rows("DSP CALL;", "vp1")
        assert [(row["Call"], row["State"], row["Number"]) for row in rows] == [
            ("qm1-00000001", "recording", "12345"),
            ("qm1-00000002", "recording", "12345"),
        ]
        assert [row["State"] for row in await plant.rows("DSP VCH;", "vp1")][:3] == [
            "recording",
            "recording",
            "idle",
        ]
        await plant.ok("STP CALL:CALL=qm1-00000001;", "vp1")
        await asyncio.sleep(1)
        assert [row["Call"] for row in await plant.rows("DSP CALL;", "vp1")] == ["qm1-00000002"]
        await asyncio.gather(*calls)

    plant.run(scenario)
    stopped, other = plant.records
    assert stopped.failure == "stopped by bob (session 7)"
    assert stopped.recorded_octets == len(read_speech(plant.recording(stopped))) > 8000
    assert other.failure == "" and other.recorded_octets > stopped.recorded_octets


def test_stopped_message_ends_there_even_if_the_caller_does_not_clear(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        call = plant.call(1, 1, long_caller(60))
        await asyncio.sleep(PROMPT_S + 6)
        plant.exchange.lines[1].span.impair(CUT)  # he does not hear of it
        await plant.ok("STP CALL:CALL=qm1-00000001;", "vp1")
        assert (await plant.give("STP CALL:CALL=qm1-00000001;", "vp1")).code == return_codes.WRONG_STATE
        await asyncio.sleep(20)
        plant.exchange.lines[1].span.impair(WHOLE)
        await call

    plant.run(scenario)
    (record,) = plant.records
    assert 8000 < record.recorded_octets < 6 * 8000


def test_recording_that_fails_is_an_event(tmp_path: Path, small_disk: Callable[[int], Path]) -> None:
    plant = Plant(small_disk(64) / "run")

    async def scenario(plant: Plant) -> None:
        await plant.call(1, 1, caller(speech_of(10, seed=1)))

    plant.run(scenario)
    assert plant.heard["vp1"].told == [("event", "RECORDING_FAILED", "")]
    assert "No space left" in plant.records[0].failure
