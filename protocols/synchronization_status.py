"""Synchronization status message: what clock stands behind an E1, on one Sa bit (G.704 2.3.4, table 5D; G.781).

The message is four bits, San1 (most significant) to San4, in bit San of a sub-multiframe's odd frames: San1 in
frames 1 and 9, San2 in 3 and 11, San3 in 5 and 13, San4 in 7 and 15. The engine collects it and reports a code
that has stood for three sub-multiframes; here is what the code means.

A line that carries no message has its Sa bits at 1 (G.704 table 5A), and AIS is all ones: both read DO_NOT_USE.
"""

import enum
from collections.abc import Sequence

SA_BITS = range(4, 9)
MESSAGE_FRAMES = ((1, 3, 5, 7), (9, 11, 13, 15))  # of sub-multiframes I and II, in the order of San1-San4
UNUSED_SA = 0b11111  # G.704 table 5A, note 4


class QualityLevel(enum.Enum):
    """What the far end's clock follows; the value is the code (G.704 table 5D). Other codes are reserved."""

    UNKNOWN = 0b0000  # "quality unknown (existing synchronization network)"
    PRC = 0b0010  # primary reference clock, G.811
    SSU_A = 0b0100  # synchronization supply unit, G.812 transit
    SSU_B = 0b1000  # synchronization supply unit, G.812 local
    SEC = 0b1011  # equipment's own clock, SETS of G.813
    DO_NOT_USE = 0b1111


# Best first (G.781 option I). Behind SEC the unknown: it may be better, but nobody says so.
BEST_FIRST = (
    QualityLevel.PRC,
    QualityLevel.SSU_A,
    QualityLevel.SSU_B,
    QualityLevel.SEC,
    QualityLevel.UNKNOWN,
    QualityLevel.DO_NOT_USE,
)

# Worked by hand from table 5D: (level, n of the Sa bit, Sa4-Sa8 of the four odd frames, Sa4 most significant).
MESSAGE_VECTORS = [
    (QualityLevel.PRC, 4, (0b01111, 0b01111, 0b11111, 0b01111)),
    (QualityLevel.SSU_A, 5, (0b10111, 0b11111, 0b10111, 0b10111)),
    (QualityLevel.SSU_B, 6, (0b11111, 0b11011, 0b11011, 0b11011)),
    (QualityLevel.SEC, 7, (0b11111, 0b11101, 0b11111, 0b11111)),
    (QualityLevel.UNKNOWN, 8, (0b11110, 0b11110, 0b11110, 0b11110)),
    (QualityLevel.DO_NOT_USE, 4, (0b11111, 0b11111, 0b11111, 0b11111)),
]


def quality_of(code: int) -> QualityLevel:
    """The level of a received code, 0-15; a reserved one is not to be used (G.781: invalid)."""
    if not 0 <= code <= 0b1111:
        raise ValueError(f"synchronization status code {code} is not of four bits")
    try:
        return QualityLevel(code)
    except ValueError:
        return QualityLevel.DO_NOT_USE


def rank(level: QualityLevel) -> int:
    """Its place among the levels, 0 the best: what a clock source selection sorts by."""
    return BEST_FIRST.index(level)


def sa_words(level: QualityLevel, n: int, others: int = UNUSED_SA) -> tuple[int, ...]:
    """Sa4-Sa8 of the four odd frames of a sub-multiframe: the message on Sa<n> (4-8), the other bits as given."""
    bit = _bit(n)
    return tuple(others | bit if level.value >> shift & 1 else others & ~bit for shift in (3, 2, 1, 0))


def code_in(words: Sequence[int], n: int) -> int:
    """The code that Sa<n> carries in the Sa4-Sa8 of the four odd frames of a sub-multiframe."""
    bit, code = _bit(n), 0
    for word in words:
        code = code << 1 | bool(word & bit)
    return code


def _bit(n: int) -> int:
    if n not in SA_BITS:
        raise ValueError(f"Sa{n} is none of Sa4-Sa8")
    return 1 << (8 - n)
