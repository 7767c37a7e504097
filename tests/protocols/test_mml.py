"""The language: its grammar as a table worked by hand, refusals with columns, and what holds for any line."""

import itertools
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import mml
from protocols.mml import Argument, LineTooLongError, MmlError, Parsed, Value

SEEDED = settings(max_examples=200, deadline=None, derandomize=True)

BEL = "\x07"


def command(verb: str, name: str, **values: str | Value) -> Parsed:
    arguments = (
        Argument(each, value if isinstance(value, Value) else Value(value)) for each, value in values.items()
    )
    return Parsed(verb, name, tuple(arguments))


def quoted(text: str) -> Value:
    return Value(text, quoted=True)


def without_places(commands: list[Parsed]) -> list[Parsed]:
    return [
        each._replace(start=0, arguments=tuple(argument._replace(start=0) for argument in each.arguments))
        for each in commands
    ]


LST, DSP = command("LST", "PORT"), command("DSP", "ALM")

GRAMMAR: list[tuple[str, list[Parsed]]] = [
    # line
    ("", []),
    (" \t\r\n", []),
    (";;", []),
    ("LST PORT", [LST]),
    ("LST PORT;", [LST]),
    ("LST PORT;DSP ALM", [LST, DSP]),
    (";LST PORT;;DSP ALM;", [LST, DSP]),
    # command
    ("lst port", [LST]),
    (" Lst\tPort ; ", [LST]),
    ("LST PORT:;", [LST]),
    ("LST PORT: ; DSP ALM", [LST, DSP]),
    ("RST E1_2", [command("RST", "E1_2")]),
    ("HELP", [Parsed("HELP")]),
    ("help lst;", [Parsed("HELP", topic=("LST",))]),
    ("HELP LST PORT;DSP ALM", [Parsed("HELP", topic=("LST", "PORT")), DSP]),
    # parameters
    ("LST PORT:PN=1", [command("LST", "PORT", PN="1")]),
    ("lst port : pn = 1 , mode = Full ;", [command("LST", "PORT", PN="1", MODE="Full")]),
    ("LST PORT:PN=1;DSP ALM", [command("LST", "PORT", PN="1"), DSP]),
    ("LST PORT:A=1,A=2", [Parsed("LST", "PORT", (Argument("A", Value("1")), Argument("A", Value("2"))))]),
    # values
    ("LST PORT:PN=1&&5&9", [command("LST", "PORT", PN="1&&5&9")]),
    ("LST PORT:X=-1.5", [command("LST", "PORT", X="-1.5")]),
    ("LST PORT:X=/dev/ttyS0", [command("LST", "PORT", X="/dev/ttyS0")]),
    ("LST PORT:X=*#_%@+", [command("LST", "PORT", X="*#_%@+")]),
    ('LST PORT:X=""', [command("LST", "PORT", X=quoted(""))]),
    ('LST PORT:X="a, b; c: d=? // /*"', [command("LST", "PORT", X=quoted("a, b; c: d=? // /*"))]),
    (r'LST PORT:X="\"\\\n\t"', [command("LST", "PORT", X=quoted('"\\\n\t'))]),
    (r'LST PORT:X="\x41\xe9\u20AC\U0001F600"', [command("LST", "PORT", X=quoted("Aé€😀"))]),
    ('LST PORT:X="Zürich"', [command("LST", "PORT", X=quoted("Zürich"))]),
    ('LST PORT:X="1",PN=2', [command("LST", "PORT", X=quoted("1"), PN="2")]),
    # comments, continuation
    ("LST /* all */ PORT // of them", [LST]),
    ("/**/LST/***/PORT/* ; */", [LST]),
    ("LST PORT:PN=1//x", [command("LST", "PORT", PN="1")]),
    ("LST PORT:PN=1/*x*/,A=2", [command("LST", "PORT", PN="1", A="2")]),
    ("// nothing", []),
    ("LST PORT:\nPN=1", [command("LST", "PORT", PN="1")]),
    ("LST \\\nPORT", [LST]),
    ("LST PORT \\ \r\n; DSP ALM", [LST, DSP]),
    ("LST PORT \\\n", [LST]),  # nothing came of it: an empty line ends it
    ("LST // the rest of this line\nPORT", [LST]),
]


@pytest.mark.parametrize(("line", "commands"), GRAMMAR)
def test_grammar(line: str, commands: list[Parsed]) -> None:
    assert without_places(mml.parse(line)) == commands
    assert mml.parse(line.encode()) == mml.parse(line)
    assert not mml.is_incomplete(line)


# Line, where, and words of the reason.
REFUSED: list[tuple[str, str, str]] = [
    ("1ST PORT", "column 1", "unexpected 1ST, expected a verb"),
    ("LST-PORT", "column 1", "unexpected LST-PORT, expected a verb"),
    (":", "column 1", "unexpected :, expected a verb"),
    ("LST;", "column 4", "unexpected ;, expected an object after LST"),
    ("LST 7;", "column 5", "unexpected 7, expected an object"),
    ("LST PORT PN=1", "column 10", "unexpected PN, expected : or ;"),
    ("LST PORT=1", "column 9", "unexpected =, expected : or ;"),
    ("LST PORT:PN;", "column 12", "unexpected ;, expected = after PN"),
    ("LST PORT:PN=;", "column 13", "unexpected ;, expected a value of PN"),
    ("LST PORT:PN=,A=1", "column 13", "unexpected ,, expected a value of PN"),
    ("LST PORT:=1", "column 10", "unexpected =, expected NAME=VALUE"),
    ("LST PORT:PN=1,;", "column 15", "unexpected ;, expected NAME=VALUE"),
    ("LST PORT:PN=1 2", "column 15", "unexpected 2, expected , or ;"),
    ("LST PORT:PN=1:2", "column 14", "unexpected :, expected , or ;"),
    ('LST PORT:PN="1" "2"', "column 17", 'unexpected "2", expected , or ;'),
    ("LST PORT:PN=?;DSP ALM", "column 13", "unexpected ?, expected a value of PN"),
    ("HELP A B C", "column 10", "unexpected C, expected ;"),
    ("HELP 7", "column 6", "unexpected 7, expected a verb"),
    ("LST PORT:PN=é", "column 13", "unexpected é"),
    ("LST PORT:PN=(1)", "column 13", "unexpected ("),
    ("LST \\ PORT", "column 5", "unexpected \\"),
    ('LST PORT:N="abc', "column 12", "the string is not closed"),
    ('LST PORT:N="a\nb"', "line 1, column 12", "the string is not closed"),
    (r'LST PORT:N="\"', "column 12", "the string is not closed"),
    (r'LST PORT:N="a\q"', "column 14", r"unknown escape \q"),
    ('LST PORT:N="a\rb"', "column 12", "the string is not closed"),
    ('LST PORT:N="\\\t"', "column 13", r"unknown escape \\t"),
    (f"LST {'9' * 40}", "column 5", f"unexpected {'9' * 32}..., expected"),
    ('LST "a\tb"', "column 5", r'unexpected "a\tb", expected'),
    (r'LST PORT:N="\x4"', "column 13", r"unknown escape \x"),
    (r'LST PORT:N="\uD800"', "column 13", r"unknown escape \uD800"),
    (r'LST PORT:N="\U00110000"', "column 13", r"unknown escape \U00110000"),
    ("LST PORT\nDSP ALM", "line 2, column 1", "unexpected DSP, expected : or ;"),
    ("\x00", "column 1", "control character NUL"),
    ("LST\x1b[A", "column 4", "control character ESC"),
    (f'LST PORT:N="{BEL}"', "column 13", "control character BEL"),
    ("LST PORT // \x7f", "column 13", "control character DEL"),
    ("LST PORT /* \x85 */", "column 13", "control character U+0085"),
    ('LST PORT:N="a\u202eb"', "column 14", "control character U+202E"),
    ("LST\udcffPORT", "column 4", "control character U+DCFF"),
]


@pytest.mark.parametrize(("line", "where", "reason"), REFUSED)
def test_refused(line: str, where: str, reason: str) -> None:
    with pytest.raises(MmlError) as refused:
        mml.parse(line)
    assert str(refused.value).startswith(f"{where}: {reason}")
    assert "expected" in str(refused.value)
    assert not refused.value.incomplete


INCOMPLETE = [
    "LST",
    "LST PORT:",
    "LST PORT:PN",
    "LST PORT:PN=",
    "LST PORT:PN=1,",
    "LST PORT;DSP",
    "LST PORT \\",
    "LST PORT \\ ",
    "LST PORT:PN=1 /* so",
    "/*/",
]


@pytest.mark.parametrize("line", INCOMPLETE)
def test_incomplete(line: str) -> None:
    assert mml.is_incomplete(line)
    with pytest.raises(MmlError) as refused:
        mml.parse(line)
    assert refused.value.incomplete


@pytest.mark.parametrize(
    ("octets", "where"),
    [
        (b'LST PORT:N="\xc3', "column 13: octet C3"),  # half a character
        (b"\xffLST", "column 1: octet FF"),
        ("é".encode() + b"\x80", "column 2: octet 80"),  # columns count characters
        (b"\xed\xa0\x80", "column 1: octet ED"),  # a surrogate (RFC 3629 3)
        (b"\xc0\xaf", "column 1: octet C0"),  # overlong
    ],
)
def test_no_utf_8(octets: bytes, where: str) -> None:
    with pytest.raises(MmlError, match=re.escape(where)):
        mml.parse(octets)


@pytest.mark.parametrize("character", ["x", "é", "€"])
def test_length_counts_octets(character: str) -> None:
    frame = len(b'LST PORT:N=""')
    most = (mml.LINE_OCTETS_MAX - frame) // len(character.encode())
    line = f'LST PORT:N="{character * most}"'
    assert mml.parse(line)[0].arguments[0].value.text == character * most
    longer = f'LST PORT:N="{character * (most + 1)}"'
    for typed in (longer, longer.encode()):
        with pytest.raises(LineTooLongError, match=str(mml.LINE_OCTETS_MAX)):
            mml.parse(typed)


@pytest.mark.parametrize("filling", ["x", "\x00", ";", '"', "\\", "/*", "é", "\udcff", "\n"])
def test_a_million_octets(filling: str) -> None:
    with pytest.raises(LineTooLongError):
        mml.parse(filling * (1_000_000 // len(filling)))


def test_places() -> None:
    first, second = mml.parse("LST PORT:PN=1 , MODE=a;  DSP ALM:X=1")
    assert (first.start, second.start) == (0, 25)
    assert [argument.start for argument in (*first.arguments, *second.arguments)] == [9, 16, 33]


@pytest.mark.parametrize(
    ("line", "before"),
    [
        ("?", ""),
        ("LST ?", "LST "),
        ("LST PORT:PN=?", "LST PORT:PN="),
        ("LST PORT:PN=? ; ", "LST PORT:PN="),
        ("DSP ALM;LST PO?//x", "DSP ALM;LST PO"),
        ("LST", None),
        ('LST PORT:N="?"', None),
        ("LST // ?", None),
        ("? LST", None),
        ("", None),
    ],
)
def test_help_asked(line: str, before: str | None) -> None:
    assert mml.help_asked(line) == before


@pytest.mark.parametrize(
    ("group", "ranges"),
    [
        ("7", [range(7, 8)]),
        ("1&&5", [range(1, 6)]),
        ("1&3&7", [range(1, 2), range(3, 4), range(7, 8)]),
        ("9&1&&2&4", [range(9, 10), range(1, 3), range(4, 5)]),
        ("-3&&-1", [range(-3, 0)]),
        ("5&&1", None),
        ("", None),
        ("1&", None),
        ("&1", None),
        ("1&&", None),
        ("1&&&2", None),
        ("1&&2&&3", None),
        ("1.5", None),
        ("a", None),
        ("1" * 19, None),
        ("٣", None),  # a digit, but not of T.50
    ],
)
def test_groups(group: str, ranges: list[range] | None) -> None:
    assert mml.parse_group(group) == ranges


names = st.from_regex(r"[A-Z][A-Z0-9_]{0,7}", fullmatch=True)
words = st.from_regex(r"[A-Za-z0-9_\-.+&@%#*]+(/[a-z]+)?", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.builds(Value, words) | st.builds(Value, texts, st.just(True))
arguments = st.builds(Argument, names, values, st.just(0))
commands_ = st.builds(
    Parsed,
    names.filter(lambda name: name != "HELP"),
    names,
    st.lists(arguments, max_size=4).map(tuple),
    st.just(()),
    st.just(0),
)


def formatted(commands: list[Parsed]) -> str:
    return " ".join(
        mml.format_command(each.verb, each.object, [(name, value) for name, value, _ in each.arguments])
        for each in commands
    )


@SEEDED
@given(st.lists(commands_, max_size=4))
def test_what_is_formatted_parses_back(commands: list[Parsed]) -> None:
    line = formatted(commands)
    assert without_places(mml.parse(line)) == commands


def test_values_that_need_quotes_get_them() -> None:
    assert mml.format_value(Value("two words")) == '"two words"'
    assert mml.format_value(Value("")) == '""'
    assert mml.format_value(Value("a//b")) == '"a//b"'
    assert mml.format_value(Value("\x07\u200b\U000e0001\n")) == r'"\x07\u200B\U000E0001\n"'


PIECES = [
    "LST",
    "HELP",
    "PORT",
    ":",
    "PN",
    "=",
    "1&&5",
    ",",
    ";",
    '"a b"',
    '"',
    "\\",
    "\n",
    "?",
    "/*",
    "*/",
    "//",
    "é",
]
pieces = st.lists(st.sampled_from(PIECES) | st.text(max_size=2), max_size=14).map(" ".join)


@SEEDED
@given(pieces | st.text() | st.binary())
def test_any_line_is_parsed_or_refused_in_one_line(line: str | bytes) -> None:
    try:
        commands = mml.parse(line)
    except MmlError as error:
        assert str(error).startswith(("column ", "line "))
        assert str(error).isprintable()
        assert 0 <= error.position <= len(line)
    else:
        assert all(each.verb.isupper() for each in commands)


@SEEDED
@given(st.lists(commands_, min_size=1, max_size=3), st.data())
def test_a_line_cut_between_its_pieces_is_whole_or_incomplete(commands: list[Parsed], data: Any) -> None:
    """Never wrong: so a console may always go on asking for the rest."""
    line = formatted(commands)
    ends = [token.end for token in mml.tokens(line)]
    cut = line[: data.draw(st.sampled_from(ends))]
    try:
        mml.parse(cut)
    except MmlError as error:
        assert error.incomplete


@SEEDED
@given(st.text(alphabet="0123456789&-", max_size=12))
def test_groups_against_a_naive_reference(group: str) -> None:
    def naive() -> list[int] | None:
        numbers: list[int] = []
        for element in group.replace("&&", "~").split("&"):
            ends = element.split("~")
            if len(ends) > 2 or not all(re.fullmatch("-?[0-9]+", end) for end in ends):
                return None
            span = range(int(ends[0]), int(ends[-1]) + 1)
            if not span:
                return None
            numbers += itertools.islice(span, 100)
        return numbers

    ranges = mml.parse_group(group)
    found = None if ranges is None else [number for part in ranges for number in itertools.islice(part, 100)]
    assert found == naive()
