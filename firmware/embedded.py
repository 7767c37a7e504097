"""The embedded default: all boxes of one shelf in one process, highways as lines inside it."""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from drivers.bus import Bus
from drivers.engine import Port, PortError, Shelf, Sound, SwitchBoard, VoiceBoard
from drivers.errors import UserError
from drivers.ports import open_port
from drivers.stores.call_store import CallStore, CallStoreError
from drivers.wav_file import read_speech
from firmware.configuration.target import Faults
from firmware.hw import HighwayBox
from firmware.hw.box import VoiceHighway
from firmware.plant import PlantConfiguration
from firmware.qm import QueuingMachine
from firmware.qm.call_records import CallRecords
from firmware.qm.configuration import LINE, PORTS_MAX
from firmware.qm.port import Lines
from firmware.runtime import Unheard, WallClock
from firmware.vp import VoiceBox
from firmware.vp.configuration import DEFAULT_PROMPT, VoiceBoxConfiguration
from protocols.e1 import MULTIFRAME_MS
from protocols.line_signalling import RECOGNITION_MS

RECORDINGS = "recordings"
CALLS = "calls.sqlite"
END_CALLS_S = 5.0

assert RECOGNITION_MS % MULTIFRAME_MS == 0


def _last_call_number(last_call: str, recordings: Path) -> int:
    """The highest number a call has had, by its record or by what it left of a recording; 0 without any.

    A call that a power cut ended has no record, but its number is not given again while its recording is there.
    """
    names = [last_call, *(path.name for path in recordings.glob("*.wav*"))]
    return max((int(found[1]) for name in names if (found := re.match(r".*-(\d{8})", name))), default=0)


def _opened(url: str, must_open: bool) -> Port | PortError:
    try:
        return open_port(url)
    except PortError as error:
        if must_open:
            raise
        return error


def _prompt(configuration: VoiceBoxConfiguration, must_open: bool) -> tuple[Sound, str]:
    """The configured prompt; or the image's, and why."""
    try:
        return Sound(read_speech(configuration.service.prompt_file)), ""
    except UserError as error:
        if must_open:
            raise
        return Sound(read_speech(DEFAULT_PROMPT)), str(error)


class EmbeddedShelf:
    """Puts the boards of QM, HW and VP on `shelf` and plugs their highways in; `start` boots the boxes.

    Everything that the configuration names is opened and read before anything is started or any file made. What is
    not there is an error if it `must_open`; else the boxes boot without it and raise an alarm.
    """

    def __init__(
        self, shelf: Shelf, configuration: PlantConfiguration, folder: Path, must_open: bool = True
    ) -> None:
        self._configuration = configuration
        self._folder = folder
        self._must_open = must_open
        self.shelf = shelf
        self.store = CallStore(folder / CALLS)
        vp = configuration.vp
        self._prompt, self._prompt_failure = _prompt(vp, must_open)
        outside = {number: port.url for number, port in configuration.qm.ports.items() if port.url != LINE}
        self._opened = {number: _opened(url, must_open) for number, url in outside.items()}
        self._qm_switch = SwitchBoard(shelf, 2 * PORTS_MAX)
        self._hw_switch = SwitchBoard(shelf, PORTS_MAX + vp.boards)
        self._boards = [VoiceBoard(shelf) for _ in range(vp.boards)]
        for highway in range(PORTS_MAX):
            self._qm_switch.attach(PORTS_MAX + highway, self._hw_switch.streams[highway])
            self._hw_switch.attach(highway, self._qm_switch.streams[PORTS_MAX + highway])
        for number, board in enumerate(self._boards):
            self._hw_switch.attach(PORTS_MAX + number, board.stream)
            board.attach(self._hw_switch.streams[PORTS_MAX + number])

    @staticmethod
    def streams(boards: int) -> int:
        """How many a shelf needs for the boxes with so many voice boards, and for all ports there may ever be."""
        return PORTS_MAX + 2 * PORTS_MAX + PORTS_MAX + boards + boards

    def start(
        self,
        bus: Bus,
        tasks: asyncio.TaskGroup,
        wall_clock: WallClock,
        faults: Callable[[str], Faults] = lambda _: Unheard(),
        lines: Lines | None = None,
    ) -> None:
        """Boots VP, HW and QM, in the order in which they need each other.

        `faults` is asked for each box by its name. `lines` joins the span of a
        `line:` port to something, both ends unplugged, whenever it begins anew.
        """
        qm, vp = self._configuration.qm, self._configuration.vp
        recordings = self._folder / RECORDINGS
        recordings.mkdir(parents=True, exist_ok=True)
        self.vp = VoiceBox(
            "vp1", bus, tasks, self._boards, vp, self._prompt, recordings, wall_clock, faults("vp1")
        )
        if self._prompt_failure:
            faults("vp1").fault("PROMPT_UNREADABLE", "", self._prompt_failure)
        voice = [VoiceHighway("vp1", board, PORTS_MAX + board) for board in range(vp.boards)]
        self.hw = HighwayBox("hw1", bus, tasks, self._hw_switch, voice, faults("hw1"))
        self.qm = QueuingMachine(
            name="qm1",
            bus=bus,
            tasks=tasks,
            shelf=self.shelf,
            switch=self._qm_switch,
            records=CallRecords(self.store, faults("qm1"), patience=not self._must_open),
            last_call=_last_call_number(self._last_call(faults("qm1")), recordings),
            wall_clock=wall_clock,
            configuration=qm,
            faults=faults("qm1"),
            opened=self._opened,
            lines=lines,
        )

    def _last_call(self, faults: Faults) -> str:
        """The newest call on record. Damaged records are set aside: a box that takes calls is worth more."""
        try:
            return self.store.last_call()
        except CallStoreError as error:
            if self._must_open:
                raise
            faults.event("CALLS_DAMAGED", "", f"{error}; kept as {self.store.set_aside().name}")
            return ""

    async def end_calls(self, reason: str) -> None:
        """Ends every call in progress, and returns when all are recorded; within a bounded time.

        Raises CallStoreError if the disk does not take a record.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(END_CALLS_S):
                await self.qm.end_calls(reason)
        self.qm.calls.records.give_up()
