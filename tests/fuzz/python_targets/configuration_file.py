"""Any configuration file: read as a plant, loaded into a candidate of each box and listed; or refused."""

import asyncio
import itertools
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from drivers.stores.boot import Boot
from drivers.stores.revision_store import RevisionStore
from firmware import plant
from firmware.configuration.commands import COMMANDS
from firmware.configuration.console import Commands, ConfigurationConsole
from firmware.configuration.file import ConfigurationFileError
from firmware.configuration.kind import BoxKind, encode
from firmware.configuration.service import ConfigurationService
from firmware.console import layout, return_codes
from firmware.console.declaration import CommandSet, Role, Session, Verb
from firmware.console.interpreter import Interpreter
from firmware.hw.tree_objects import TREE_COMMANDS as HW_TREE
from firmware.qm.tree_objects import TREE_COMMANDS as QM_TREE
from firmware.runtime import WallClock
from firmware.vp.tree_objects import TREE_COMMANDS as VP_TREE
from hil.power_cut import PowerCutStorage
from tests.firmware.configuration.box import Faults

TREES: dict[str, Commands] = {"qm": QM_TREE, "hw": HW_TREE, "vp": VP_TREE}
NAME = "file"
SEEDS = [
    *(encode(kind.failsafe) for kind in plant.KINDS),
    b"[qm]\nspans = 2\n[clock]\nsources = [2]\n[hw]\n[vp]\nboards = 2\nprompt = 'p.wav'\n",
    b"[qm]\nschema = 2\n[qm.ports.1]\nurl = 'line:'\n[qm.console.serial.1]\ndevice = '/dev/ttyS0'\n",
    b"schema = 2\nsite = 5\nports.abc = {}\n[[clock]]\nsources = 5\n[alarms]\nsyslog = 1979-05-27T07:32:00Z\n",
]


def _lines(tree: Commands) -> Iterator[str]:
    """What looks at a candidate in every way."""
    yield from (f"{command.name};" for command in (*tree, *COMMANDS) if command.verb is Verb.LST)
    yield from ("CHK CFG;", "DSP CFG;", "DSP CFGDIFF;", "RST CFGEDIT;")


def _console(kind: BoxKind[Any], exports: Path) -> Interpreter:
    wall_clock = WallClock(datetime(2026, 1, 1, tzinfo=UTC))
    store = RevisionStore.open(PowerCutStorage(Random(0)), Boot(bytes(16), 0))
    service = ConfigurationService(kind, store, wall_clock, Faults(), lambda: 0)
    commands = CommandSet(ConfigurationConsole(service, exports), (*TREES[kind.name], *COMMANDS))
    return Interpreter(lambda: kind.name, [commands], lambda _: None, wall_clock, itertools.count(1))


async def _load_and_list(exports: Path) -> None:
    session = Session(1, "ann", Role.ADMINISTRATOR, "unix")
    for kind in plant.KINDS:
        interpreter = _console(kind, exports)
        loaded = [answer async for answer in interpreter.execute(f"ADD CFG:FILE={NAME};", session)]
        assert loaded[0].code in (return_codes.OK, return_codes.CONFIGURATION_REFUSED)
        for line in _lines(TREES[kind.name]) if loaded[0].code == return_codes.OK else ():
            loaded += [answer async for answer in interpreter.execute(line, session)]
        for text in itertools.chain.from_iterable(map(layout.lines, loaded)):
            assert text.isprintable()


def target(octets: bytes) -> None:
    """The octets are the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{NAME}.toml")
        path.write_bytes(octets)
        with suppress(ConfigurationFileError):
            plant.load(path)
        asyncio.run(_load_and_list(path.parent))
