"""The configuration of a plant: all box kinds of one shelf, as a `--config` file has them."""

from pathlib import Path
from typing import Any

import msgspec

from firmware.configuration.check import InvalidConfigurationError
from firmware.configuration.file import ConfigurationFileError, in_file, own_values, read_values, tree_of
from firmware.configuration.kind import BoxKind
from firmware.configuration.target import Problem
from firmware.hw.configuration import HighwayBoxConfiguration
from firmware.hw.kind import HIGHWAY_BOX
from firmware.qm.configuration import QueuingMachineConfiguration
from firmware.qm.kind import QUEUING_MACHINE
from firmware.vp.configuration import VoiceBoxConfiguration
from firmware.vp.kind import VOICE_BOX

KINDS: tuple[BoxKind[Any], ...] = (QUEUING_MACHINE, HIGHWAY_BOX, VOICE_BOX)


class PlantConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """The trees of all box kinds."""

    qm: QueuingMachineConfiguration = msgspec.field(default_factory=QueuingMachineConfiguration)
    hw: HighwayBoxConfiguration = msgspec.field(default_factory=HighwayBoxConfiguration)
    vp: VoiceBoxConfiguration = msgspec.field(default_factory=VoiceBoxConfiguration)


def _strangers(values: dict[str, Any]) -> list[Problem]:
    names = [kind.name for kind in KINDS]
    known = {*names, *(name for kind in KINDS for name in kind.beside)}
    permitted = ", ".join(f"[{name}]" for name in names)
    return [Problem(name, "there is no such table", permitted) for name in values if name not in known]


def load(path: Path) -> PlantConfiguration:
    """Reads a plant file of any schema; raises ConfigurationFileError with every fault."""
    values = read_values(path)
    problems = _strangers(values)
    trees = {}
    for kind in KINDS:
        if not {kind.name, *kind.beside}.isdisjoint(values):
            try:
                trees[kind.name] = tree_of(kind, own_values(kind, values), path.parent)
            except InvalidConfigurationError as error:
                problems += [in_file(kind, values, problem) for problem in error.problems]
    if problems:
        raise ConfigurationFileError(path, problems)
    return PlantConfiguration(**trees)
