"""What a half-typed line may go on with: verbs, objects, parameter names, values."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from firmware.console.arguments import applies
from firmware.console.declaration import Command, Parameter, Verb
from firmware.console.kinds import candidates, permitted
from firmware.console.point import Place, Point, find
from protocols.mml import HELP


class Candidate(NamedTuple):
    """`text` takes the place of what is typed of the word; it brings the mark that follows with it."""

    text: str
    meaning: str


class Completion(NamedTuple):
    """Candidates for the word that begins at `start`."""

    start: int
    candidates: tuple[Candidate, ...]


def complete(line: str, commands: Sequence[Command[Any]]) -> Completion:
    """What may stand at the end of the line (up to the cursor), of these commands."""
    point = find(line)
    offered = offers(point, commands)
    typed = point.partial.upper()
    return Completion(point.start, tuple(each for each in offered if each.text.upper().startswith(typed)))


def offers(point: Point, commands: Sequence[Command[Any]]) -> list[Candidate]:
    """All that may stand at a point, whatever is typed of it already."""
    offer = _OFFERS.get(point.place)
    return offer(point, commands) if offer else []


def of_verb(verb: str, commands: Iterable[Command[Any]]) -> list[Command[Any]]:
    """The commands with this verb, by object."""
    return sorted((each for each in commands if each.verb.name == verb), key=lambda each: each.object)


def command_at(point: Point, commands: Iterable[Command[Any]]) -> Command[Any] | None:
    """The command that is being typed there."""
    name = " ".join(point.words)
    return next((command for command in commands if command.name == name), None)


def open_parameters(point: Point, commands: Iterable[Command[Any]]) -> list[Parameter]:
    """The parameters that may still be given there, mandatory ones first."""
    command = command_at(point, commands)
    if command is None:
        return []
    given = dict(point.given)
    left = [each for each in command.all_parameters if each.name not in given and applies(command, each, given)]
    return sorted(left, key=lambda each: not each.mandatory)


def parameter_at(point: Point, commands: Iterable[Command[Any]]) -> Parameter | None:
    """The parameter whose value is being typed there."""
    command = command_at(point, commands)
    parameters = command.all_parameters if command else ()
    return next((parameter for parameter in parameters if parameter.name == point.name), None)


def _verbs_to_explain(_point: Point, commands: Sequence[Command[Any]]) -> list[Candidate]:
    used = {command.verb for command in commands}
    return [Candidate(f"{verb.name} ", verb.value) for verb in Verb if verb in used]


def _verbs(point: Point, commands: Sequence[Command[Any]]) -> list[Candidate]:
    return [*_verbs_to_explain(point, commands), Candidate(f"{HELP} ", "explain commands")]


def _objects_to_explain(point: Point, commands: Sequence[Command[Any]]) -> list[Candidate]:
    return [Candidate(f"{command.object};", command.text) for command in of_verb(point.words[0], commands)]


def _objects(point: Point, commands: Sequence[Command[Any]]) -> list[Candidate]:
    return [
        Candidate(command.object + (":" if command.all_parameters else ";"), command.text)
        for command in of_verb(point.words[0], commands)
    ]


def _names(point: Point, commands: Sequence[Command[Any]]) -> list[Candidate]:
    return [Candidate(f"{parameter.name}=", parameter.text) for parameter in open_parameters(point, commands)]


def _values(point: Point, commands: Sequence[Command[Any]]) -> list[Candidate]:
    parameter = parameter_at(point, commands)
    if parameter is None:
        return []
    return [Candidate(value, permitted(parameter.kind)) for value in candidates(parameter.kind)]


_OFFERS = {
    Place.VERB: _verbs,
    Place.OBJECT: _objects,
    Place.NAME: _names,
    Place.VALUE: _values,
    Place.HELP_VERB: _verbs_to_explain,
    Place.HELP_OBJECT: _objects_to_explain,
}
