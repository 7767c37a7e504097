"""What is asked for: missing parameters, secrets, whether service may be interrupted; and that no secret shows."""

from typing import Any

import pytest

from firmware.console import layout
from firmware.console import return_codes as codes
from firmware.console.answer import Answer
from firmware.console.report import Table
from tests.firmware.console.example_commands import Bench, Script


def shown(answer: Answer) -> str:
    return "\n".join(layout.lines(answer))


def faults(answer: Answer) -> list[tuple[Any, ...]]:
    (table,) = answer.blocks
    assert isinstance(table, Table)
    return [tuple(row) for row in table.rows]


def test_missing_parameters_are_asked_for_until_they_are_right() -> None:
    bench, script = Bench(), Script("99", "?", "1", "prbs", "15")
    (answer,) = bench.run("STR BERT", dialogue=script)
    assert bench.box.calls == [("STR BERT", {"PN": 1, "PATTERN": "PRBS", "ORDER": 15})]
    assert script.prompts[0] == ("PN (1 to 16): ", False)
    assert script.shown == [
        "PN = 99 is out of range; permitted: 1 to 16",
        "  PN  number of the port; 1 to 16; mandatory",
    ]
    assert answer.command == "STR BERT:PN=1,PATTERN=prbs,ORDER=15;"


@pytest.mark.parametrize("line", ["", "  ", None])
def test_an_empty_line_or_a_hang_up_gives_up(line: str | None) -> None:
    bench = Bench()
    (answer,) = bench.run("STR BERT", dialogue=Script("1", line))
    assert (answer.code, answer.text) == (codes.MISSING_PARAMETER, "PATTERN is missing; permitted: PRBS or ZEROS")
    assert bench.box.calls == []


def test_nothing_is_asked_where_something_is_wrong() -> None:
    script = Script()
    (answer,) = Bench().run("STR BERT:SECONDS=x", dialogue=script)
    assert [name for name, _, _ in faults(answer)] == ["SECONDS", "PN", "PATTERN"]
    assert script.prompts == []


def test_secrets_are_asked_for_without_echo_and_never_shown() -> None:
    bench = Bench()
    (answer,) = bench.run("SET PWD", dialogue=Script("  two words?  "))
    assert bench.box.calls == [("SET PWD", {"NEW": "  two words?  "})]
    assert answer.command == "SET PWD:NEW=****;"
    script = Script("x" * 17, "?")
    bench.run("SET PWD", dialogue=script)
    assert script.prompts[0] == ("NEW (a password, at most 16 characters): ", True)
    assert (
        "NEW = **** is too long, it has 17 characters; permitted: a password, at most 16 characters"
        in script.shown
    )
    assert bench.box.calls[1] == ("SET PWD", {"NEW": "?"})


@pytest.mark.parametrize(
    "line",
    [
        "SET PWD:NEW=hunter2",
        "SET PWD:NEW=hunter2hunter2hunter2",
        'SET PWD:NEW="hunter2',
        "set pwd : new = hun hunter2",
        "SET PWD:NWE=hunter2",
        "SET PDW:NEW=hunter2",
        "STE PWD:NEW=hunter2",
        "SET PWD:NEW=hunter2,NEW=hunter2",
        "SET PWD:NEW=a;SET PWD:NEW=hunter2 x",
        r'SET PWD:NEW="\q hunter2"',
        "SET PWD:NEW=hunter2?",
        "SET PWD:NEW=\x07hunter2",
        "DSP PORT;SET PWD:X=hunter2",
        "SET PWD:NEW=" + "hunter2" * 1000,
    ],
)
def test_no_secret_is_shown_or_kept(line: str) -> None:
    bench = Bench()
    answers = bench.run(line)
    told = [shown(answer) for answer in answers]
    kept = [f"{entry.command} {entry.text}" for entry in bench.audited]
    for text in (*told, *kept, bench.interpreter.starred(line)):
        assert "hunter2" not in text


def test_a_line_without_secrets_is_kept_as_it_was_typed() -> None:
    starred = Bench().interpreter.starred
    assert starred("dsp  port:pn=1 // x") == "dsp  port:pn=1 // x"
    assert starred("dsp port; set pwd:new=x") == "DSP PORT; SET PWD:NEW=****;"
    assert starred("LST PROT:PN=1") == "LST PROT:PN=****;"  # no LST command is known: it might be anything
    assert starred("dsp prot:pn=1") == "dsp prot:pn=1"


# Danger.


def test_danger_is_confirmed() -> None:
    bench = Bench()
    bench.box.interrupted = ["3 calls in progress on port 1", "a bit-error test"]
    script = Script("what?", "y")
    (answer,) = bench.run("RST PORT:PN=1", dialogue=script)
    assert (answer.code, answer.text) == (0, "Restarted")
    question = "This interrupts 3 calls in progress on port 1; a bit-error test. Continue? (Y/N) "
    assert script.prompts == [(question, False)] * 2
    assert bench.box.calls == [("RST PORT", {"PN": 1})]


@pytest.mark.parametrize("reply", ["N", "no", "", None])
def test_danger_is_not_confirmed(reply: str | None) -> None:
    bench = Bench()
    bench.box.interrupted = ["3 calls in progress"]
    (answer,) = bench.run("RST PORT:PN=1", dialogue=Script(reply))
    assert answer.code == codes.NOT_CONFIRMED
    assert "3 calls in progress" in shown(answer)
    assert bench.box.calls == []


def test_danger_without_anybody_to_ask() -> None:
    bench = Bench()
    bench.box.interrupted = ["3 calls in progress"]
    for line in ("RST PORT:PN=1", "RST PORT:PN=1,FORCE=NO"):
        (answer,) = bench.run(line)
        assert answer.code == codes.NOT_CONFIRMED
        assert "FORCE=YES" in answer.text
    assert bench.box.calls == []
    assert bench.run("RST PORT:PN=1,FORCE=YES")[0].code == 0
    assert bench.box.calls == [("RST PORT", {"PN": 1})]


def test_no_danger_no_question() -> None:
    script = Script()
    assert Bench().run("RST PORT:PN=1", dialogue=script)[0].code == 0
    assert script.prompts == []
