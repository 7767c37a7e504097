"""What may stand at the end of a line half typed: found from its tokens by a table; help and completion ask it.

VERB word -> OBJECT word -> COLON ":" -> NAME word -> EQUALS "=" -> VALUE word|string -> COMMA "," -> NAME
VERB "HELP" -> HELP_VERB word -> HELP_OBJECT word -> NOTHING
"""

import enum
from typing import NamedTuple

from protocols.mml import HELP, MmlError, Token, TokenKind, tokens


class Place(enum.Enum):
    """What comes next."""

    VERB = enum.auto()
    OBJECT = enum.auto()
    COLON = enum.auto()
    NAME = enum.auto()
    EQUALS = enum.auto()
    VALUE = enum.auto()
    COMMA = enum.auto()
    HELP_VERB = enum.auto()
    HELP_OBJECT = enum.auto()
    NOTHING = enum.auto()  # the line is wrong before here, or full


class Point(NamedTuple):
    """A place in a line: what stands before it, and what of the next word is typed already (from `start`)."""

    place: Place
    partial: str
    start: int
    words: tuple[str, ...] = ()  # verb and object, in capitals
    given: tuple[tuple[str, str], ...] = ()  # names and values before here
    name: str = ""  # whose value comes


NEXT: dict[tuple[Place, TokenKind], Place] = {
    (Place.VERB, TokenKind.WORD): Place.OBJECT,
    (Place.OBJECT, TokenKind.WORD): Place.COLON,
    (Place.COLON, TokenKind.COLON): Place.NAME,
    (Place.NAME, TokenKind.WORD): Place.EQUALS,
    (Place.EQUALS, TokenKind.EQUALS): Place.VALUE,
    (Place.VALUE, TokenKind.WORD): Place.COMMA,
    (Place.VALUE, TokenKind.STRING): Place.COMMA,
    (Place.COMMA, TokenKind.COMMA): Place.NAME,
    (Place.HELP_VERB, TokenKind.WORD): Place.HELP_OBJECT,
    (Place.HELP_OBJECT, TokenKind.WORD): Place.NOTHING,
}


def find(line: str) -> Point:
    """What may stand at the end of the line; a word that touches the end is still being typed."""
    try:
        pieces = tokens(line)[:-1]
    except MmlError:
        return Point(Place.NOTHING, "", len(line))
    start, partial = len(line), ""
    if pieces and pieces[-1].kind is TokenKind.WORD and pieces[-1].end == len(line):
        partial, start = pieces[-1].text, pieces[-1].start
        pieces.pop()
    return _walk(_last_command(pieces), partial, start)


def _last_command(pieces: list[Token]) -> list[Token]:
    ends = [number for number, token in enumerate(pieces) if token.kind is TokenKind.SEMICOLON]
    return pieces[ends[-1] + 1 :] if ends else pieces


def _walk(pieces: list[Token], partial: str, start: int) -> Point:
    place, name = Place.VERB, ""
    words: list[str] = []
    given: list[tuple[str, str]] = []
    for token in pieces:
        if place in (Place.VERB, Place.OBJECT, Place.HELP_VERB, Place.HELP_OBJECT):
            words.append(token.text.upper())
        elif place is Place.NAME:
            name = token.text.upper()
        elif place is Place.VALUE:
            given.append((name, token.text))
        if place is Place.VERB and words == [HELP]:
            place, words = Place.HELP_VERB, []
            continue
        place = NEXT.get((place, token.kind), Place.NOTHING)
    return Point(place, partial, start, tuple(words), tuple(given), name)
