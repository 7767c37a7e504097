"""Every command that any box declares, looked at; and that the looking finds what is wrong."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from firmware.all_commands import by_box_kind
from firmware.console import return_codes as codes
from firmware.console.declaration import Choice, Command, Integer, Parameter, Verb
from tests.firmware.console.declared import wrong_with
from tests.firmware.console.example_commands import COMMANDS

# Each once: many are of all kinds of box.
DECLARED = {
    id(command): pytest.param(command, id=f"{kind} {command.name}")
    for kind, commands in {**by_box_kind(), "example": COMMANDS}.items()
    for command in commands
}


@pytest.mark.parametrize("command", DECLARED.values())
def test_declared(command: Command[Any]) -> None:
    assert wrong_with(command) == []


@pytest.mark.parametrize("kind", by_box_kind())
def test_each_name_is_declared_once(kind: str) -> None:
    names = Counter(command.name for command in by_box_kind()[kind])
    assert [name for name, times in names.items() if times > 1] == []


DISPLAY, RESTART = COMMANDS[0], COMMANDS[1]
ONE = Parameter("ONE", Integer(1, 2), "one")


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        (replace(DISPLAY, object="port"), "object port is no name in capitals"),
        (replace(DISPLAY, text=" "), "no text"),
        (replace(RESTART, effect=""), "RST changes something: no effect is told"),
        (replace(DISPLAY, interrupts=RESTART.interrupts), "DSP only looks, and interrupts service"),
        (replace(RESTART, watch=True), "RST cannot be watched"),
        (replace(DISPLAY, text="\x07"), "help does not fit"),
        (replace(DISPLAY, parameters=(ONE, ONE)), "two parameters of one name"),
        (replace(DISPLAY, parameters=(replace(ONE, name="one"),)), "parameter one: no name in capitals"),
        (replace(DISPLAY, parameters=(replace(ONE, name="WATCH"),)), "parameter WATCH: no name in capitals"),
        (replace(DISPLAY, parameters=(replace(ONE, text=""),)), "parameter ONE: no text"),
        (replace(DISPLAY, parameters=(replace(ONE, mandatory=True, default="1"),)), "mandatory with a default"),
        (replace(DISPLAY, parameters=(replace(ONE, kind=Integer(2, 1)),)), "parameter ONE: an empty range"),
        (replace(DISPLAY, parameters=(replace(ONE, kind=Choice(("A", "a"))),)), "no values, or two alike"),
        (replace(DISPLAY, parameters=(replace(ONE, kind=Choice(("A B",))),)), "cannot be typed without quotes"),
        (replace(DISPLAY, parameters=(replace(ONE, only_with=("X", "1")),)), "only with X, which there is not"),
        (
            replace(DISPLAY, parameters=(ONE, replace(ONE, name="TWO", only_with=("ONE", "3")))),
            "parameter TWO: ONE=3 is out of range",
        ),
        (replace(DISPLAY, example="DSP PORT:"), "example: column 10: the line ends here"),
        (replace(DISPLAY, example="DSP PORT;DSP PORT;"), "the example is of another command"),
        (replace(DISPLAY, example="LST PORT;"), "the example is of another command"),
        (replace(DISPLAY, example="DSP PORT:X=1;"), "example: X is unknown"),
        (replace(RESTART, example="RST PORT;"), "example: PN is missing"),
        (replace(DISPLAY, refused_code=1), "refused with 1: no RETCODE"),
        (replace(DISPLAY, refused_code=codes.OK), "refused with 0: no RETCODE"),
        (replace(DISPLAY, refused="DSP PORT:X=1;"), "has RETCODE 1003 without the box, 1005 is declared"),
        (replace(DISPLAY, refused_code=codes.WRONG_STATE), "has RETCODE 1005 without the box, 3002 is declared"),
    ],
)
def test_what_is_wrong_is_found(command: Command[Any], wrong: str) -> None:
    assert any(wrong in found for found in wrong_with(command)), wrong_with(command)


def test_verbs_are_three_letters() -> None:
    assert all(len(verb.name) == 3 for verb in Verb)
