"""The synchronization status message against table 5D of G.704, worked by hand."""

from itertools import pairwise

import pytest

from protocols.synchronization_status import (
    BEST_FIRST,
    MESSAGE_FRAMES,
    MESSAGE_VECTORS,
    QualityLevel,
    code_in,
    quality_of,
    rank,
    sa_words,
)

# G.704 table 5D, row by row; None is "reserved".
TABLE_5D = {
    "0000": QualityLevel.UNKNOWN,
    "0001": None,
    "0010": QualityLevel.PRC,
    "0011": None,
    "0100": QualityLevel.SSU_A,
    "0101": None,
    "0110": None,
    "0111": None,
    "1000": QualityLevel.SSU_B,
    "1001": None,
    "1010": None,
    "1011": QualityLevel.SEC,
    "1100": None,
    "1101": None,
    "1110": None,
    "1111": QualityLevel.DO_NOT_USE,
}


@pytest.mark.parametrize("bits", TABLE_5D)
def test_codes(bits: str) -> None:
    assert quality_of(int(bits, 2)) == (TABLE_5D[bits] or QualityLevel.DO_NOT_USE)


@pytest.mark.parametrize("code", [-1, 16])
def test_code_of_more_than_four_bits_is_refused(code: int) -> None:
    with pytest.raises(ValueError, match="four bits"):
        quality_of(code)


@pytest.mark.parametrize(("level", "n", "words"), MESSAGE_VECTORS)
def test_vectors(level: QualityLevel, n: int, words: tuple[int, ...]) -> None:
    assert sa_words(level, n) == words
    assert quality_of(code_in(words, n)) is level


def test_every_level_has_a_vector() -> None:
    assert {level for level, _, _ in MESSAGE_VECTORS} == set(QualityLevel)


@pytest.mark.parametrize("others", [0b00000, 0b10101, 0b11111])
@pytest.mark.parametrize("n", [4, 5, 6, 7, 8])
@pytest.mark.parametrize("level", QualityLevel)
def test_other_sa_bits_are_left_alone(level: QualityLevel, n: int, others: int) -> None:
    words = sa_words(level, n, others)
    for word, bit in zip(words, f"{level.value:04b}", strict=True):
        text, before = f"{word:05b}", f"{others:05b}"
        assert text[n - 4] == bit
        assert text[: n - 4] + text[n - 3 :] == before[: n - 4] + before[n - 3 :]


@pytest.mark.parametrize("n", [3, 9])
def test_only_sa4_to_sa8(n: int) -> None:
    with pytest.raises(ValueError, match=f"Sa{n}"):
        sa_words(QualityLevel.PRC, n)


def test_a_line_without_the_message_reads_do_not_use() -> None:
    """Unused Sa bits are 1, AIS is all ones."""
    assert quality_of(code_in((0b11111,) * 4, 6)) is QualityLevel.DO_NOT_USE


def test_order() -> None:
    """G.781 option I: PRC, SSU-A, SSU-B, SEC, and last of all what is not to be used."""
    better_worse = [
        (QualityLevel.PRC, QualityLevel.SSU_A),
        (QualityLevel.SSU_A, QualityLevel.SSU_B),
        (QualityLevel.SSU_B, QualityLevel.SEC),
        (QualityLevel.SEC, QualityLevel.UNKNOWN),
        (QualityLevel.UNKNOWN, QualityLevel.DO_NOT_USE),
    ]
    for better, worse in better_worse:
        assert rank(better) < rank(worse)
    assert len(BEST_FIRST) == len(set(BEST_FIRST)) == len(QualityLevel)


def test_message_frames_are_the_odd_ones_of_each_half() -> None:
    first, second = MESSAGE_FRAMES
    assert [*first, *second] == [frame for frame in range(16) if frame % 2]
    assert all(later - earlier == 2 for earlier, later in pairwise([*first, *second]))
