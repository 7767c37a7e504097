"""The configuration of a plant: all box kinds of one shelf, as a `--config` file has them."""

from pathlib import Path
from typing import Any

import msgspec

from firmware.configuration.check import InvalidConfigurationError
from firmware.configuration.file import ConfigurationFileError, read_values, tree_of
from firmware.configuration.kind import BoxKind
from firmware.configuration.target import Problem
from firmware.hw.configuration import HighwayBoxConfiguration
from firmware.hw.kind import HIGHWAY_BOX
from firmware.qm.configuration import QueuingMachineConfiguration
from firmware.qm.kind import QUEUING_MACHINE
from firmware.vp.configuration import VoiceBoxConfiguration
from firmware.vp.kind import VOICE_BOX

KINDS: tuple[BoxKind[Any], ...] = (QUEUING_MACHINE, HIGHWAY_BOX, VOICE_BOX)
CLOCK = "clock"  # a table beside [qm] in schema 1, part of [qm] since


class PlantConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """The trees of all box kinds."""

    qm: QueuingMachineConfiguration = msgspec.field(default_factory=QueuingMachineConfiguration)
    hw: HighwayBoxConfiguration = msgspec.field(default_factory=HighwayBoxConfiguration)
    vp: VoiceBoxConfiguration = msgspec.field(default_factory=VoiceBoxConfiguration)


def _tables(values: dict[str, Any]) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    """Each box kind's table; [clock] of schema 1 goes into [qm]."""
    tables = {kind.name: values[kind.name] for kind in KINDS if kind.name in values}
    names = ", ".join(kind.name for kind in KINDS)
    problems = [Problem(name, "there is no such table", names) for name in values if name not in (*tables, CLOCK)]
    if CLOCK in values:
        qm = tables.setdefault(QUEUING_MACHINE.name, {})
        if isinstance(qm, dict) and "schema" not in qm:
            tables[QUEUING_MACHINE.name] = {**qm, CLOCK: values[CLOCK]}
        else:
            problems.append(Problem(CLOCK, "is a part of [qm] since schema 2", "[qm.clock]"))
    for name in [name for name, table in tables.items() if not isinstance(table, dict)]:
        problems.append(Problem(name, "is no table", f"[{name}]"))
        del tables[name]
    return tables, problems


def _in_plant(name: str, problem: Problem, clock_beside: bool) -> Problem:
    """A problem of a box's table, by its path in the plant's file."""
    if clock_beside and problem.path.partition(".")[0] == CLOCK:
        return problem
    return problem._replace(path=f"{name}.{problem.path}" if problem.path else name)


def load(path: Path) -> PlantConfiguration:
    """Reads a plant file of any schema; raises ConfigurationFileError with every fault."""
    values = read_values(path)
    tables, problems = _tables(values)
    trees = {}
    for kind in KINDS:
        if kind.name not in tables:
            continue
        try:
            trees[kind.name] = tree_of(kind, tables[kind.name], path.parent)
        except InvalidConfigurationError as error:
            clock_beside = kind is QUEUING_MACHINE and CLOCK in values
            problems += [_in_plant(kind.name, problem, clock_beside) for problem in error.problems]
    if problems:
        raise ConfigurationFileError(path, problems)
    return PlantConfiguration(**trees)
