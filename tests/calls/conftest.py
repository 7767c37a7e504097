"""Plants for whole calls."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.engine import Sound
from drivers.wav_file import read_speech
from firmware.plant import PlantConfiguration
from firmware.qm.configuration import PortConfiguration, QueuingMachineConfiguration
from firmware.vp.configuration import ServiceConfiguration, VoiceBoxConfiguration
from hil.bench_shelf import BenchShelf
from hil.calls import CALLER_SPEECH
from hil.exchange import CallerScript

PROMPT_S = 6.1


def speech_of(seconds: float, seed: int) -> bytes:
    """A-law speech that never repeats itself: the recorded caller, with stretches of seeded noise in between."""
    chance = random.Random(seed)
    recorded = read_speech(CALLER_SPEECH)
    octets = b""
    while len(octets) < seconds * 8000:
        octets += recorded + chance.randbytes(chance.randrange(1, 8000))
    return octets[: int(seconds * 8000)]


def caller(speech: bytes, heard: Path | None = None) -> CallerScript:
    return CallerScript(number="12345", speech=Sound(speech), listen_s=PROMPT_S + 0.4, heard=heard)


@pytest.fixture
def plant(tmp_path: Path) -> Callable[..., BenchShelf]:
    def make(spans: int = 1, seed: int = 1, folder: str = "run", **service: float) -> BenchShelf:
        configuration = PlantConfiguration(
            qm=QueuingMachineConfiguration(ports={number + 1: PortConfiguration() for number in range(spans)}),
            vp=VoiceBoxConfiguration(boards=spans, service=ServiceConfiguration(**service)),  # type: ignore[arg-type]
        )
        return BenchShelf(configuration, tmp_path / folder, seed)

    return make
