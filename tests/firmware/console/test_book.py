"""The command book: what it says of a command, and that the one in docs/ is up to date."""

from dataclasses import replace
from pathlib import Path

from firmware.all_commands import by_box_kind
from firmware.command_book import render
from firmware.console import return_codes
from firmware.console.declaration import Verb
from tests.firmware.console.example_commands import COMMANDS

BOOK = Path(__file__).resolve().parents[3] / "docs" / "COMMANDS.md"


def test_the_book_is_up_to_date() -> None:
    made = render(by_box_kind())
    assert BOOK.read_text(encoding="utf-8") == made, "python -m firmware.command_book > docs/COMMANDS.md"


def test_a_command_in_the_book() -> None:
    book = render({"QM": COMMANDS})
    section = book[book.index("### RST PORT (QM)") :].split("\n##", 1)[0]
    assert section.splitlines() == [
        "### RST PORT (QM)",
        "",
        "Restart a port. From role *operator* on (operator, administrator).",
        "",
        "Effect: at once; calls on the port are lost",
        "",
        "**Danger:** it may interrupt service, and asks before it does.",
        "",
        "| Parameter | Meaning | Permitted | Default |",
        "|---|---|---|---|",
        "| `PN` | number of the port | 1 to 16 | *mandatory* |",
        "| `COLD` | forget what was learnt of the line | NO or YES | NO |",
        "| `FORCE` | YES: do not ask before service is interrupted | NO or YES | NO |",
        "",
        "    RST PORT:PN=1;",
        "",
        "Refused with 1005 (A value is not of its kind, or out of its range):",
        "",
        "    RST PORT:PN=1,COLD=PERHAPS;",
    ]


def test_a_command_of_several_boxes_stands_once_unless_it_differs() -> None:
    other = replace(COMMANDS[0], text="display other ports")
    book = render({"QM": COMMANDS, "HW": COMMANDS[1:], "VP": (other,)})
    headings = [line for line in book.partition("## Alarms")[0].splitlines() if line.startswith("### ")]
    assert headings == [
        "### STR BERT (QM, HW)",
        "### RST BOX (QM, HW)",
        "### DSP PORT (QM)",
        "### DSP PORT (VP)",
        "### RST PORT (QM, HW)",
        "### SET PWD (QM, HW)",
    ]
    assert "| `STR BERT` | QM, HW | operator | Start a bit-error test. |" in book


def test_the_book_names_every_verb_and_retcode() -> None:
    book = render({})
    assert all(f"| `{verb.name}` | {verb.value} |" in book for verb in Verb)
    assert all(f"| {code} | {text} |" in book for code, text in return_codes.TEXTS.items())
    numbers = {value for name, value in vars(return_codes).items() if name.isupper() and isinstance(value, int)}
    assert numbers == set(return_codes.TEXTS)
