"""Events of the engine, as Python sees them (csrc/shelf/event.h)."""

import enum
from typing import NamedTuple

from drivers._native import lib


class EventKind(enum.IntEnum):
    """What happened; the values are the engine's own."""

    FRAME_ALIGNED = lib.EVENT_FRAME_ALIGNED
    MULTIFRAME_ALIGNED = lib.EVENT_MULTIFRAME_ALIGNED
    ALIGNMENT_LOST = lib.EVENT_ALIGNMENT_LOST
    REMOTE_ALARM = lib.EVENT_REMOTE_ALARM
    CAS_ALIGNED = lib.EVENT_CAS_ALIGNED
    CAS_LOST = lib.EVENT_CAS_LOST
    CAS_REMOTE_ALARM = lib.EVENT_CAS_REMOTE_ALARM
    CAS_BITS = lib.EVENT_CAS_BITS
    DIGIT_BEGIN = lib.EVENT_DIGIT_BEGIN
    DIGIT_END = lib.EVENT_DIGIT_END
    PLAY_DONE = lib.EVENT_PLAY_DONE
    RECORD_DATA = lib.EVENT_RECORD_DATA
    RECORD_OVERRUN = lib.EVENT_RECORD_OVERRUN
    EVENTS_LOST = lib.EVENT_EVENTS_LOST


class Event(NamedTuple):
    """One event: when (shelf clock, ns), on which object and timeslot, and its value (see csrc/shelf/event.h)."""

    time_ns: int
    bit: int
    object: int
    kind: EventKind
    timeslot: int
    value: int
    sequence: int
