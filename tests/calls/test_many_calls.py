"""A hundred calls at once over four trunks, in virtual time."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from drivers.wav_file import read_speech
from firmware.plant import PlantConfiguration
from firmware.qm.configuration import PortConfiguration, QueuingMachineConfiguration
from hil.bench_shelf import BenchShelf
from hil.exchange import Exchange
from protocols.e1 import CHANNEL_TIMESLOTS
from tests.calls.conftest import caller, speech_of

CALLS = 100


def test_all_complete_and_every_recording_is_exact(plant: Callable[..., BenchShelf], tmp_path: Path) -> None:
    bench = plant(spans=4)
    speeches = [speech_of(3 + call / 50, seed=call) for call in range(CALLS)]

    async def scenario(exchange: Exchange) -> None:
        await asyncio.gather(
            *(
                exchange.call(call % 4 + 1, CHANNEL_TIMESLOTS[call // 4], caller(speeches[call]))
                for call in range(CALLS)
            )
        )

    bench.run(scenario, real_time=False)
    records = bench.store.read()
    assert len(records) == CALLS
    for record in records:
        assert record.failure == ""
        call = CHANNEL_TIMESLOTS.index(record.timeslot) * 4 + record.span - 1
        recorded = read_speech(tmp_path / "run" / "recordings" / record.recording)
        assert recorded.count(speeches[call]) == 1


def test_more_calls_than_voice_channels_are_refused_and_recorded(tmp_path: Path) -> None:
    ports = {1: PortConfiguration(), 2: PortConfiguration()}
    configuration = PlantConfiguration(qm=QueuingMachineConfiguration(ports=ports))
    bench = BenchShelf(configuration, tmp_path / "run", seed=1)

    async def scenario(exchange: Exchange) -> None:
        calls = [(span, timeslot) for span in (1, 2) for timeslot in CHANNEL_TIMESLOTS][:33]
        script = caller(speech_of(1, seed=0))
        await asyncio.gather(*(exchange.call(*call, script) for call in calls), return_exceptions=True)

    bench.run(scenario, real_time=False)
    failures = [record.failure for record in bench.store.read()]
    assert sorted(failures) == [""] * 32 + ["hw.connect: no voice channel is free"]
