"""What may stand for a parameter's value: checked, turned into its type, and told to people."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from firmware.console.declaration import Choice, Decimal, Integer, IntegerSet, Kind, Secret, Text
from protocols.mml import Value, character_name, parse_group

Number = TypeVar("Number", int, float)

STARS = "****"
SET_MOST = 10_000  # what a set may be written out to

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")


class BadValueError(ValueError):
    """A value that is not of its kind, or out of its range; the text says what is wrong with it."""


def convert(kind: Kind, value: Value) -> Any:
    """A value as its kind's handler gets it; raises BadValueError."""
    return _CONVERTERS[type(kind)](kind, value)


def permitted(kind: Kind) -> str:
    """What may stand there, in a few words."""
    match kind:
        case Integer() | Decimal():
            return f"{kind.low} to {kind.high}{' ' + kind.unit if kind.unit else ''}"
        case IntegerSet():
            return f"numbers from {kind.low} to {kind.high}, as 3 or 1&&5 or 1&3&7"
        case Choice():
            return " or ".join(filter(None, (", ".join(kind.values[:-1]), kind.values[-1])))
        case Text(least_characters=0):
            return f"text, at most {kind.most_characters} characters"
        case Text():
            return f"text, {kind.least_characters} to {kind.most_characters} characters"
        case Secret():
            return f"a password, at most {kind.most_characters} characters"


def candidates(kind: Kind) -> tuple[str, ...]:
    """Values that completion can offer."""
    return kind.values if isinstance(kind, Choice) else ()


def typed_at_prompt(kind: Kind, line: str) -> Value:
    """A value typed alone at a prompt: no quotes needed, whatever it is."""
    return Value(line, quoted=isinstance(kind, Text | Secret))


def _integer(kind: Integer, value: Value) -> int:
    if value.quoted or not _INTEGER.fullmatch(value.text):
        raise BadValueError("is no whole number")
    return _within(kind, int(value.text))


def _decimal(kind: Decimal, value: Value) -> float:
    if value.quoted or not _DECIMAL.fullmatch(value.text):
        raise BadValueError("is no decimal number")
    return _within(kind, float(value.text))


def _within(kind: Integer | Decimal, number: Number) -> Number:
    if not kind.low <= number <= kind.high:
        raise BadValueError("is out of range")
    return number


def _integer_set(kind: IntegerSet, value: Value) -> tuple[int, ...]:
    ranges = None if value.quoted else parse_group(value.text)
    if ranges is None:
        raise BadValueError("is no set of numbers")
    if any(part[0] < kind.low or part[-1] > kind.high for part in ranges):
        raise BadValueError("goes out of range")
    if sum(map(len, ranges)) > SET_MOST:
        raise BadValueError(f"names more than {SET_MOST} numbers")
    return tuple(sorted(set().union(*ranges)))


def _choice(kind: Choice, value: Value) -> str:
    for declared in kind.values:
        if declared.upper() == value.text.upper():
            return declared
    raise BadValueError("is none of them")


def _text(kind: Text, value: Value) -> str:
    for character in value.text:
        if not character.isprintable():
            raise BadValueError(f"has the control character {character_name(character)}")
    if len(value.text) < kind.least_characters:
        raise BadValueError("is too short")
    return _short_enough(kind, value.text)


def _secret(kind: Secret, value: Value) -> str:
    return _short_enough(kind, value.text)


def _short_enough(kind: Text | Secret, text: str) -> str:
    if len(text) > kind.most_characters:
        raise BadValueError(f"is too long, it has {len(text)} characters")
    return text


_CONVERTERS: dict[type, Callable[[Any, Value], Any]] = {
    Integer: _integer,
    Decimal: _decimal,
    IntegerSet: _integer_set,
    Choice: _choice,
    Text: _text,
    Secret: _secret,
}
