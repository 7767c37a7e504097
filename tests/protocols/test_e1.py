"""The words of an E1 frame (protocols/e1.py) and its CRC-4, beside the vectors that test_vectors.py walks."""

import random

import pytest
from construct import ConstructError

from protocols import e1
from tests.engine import e1_reference as reference


def sub_multiframe(ones: list[tuple[int, int, int]]) -> bytes:
    """Zeros but for these bits: frame, timeslot, bit 1-8."""
    octets = bytearray(8 * e1.FRAME_OCTETS)
    for frame, timeslot, bit in ones:
        octets[e1.FRAME_OCTETS * frame + timeslot] |= 0x80 >> (bit - 1)
    return bytes(octets)


# The last bit of a sub-multiframe stands for x^0, and the CRC for that times x^4; x^4 = x + 1, and x^15 = 1.
@pytest.mark.parametrize(
    ("ones", "crc"),
    [
        ([], 0b0000),
        ([(7, 31, 8)], 0b0011),  # x^4 = x + 1
        ([(7, 31, 7)], 0b0110),  # x^5 = x^2 + x
        ([(7, 31, 6)], 0b1100),  # x^6 = x^3 + x^2
        ([(7, 31, 5)], 0b1011),  # x^7 = x^4 + x^3 = x^3 + x + 1
        ([(7, 31, 4)], 0b0101),  # x^8 = x^4 + x^2 + x = x^2 + 1
        ([(7, 31, 8), (7, 31, 4)], 0b0110),  # x^4 + x^8
        ([(7, 30, 1)], 0b0011),  # 15 bits before the last: x^19 = x^4
        ([(0, 0, 2)], 0b0111),  # the second of 2 048: x^(2046 + 4) = x^(15 * 136 + 10) = x^10 = x^2 + x + 1
    ],
)
def test_crc4_worked_by_hand(ones: list[tuple[int, int, int]], crc: int) -> None:
    assert e1.crc4(sub_multiframe(ones)) == crc


def test_crc4_of_a_whole_sub_multiframe_worked_by_hand() -> None:
    """Timeslot 0 of a silent SMF I; tests/engine/test_framer.py has the working."""
    timeslot0 = [0x1B, 0x5F, 0x1B, 0x5F, 0x1B, 0xDF, 0x1B, 0x5F]
    assert e1.crc4(b"".join(bytes([octet]) + bytes(31) for octet in timeslot0)) == 0b1011


def test_crc4_is_the_shift_register_of_g704() -> None:
    chance = random.Random(1)
    for _ in range(20):
        octets = chance.randbytes(8 * e1.FRAME_OCTETS)
        c1, c2, c3, c4 = reference.crc4(reference.bits_of(octets))
        assert e1.crc4(octets) == c1 << 3 | c2 << 2 | c3 << 1 | c4


def test_words_that_are_no_words_are_refused() -> None:
    for octet in range(256):
        for layout, belongs in (
            (e1.FAS_WORD, octet & 0x7F == 0x1B),
            (e1.NFAS_WORD, octet & 0x40 == 0x40),
            (e1.CAS_ALIGNMENT_WORD, octet & 0xF0 == 0),
        ):
            if belongs:
                assert layout.build(layout.parse(bytes([octet]))) == bytes([octet])
            else:
                with pytest.raises(ConstructError):
                    layout.parse(bytes([octet]))


def test_multiframe_signal_is_that_of_table_5b() -> None:
    assert list(e1.MULTIFRAME_SIGNAL) == reference.MULTIFRAME_SIGNAL == [0, 0, 1, 0, 1, 1]
