"""From a line to its answers: checks, questions, roles, secrets, failures, the audit log."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from drivers.bus import BusError
from drivers.engine import PortError
from drivers.errors import UserError
from drivers.stores.storage import Reason, StorageError, StoreError
from firmware.console import layout
from firmware.console import return_codes as codes
from firmware.console.answer import BEGUN, Answer
from firmware.console.declaration import CommandError, Role, Session
from firmware.console.report import Lines, Table
from tests.firmware.console.example_commands import COMMANDS, Bench


def shown(answer: Answer) -> str:
    return "\n".join(layout.lines(answer))


def faults(answer: Answer) -> list[tuple[Any, ...]]:
    (table,) = answer.blocks
    assert isinstance(table, Table)
    return [tuple(row) for row in table.rows]


def test_a_command_is_carried_out_with_values_of_their_types() -> None:
    bench = Bench()
    (answer,) = bench.run('str bert:seconds=1.5,pn=1,pattern=prbs,order=15,note="a b"')
    assert bench.box.calls == [
        ("STR BERT", {"PN": 1, "PATTERN": "PRBS", "ORDER": 15, "SECONDS": 1.5, "NOTE": "a b"})
    ]
    assert (answer.serial, answer.box, answer.time) == (1, "qm1/Bern", "2026-11-25 01:02:03")
    assert (answer.code, answer.text) == (0, "Operation succeeded")
    assert answer.command == 'STR BERT:SECONDS=1.5,PN=1,PATTERN=prbs,ORDER=15,NOTE="a b";'


def test_a_blank_line_has_no_answer_and_no_audit() -> None:
    bench = Bench()
    assert bench.run(" ; // nothing") == []
    assert bench.audited == []


REFUSED: list[tuple[str | bytes, int, str]] = [
    ("DSP", codes.SYNTAX, "column 4: the line ends here, expected an object after DSP (HELP DSP lists them)"),
    (b"DSP PORT:\x00", codes.SYNTAX, "column 10: control character NUL"),
    (b"DSP \xc3", codes.SYNTAX, "column 5: octet C3 (hex) is no UTF-8"),
    ("x" * 1_000_000, codes.LINE_TOO_LONG, "at most 4096"),
    (b"\xff" * 1_000_000, codes.LINE_TOO_LONG, "at most 4096"),
    ("DSP PROT", codes.UNKNOWN_COMMAND, "There is no command DSP PROT; near it: DSP PORT"),
    ("DSP SOMETHING", codes.UNKNOWN_COMMAND, "HELP DSP; lists what there is"),
    ("SHOW X", codes.UNKNOWN_COMMAND, "HELP; lists the verbs"),
    ("HELP DSP NOTHING", codes.UNKNOWN_COMMAND, "There is no command DSP NOTHING; near it: DSP PORT"),
    ("HELP SHOW", codes.UNKNOWN_COMMAND, "HELP; lists the verbs"),
    ("DSP PORT:X=1", codes.UNKNOWN_PARAMETER, "X is unknown; permitted: PN, DETAIL, PAGE, WATCH"),
    ("DSP PORT:PN=1,PN=1", codes.UNKNOWN_PARAMETER, "PN was given twice; permitted: once"),
    ("DSP PORT:PN=0", codes.BAD_VALUE, "PN = 0 goes out of range; permitted: numbers from 1 to 16"),
    ("DSP PORT:PAGE=1", codes.UNKNOWN_PARAMETER, "PAGE has no place without DETAIL=FULL"),
    ("DSP PORT:PAGE=1,DETAIL=BRIEF", codes.UNKNOWN_PARAMETER, "PAGE has no place without DETAIL=FULL"),
    ("DSP PORT:PAGE=1,DETAIL=X", codes.BAD_VALUE, "DETAIL = X is none of them; permitted: BRIEF or FULL"),
    ("DSP PORT:WATCH=61", codes.BAD_VALUE, "WATCH = 61 is out of range; permitted: 1 to 60 s"),
    ("DSP PORT:FORCE=YES", codes.UNKNOWN_PARAMETER, "FORCE is unknown"),
    ("RST PORT", codes.MISSING_PARAMETER, "PN is missing; permitted: 1 to 16"),
    ("STR BERT:PN=1,PATTERN=PRBS", codes.MISSING_PARAMETER, "ORDER is missing; permitted: 5 to 31"),
    ("STR BERT:PN=1,PATTERN=ZEROS,ORDER=9", codes.UNKNOWN_PARAMETER, "ORDER has no place without PATTERN=PRBS"),
    ("RST PORT:PN=16", codes.NO_SUCH_OBJECT, "There is no port 16"),
]


@pytest.mark.parametrize(("line", "code", "reason"), REFUSED)
def test_refused_and_nothing_done(line: str | bytes, code: int, reason: str) -> None:
    bench = Bench()
    (answer,) = bench.run(line)
    assert answer.code == code
    assert reason in answer.text
    assert bench.box.calls == []
    assert [entry.code for entry in bench.audited] == [code]
    assert len(bench.audited[0].command) < 300


def test_only_with_is_given_by_a_default_or_a_value() -> None:
    bench = Bench()
    assert bench.run("DSP PORT:PAGE=2,DETAIL=FULL")[0].code == 0
    assert bench.run("STR BERT:PN=1,PATTERN=ZEROS")[0].code == 0
    display = replace(
        COMMANDS[0], parameters=(replace(COMMANDS[0].parameters[1], default="FULL"), COMMANDS[0].parameters[2])
    )
    assert Bench([display]).run("DSP PORT:PAGE=2")[0].code == 0


def test_all_faults_at_once() -> None:
    (answer,) = Bench().run("STR BERT:PN=99,X=1,SECONDS=x,PATTERN=PRBS")
    assert answer.code == codes.UNKNOWN_PARAMETER
    assert answer.text == "4 faults"
    assert faults(answer) == [
        ("X", "is unknown", "PN, PATTERN, ORDER, SECONDS, NOTE"),
        ("PN", "= 99 is out of range", "1 to 16"),
        ("SECONDS", "= x is no decimal number", "0.5 to 3600 s"),
        ("ORDER", "is missing", "5 to 31"),
    ]


def test_a_failing_command_stops_the_rest_of_the_line() -> None:
    bench = Bench()
    answers = bench.run("DSP PORT:PN=1;DSP PORT:PN=0;DSP PORT;DSP PORT")
    assert [answer.code for answer in answers] == [0, codes.BAD_VALUE]
    assert [answer.left_out for answer in answers] == [0, 2]
    assert "(Commands of the line not carried out = 2)" in shown(answers[1])
    assert len(bench.box.calls) == 1


def test_a_line_with_a_wrong_command_at_its_end_does_nothing() -> None:
    bench = Bench()
    (answer,) = bench.run("DSP PORT;DSP PORT:PN=1 2")
    assert answer.code == codes.SYNTAX
    assert bench.box.calls == []
    assert shown(answer).splitlines()[-4:] == [
        "DSP PORT;DSP PORT:PN=1 2",
        "                       ^",
        "",
        "---    END",
    ]


def test_the_caret_of_a_long_line_and_of_one_with_lines() -> None:
    (answer,) = Bench().run(f"DSP PORT:PN={'1&' * 400}1 ^")
    (block,) = answer.blocks
    assert isinstance(block, Lines)
    excerpt, caret = block.lines
    assert len(excerpt) < 80
    assert excerpt[len(caret) - 1] == "^"
    (answer,) = Bench().run("DSP PORT:\nPN=漢 ,\nDETAIL=FULL")
    (block,) = answer.blocks
    assert isinstance(block, Lines)
    assert list(block.lines) == ["PN=漢 ,", "   ^"]
    (answer,) = Bench().run('DSP PORT:NAME="漢字" x')
    (block,) = answer.blocks
    assert isinstance(block, Lines)
    assert list(block.lines)[1] == " " * 21 + "^"  # two characters of two columns before it


def test_roles() -> None:
    bench = Bench()
    (answer,) = bench.run("RST BOX", Role.OPERATOR)
    assert (answer.code, answer.text) == (
        codes.NOT_PERMITTED,
        "RST BOX needs the role administrator; bob is operator",
    )
    assert bench.box.calls == []
    assert bench.run("RST BOX", Role.ADMINISTRATOR)[0].code == 0
    assert [each.name for each in bench.interpreter.commands(Role.GUEST)] == ["DSP PORT", "SET PWD"]
    assert "RST" not in shown(bench.run("HELP", Role.GUEST)[0]).split()
    assert bench.run("HELP RST BOX", Role.OPERATOR)[0].code == codes.UNKNOWN_COMMAND


# Failures.


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CommandError(codes.WRONG_STATE, "Port 1 is blocked"), codes.WRONG_STATE),
        (UserError("Port 1 is blocked"), codes.ENGINE_REFUSED),
        (PortError("Port 1 is blocked"), codes.ENGINE_REFUSED),
        (BusError("Port 1 is blocked"), codes.ENGINE_REFUSED),
        (StoreError("Port 1 is blocked"), codes.STORE_FAILED),
        (StorageError("Port 1 is blocked", Reason.FULL), codes.STORE_FAILED),
    ],
)
def test_refusals_of_handlers(error: Exception, code: int) -> None:
    bench = Bench()
    bench.box.error = error
    (answer,) = bench.run("DSP PORT")
    assert (answer.code, answer.text) == (code, "Port 1 is blocked")


def test_a_refusal_brings_its_blocks() -> None:
    bench = Bench()
    block = Lines("Faults", ["ports.1: no"])
    bench.box.error = CommandError(codes.CONFIGURATION_REFUSED, "1 fault", (block,))
    (answer,) = bench.run("DSP PORT")
    assert list(answer.blocks) == [block]


@pytest.mark.parametrize("error", [ZeroDivisionError("bug"), OSError("bug"), asyncio.CancelledError()])
def test_a_bug_is_audited_and_passes(error: BaseException) -> None:
    bench = Bench()
    bench.box.error = error
    with pytest.raises(type(error)):
        bench.run("DSP PORT:PN=1")
    (entry,) = bench.audited
    assert (entry.command, entry.code) == ("DSP PORT:PN=1;", None)
    assert entry.text == f"broken off: {type(error).__name__}"


def test_audit_comes_before_the_answer() -> None:
    bench = Bench()

    async def first() -> None:
        session = Session(7, "bob", Role.OPERATOR, "unix")
        answers = bench.interpreter.execute("DSP PORT;DSP PORT", session)
        async for answer in answers:
            assert [entry.code for entry in bench.audited] == [0] * answer.serial
            assert bench.audited[-1].session is session

    asyncio.run(first())


def test_what_changes_something_is_audited_before_it_is_carried_out() -> None:
    bench = Bench()
    bench.run("RST PORT:PN=1;DSP PORT;SET PWD:NEW=x")
    assert [(entry.command, entry.code, entry.text) for entry in bench.audited] == [
        ("RST PORT:PN=1;", None, BEGUN),
        ("RST PORT:PN=1;", 0, "Restarted"),
        ("DSP PORT;", 0, "Operation succeeded"),
        ("SET PWD:NEW=****;", None, BEGUN),
        ("SET PWD:NEW=****;", 0, "Operation succeeded"),
    ]


def test_nothing_is_changed_that_the_audit_log_does_not_take() -> None:
    bench = Bench(full=True)
    answers = bench.run("DSP PORT;RST PORT:PN=1;DSP PORT")
    assert [answer.code for answer in answers] == [0, codes.STORE_FAILED]
    assert [name for name, _ in bench.box.calls] == ["DSP PORT"]


def test_two_commands_of_one_name_are_a_bug() -> None:
    with pytest.raises(ValueError, match="DSP PORT is declared twice"):
        Bench((*COMMANDS, COMMANDS[0]))


# Watching.


def test_a_watched_report_is_made_again_and_again() -> None:
    bench = Bench()

    async def watch() -> list[Answer]:
        session = Session(7, "bob", Role.GUEST, "unix")
        (answer,) = [each async for each in bench.interpreter.execute("DSP PORT:PN=3,WATCH=5", session)]
        assert answer.again is not None
        second = await answer.again()
        assert second.again is not None
        bench.box.error = CommandError(codes.NO_SUCH_OBJECT, "gone")
        return [answer, second, await second.again()]

    first, second, third = asyncio.run(watch())
    assert [each.serial for each in (first, second, third)] == [1, 2, 3]
    assert [each.every_s for each in (first, second, third)] == [5, 5, 0]
    assert (third.code, third.again) == (codes.NO_SUCH_OBJECT, None)
    assert bench.box.calls == [("DSP PORT", {"PN": (3,)})] * 3
    assert len(bench.audited) == 1


def test_without_watch_a_report_is_made_once() -> None:
    (answer,) = Bench().run("DSP PORT")
    assert (answer.every_s, answer.again) == (0, None)


def test_help_goes_the_same_way() -> None:
    bench = Bench()
    answers = bench.run("HELP;HELP RST;HELP RST PORT")
    assert [answer.code for answer in answers] == [0, 0, 0]
    assert [entry.command for entry in bench.audited] == ["HELP;", "HELP RST;", "HELP RST PORT;"]
    (answer,) = bench.run("RST PORT:COLD=?")
    assert answer.command == "RST PORT:COLD=?"
    assert "NO or YES" in shown(answer)
    assert bench.box.calls == []
