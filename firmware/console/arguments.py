"""A command's arguments against its declaration: every fault at once, then values of their types."""

from collections.abc import Container, Mapping, Sequence
from typing import Any, NamedTuple

from firmware.console import return_codes
from firmware.console.declaration import Command, CommandError, Parameter, Secret
from firmware.console.kinds import STARS, BadValueError, convert, permitted
from firmware.console.report import Table
from protocols.mml import Argument, format_value


class Fault(NamedTuple):
    """One thing wrong with the arguments."""

    code: int
    parameter: str
    text: str
    permitted: str

    def __str__(self) -> str:
        return f"{self.parameter} {self.text}; permitted: {self.permitted}"


class Checked(NamedTuple):
    """Values of the right type, what is wrong, and the mandatory parameters that were not given."""

    values: dict[str, Any]
    faults: list[Fault]
    missing: list[Parameter]


# Where there are several faults, the report's RETCODE is the first of these.
_PRECEDENCE = (return_codes.UNKNOWN_PARAMETER, return_codes.BAD_VALUE, return_codes.MISSING_PARAMETER)


def check(command: Command[Any], arguments: Sequence[Argument]) -> Checked:
    """Looks at all arguments; nothing is raised."""
    known = {parameter.name: parameter for parameter in command.all_parameters}
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    given: set[str] = set()
    for argument in arguments:
        parameter = known.get(argument.name)
        if parameter is None:
            faults.append(_unknown(command, argument.name))
        elif argument.name in given:
            faults.append(Fault(return_codes.UNKNOWN_PARAMETER, argument.name, "was given twice", "once"))
        else:
            _convert(parameter, argument, values, faults)
        given.add(argument.name)
    for name in sorted(given & known.keys()):
        faults += _condition(command, known[name], given, values)
    faults.sort(key=lambda fault: _PRECEDENCE.index(fault.code))
    return Checked(values, faults, wanted(command, given, values))


def wanted(command: Command[Any], given: Container[str], values: Mapping[str, Any]) -> list[Parameter]:
    """The mandatory parameters that were not given, now that the others have these values."""
    return [
        parameter
        for parameter in command.parameters
        if parameter.mandatory and parameter.name not in given and applies(command, parameter, values)
    ]


def applies(command: Command[Any], parameter: Parameter, values: Mapping[str, Any]) -> bool:
    """Whether the parameter has a place beside these values of the others (or their defaults)."""
    if parameter.only_with is None:
        return True
    other, value = parameter.only_with
    defaults = {each.name: each.default for each in command.all_parameters}
    return str(values.get(other, defaults.get(other, ""))).upper() == value.upper()


def missing_fault(parameter: Parameter) -> Fault:
    """The parameter was not given and should have been."""
    return Fault(return_codes.MISSING_PARAMETER, parameter.name, "is missing", permitted(parameter.kind))


def refusal(faults: Sequence[Fault]) -> CommandError:
    """All faults in one refusal."""
    code = min((fault.code for fault in faults), key=_PRECEDENCE.index)
    if len(faults) == 1:
        return CommandError(code, str(faults[0]))
    rows = [(fault.parameter, fault.text, fault.permitted) for fault in faults]
    table = Table("Faults of the command", ("Parameter", "Fault", "Permitted"), rows)
    return CommandError(code, f"{len(faults)} faults", (table,))


def _convert(parameter: Parameter, argument: Argument, values: dict[str, Any], faults: list[Fault]) -> None:
    try:
        values[parameter.name] = convert(parameter.kind, argument.value)
    except BadValueError as error:
        shown = STARS if isinstance(parameter.kind, Secret) else format_value(argument.value)
        text = f"= {shown} {error}"
        faults.append(Fault(return_codes.BAD_VALUE, parameter.name, text, permitted(parameter.kind)))


def _unknown(command: Command[Any], name: str) -> Fault:
    names = ", ".join(parameter.name for parameter in command.all_parameters) or "none"
    return Fault(return_codes.UNKNOWN_PARAMETER, name, "is unknown", names)


def _condition(
    command: Command[Any], parameter: Parameter, given: Container[str], values: Mapping[str, Any]
) -> list[Fault]:
    if parameter.only_with is None or applies(command, parameter, values):
        return []
    other, value = parameter.only_with
    if other in given and other not in values:
        return []  # the other one's value is a fault of its own
    condition = f"{other}={value}"
    return [Fault(return_codes.UNKNOWN_PARAMETER, parameter.name, f"has no place without {condition}", condition)]
