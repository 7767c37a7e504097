"""A change of the queuing machine's configuration: its ports are opened beforehand, taken over or closed again."""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from drivers.engine import Port, PortError
from firmware.configuration.target import PreparationError, Problem
from firmware.qm.configuration import LINE, PortConfiguration, QueuingMachineConfiguration

Ports = Mapping[int, PortConfiguration]


def restarts(old: PortConfiguration | None, new: PortConfiguration) -> bool:
    """Whether the port begins anew; a name is only a name."""
    return old is None or msgspec.structs.replace(old, name=new.name) != new


def changed_ports(old: Ports, new: Ports) -> list[int]:
    """Ports that begin anew, or for the first time."""
    return [number for number, port in new.items() if restarts(old.get(number), port)]


def removed_ports(old: Ports, new: Ports) -> list[int]:
    """Ports that are no more."""
    return [number for number in old if number not in new]


def ports_to_open(old: Ports, new: Ports) -> list[int]:
    """Those of the changed whose line is another one, and of the outside world."""
    return [
        number
        for number in changed_ports(old, new)
        if new[number].url != LINE and (number not in old or old[number].url != new[number].url)
    ]


def opening_problem(number: int, new: Ports, old: Ports, error: PortError) -> Problem:
    """Why a port did not open; what holds it may be a port of ours that this very change takes away."""
    hint = ""
    if any(other != number and port.url == new[number].url for other, port in old.items()):
        hint = "; another port has it until now: take it away there first, and commit that"
    elif number in old and old[number].url != LINE:
        hint = f"; if {old[number].url}, still open, is in its way: remove the port first, and commit that"
    return Problem(f"ports.{number}.url", f"{error}{hint}")


def close_all(ports: Iterable[Port]) -> None:
    """Gives back what was opened."""
    for port in ports:
        port.close()


class PreparedChange:
    """Ports that have been opened for a change, and what carries it out."""

    def __init__(self, opened: dict[int, Port], carry_out: Callable[[dict[int, Port]], None]) -> None:
        self._opened = opened
        self._carry_out = carry_out

    def apply(self) -> None:
        """Puts the change in force."""
        self._carry_out(self._opened)

    def abort(self) -> None:
        """Closes what was opened."""
        close_all(self._opened.values())


def refuse(problems: list[Problem], opened: Iterable[Port]) -> None:
    """Raises PreparationError, with everything closed, where there are problems."""
    if problems:
        close_all(opened)
        raise PreparationError(problems)


def interrupted_ports(old: QueuingMachineConfiguration, new: QueuingMachineConfiguration) -> list[tuple[int, str]]:
    """Ports of today that the change interrupts, and how."""
    found = [(number, "is removed") for number in removed_ports(old.ports, new.ports)]
    found += [(number, "restarts") for number in changed_ports(old.ports, new.ports) if number in old.ports]
    return sorted(found)
