"""The embedded default: all boxes of one shelf in one process, highways as lines inside it."""

import asyncio
import re
from pathlib import Path

from drivers.bus import Bus
from drivers.call_store import CallStore
from drivers.engine import LineCode, Shelf, Sound, Span, SpanOptions, SwitchBoard, VoiceBoard
from drivers.ports import SLACK_FRAMES, open_port
from drivers.wav_file import read_speech
from firmware.hw import HighwayBox
from firmware.hw.box import VoiceHighway
from firmware.plant import PlantConfiguration
from firmware.qm import QueuingMachine
from firmware.qm.clock import BoxClock
from firmware.qm.configuration import LINE, PortConfiguration
from firmware.runtime import WallClock
from firmware.vp import VoiceBox
from protocols.e1 import MULTIFRAME_MS
from protocols.line_signalling import RECOGNITION_MS

RECORDINGS = "recordings"
CALLS = "calls.sqlite"

assert RECOGNITION_MS % MULTIFRAME_MS == 0


def _last_call_number(store: CallStore, recordings: Path) -> int:
    """The highest number a call has had, by its record or by what it left of a recording; 0 without any.

    A call that a power cut ended has no record, but its number is not given again while its recording is there.
    """
    names = [store.last_call(), *(path.name for path in recordings.glob("*.wav*"))]
    return max((int(found[1]) for name in names if (found := re.match(r".*-(\d{8})", name))), default=0)


def _span(shelf: Shelf, configuration: PortConfiguration) -> Span:
    """A span on its port, or open where that is a line of the bench; raises PortError where it does not open."""
    options = SpanOptions(
        framing=configuration.engine_framing,
        line_code=configuration.engine_line_code,
        line_state_rule=configuration.engine_line_state_rule,
        cas_debounce_multiframes=configuration.recognition_ms // MULTIFRAME_MS,
    )
    if configuration.url == LINE:
        return Span(shelf, options)
    port = open_port(configuration.url)
    span = Span(shelf, options._replace(line_code=LineCode.NONE, slack_frames=SLACK_FRAMES))
    span.plug(port)
    return span


class EmbeddedShelf:
    """Puts the boards of QM, HW and VP on `shelf` and plugs their highways in; `start` boots the boxes.

    `spans` are the trunks, in order; `open_spans` those without a port, to be joined to something.
    Nothing is started, and no file made, before everything the configuration names has been read.
    """

    def __init__(self, shelf: Shelf, configuration: PlantConfiguration, folder: Path) -> None:
        self._configuration = configuration
        self._shelf = shelf
        self._prompt = Sound(read_speech(configuration.vp.service.prompt_file))
        self._folder = folder
        self.store = CallStore(folder / CALLS)
        qm, vp = configuration.qm, configuration.vp
        self.spans = [_span(shelf, port) for port in qm.ports.values()]
        self.open_spans = [
            span for span, port in zip(self.spans, qm.ports.values(), strict=True) if port.url == LINE
        ]
        self._qm_switch = SwitchBoard(shelf, 2 * len(self.spans))
        self._hw_switch = SwitchBoard(shelf, len(self.spans) + vp.boards)
        self._boards = [VoiceBoard(shelf) for _ in range(vp.boards)]
        for number, span in enumerate(self.spans):
            self._plug_trunk(number, span)
        for number, board in enumerate(self._boards):
            self._hw_switch.attach(len(self.spans) + number, board.stream)
            board.attach(self._hw_switch.streams[len(self.spans) + number])

    def _plug_trunk(self, number: int, span: Span) -> None:
        """A span into the QM's switch, and the highway of the same number from there to the HW's."""
        self._qm_switch.attach(number, span.stream)
        span.attach(self._qm_switch.streams[number])
        highway = len(self.spans) + number
        self._qm_switch.attach(highway, self._hw_switch.streams[number])
        self._hw_switch.attach(number, self._qm_switch.streams[highway])

    def start(self, bus: Bus, tasks: asyncio.TaskGroup, wall_clock: WallClock) -> None:
        """Boots VP, HW and QM, in the order in which they need each other."""
        qm, vp = self._configuration.qm, self._configuration.vp
        recordings = self._folder / RECORDINGS
        recordings.mkdir(parents=True, exist_ok=True)
        VoiceBox("vp1", bus, tasks, self._boards, vp, self._prompt, recordings)
        voice = [VoiceHighway("vp1", board, len(self.spans) + board) for board in range(vp.boards)]
        HighwayBox("hw1", bus, tasks, self._hw_switch, voice)
        clock = BoxClock(self._shelf, self.spans, qm.clock)
        last_call = _last_call_number(self.store, recordings)
        QueuingMachine(
            "qm1", bus, tasks, self.spans, self._qm_switch, self.store, last_call, wall_clock, clock, qm
        )
