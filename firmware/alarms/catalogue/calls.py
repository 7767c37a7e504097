"""Alarms 401-419: calls, voice channels, recordings."""

from firmware.alarms.kind import BOX, AlarmKind, Severity

CALL_KINDS = (
    AlarmKind(
        code=401,
        name="VOICE_CHANNELS_BUSY",
        severity=Severity.MAJOR,
        object=BOX,
        text="all voice channels are in use: calls are turned away",
        causes=(
            "more calls than voice channels: a rush; look at the calls and how long they last",
            "voice channels are blocked by command",
            "calls hang because the exchange does not clear them: look for CAS_LOSS",
            "a voice board is missing from the configuration",
        ),
        consequences="New calls are not served until a channel is free.",
        next_command="DSP VCH;",
        raise_ms=0,
    ),
    AlarmKind(
        code=402,
        name="VOICE_CHANNELS_BLOCKED",
        severity=Severity.WARNING,
        object=BOX,
        text="voice channels are blocked by command",
        causes=("somebody blocked them with BLK VCH, and has not unblocked them",),
        consequences="So many fewer calls can be served at once.",
        next_command="DSP VCH;",
        raise_ms=0,
        clear_ms=0,
    ),
    AlarmKind(
        code=403,
        name="RECORDING_FAILED",
        severity=Severity.MAJOR,
        object=BOX,
        text="a message could not be recorded",
        causes=(
            "the disk with the recordings is full, or does not take anything",
            "the folder of the recordings is gone, or may not be written",
            "the disk is too slow: its writes take longer than the recording's buffer lasts",
        ),
        consequences="The caller was cleared back and his message is lost; the next one's will be, too.",
        next_command="DSP BOX;",
        stands=False,
    ),
    AlarmKind(
        code=404,
        name="PROMPT_UNREADABLE",
        severity=Severity.MAJOR,
        object=BOX,
        text="the configured prompt cannot be read: the one in the image is played",
        causes=(
            "the file has been removed or renamed, or may not be read",
            "it is no WAV file of 8 kHz, one channel, 16-bit linear or A-law",
        ),
        consequences="Callers hear another text than they should.",
        next_command="LST CFG;",
        raise_ms=0,
        clear_ms=0,
    ),
    AlarmKind(
        code=405,
        name="CALLS_DAMAGED",
        severity=Severity.MAJOR,
        object=BOX,
        text="the call records were found damaged when the box started, and have been set aside",
        causes=(
            "the disk is failing: look at the kernel's log",
            "somebody has written to calls.sqlite with another program",
        ),
        consequences="Calls are recorded in a new file; those of before can be looked for in the file set aside.",
        next_command="DSP BOX;",
        stands=False,
    ),
)
