"""A bit-error test of a port: on which timeslots, since when, and what came of it."""

from dataclasses import dataclass

from drivers.engine import BitErrorPattern, BitErrorResult

PATTERNS = {
    "PRBS9": BitErrorPattern.PRBS_2E9,
    "PRBS11": BitErrorPattern.PRBS_2E11,
    "PRBS15": BitErrorPattern.PRBS_2E15,
    "PRBS20": BitErrorPattern.PRBS_2E20,
    "PRBS23": BitErrorPattern.PRBS_2E23,
}


@dataclass
class PortTest:
    """`timeslots` empty: every bit of the line. `result` is that of a test that has been stopped."""

    pattern: str
    timeslots: tuple[int, ...]
    started_ns: int
    stopped_ns: int | None = None
    result: BitErrorResult | None = None

    @property
    def running(self) -> bool:
        """The pattern is being sent."""
        return self.stopped_ns is None
