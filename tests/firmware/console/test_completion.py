"""What may stand at any point of a line: completion and ? from one table, walked by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.console import help as help_pages
from firmware.console.arguments import check
from firmware.console.completion import complete
from firmware.console.declaration import Role
from firmware.console.point import NEXT, Place, find
from firmware.console.return_codes import BAD_VALUE
from protocols import mml
from tests.firmware.console.example_commands import COMMANDS

SEEDED = settings(max_examples=500, deadline=None, derandomize=True)

POINTS: list[tuple[str, Place, str, int]] = [
    ("", Place.VERB, "", 0),
    ("  ", Place.VERB, "", 2),
    ("ls", Place.VERB, "ls", 0),
    ("lst ", Place.OBJECT, "", 4),
    ("lst po", Place.OBJECT, "po", 4),
    ("lst port ", Place.COLON, "", 9),
    ("lst port:", Place.NAME, "", 9),
    ("lst port:p", Place.NAME, "p", 9),
    ("lst port:pn ", Place.EQUALS, "", 12),
    ("lst port:pn=", Place.VALUE, "", 12),
    ("lst port:pn=1", Place.VALUE, "1", 12),
    ("lst port:pn=1 ", Place.COMMA, "", 14),
    ('lst port:n="x"', Place.COMMA, "", 14),
    ("lst port:pn=1,", Place.NAME, "", 14),
    ("lst port:pn=1;", Place.VERB, "", 14),
    ("lst port:pn=1; dsp a", Place.OBJECT, "a", 19),
    ("lst port;dsp alm;rst ", Place.OBJECT, "", 21),
    ("lst /* x */ ", Place.OBJECT, "", 12),
    ("help ", Place.HELP_VERB, "", 5),
    ("help", Place.VERB, "help", 0),
    ("help ls", Place.HELP_VERB, "ls", 5),
    ("help lst ", Place.HELP_OBJECT, "", 9),
    ("help lst port ", Place.NOTHING, "", 14),
    ("lst port port ", Place.NOTHING, "", 14),
    ("lst:", Place.NOTHING, "", 4),
    ('lst port:n="x', Place.NOTHING, "", 13),
    ("lst /* ", Place.NOTHING, "", 7),
    ("\x07", Place.NOTHING, "", 1),
]


@pytest.mark.parametrize(("line", "place", "partial", "start"), POINTS)
def test_point(line: str, place: Place, partial: str, start: int) -> None:
    point = find(line)
    assert (point.place, point.partial, point.start) == (place, partial, start)


def test_every_place_is_reached() -> None:
    assert {place for _, place, _, _ in POINTS} == set(Place)
    assert set(NEXT.values()) | {Place.VERB, Place.HELP_VERB} == set(Place)


OFFERED: list[tuple[str, list[str]]] = [
    ("", ["DSP ", "SET ", "STR ", "RST ", "HELP "]),
    ("s", ["SET ", "STR "]),
    ("X", []),
    ("rst ", ["BOX;", "PORT:"]),
    ("RST p", ["PORT:"]),
    ("xyz ", []),
    ("dsp port:", ["PN=", "DETAIL=", "WATCH="]),
    ("dsp port:detail=full,", ["PN=", "PAGE=", "WATCH="]),
    ("dsp port:detail=brief,", ["PN=", "WATCH="]),
    ("dsp port:pn=1,d", ["DETAIL="]),
    ("dsp port:detail=", ["BRIEF", "FULL"]),
    ("dsp port:detail=f", ["FULL"]),
    ("dsp port:pn=", []),
    ("dsp port:nothing=", []),
    ("str bert:", ["PN=", "PATTERN=", "SECONDS=", "NOTE="]),
    ("rst port:pn=1,", ["COLD=", "FORCE="]),
    ("rst port:pn=1,force=", ["NO", "YES"]),
    ("set pwd:new=", []),
    ("help ", ["DSP ", "SET ", "STR ", "RST "]),
    ("help r", ["RST "]),
    ("help rst ", ["BOX;", "PORT;"]),
    ("dsp port;rst b", ["BOX;"]),
    ("dsp port ", []),
    ('dsp port:detail="', []),
]


@pytest.mark.parametrize(("line", "offered"), OFFERED)
def test_offered(line: str, offered: list[str]) -> None:
    assert [candidate.text for candidate in complete(line, COMMANDS).candidates] == offered


def _typed_on(line: str, choice: int) -> str | None:
    """The line with one thing more that completion or the grammar offers; None: there is nothing."""
    point = find(line)
    if point.partial or point.place is Place.COMMA:
        return line + ";,"[choice % 2]
    start, candidates = complete(line, COMMANDS)
    if candidates:
        return line[:start] + candidates[choice % len(candidates)].text
    return {Place.VALUE: line + "1", Place.COLON: line + ";"}.get(point.place)


@SEEDED
@given(st.lists(st.integers(0, 9), min_size=1, max_size=20))
def test_whoever_follows_completion_types_no_wrong_name(choices: list[int]) -> None:
    line: str | None = ""
    for choice in choices:
        line = _typed_on(line or "", choice)
        if line is None:
            return
        for parsed in [] if mml.is_incomplete(line) else mml.parse(line):
            if parsed.verb != mml.HELP:
                command = next(each for each in COMMANDS if each.name == f"{parsed.verb} {parsed.object}")
                assert all(fault.code == BAD_VALUE for fault in check(command, parsed.arguments).faults)


HELPED: list[tuple[str, list[str]]] = [
    ("rst ", ["  BOX   restart the box", "  PORT  restart a port"]),
    ("rst b", ["  BOX  restart the box"]),
    ("rst x", ["nothing"]),
    ("rst box ", [";"]),
    (
        "set pwd ",
        ["; or : and parameters", "  NEW  the new password; a password, at most 16 characters; mandatory"],
    ),
    ("set pwd:", ["  NEW  the new password; a password, at most 16 characters; mandatory"]),
    ("set pwd:new ", ["= and a value"]),
    ("set pwd:new=", ["  NEW  the new password; a password, at most 16 characters; mandatory"]),
    ("set pwd:new=x", ["  NEW  the new password; a password, at most 16 characters; mandatory"]),
    ("set pwd:new=x ", [";"]),
    ("set pwd:new=x,", ["no parameter"]),
    ("dsp port:detail=full,pa", ["  PAGE  page of the details; 1 to 9; only with DETAIL=FULL"]),
    (
        "rst port:pn=1 ",
        [
            "; or , and more parameters",
            "  COLD   forget what was learnt of the line; NO or YES; default NO",
            "  FORCE  YES: do not ask before service is interrupted; NO or YES; default NO",
        ],
    ),
    ('set "', ["nothing"]),
]


@pytest.mark.parametrize(("line", "lines"), HELPED)
def test_help_at(line: str, lines: list[str]) -> None:
    assert help_pages.at(line, COMMANDS) == lines


def test_the_page_of_a_command() -> None:
    assert help_pages.page(("RST", "PORT"), COMMANDS) == [
        "RST PORT: restart a port",
        "",
        "  May be given by  operator, administrator",
        "  Effect           at once; calls on the port are lost",
        "  Danger           may interrupt service; asks before it does",
        "  Example          RST PORT:PN=1;",
        "  Refused          RST PORT:PN=1,COLD=PERHAPS;  (RETCODE 1005)",
        "",
        "Parameters",
        "  PN     number of the port; 1 to 16; mandatory",
        "  COLD   forget what was learnt of the line; NO or YES; default NO",
        "  FORCE  YES: do not ask before service is interrupted; NO or YES; default NO",
    ]
    assert help_pages.page(("RST",), COMMANDS) == ["  RST BOX   restart the box", "  RST PORT  restart a port"]
    assert help_pages.page(("LST",), COMMANDS) is None
    assert help_pages.page(("RST", "X"), COMMANDS) is None


@SEEDED
@given(st.text(max_size=30), st.sampled_from(Role))
def test_any_line_has_help_and_completion(line: str, role: Role) -> None:
    commands = [command for command in COMMANDS if command.role <= role]
    assert all(len(each) < 80 for each in help_pages.at(line, commands))
    assert 0 <= complete(line, commands).start <= len(line)
