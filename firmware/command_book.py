"""The command book, made from the declarations: python -m firmware.command_book > docs/COMMANDS.md"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from firmware.alarms.catalogue import CATALOGUE
from firmware.alarms.kind import AlarmKind
from firmware.all_commands import by_box_kind
from firmware.console import return_codes
from firmware.console.declaration import Command, Parameter, Verb
from firmware.console.help import who
from firmware.console.kinds import permitted

INTRODUCTION = """\
# Command book

<!-- Made by `python -m firmware.command_book > docs/COMMANDS.md` from the declarations; do not edit. -->

## How commands look

    VERB OBJECT:NAME=VALUE,NAME=VALUE;

* Verbs, objects and names in capitals or small letters; parameters in any order. Several commands on a line: the
  first that fails stops the rest. The last `;` of a line may be left out.
* Values: `12`, `-3`, `1.5`; `1&&5` (1 to 5); `1&3&7`; `YES`; `"a text with blanks"` with `\\"`, `\\\\`, `\\n`,
  `\\t`, `\\xHH`, `\\uHHHH`, `\\UHHHHHHHH`.
* `/* comment */`, `// comment` to the end of the line. A line that ends in `\\`, or within a command, goes on in
  the next.
* `?` at any point shows what may stand there; `HELP;`, `HELP VERB;`, `HELP VERB OBJECT;`.
* What is mandatory and missing is asked for, one by one; an empty line gives up. A command that would interrupt
  service says what and asks; `FORCE=YES` does it unasked, and machine mode never asks.
* `WATCH=n` repeats a report every n seconds until a key is pressed.
"""

ROLES = """\
A *guest* looks, an *operator* also maintains, an *administrator* may do all; each command names the least of them.
"""


def render(kinds: Mapping[str, Sequence[Command[Any]]]) -> str:
    """The whole book for these kinds of box."""
    return "\n".join(_book(kinds)) + "\n"


def _book(kinds: Mapping[str, Sequence[Command[Any]]]) -> Iterator[str]:
    sections = _sections(kinds)
    yield INTRODUCTION
    yield "## Verbs\n"
    yield from _table(("Verb", "Meaning"), [(f"`{verb.name}`", verb.value) for verb in Verb])
    yield "\n## All commands\n"
    yield ROLES
    rows = [
        (f"`{command.name}`", ", ".join(boxes), command.role.name.lower(), _sentence(command.text))
        for command, boxes in sections
    ]
    yield from _table(("Command", "Boxes", "Role", "What it does"), rows)
    for command, boxes in sections:
        yield ""
        yield f"### {command.name} ({', '.join(boxes)})\n"
        yield from _section(command)
    yield "\n## Alarms\n"
    yield "Severity, name and code; what to look for, in this order; what follows; what to type first.\n"
    for alarm in sorted(CATALOGUE.values(), key=lambda each: each.code):
        yield from _alarm(alarm)
    yield "\n## RETCODEs\n"
    codes = [(str(code), text) for code, text in sorted(return_codes.TEXTS.items())]
    yield from _table(("RETCODE", "Meaning"), codes)


def _sections(kinds: Mapping[str, Sequence[Command[Any]]]) -> list[tuple[Command[Any], list[str]]]:
    """Each command once, with the boxes that have it: those whose sections read the same."""
    found: dict[tuple[str, str], tuple[Command[Any], list[str]]] = {}
    for kind, commands in kinds.items():
        for command in commands:
            key = (command.name, "\n".join(_section(command)))
            found.setdefault(key, (command, []))[1].append(kind)
    return sorted(found.values(), key=lambda each: (each[0].object, list(Verb).index(each[0].verb), each[1]))


def _alarm(kind: AlarmKind) -> Iterator[str]:
    """One kind of alarm, as LST ALMCAT explains it."""
    stands = "" if kind.stands else ", an event"
    yield f"### {kind.name} ({kind.code}, {kind.severity.name.lower()}, {kind.object}{stands})\n"
    yield f"{_sentence(kind.text)}\n"
    yield from (f"{number}. {cause}" for number, cause in enumerate(kind.causes, 1))
    yield ""
    yield f"{kind.consequences} Next: `{kind.next_command.format(key='n')}`"
    if kind.hidden_by:
        yield f"\nNot told while there is {' or '.join(kind.hidden_by)}."
    yield ""


def _section(command: Command[Any]) -> Iterator[str]:
    yield f"{_sentence(command.text)} From role *{command.role.name.lower()}* on ({who(command.role)})."
    if command.effect:
        yield f"\nEffect: {command.effect}"
    if command.interrupts:
        yield "\n**Danger:** it may interrupt service, and asks before it does."
    if command.all_parameters:
        yield ""
        headings = ("Parameter", "Meaning", "Permitted", "Default")
        yield from _table(headings, [_parameter(each) for each in command.all_parameters])
    yield "\n    " + command.example
    yield f"\nRefused with {command.refused_code} ({return_codes.TEXTS[command.refused_code]}):"
    yield "\n    " + command.refused


def _parameter(parameter: Parameter) -> tuple[str, str, str, str]:
    meaning = parameter.text
    if parameter.only_with:
        meaning += f"; only with `{'='.join(parameter.only_with)}`"
    default = "*mandatory*" if parameter.mandatory else parameter.default
    return f"`{parameter.name}`", meaning, permitted(parameter.kind), default


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].removesuffix(".") + "."


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield "|" + "---|" * len(headings)
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


if __name__ == "__main__":
    sys.stdout.write(render(by_box_kind()))
