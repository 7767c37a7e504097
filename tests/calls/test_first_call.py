"""One call from the exchange's span to the record on disk, in virtual time."""

import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.engine import Framing
from drivers.wav_file import read_speech
from firmware.plant import PlantConfiguration
from firmware.qm.configuration import PortConfiguration, QueuingMachineConfiguration
from firmware.vp.configuration import DEFAULT_PROMPT
from hil.bench_shelf import BenchShelf, Outcome
from hil.exchange import CallerScript, Exchange
from protocols.messages import Step
from tests.calls.conftest import caller, speech_of


def place(bench: BenchShelf, script: CallerScript, timeslot: int = 1) -> Outcome:
    async def scenario(exchange: Exchange) -> None:
        await exchange.call(1, timeslot, script)

    return bench.run(scenario, real_time=False)


def test_tells_its_story_in_order(plant: Callable[..., BenchShelf]) -> None:
    outcome = place(plant(), caller(speech_of(3, seed=1)))
    steps = [progress.step for progress in outcome.progress]
    assert list(dict.fromkeys(steps)) == [
        Step.ALIGNED,
        Step.SEIZED,
        Step.CONNECTED,
        Step.DIGITS,
        Step.ANSWERED,
        Step.PLAYING,
        Step.PLAYED,
        Step.KEY,
        Step.RECORDING,
        Step.CLEARED,
        Step.RECORDED,
        Step.WRITTEN,
    ]
    details = {progress.step: progress.detail for progress in outcome.progress}
    assert details[Step.DIGITS] == "12345"
    assert details[Step.KEY] == "1"


def test_a_second_run_in_the_folder_goes_on_counting(plant: Callable[..., BenchShelf], tmp_path: Path) -> None:
    place(plant(), caller(speech_of(1, seed=1)))
    left_by_a_power_cut = tmp_path / "run" / "recordings" / "qm1-00000003.wav.part"
    left_by_a_power_cut.write_bytes(b"")
    bench = plant()
    place(bench, caller(speech_of(1, seed=1)))
    assert [record.recording for record in bench.store.read()] == ["qm1-00000001.wav", "qm1-00000004.wav"]


def test_call_record_says_what_happened(plant: Callable[..., BenchShelf], tmp_path: Path) -> None:
    bench = plant()
    place(bench, caller(speech_of(3, seed=1)), timeslot=17)
    (record,) = bench.store.read()
    assert (record.span, record.timeslot, record.called_number, record.keys) == (1, 17, "12345", "1")
    assert record.failure == ""
    assert "2026-01-01T00:00:00" < record.seized_at < record.answered_at < record.cleared_at
    recording = tmp_path / "run" / "recordings" / record.recording
    assert len(read_speech(recording)) == record.recorded_octets


def test_recording_and_prompt_are_exact_to_the_octet(plant: Callable[..., BenchShelf], tmp_path: Path) -> None:
    speech, heard = speech_of(5, seed=2), tmp_path / "heard.wav"
    place(plant(seed=5), caller(speech, heard))
    (recording,) = (tmp_path / "run" / "recordings").iterdir()
    assert read_speech(recording).count(speech) == 1
    assert read_speech(heard).count(read_speech(DEFAULT_PROMPT)) == 1


def test_ten_minutes_without_a_sample_lost_or_repeated(plant: Callable[..., BenchShelf], tmp_path: Path) -> None:
    speech = speech_of(600, seed=3)
    place(plant(), caller(speech))
    (recording,) = (tmp_path / "run" / "recordings").iterdir()
    assert read_speech(recording).count(speech) == 1


def test_two_runs_with_one_seed_are_identical(plant: Callable[..., BenchShelf], tmp_path: Path) -> None:
    def everything(folder: str, seed: int) -> tuple[object, ...]:
        bench = plant(seed=seed, folder=folder)
        outcome = place(bench, caller(speech_of(4, seed=4)))
        recordings = [path.read_bytes() for path in sorted((tmp_path / folder / "recordings").iterdir())]
        return outcome.progress, bench.store.read(), recordings

    assert everything("one", seed=7) == everything("two", seed=7)
    assert everything("three", seed=8) != everything("four", seed=7)


def test_caller_who_speaks_too_long_is_cleared_back(plant: Callable[..., BenchShelf]) -> None:
    bench = plant(maximum_message_s=2.0)
    place(bench, caller(speech_of(30, seed=5)))
    (record,) = bench.store.read()
    assert record.recorded_octets == pytest.approx(2 * 8000, abs=80)
    assert record.failure == ""


def test_caller_who_hangs_up_while_the_prompt_plays_leaves_no_recording(
    plant: Callable[..., BenchShelf], tmp_path: Path
) -> None:
    bench = plant()
    script = CallerScript(
        number="12345", speech=caller(b"\xd5" * 8).speech, listen_s=0.5, wait_s=0.1, linger_s=0.1
    )
    place(bench, script)
    (record,) = bench.store.read()
    assert (record.recording, record.recorded_octets, record.failure) == ("", 0, "")
    assert not list((tmp_path / "run" / "recordings").iterdir())


def test_recording_is_a_wav_that_other_programs_read(plant: Callable[..., BenchShelf], tmp_path: Path) -> None:
    place(plant(), caller(speech_of(2, seed=6)))
    (recording,) = (tmp_path / "run" / "recordings").iterdir()
    # Python's own reader knows only linear samples, but names the encoding it finds: 6 is A-law.
    with pytest.raises(wave.Error, match="unknown format: 6"), wave.open(str(recording)):
        pass


def test_double_frame_trunk_carries_calls_too(tmp_path: Path) -> None:
    port = PortConfiguration(framing="double-frame")
    assert port.engine_framing is Framing.DOUBLE_FRAME
    configuration = PlantConfiguration(qm=QueuingMachineConfiguration(ports={1: port}))
    bench = BenchShelf(configuration, tmp_path / "run", seed=1)
    place(bench, caller(speech_of(2, seed=7)))
    assert [record.failure for record in bench.store.read()] == [""]
