"""Random lines, and random dialogues: never an exception, and nothing done but what a declared command says."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.console import layout
from firmware.console.declaration import Role
from protocols import mml
from tests.firmware.console.example_commands import COMMANDS, Bench, Script

SEEDED = settings(max_examples=1000, deadline=None, derandomize=True)

PIECES = [
    *("DSP", "rst", "STR", "SET", "HELP", "PORT", "BERT", "PWD", "BOX", "PN", "DETAIL", "PATTERN", "ORDER", "NEW"),
    *("WATCH", "FORCE", ":", ":", "=", "=", "=", ",", ",", ";", "1", "1&&5", "16", "99", "FULL", "PRBS", "YES"),
    *(
        '"a b"',
        '"',
        "\\",
        "?",
        "/*",
        "*/",
        "//",
        "\n",
        "\x00",
        "é",
        "DSP PORT:PN=",
        "RST PORT:PN=1",
        "STR BERT:PN=1,",
    ),
]
lines = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map(" ".join)
cut_short = st.tuples(lines, st.integers(0, 80)).map(lambda cut: cut[0].encode()[: cut[1]])  # half a character


@SEEDED
@given(lines | st.text(max_size=60) | cut_short | st.binary(max_size=60), st.sampled_from(Role))
def test_any_line(line: str | bytes, role: Role) -> None:
    bench = Bench()
    answers = bench.run(line, role)
    assert [(entry.command, entry.code) for entry in bench.audited] == [
        (answer.command, answer.code) for answer in answers
    ]
    assert all(answer.code == 0 for answer in answers[:-1])
    assert all(each.isprintable() for answer in answers for each in layout.lines(answer))
    # A naive reading of what was done: the words of a declared command this role may give stand in the line.
    text = line if isinstance(line, str) else line.decode(errors="replace")
    permitted = {command.name for command in COMMANDS if command.role <= role}
    for name, _ in bench.box.calls:
        assert name in permitted
        assert re.search(r"\b" + name.replace(" ", r"\b.*\b") + r"\b", text.upper(), re.DOTALL)
    succeeded = [answer for answer in answers if answer.code == 0 and not answer.command.startswith(mml.HELP)]
    assert len(bench.box.calls) == sum(not answer.command.endswith("?") for answer in succeeded)


@SEEDED
@given(st.lists(st.text(max_size=12) | st.sampled_from(["1", "?", "PRBS", "15", "y", "n"]), max_size=8))
def test_any_dialogue(typed: list[str]) -> None:
    bench = Bench()
    bench.box.interrupted = ["a call in progress"]
    script = Script(*typed, *[None] * 8)
    answers = bench.run("RST PORT;STR BERT", dialogue=script)
    assert len(bench.box.calls) == sum(answer.code == 0 for answer in answers)
    assert all(1 <= values["PN"] <= 16 for _, values in bench.box.calls)
