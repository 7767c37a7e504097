"""Values against their kinds: a table for each kind, and sets of numbers against a naive reading."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.console.declaration import FLAG, Choice, Decimal, Integer, IntegerSet, Kind, Secret, Text
from firmware.console.kinds import BadValueError, convert, permitted
from protocols.mml import Value

SEEDED = settings(max_examples=300, deadline=None, derandomize=True)

ACCEPTED: list[tuple[Kind, Value, Any]] = [
    (Integer(1, 16), Value("1"), 1),
    (Integer(1, 16), Value("016"), 16),
    (Integer(-5, 5), Value("-5"), -5),
    (Decimal(0.5, 10), Value("0.5"), 0.5),
    (Decimal(0, 10), Value("10"), 10.0),
    (Decimal(-1, 1), Value("-0.25"), -0.25),
    (IntegerSet(1, 31), Value("7"), (7,)),
    (IntegerSet(1, 31), Value("1&&3&31"), (1, 2, 3, 31)),
    (IntegerSet(1, 31), Value("9&2&1&&3&9"), (1, 2, 3, 9)),
    (FLAG, Value("yes"), "YES"),
    (Choice(("crc4", "double-frame")), Value("DOUBLE-FRAME"), "double-frame"),
    (Choice(("crc4",)), Value("CRC4", quoted=True), "crc4"),
    (Text(5), Value(""), ""),
    (Text(5), Value("Bern"), "Bern"),
    (Text(5), Value("Bern ", quoted=True), "Bern "),
    (Text(5, 2), Value("éü"), "éü"),
    (Secret(5), Value('a"\x07b ', quoted=True), 'a"\x07b '),
]

REFUSED: list[tuple[Kind, Value, str]] = [
    (Integer(1, 16), Value("0"), "is out of range"),
    (Integer(1, 16), Value("17"), "is out of range"),
    (Integer(1, 16), Value("1", quoted=True), "is no whole number"),
    (Integer(1, 16), Value("1.0"), "is no whole number"),
    (Integer(1, 16), Value("+1"), "is no whole number"),
    (Integer(1, 16), Value("1&&2"), "is no whole number"),
    (Integer(1, 16), Value("١"), "is no whole number"),
    (Integer(1, 16), Value("9" * 5000), "is no whole number"),
    (Integer(1, 16), Value(""), "is no whole number"),
    (Decimal(0.5, 10), Value("0.4"), "is out of range"),
    (Decimal(0.5, 10), Value("1e1"), "is no decimal number"),
    (Decimal(0.5, 10), Value("nan"), "is no decimal number"),
    (Decimal(0.5, 10), Value("1."), "is no decimal number"),
    (Decimal(0.5, 10), Value("1", quoted=True), "is no decimal number"),
    (IntegerSet(1, 31), Value("0&&3"), "goes out of range"),
    (IntegerSet(1, 31), Value("1&32"), "goes out of range"),
    (IntegerSet(1, 31), Value("1&&999999999999999999"), "goes out of range"),
    (IntegerSet(1, 10**15), Value("1&&999999999999999"), "names more than 10000 numbers"),
    (IntegerSet(1, 31), Value("3&&1"), "is no set of numbers"),
    (IntegerSet(1, 31), Value("all"), "is no set of numbers"),
    (IntegerSet(1, 31), Value("1", quoted=True), "is no set of numbers"),
    (FLAG, Value("Y"), "is none of them"),
    (FLAG, Value(""), "is none of them"),
    (Text(5, 2), Value("a"), "is too short"),
    (Text(5), Value("abcdef"), "is too long, it has 6 characters"),
    (Text(9), Value("a\nb", quoted=True), "has the control character LF"),
    (Text(9), Value("\x1b[2J", quoted=True), "has the control character ESC"),
    (Text(9), Value("a\u202eb", quoted=True), "has the control character U+202E"),
    (Secret(5), Value("abcdef"), "is too long, it has 6 characters"),
]


@pytest.mark.parametrize(("kind", "value", "expected"), ACCEPTED)
def test_accepted(kind: Kind, value: Value, expected: Any) -> None:
    converted = convert(kind, value)
    assert converted == expected
    assert type(converted) is type(expected)


@pytest.mark.parametrize(("kind", "value", "reason"), REFUSED)
def test_refused(kind: Kind, value: Value, reason: str) -> None:
    with pytest.raises(BadValueError) as refused:
        convert(kind, value)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Integer(1, 16), "1 to 16"),
        (Integer(10, 30, "ms"), "10 to 30 ms"),
        (Decimal(0.5, 10, "s"), "0.5 to 10 s"),
        (IntegerSet(1, 31), "numbers from 1 to 31, as 3 or 1&&5 or 1&3&7"),
        (Choice(("ONE",)), "ONE"),
        (FLAG, "NO or YES"),
        (Choice(("A", "B", "C")), "A, B or C"),
        (Text(32), "text, at most 32 characters"),
        (Text(32, 1), "text, 1 to 32 characters"),
        (Secret(), "a password, at most 128 characters"),
    ],
)
def test_permitted(kind: Kind, text: str) -> None:
    assert permitted(kind) == text


@SEEDED
@given(st.lists(st.tuples(st.integers(1, 31), st.integers(1, 31)).map(sorted), min_size=1, max_size=6))
def test_sets_against_a_naive_reading(parts: list[list[int]]) -> None:
    typed = "&".join(str(low) if low == high else f"{low}&&{high}" for low, high in parts)
    naive = tuple(number for number in range(32) if any(low <= number <= high for low, high in parts))
    assert convert(IntegerSet(1, 31), Value(typed)) == naive
