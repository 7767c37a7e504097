"""What `trunkshelf run` and `trunkshelf call` have in common: their options, the plant and the callers."""

import argparse
import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from drivers.engine import Sound
from drivers.errors import UserError
from drivers.stores.call_store import CallRecord, CallStore
from drivers.wav_file import read_speech
from firmware import plant
from firmware.embedded import CALLS, RECORDINGS
from firmware.plant import PlantConfiguration
from hil.bench_shelf import BenchShelf
from hil.exchange import CallerScript, CallFailedError, Exchange
from protocols.e1 import CHANNEL_TIMESLOTS

CALLER_SPEECH = Path(__file__).parent / "sounds" / "caller.wav"
SAMPLES_PER_S = 8000
SEED_DEFAULT = 1


class CallsError(UserError):
    """Calls that did not end as they should."""


@dataclass(frozen=True)
class Order:
    """What was asked for on the command line, read and checked."""

    configuration: PlantConfiguration
    speech: Sound
    prompt_s: float
    folder: Path
    seed: int

    def caller(self, called_number: str) -> CallerScript:
        """A caller who hears the prompt out, presses 1 and speaks."""
        return CallerScript(number=called_number, speech=self.speech, listen_s=self.prompt_s + 0.5)

    def bench(self) -> BenchShelf:
        """The plant for it."""
        return BenchShelf(self.configuration, self.folder, self.seed)


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of both commands."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="the shelf's configuration (TOML)")
    parser.add_argument("--prompt", type=Path, metavar="WAV", help="what the voice box says (8 kHz mono)")
    parser.add_argument("--speech", type=Path, metavar="WAV", help="what the caller says (8 kHz mono)")
    parser.add_argument("--output", type=Path, metavar="DIR", help="where files go (default: a new one in runs/)")
    parser.add_argument(
        "--seed",
        type=int,
        default=SEED_DEFAULT,
        help="of everything random: the lines' delays (default %(default)s)",
    )


def order(arguments: argparse.Namespace, lasting: Path | None = None) -> Order:
    """Reads what the options name; raises UserError before anything is started or written.

    Files go to a new folder, or to `lasting`, where those of earlier runs may be.
    """
    configuration = PlantConfiguration() if arguments.config is None else plant.load(arguments.config)
    if arguments.prompt is not None:
        service = msgspec.structs.replace(configuration.vp.service, prompt=str(arguments.prompt.absolute()))
        voice = msgspec.structs.replace(configuration.vp, service=service)
        configuration = msgspec.structs.replace(configuration, vp=voice)
    prompt = read_speech(configuration.vp.service.prompt_file)
    speech = read_speech(arguments.speech or CALLER_SPEECH)
    folder = arguments.output or lasting or Path("runs") / datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
    if folder != lasting and ((folder / CALLS).exists() or (folder / RECORDINGS).exists()):
        raise CallsError(f"{folder}: holds an earlier run; name another folder with --output")
    return Order(configuration, Sound(speech), len(prompt) / SAMPLES_PER_S, folder, arguments.seed)


def called_number(configuration: PlantConfiguration) -> str:
    """A number of as many digits as the queuing machine waits for."""
    return ("1234567890" * 2)[: configuration.qm.signalling.called_digits]


async def place(exchange: Exchange, script: CallerScript, calls: int) -> list[str]:
    """Places so many calls at once, port by port and timeslot by timeslot; returns what failed, a line each."""
    channels = [(port, timeslot) for port in exchange.lines for timeslot in CHANNEL_TIMESLOTS]
    placed = [exchange.call(port, timeslot, script) for port, timeslot in channels[:calls]]
    results = await asyncio.gather(*placed, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, CallFailedError):
            raise result
    return [str(result) for result in results if isinstance(result, CallFailedError)]


def records_in(store: CallStore) -> list[CallRecord]:
    """The records of all calls so far; there may not be any yet."""
    return store.read() if store.path.exists() else []


def check(records: list[CallRecord], failed: list[str], calls: int) -> None:
    """Raises CallsError unless every call was placed, served and written down in `records`."""
    failed = failed + [f"call {record.call}: {record.failure}" for record in records if record.failure]
    if failed:
        raise CallsError(f"{len(failed)} of {calls} calls failed; the first: {failed[0]}")
    if len(records) != calls:
        raise CallsError(f"{calls} calls were placed, {len(records)} records written")
