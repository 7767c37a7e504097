"""Help, made from the declarations: what may stand at a point of a line, and a page for each command."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from firmware.console.completion import of_verb, offers, open_parameters, parameter_at
from firmware.console.declaration import Command, Parameter, Role, Verb
from firmware.console.kinds import permitted
from firmware.console.point import Place, find
from protocols.mml import HELP

COLUMNS = 79
INDENT = "  "


def at(line: str, commands: Sequence[Command[Any]]) -> list[str]:
    """What may stand at the end of a line: the answer to a ? there."""
    point = find(line)
    match point.place:
        case Place.VALUE if parameter := parameter_at(point, commands):
            return parameter_lines(parameter)
        case Place.COLON:
            left = open_parameters(point, commands)
            return ["; or : and parameters", *_all_parameters(left)] if left else [";"]
        case Place.NAME:
            typed = point.partial.upper()
            left = [each for each in open_parameters(point, commands) if each.name.startswith(typed)]
            return list(_all_parameters(left)) or ["no parameter"]
        case Place.COMMA:
            left = open_parameters(point, commands)
            return ["; or , and more parameters", *_all_parameters(left)] if left else [";"]
        case Place.EQUALS:
            return ["= and a value"]
        case _:
            typed = point.partial.upper()
            shown = [each for each in offers(point, commands) if each.text.upper().startswith(typed)]
            return two_columns((each.text.rstrip(" :;"), each.meaning) for each in shown) or ["nothing"]


def page(topic: Sequence[str], commands: Sequence[Command[Any]]) -> list[str] | None:
    """HELP, HELP VERB, HELP VERB OBJECT; None if there is no such thing."""
    if not topic:
        return overview(commands)
    chosen = of_verb(topic[0], commands)
    if len(topic) == 1:
        return two_columns((command.name, command.text) for command in chosen) or None
    return next((command_page(command) for command in chosen if command.object == topic[1]), None)


def overview(commands: Sequence[Command[Any]]) -> list[str]:
    """How commands look, and the verbs there are."""
    used = {command.verb for command in commands}
    return [
        "VERB OBJECT:NAME=VALUE,NAME=VALUE;   several on a line; small letters will do",
        'values: 12   1&&5 (1 to 5)   1&3&7   YES   "a text with blanks"',
        "? at any point shows what may stand there",
        "",
        *two_columns((verb.name, verb.value) for verb in Verb if verb in used),
        "",
        *two_columns([(f"{HELP} VERB;", "the commands of a verb"), (f"{HELP} VERB OBJECT;", "one command")]),
    ]


def command_page(command: Command[Any]) -> list[str]:
    """Everything about one command."""
    lines = [*_wrapped(f"{command.name}: {command.text}"), ""]
    facts = [("May be given by", who(command.role))]
    if command.effect:
        facts.append(("Effect", command.effect))
    if command.interrupts:
        facts.append(("Danger", "may interrupt service; asks before it does"))
    facts.append(("Example", command.example))
    facts.append(("Refused", f"{command.refused}  (RETCODE {command.refused_code})"))
    lines += two_columns(facts)
    if command.all_parameters:
        lines += ["", "Parameters", *_all_parameters(command.all_parameters)]
    return lines


def parameter_lines(parameter: Parameter) -> list[str]:
    """Everything about one parameter."""
    return two_columns([(parameter.name, "; ".join(parameter_facts(parameter)))])


def parameter_facts(parameter: Parameter) -> list[str]:
    """What a parameter is for, what is permitted, and when it must or may be given."""
    facts = [parameter.text, permitted(parameter.kind)]
    if parameter.mandatory:
        facts.append("mandatory")
    elif parameter.default:
        facts.append(f"default {parameter.default}")
    if parameter.only_with:
        facts.append(f"only with {'='.join(parameter.only_with)}")
    return facts


def who(role: Role) -> str:
    """The roles that may do what this one may."""
    return ", ".join(each.name.lower() for each in Role if each >= role)


def two_columns(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Words and what they mean, the meanings below each other and wrapped."""
    listed = list(pairs)
    width = min(max((len(word) for word, _ in listed), default=0), COLUMNS // 3)
    lines = []
    for word, meaning in listed:
        first = f"{INDENT}{word.ljust(width)}  "
        lines += _wrapped(meaning, first, " " * (len(INDENT) + width + 2))
    return lines


def _all_parameters(parameters: Iterable[Parameter]) -> Iterator[str]:
    yield from two_columns((each.name, "; ".join(parameter_facts(each))) for each in parameters)


def _wrapped(text: str, first: str = "", rest: str = INDENT) -> list[str]:
    return textwrap.wrap(text, COLUMNS, initial_indent=first, subsequent_indent=rest) or [first.rstrip()]
