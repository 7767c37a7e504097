"""What a tty with PARMRK set puts between the octets: BREAKs, and what was no octet (POSIX 11.1.10, IEEE 1003.1).

255 255      the octet 255
255 0 0      a BREAK
255 0 X      X came with a framing or parity error: noise, or a wrong speed
"""

from typing import NamedTuple

MARK = 0xFF


class Received(NamedTuple):
    """What came: clean octets; how many BREAKs and how many damaged octets stood among them."""

    octets: bytes
    breaks: int
    damaged: int


class LineMarks:
    """Takes the marks out, however the reads cut them."""

    def __init__(self) -> None:
        self._pending = b""

    def take(self, octets: bytes) -> Received:
        """The next octets as they were read."""
        octets = self._pending + octets
        self._pending = b""
        clean, breaks, damaged, position = bytearray(), 0, 0, 0
        while (mark := octets.find(MARK, position)) >= 0:
            clean += octets[position:mark]
            mark_octets = octets[mark : mark + 3]
            if len(mark_octets) < 2 or (mark_octets[1] == 0 and len(mark_octets) < 3):
                self._pending = mark_octets
                return Received(bytes(clean), breaks, damaged)
            if mark_octets[1] == 0:
                breaks += mark_octets[2] == 0
                damaged += mark_octets[2] != 0
                position = mark + 3
            else:  # 255 stands for itself
                clean.append(MARK)
                position = mark + 2
        clean += octets[position:]
        return Received(bytes(clean), breaks, damaged)
