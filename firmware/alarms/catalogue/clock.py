"""Alarms 201-219: where the shelf takes its clock from (protocols/clock_selection.py)."""

from firmware.alarms.catalogue.line import NO_FRAMES
from firmware.alarms.kind import BOX, AlarmKind, Severity

CLOCK_KINDS = (
    AlarmKind(
        code=201,
        name="CLOCK_FREE_RUN",
        severity=Severity.MAJOR,
        object=BOX,
        text="no clock source: the shelf runs on its own oscillator",
        causes=(
            "all clock sources have failed for longer than holdover may last: look at their ports' alarms first",
            "the list of clock sources names ports that are not connected",
            "all sources say 'do not use' (SSM): the far ends take their clock from here - a loop of clocks",
        ),
        consequences="Slips on every line, as its clock and the oscillator differ: clicks in all calls.",
        next_command="DSP CLK;",
    ),
    AlarmKind(
        code=202,
        name="CLOCK_HOLDOVER",
        severity=Severity.MINOR,
        object=BOX,
        text="the clock source is lost: the last good frequency is held",
        causes=(
            "the line in use as the source has failed and no other source is good: look at its port's alarms",
            "only one source is configured: add a second one",
            "the source says 'do not use' (SSM)",
        ),
        consequences="None for hours; then slips, when holdover is over and the shelf runs free.",
        next_command="DSP CLK;",
        hidden_by=("CLOCK_FREE_RUN",),
    ),
    AlarmKind(
        code=203,
        name="CLOCK_SOURCE_FAILED",
        severity=Severity.MINOR,
        object="clock source",
        text="a clock source cannot be used",
        causes=(
            "its line is not in service",
            "its signal comes and goes: it must be good for the time of wait_to_restore before it counts again",
            "it says 'do not use' (SSM)",
        ),
        consequences="The clock follows the next source of the list; with none left, holdover.",
        next_command="DSP CLK;",
        hidden_by=NO_FRAMES,
    ),
    AlarmKind(
        code=204,
        name="CLOCK_FORCED",
        severity=Severity.WARNING,
        object=BOX,
        text="the clock source is forced by command",
        causes=("somebody forced it with ACT CLKSRC, and it is still forced",),
        consequences="No other source is chosen when it fails: holdover, then free run.",
        next_command="DSP CLK;",
        raise_ms=0,
        clear_ms=0,
    ),
)
