"""Owners of the engine's C objects: a shelf, its spans and boards, sounds."""

from drivers.engine.errors import EngineError
from drivers.engine.events import AlignmentLoss, Event, EventKind, SecondAilment
from drivers.engine.hdlc_link import HdlcCounters, HdlcLink
from drivers.engine.port import Port, PortError
from drivers.engine.shelf import ClockStatus, Shelf
from drivers.engine.span import (
    DAY,
    TOTAL,
    AdaptorMaintenance,
    BitErrorPattern,
    BitErrorResult,
    Framing,
    Impairments,
    Injection,
    LineCode,
    LineCounters,
    LineStateRule,
    Maintenance,
    PerformanceEnd,
    Span,
    SpanOptions,
)
from drivers.engine.span_status import Alignment, PerformanceCounts, SpanStatus
from drivers.engine.switch_board import IDLE_CODE, SwitchBoard
from drivers.engine.voice_board import CHANNELS, Sound, Tone, VoiceBoard, alaw_from_linear, dtmf_tone

__all__ = [
    "CHANNELS",
    "DAY",
    "IDLE_CODE",
    "TOTAL",
    "AdaptorMaintenance",
    "Alignment",
    "AlignmentLoss",
    "BitErrorPattern",
    "BitErrorResult",
    "ClockStatus",
    "EngineError",
    "Event",
    "EventKind",
    "Framing",
    "HdlcCounters",
    "HdlcLink",
    "Impairments",
    "Injection",
    "LineCode",
    "LineCounters",
    "LineStateRule",
    "Maintenance",
    "PerformanceCounts",
    "PerformanceEnd",
    "Port",
    "PortError",
    "SecondAilment",
    "Shelf",
    "Sound",
    "Span",
    "SpanOptions",
    "SpanStatus",
    "SwitchBoard",
    "Tone",
    "VoiceBoard",
    "alaw_from_linear",
    "dtmf_tone",
]
