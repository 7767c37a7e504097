"""The console bench's plant: `python -m hil.bench_console_plant STATE FOLDER PORTS CALLS`, until its input ends.

Says "up" once every call records; at the end a line for each call that failed or lost something.
"""

import asyncio
import sys
from pathlib import Path

from drivers.console_client import MachineClient
from drivers.console_link import unix_link
from drivers.engine import Sound
from drivers.running_shelves import SOCKET
from drivers.wav_file import read_speech
from firmware.configuration.common import HISTORY_MAX, AlarmConfiguration
from firmware.plant import PlantConfiguration
from firmware.qm.configuration import PortConfiguration, QueuingMachineConfiguration
from firmware.vp.configuration import VoiceBoxConfiguration
from hil import calls
from hil.exchange import CallerScript, Exchange
from hil.managed_shelf import ManagedShelf
from protocols.messages import Progress, Step

SPEECH_S = 600


def _plant(ports: int) -> PlantConfiguration:
    alarms = AlarmConfiguration(history=HISTORY_MAX)
    trunks = {number: PortConfiguration() for number in range(1, ports + 1)}
    return PlantConfiguration(
        qm=QueuingMachineConfiguration(ports=trunks, alarms=alarms), vp=VoiceBoxConfiguration(boards=ports)
    )


def _commission(state: Path) -> None:
    client = MachineClient(unix_link(state / "qm1" / SOCKET))
    client.set_first_password("admin", "a bench of its own")
    client.log_out()


async def _until_input_ends() -> None:
    await asyncio.to_thread(sys.stdin.read)


def run(state: Path, folder: Path, ports: int, count: int) -> None:
    """Runs it."""
    plant = _plant(ports)
    shelf = ManagedShelf(plant, state, folder / "calls", seed=1)
    speech = Sound(read_speech(calls.CALLER_SPEECH) * (SPEECH_S // 10))
    script = CallerScript(number=calls.called_number(plant), speech=speech, listen_s=7.0)
    recording: asyncio.Queue[None] = asyncio.Queue()
    failed: list[str] = []

    def listen(progress: Progress) -> None:
        if progress.step is Step.RECORDING:
            recording.put_nowait(None)
        elif progress.step is Step.FAILED or progress.detail.startswith("recording"):
            failed.append(f"{progress.where}: {progress.detail}")

    async def scenario(exchange: Exchange) -> None:
        placed = asyncio.ensure_future(calls.place(exchange, script, count))
        await asyncio.to_thread(_commission, state)
        for _ in range(count):
            await recording.get()
        print("up", flush=True)
        await _until_input_ends()
        placed.cancel()

    shelf.run(scenario, listen)
    for line in failed:
        print(line)


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
