"""Man-machine language: a line of commands taken apart and put together (after Z.314 and Z.315, 1988).

    line      = [ command ] { ";" [ command ] }
    command   = verb object [ ":" [ parameter { "," parameter } ] ]
              | "HELP" [ verb [ object ] ]
    parameter = name "=" value
    value     = word | string
    verb, object, name = letter { letter | digit | "_" }
    word      = mark { mark }                     (no "//" and no "/*" in it: they begin a comment)
    mark      = letter | digit | one of  _ - . / + & @ % # *
    string    = '"' { character | escape } '"'    (within one line)
    escape    = \\" | \\\\ | \\n | \\t | \\xHH | \\uHHHH | \\UHHHHHHHH
    group     = element { "&" element }           (what a word is where a set of numbers is wanted)
    element   = integer [ "&&" integer ]

Between any two of these may stand blanks and comments: /* ... */, or // to the end of the line. A backslash at the
end of a line joins the next to it. Verbs, objects and names count in either case and come out in capitals; values
stay as they are. What ends where the grammar wants more is *incomplete*, not wrong: a console asks for the rest.

A line is refused whole, or parsed whole.
"""

import enum
import re
from collections.abc import Iterable
from typing import NamedTuple

LINE_OCTETS_MAX = 4096
EXCERPT_CHARACTERS = 32  # of the line in a reason
HELP = "HELP"

# T.50: the control characters from 0/0 on.
_C0_NAMES = (
    *("NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI"),
    *("DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US"),
)
_NO_UTF_8 = "\ufffd"  # what a decoder puts where octets are no character
_BLANKS = "\t\r\n"  # control characters that may stand in a line

_MARKS = r"(?:(?!//|/\*)[A-Za-z0-9_\-./+&@%#*])+"
_WORD = re.compile(_MARKS)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_SPACE = re.compile(r"(?:[ \t\r\n]|\\[ \t]*\r?\n|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\r\n]|\\[^\r\n])*"')
_ESCAPE = re.compile(r'\\(?:(["\\nt])|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|.)')
_PLAIN_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}
_ELEMENT = re.compile(r"(-?[0-9]{1,18})(?:&&(-?[0-9]{1,18}))?")


class MmlError(ValueError):
    """Why a line is no line of commands, and where: `position` counts characters from 0.

    `incomplete`: the line is only half a command; more of it would put it right.
    """

    def __init__(self, source: str, position: int, text: str, *, incomplete: bool = False) -> None:
        super().__init__(f"{place(source, position)}: {text}")
        self.position = position
        self.text = text
        self.incomplete = incomplete


class LineTooLongError(MmlError):
    """The line has more octets than a command can have."""


class TokenKind(enum.Enum):
    """What a line consists of; the values are how people are told."""

    WORD = "a word"
    STRING = "a string"
    COLON = ":"
    COMMA = ","
    EQUALS = "="
    SEMICOLON = ";"
    QUESTION = "?"
    END = "the end"


_MARK_KINDS = {
    kind.value: kind
    for kind in (TokenKind.COLON, TokenKind.COMMA, TokenKind.EQUALS, TokenKind.SEMICOLON, TokenKind.QUESTION)
}


class Token(NamedTuple):
    """A piece of a line; `text` of a string is what it means."""

    kind: TokenKind
    text: str
    start: int
    end: int


class Value(NamedTuple):
    """What a parameter is given, before anybody knows its kind."""

    text: str
    quoted: bool = False


class Argument(NamedTuple):
    """NAME=VALUE. `start`: where the name stands in the line."""

    name: str
    value: Value
    start: int = 0


class Parsed(NamedTuple):
    """One command of a line. HELP has the verb HELP, and the words after it as `topic`."""

    verb: str
    object: str = ""
    arguments: tuple[Argument, ...] = ()
    topic: tuple[str, ...] = ()
    start: int = 0


def place(source: str, position: int) -> str:
    """`column 14`, or `line 2, column 3` where the source has lines."""
    column = position - source.rfind("\n", 0, position)
    if "\n" not in source.rstrip("\n"):
        return f"column {column}"
    return f"line {source.count(chr(10), 0, position) + 1}, column {column}"


def decode(octets: bytes) -> str:
    """A line's characters; raises MmlError where it is too long or no UTF-8."""
    _check_length(len(octets))
    try:
        return octets.decode()
    except UnicodeDecodeError as error:
        before = octets[: error.start].decode()
        raise MmlError(before, len(before), f"octet {octets[error.start]:02X} (hex) is no UTF-8") from None


def tokens(source: str) -> list[Token]:
    """The pieces of a line, the last of them END; raises MmlError."""
    _check_characters(source)
    found: list[Token] = []
    at = 0
    while True:
        space = _SPACE.match(source, at)
        at = space.end() if space else at
        found.append(_token(source, at))
        if found[-1].kind is TokenKind.END:
            return found
        at = found[-1].end


def parse(line: str | bytes) -> list[Parsed]:
    """The commands of a line; none in a blank one. Raises MmlError."""
    source = decode(line) if isinstance(line, bytes) else line
    return _Parser(source).line()


def is_incomplete(line: str) -> bool:
    """Whether a line is half a command, so that the next line belongs to it."""
    try:
        parse(line)
    except MmlError as error:
        return error.incomplete
    return False


def help_asked(line: str) -> str | None:
    """What stands before the ? that ends a line; None if none does. Raises MmlError."""
    pieces = [token for token in tokens(line) if token.kind not in (TokenKind.SEMICOLON, TokenKind.END)]
    if not pieces or pieces[-1].kind is not TokenKind.QUESTION:
        return None
    return line[: pieces[-1].start]


def format_command(verb: str, object_name: str, arguments: Iterable[tuple[str, Value]] = ()) -> str:
    """VERB OBJECT:NAME=VALUE,...; as parse() understands it."""
    listed = ",".join(f"{name}={format_value(value)}" for name, value in arguments)
    return f"{verb} {object_name}{':' + listed if listed else ''};"


def format_value(value: Value) -> str:
    """A value as it is typed: in quotes where it was, or where it must be."""
    if not value.quoted and _WORD.fullmatch(value.text):
        return value.text
    return f'"{"".join(_escaped(character) for character in value.text)}"'


def parse_group(text: str) -> list[range] | None:
    """The numbers of a group, as ranges in the order typed: 1&&5&9; None if it is none."""
    ranges = []
    for element in re.split(r"(?<!&)&(?!&)", text):
        match = _ELEMENT.fullmatch(element)
        if match is None:
            return None
        first = int(match[1])
        last = int(match[2] or match[1])
        if last < first:
            return None
        ranges.append(range(first, last + 1))
    return ranges


def character_name(character: str) -> str:
    """A character that cannot be shown, by name: NUL, DEL, U+200B."""
    code = ord(character)
    if code < len(_C0_NAMES):
        return _C0_NAMES[code]
    return "DEL" if code == 0x7F else f"U+{code:04X}"


def _excerpt(text: str) -> str:
    """A piece of a line as a reason quotes it: not too long, and printable."""
    shown = text if len(text) <= EXCERPT_CHARACTERS else text[:EXCERPT_CHARACTERS] + "..."
    return "".join(character if character.isprintable() else _escaped(character) for character in shown)


def _escaped(character: str) -> str:
    for letter, meaning in _PLAIN_ESCAPES.items():
        if character == meaning:
            return "\\" + letter
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def _check_length(octets: int) -> None:
    if octets > LINE_OCTETS_MAX:
        text = f"the line is too long: a line of commands has at most {LINE_OCTETS_MAX} octets"
        raise LineTooLongError("", LINE_OCTETS_MAX, text)


def _check_characters(source: str) -> None:
    _check_length(len(source))
    for position, character in enumerate(source):
        if character == _NO_UTF_8:
            raise MmlError(source, position, "what came here is no UTF-8: noise on the line, type it again")
        if not character.isprintable() and character not in _BLANKS:
            text = f"control character {character_name(character)}, expected none (in a string: as an escape)"
            raise MmlError(source, position, text)
    _check_length(len(source.encode()))


def _token(source: str, at: int) -> Token:
    if at == len(source):
        return Token(TokenKind.END, "", at, at)
    character = source[at]
    if character in _MARK_KINDS:
        return Token(_MARK_KINDS[character], character, at, at + 1)
    if character == '"':
        return _string(source, at)
    word = _WORD.match(source, at)
    if word:
        return Token(TokenKind.WORD, word[0], at, word.end())
    if source.startswith("/*", at):
        raise MmlError(source, at, "the comment is not closed, expected */", incomplete=True)
    if character == "\\" and not source[at + 1 :].strip():
        raise MmlError(source, at, "the line is continued, expected more of it", incomplete=True)
    raise MmlError(source, at, f'unexpected {character}, expected it in a string: "{character}"')


def _string(source: str, at: int) -> Token:
    match = _STRING.match(source, at)
    if match is None:
        raise MmlError(source, at, 'the string is not closed, expected " before the end of the line')

    def meaning(escape: re.Match[str]) -> str:
        if escape[1]:
            return _PLAIN_ESCAPES[escape[1]]
        code = int(escape[2] or escape[3] or escape[4] or "-1", 16)
        if not 0 <= code <= 0x10FFFF or 0xD800 <= code <= 0xDFFF:  # surrogates are no characters
            text = f'unknown escape {_excerpt(escape[0])}, expected \\" \\\\ \\n \\t \\xHH \\uHHHH or \\UHHHHHHHH'
            raise MmlError(source, at + 1 + escape.start(), text)
        return chr(code)

    return Token(TokenKind.STRING, _ESCAPE.sub(meaning, match[0][1:-1]), at, match.end())


class _Parser:
    """Recursive descent, a method for each rule of the grammar above."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = tokens(source)
        self._at = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self, kind: TokenKind) -> bool:
        if self._next.kind is not kind:
            return False
        self._at += 1
        return True

    def _unexpected(self, expected: str) -> MmlError:
        token = self._next
        ended = token.kind is TokenKind.END
        what = "the line ends here" if ended else f"unexpected {_excerpt(self._source[token.start : token.end])}"
        return MmlError(self._source, token.start, f"{what}, expected {expected}", incomplete=ended)

    def line(self) -> list[Parsed]:
        commands = []
        while self._next.kind is not TokenKind.END:
            if self._take(TokenKind.SEMICOLON):
                continue
            commands.append(self._command())
            if self._next.kind not in (TokenKind.SEMICOLON, TokenKind.END):
                raise self._unexpected(self._after(commands[-1]))
        return commands

    @staticmethod
    def _after(command: Parsed) -> str:
        if command.verb == HELP:
            return "; after HELP VERB OBJECT"
        return ", or ; (a value with blanks or other marks goes in quotes)" if command.arguments else ": or ;"

    def _command(self) -> Parsed:
        start = self._next.start
        verb = self._name("a verb (HELP lists them)")
        if verb == HELP:
            return Parsed(verb, topic=self._topic(), start=start)
        object_name = self._name(f"an object after {verb} (HELP {verb} lists them)")
        arguments = self._parameters() if self._take(TokenKind.COLON) else ()
        return Parsed(verb, object_name, arguments, start=start)

    def _topic(self) -> tuple[str, ...]:
        words: list[str] = []
        while len(words) < 2 and self._next.kind is TokenKind.WORD:
            words.append(self._name("a verb or an object"))
        return tuple(words)

    def _parameters(self) -> tuple[Argument, ...]:
        if self._next.kind is TokenKind.SEMICOLON:
            return ()
        arguments = [self._parameter()]
        while self._take(TokenKind.COMMA):
            arguments.append(self._parameter())
        return tuple(arguments)

    def _parameter(self) -> Argument:
        start = self._next.start
        name = self._name("NAME=VALUE")
        if not self._take(TokenKind.EQUALS):
            raise self._unexpected(f"= after {name}")
        return Argument(name, self._value(name), start)

    def _value(self, name: str) -> Value:
        token = self._next
        if self._take(TokenKind.WORD):
            return Value(token.text)
        if self._take(TokenKind.STRING):
            return Value(token.text, quoted=True)
        raise self._unexpected(f"a value of {name}")

    def _name(self, expected: str) -> str:
        token = self._next
        if token.kind is not TokenKind.WORD or not _NAME.fullmatch(token.text):
            raise self._unexpected(expected)
        self._at += 1
        return token.text.upper()
