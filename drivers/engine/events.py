"""Events of the engine, as Python sees them (csrc/e1/line_event.h, csrc/shelf/event.h)."""

import enum
from typing import NamedTuple

from drivers._native import lib


class EventKind(enum.IntEnum):
    """What happened; the values are the engine's own."""

    SIGNAL_LOST = lib.LINE_SIGNAL_LOST
    AIS = lib.LINE_AIS
    FRAME_ALIGNED = lib.LINE_FRAME_ALIGNED
    MULTIFRAME_ALIGNED = lib.LINE_MULTIFRAME_ALIGNED
    NON_CRC = lib.LINE_NON_CRC
    ALIGNMENT_LOST = lib.LINE_ALIGNMENT_LOST
    REMOTE_ALARM = lib.LINE_REMOTE_ALARM
    CAS_ALIGNED = lib.LINE_CAS_ALIGNED
    CAS_LOST = lib.LINE_CAS_LOST
    CAS_REMOTE_ALARM = lib.LINE_CAS_REMOTE_ALARM
    CAS_BITS = lib.LINE_CAS_BITS
    SA_BITS = lib.LINE_SA_BITS
    SA_CODE = lib.LINE_SA_CODE
    CRC_ERROR = lib.LINE_CRC_ERROR
    E_BIT = lib.LINE_E_BIT
    FAS_ERROR = lib.LINE_FAS_ERROR
    SLIP = lib.EVENT_SLIP
    STORE_RESTARTED = lib.EVENT_STORE_RESTARTED
    HDLC_FRAME = lib.EVENT_HDLC_FRAME
    SECOND = lib.EVENT_SECOND
    DIGIT_BEGIN = lib.EVENT_DIGIT_BEGIN
    DIGIT_END = lib.EVENT_DIGIT_END
    PLAY_DONE = lib.EVENT_PLAY_DONE
    RECORD_DATA = lib.EVENT_RECORD_DATA
    RECORD_OVERRUN = lib.EVENT_RECORD_OVERRUN
    EVENTS_LOST = lib.EVENT_EVENTS_LOST


class AlignmentLoss(enum.IntEnum):
    """Why alignment was lost: the value of an ALIGNMENT_LOST."""

    BAD_FAS = lib.LOSS_BAD_FAS
    BAD_BIT2 = lib.LOSS_BAD_BIT2
    NO_MULTIFRAME = lib.LOSS_NO_MULTIFRAME
    FALSE_FRAMING = lib.LOSS_FALSE_FRAMING


class SecondAilment(enum.IntFlag):
    """What ailed the second just over: the value of a SECOND (csrc/e1/receiver.h)."""

    NONE = 0
    SEVERE = lib.SECOND_SEVERE
    FAR_ERRORS = lib.SECOND_FAR_ERRORS
    UNAVAILABLE = lib.SECOND_UNAVAILABLE
    VIOLATIONS = lib.SECOND_VIOLATIONS
    UNDERRUNS = lib.SECOND_UNDERRUNS


class Event(NamedTuple):
    """One event: when (shelf clock, ns), on which object and timeslot, and its value (see csrc/shelf/event.h)."""

    time_ns: int
    bit: int
    object: int
    kind: EventKind
    timeslot: int
    value: int
    sequence: int
