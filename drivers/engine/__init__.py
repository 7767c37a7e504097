"""Owners of the engine's C objects: a shelf, its spans and boards, sounds."""

from drivers.engine.errors import EngineError
from drivers.engine.events import Event, EventKind
from drivers.engine.shelf import ClockStatus, Shelf
from drivers.engine.span import Framing, Span, SpanStatus
from drivers.engine.switch_board import IDLE_CODE, SwitchBoard
from drivers.engine.voice_board import CHANNELS, Sound, Tone, VoiceBoard, alaw_from_linear, dtmf_tone

__all__ = [
    "CHANNELS",
    "IDLE_CODE",
    "ClockStatus",
    "EngineError",
    "Event",
    "EventKind",
    "Framing",
    "Shelf",
    "Sound",
    "Span",
    "SpanStatus",
    "SwitchBoard",
    "Tone",
    "VoiceBoard",
    "alaw_from_linear",
    "dtmf_tone",
]
