"""The queuing machine's configuration: its E1 ports, its clock, its signalling."""

from typing import Annotated, Final, Literal

import msgspec

from drivers.engine import Framing, LineCode, LineStateRule
from firmware.configuration.common import BoxConfiguration, Branch
from firmware.configuration.fields import SCHEMA_SETTING, Effect, keys, setting

SCHEMA: Final = 2
PORTS_MAX = 16
LINE = "line:"  # of the bench: any number of ports may have one


class PortConfiguration(Branch, frozen=True, kw_only=True):
    """An E1 port of a trunk."""

    name: Annotated[str, setting("where the line goes, for people", effect=Effect.AT_ONCE, most_characters=32)] = (
        ""
    )
    url: Annotated[
        str,
        setting(
            "the line: 'line:' of the bench, satop://..., e1d:..., dahdi:..., file:...",
            effect=Effect.SPAN_RESTART,
            most_characters=255,
        ),
    ] = LINE
    framing: Annotated[
        Literal["crc4", "double-frame", "automatic"],
        setting("how the far end frames (G.704 2.3; automatic: G.706 annex B)", effect=Effect.SPAN_RESTART),
    ] = "crc4"
    line_code: Annotated[
        Literal["hdb3", "ami"],
        setting("how bits become marks (G.703); ports that carry bits have none", effect=Effect.SPAN_RESTART),
    ] = "hdb3"
    line_state_rule: Annotated[
        Literal["g775", "ets300233"],
        setting("by whose rule LOS and AIS are raised and cleared", effect=Effect.SPAN_RESTART),
    ] = "g775"
    recognition_ms: Annotated[
        int,
        setting(
            "a line signal must stand so long (Q.422)",
            effect=Effect.SPAN_RESTART,
            unit="ms",
            low=10,
            high=30,
            multiple_of=2,
        ),
    ] = 20

    @property
    def engine_framing(self) -> Framing:
        """The framing as the engine names it."""
        return Framing[self.framing.replace("-", "_").upper()]

    @property
    def engine_line_code(self) -> LineCode:
        """The line code as the engine names it."""
        return LineCode[self.line_code.upper()]

    @property
    def engine_line_state_rule(self) -> LineStateRule:
        """The rule as the engine names it."""
        return LineStateRule[self.line_state_rule.upper()]


class ClockConfiguration(Branch, frozen=True, kw_only=True):
    """Which ports the shelf's clock may follow, and how it chooses (G.781)."""

    sources: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=1, le=PORTS_MAX)], ...],
        setting("ports the clock may follow, best first; none: free run", effect=Effect.AT_ONCE),
    ] = (1,)
    revertive: Annotated[
        bool,
        setting("back to a better source once it has been good for wait_to_restore_s", effect=Effect.AT_ONCE),
    ] = True
    ssm_bit: Annotated[
        Literal[0, 4, 5, 6, 7, 8],
        setting("heed the synchronization status message on this Sa bit; 0: none", effect=Effect.AT_ONCE),
    ] = 0
    hold_off_ms: Annotated[
        int,
        setting("a source must fail so long to be left", effect=Effect.AT_ONCE, unit="ms", low=0, high=1800),
    ] = 300
    wait_to_restore_s: Annotated[
        float,
        setting(
            "a failed source must be good so long to count again", effect=Effect.AT_ONCE, unit="s", low=0, high=720
        ),
    ] = 300.0
    holdover_h: Annotated[
        float,
        setting(
            "the last good frequency is kept so long, then free run",
            effect=Effect.AT_ONCE,
            unit="h",
            low=0,
            high=168,
        ),
    ] = 24.0


class SignallingConfiguration(Branch, frozen=True, kw_only=True):
    """How calls come in on the trunks."""

    called_digits: Annotated[
        int,
        setting("after so many digits the called number is complete", effect=Effect.NEXT_CALL, low=1, high=20),
    ] = 5


class QueuingMachineConfiguration(BoxConfiguration, frozen=True, kw_only=True):
    """The tree of a queuing machine."""

    schema: Annotated[Literal[2], SCHEMA_SETTING] = SCHEMA
    ports: Annotated[
        dict[Annotated[int, keys(1, PORTS_MAX)], PortConfiguration],
        setting("E1 ports", effect=Effect.AT_ONCE),
    ] = msgspec.field(default_factory=lambda: {1: PortConfiguration()})
    clock: ClockConfiguration = ClockConfiguration()
    signalling: SignallingConfiguration = SignallingConfiguration()
