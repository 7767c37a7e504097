"""Random lines, and random dialogues: never an exception, and nothing done but what a declared command says."""

import re
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.console import layout
from firmware.console.answer import BEGUN
from firmware.console.declaration import Role
from firmware.console.report import Lines
from tests.firmware.console.example_commands import COMMANDS, Bench, Script

SEEDED = settings(max_examples=1000, deadline=None, derandomize=True)

WHOLE = [
    *(command.example for command in COMMANDS),
    "dsp port:detail=full,page=1",
    "RST PORT:PN=2,FORCE=YES",
    "HELP",
    "DSP PORT:?",
]
MARKS = [
    ":",
    "=",
    ",",
    ";",
    '"',
    "\\",
    "?",
    "/*",
    "*/",
    "//",
    "\n",
    " ",
    "&",
    "&&",
    "0",
    "99",
    "\x00",
    "é",
    "YES",
    "PN",
]

Cut = tuple[int, int, str]


def _damaged(line: str, cuts: list[Cut]) -> str:
    """A line with pieces of it replaced."""
    for at, length, piece in cuts:
        line = line[:at] + piece + line[at + length :]
    return line


pieces = st.sampled_from(MARKS) | st.text(max_size=3)
cuts = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 4), pieces), max_size=2)
lines = st.builds(_damaged, st.lists(st.sampled_from(WHOLE), max_size=3).map(";".join), cuts)
cut_short = st.tuples(lines, st.integers(0, 80)).map(lambda cut: cut[0].encode()[: cut[1]])  # half a character
anything = lines | st.lists(pieces, max_size=12).map("".join) | cut_short | st.binary(max_size=60)


def _try(line: str | bytes, role: Role) -> Bench:
    bench = Bench()
    answers = bench.run(line, role)
    assert [(entry.command, entry.code) for entry in bench.audited if entry.text != BEGUN] == [
        (answer.command, answer.code) for answer in answers
    ]
    assert all(answer.code == 0 for answer in answers[:-1])
    assert all(each.isprintable() for answer in answers for each in layout.lines(answer))
    explained = sum(
        any(isinstance(block, Lines) for block in answer.blocks) for answer in answers if not answer.code
    )
    assert len(bench.box.calls) == sum(not answer.code for answer in answers) - explained
    return bench


def test_any_line() -> None:
    done: Counter[str] = Counter()

    @SEEDED
    @given(anything, st.sampled_from(Role))
    def try_one(line: str | bytes, role: Role) -> None:
        bench = _try(line, role)
        # A naive reading of what was done: the words of a command this role may give stand in the line.
        text = line if isinstance(line, str) else line.decode(errors="replace")
        permitted = {command.name for command in COMMANDS if command.role <= role}
        for name, _ in bench.box.calls:
            done[name] += 1
            assert name in permitted
            assert re.search(r"\b" + name.replace(" ", r"\b.*\b") + r"\b", text.upper(), re.DOTALL)
        done["nothing"] += not bench.box.calls

    try_one()
    assert set(done) == {"nothing", *(command.name for command in COMMANDS)}
    assert min(done.values()) >= 1, done


@SEEDED
@given(st.lists(st.text(max_size=12) | st.sampled_from(["1", "?", "PRBS", "15", "y", "n"]), max_size=8))
def test_any_dialogue(typed: list[str]) -> None:
    bench = Bench()
    bench.box.interrupted = ["a call in progress"]
    script = Script(*typed, *[None] * 8)
    answers = bench.run("RST PORT;STR BERT", dialogue=script)
    assert len(bench.box.calls) == sum(answer.code == 0 for answer in answers)
    assert all(1 <= values["PN"] <= 16 for _, values in bench.box.calls)
