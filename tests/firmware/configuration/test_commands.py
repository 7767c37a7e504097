"""The configuration's commands as they are typed."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from drivers.stores.revision_store import RevisionSummary
from firmware.configuration.commands import COMMANDS
from firmware.configuration.console import ConfigurationConsole
from firmware.configuration.description import describe
from firmware.configuration.objects import KeyedObject, TableObject
from firmware.configuration.parameters import leaves
from firmware.configuration.tree_commands import tree_commands
from firmware.configuration.view_commands import undone_trials
from firmware.console import layout, return_codes
from firmware.console.answer import Answer
from firmware.console.declaration import Choice, Command, CommandSet, Integer, Role, Session
from firmware.console.interpreter import Interpreter
from firmware.hw.tree_objects import TREE_COMMANDS as HW_COMMANDS
from firmware.qm.configuration import PortConfiguration, QueuingMachineConfiguration
from firmware.qm.kind import QUEUING_MACHINE
from firmware.qm.tree_objects import TREE_COMMANDS as QM_COMMANDS
from firmware.runtime import WallClock
from firmware.vp.tree_objects import TREE_COMMANDS as VP_COMMANDS
from tests.firmware.configuration.box import ANN, Machine, Service, Target, run

SETS: dict[str, tuple[Command[Any], ...]] = {
    "cfg": COMMANDS,
    "qm": QM_COMMANDS,
    "hw": HW_COMMANDS,
    "vp": VP_COMMANDS,
}
EVERY = [
    pytest.param(command, id=f"{name} {command.name}") for name, commands in SETS.items() for command in commands
]

# The commands of the whole configuration, in an order in which each finds what it needs.
LIFE = (
    "DSP CFG;",
    "LST CFG:OF=RUNNING;",
    "DSP CFGDIFF;",
    "LST CFGHIS:COUNT=10;",
    "RST CFGEDIT;",
    "CHK CFG;",
    "STR CFGEDIT:EXCLUSIVE=YES;",
    'CMT CFG:CONFIRM=600,WHY="new trunk to Thun";',
    'RBK CFG:REV=1,WHY="as it was";',
    "SAV CFG:FILE=before-change,OF=RUNNING;",
    "ADD CFG:FILE=before-change;",
    "LST CFGFILE;",
    "RMV CFGFILE:FILE=before-change;",
    "RMV CFGEDIT;",
)


class Terminal:
    """Types lines in a session of its own, as a script does: nothing is asked."""

    def __init__(self, interpreter: Interpreter, number: int, user: str, role: Role) -> None:
        self._interpreter = interpreter
        self._session = Session(number, user, role, "unix")

    async def __call__(self, line: str) -> Answer:
        answers = [answer async for answer in self._interpreter.execute(line, self._session)]
        return answers[-1]

    async def text(self, line: str) -> str:
        return "\n".join(layout.lines(await self(line), columns=200))

    async def good(self, line: str) -> str:
        text = await self.text(line)
        assert "RETCODE = 0" in text, text
        return text

    async def refused(self, line: str, code: int) -> str:
        text = await self.text(line)
        assert f"RETCODE = {code} " in text, text
        return text


class Consoles:
    """A queuing machine with two administrators and a guest."""

    def __init__(self, service: Service, target: Target, folder: Path) -> None:
        self.service, self.target = service, target
        subject = ConfigurationConsole(service, folder / "exports")
        interpreter = Interpreter(
            lambda: "qm1",
            [CommandSet(subject, (*QM_COMMANDS, *COMMANDS))],
            lambda _: None,
            WallClock(datetime(2026, 1, 1, tzinfo=UTC)),
            itertools.count(1),
        )
        self.ann = Terminal(interpreter, 1, "ann", Role.ADMINISTRATOR)
        self.bob = Terminal(interpreter, 2, "bob", Role.OPERATOR)
        self.guest = Terminal(interpreter, 3, "eve", Role.GUEST)


def play(folder: Path, scenario: Callable[[Consoles], Awaitable[None]]) -> None:
    async def main(machine: Machine, tasks: asyncio.TaskGroup) -> None:
        machine.opened().install(
            QueuingMachineConfiguration(ports={1: PortConfiguration(name="Bern")}), ANN, "new"
        )
        await scenario(Consoles(*machine.start(tasks), folder))

    run(folder / "store", main)


def test_a_port_from_nothing_to_in_force(tmp_path: Path) -> None:
    async def scenario(box: Consoles) -> None:
        text = await box.bob.good('ADD PORT:PN=3,NAME="Thun",URL="dahdi:1",FRAMING=automatic;')
        assert "ports.3" in text
        assert "CMT CFG" in text
        assert 3 not in box.service.running.ports
        assert "Thun" not in await box.guest.good("LST PORT:;")
        assert "Thun" in await box.bob.good("LST PORT:;")
        await box.bob.good("ADD CLKSRC:PN=3,PRIORITY=1;")
        await box.bob.good('CMT CFG:WHY="trunk to Thun";')
        assert box.target.tree.ports[3] == PortConfiguration(name="Thun", url="dahdi:1", framing="automatic")
        assert box.target.tree.clock.sources == (3, 1)
        history = await box.guest.good("LST CFGHIS:;")
        assert "trunk to Thun" in history
        assert "running boots" in history

    play(tmp_path, scenario)


def test_listing_with_filters(tmp_path: Path) -> None:
    async def scenario(box: Consoles) -> None:
        for number in (2, 3, 10):
            await box.ann.good(f'ADD PORT:PN={number},NAME="North {number}",FRAMING=DOUBLE-FRAME;')
        for filters, results in (
            ("", 4), ("PN=1&&3", 3), ("PN=2&10", 2), ('NAME="north"', 3), ("FRAMING=CRC4", 1),
            ('FRAMING=DOUBLE-FRAME,PN=1&&3,NAME="3"', 1), ("OF=RUNNING", 1), ("RECOGNITION=22", 0),
        ):  # fmt: skip
            assert f"(Number of results = {results})" in await box.ann.good(f"LST PORT:{filters};"), filters
        assert (await box.ann.text("LST PORT:;")).index("North 2") < (await box.ann.text("LST PORT:;")).index(
            "North 10"
        )

    play(tmp_path, scenario)


def test_what_is_refused_changes_nothing(tmp_path: Path) -> None:
    async def scenario(box: Consoles) -> None:
        await box.ann.refused("ADD PORT:PN=1;", return_codes.ALREADY_EXISTS)
        await box.ann.refused("MOD PORT:PN=5,NAME=X;", return_codes.NO_SUCH_OBJECT)
        await box.ann.refused("MOD PORT:PN=1;", return_codes.MISSING_PARAMETER)
        await box.ann.refused("RMV PORT:PN=5;", return_codes.NO_SUCH_OBJECT)
        await box.ann.refused("RMV CLKSRC:PN=5;", return_codes.NO_SUCH_OBJECT)
        await box.ann.refused("ADD CLKSRC:PN=1;", return_codes.ALREADY_EXISTS)
        await box.ann.refused("SET SIG:;", return_codes.MISSING_PARAMETER)
        text = await box.ann.refused('MOD PORT:PN=1,NAME="new",RECOGNITION=21;', return_codes.BAD_VALUE)
        assert "in steps of 2" in text
        await box.ann.refused('ADD SERIAL:SN=1,DEVICE="COM1";', return_codes.BAD_VALUE)
        await box.ann.refused("ADD SERIAL:SN=1;", return_codes.MISSING_PARAMETER)
        await box.ann.refused('SET CON:TLS_KEY="key.pem";', return_codes.BAD_VALUE)
        await box.bob.refused("SET CON:SESSIONS=4;", return_codes.NOT_PERMITTED)
        await box.bob.refused("RBK CFG:REV=0;", return_codes.NOT_PERMITTED)
        await box.guest.refused("RMV PORT:PN=1;", return_codes.NOT_PERMITTED)
        assert all(not candidate.changed for candidate in box.service.editors.candidates())
        await box.ann.refused("CMT CFG:;", return_codes.WRONG_STATE)
        await box.ann.refused("RBK CFG:;", return_codes.MISSING_PARAMETER)
        await box.ann.refused("RBK CFG:REV=7,FORCE=YES;", return_codes.NO_SUCH_OBJECT)
        await box.ann.refused("LST CFG:REV=7;", return_codes.NO_SUCH_OBJECT)
        await box.guest.refused("LST CFG:OF=CANDIDATE;", return_codes.NO_SUCH_OBJECT)

    play(tmp_path, scenario)


def test_faults_are_all_listed(tmp_path: Path) -> None:
    async def scenario(box: Consoles) -> None:
        await box.ann.good('RMV PORT:PN=1; ADD PORT:PN=2,URL="isdn:1"; SET CON:TCP_ADDRESS=anywhere;')
        for line in ("CHK CFG:;", "CMT CFG:;"):
            text = await box.ann.refused(line, return_codes.CONFIGURATION_REFUSED)
            for path in ("clock.sources", "ports.2.url", "console.tcp_address"):
                assert path in text
            assert "(Number of results = 3)" in text
        assert box.service.running_revision == 1

    play(tmp_path, scenario)


def test_a_commit_names_what_it_interrupts_before_it_does(tmp_path: Path) -> None:
    async def scenario(box: Consoles) -> None:
        await box.ann.good("MOD PORT:PN=1,FRAMING=AUTOMATIC;")
        assert "port 1: 3 calls" in await box.ann.good("CHK CFG:;")
        await box.ann.refused("CMT CFG:;", return_codes.NOT_CONFIRMED)
        assert box.service.running_revision == 1
        await box.ann.good("CMT CFG:FORCE=YES;")
        await box.ann.refused("RBK CFG:REV=1;", return_codes.NOT_CONFIRMED)
        await box.ann.good("RBK CFG:REV=1,FORCE=YES;")
        assert box.target.tree.ports[1].framing == "crc4"

    play(tmp_path, scenario)


def test_a_trial_confirmed_and_one_undone(tmp_path: Path) -> None:
    async def scenario(box: Consoles) -> None:
        await box.bob.good('SET SITE:NAME="Bern";')
        assert "on trial for 60 s" in await box.bob.good("CMT CFG:CONFIRM=60;")
        shown = await box.guest.good("DSP CFG:;")
        assert "revision 2 by bob" in shown
        assert "60" in shown
        await box.ann.good('SET SITE:NAME="Basel";')
        assert "by bob" in await box.ann.refused("CMT CFG:;", return_codes.WRONG_STATE)
        await box.ann.refused("CMT CFG:TRIAL=1;", return_codes.WRONG_STATE)
        assert "confirmed" in await box.ann.good("CMT CFG:TRIAL=2;")
        await box.ann.refused("CMT CFG:TRIAL=2;", return_codes.WRONG_STATE)
        await box.ann.good("RMV CFGEDIT:;")
        await box.bob.good('SET SITE:NAME="Biel"; CMT CFG:CONFIRM=60;')
        assert "confirmed" in await box.bob.good("CMT CFG:;")
        await box.bob.good('SET SITE:NAME="Thun"; CMT CFG:CONFIRM=60;')
        await box.bob.refused("CMT CFG:CONFIRM=60;", return_codes.WRONG_STATE)
        await box.ann.good('RBK CFG:WHY="wrong town";')
        assert box.target.tree.site.name == "Biel"
        await box.bob.good('SET SITE:NAME="Thun"; CMT CFG:CONFIRM=10;')
        await asyncio.sleep(11)
        assert box.target.tree.site.name == "Biel"

    play(tmp_path, scenario)


def test_two_editors(tmp_path: Path) -> None:
    async def scenario(box: Consoles) -> None:
        await box.ann.good('SET SITE:NAME="Bern",CONTACT="ann";')
        await box.bob.good('SET SITE:NAME="Basel"; MOD PORT:PN=1,NAME="B";')
        await box.ann.good('CMT CFG:WHY="moved";')
        text = await box.bob.refused("CMT CFG:FORCE=YES;", return_codes.CONFIGURATION_CHANGED)
        for word in ("moved", "ann", "site.name", "site.contact", "RST CFGEDIT"):
            assert word in text
        assert "YES" in await box.guest.good("DSP CFG:;")  # bob's is out of date
        text = await box.bob.good("RST CFGEDIT:;")
        assert "Given up" in text
        assert "Basel" in text
        await box.bob.good("CMT CFG:FORCE=YES;")
        assert (box.target.tree.site.name, box.target.tree.site.contact) == ("Bern", "ann")
        assert box.target.tree.ports[1].name == "B"
        await box.ann.good("STR CFGEDIT:EXCLUSIVE=YES;")
        assert "ann" in await box.bob.refused('SET SITE:NAME="X";', return_codes.EXCLUSIVELY_HELD)

    play(tmp_path, scenario)


def test_differences(tmp_path: Path) -> None:
    async def scenario(box: Consoles) -> None:
        await box.ann.good('SET SITE:NAME="Bern"; CMT CFG:; SET SIG:CALLED_DIGITS=7;')
        text = await box.ann.good("DSP CFGDIFF:;")
        assert "signalling.called_digits" in text
        assert "next call" in text
        assert "site.name" not in text
        assert "site.name" in await box.ann.good("DSP CFGDIFF:FROM=1;")
        text = await box.ann.good("DSP CFGDIFF:FROM=1,TO=2;")
        assert "site.name" in text
        assert "called_digits" not in text
        assert "ports.1" in await box.guest.good("DSP CFGDIFF:FROM=0;")
        await box.guest.refused("DSP CFGDIFF:FROM=9;", return_codes.NO_SUCH_OBJECT)

    play(tmp_path, scenario)


def test_files(tmp_path: Path) -> None:
    async def scenario(box: Consoles) -> None:
        assert 'name = "Bern"' in await box.guest.good("LST CFG:;")
        await box.ann.good("SAV CFG:FILE=as-it-was;")
        await box.ann.refused("SAV CFG:FILE=as-it-was.toml;", return_codes.ALREADY_EXISTS)
        await box.ann.good("RMV PORT:PN=1; RMV CLKSRC:PN=1; CMT CFG:FORCE=YES;")
        assert "as-it-was.toml" in await box.guest.good("LST CFGFILE:;")
        await box.ann.good("ADD CFG:FILE=as-it-was; CMT CFG:FORCE=YES;")
        assert box.service.revisions.diff(1, 3) == []
        for name in ("../store/x", "/etc/passwd", ".hidden", "a/b"):
            await box.ann.refused(f'ADD CFG:FILE="{name}";', return_codes.BAD_VALUE)
            await box.ann.refused(f'SAV CFG:FILE="{name}";', return_codes.BAD_VALUE)
        await box.ann.refused("ADD CFG:FILE=nothing;", return_codes.NO_SUCH_OBJECT)
        exports = tmp_path / "exports"
        await box.ann.good("RMV CFGFILE:FILE=as-it-was;")
        await box.ann.refused("RMV CFGFILE:FILE=as-it-was;", return_codes.NO_SUCH_OBJECT)
        for number in range(100):
            await box.ann.good(f"SAV CFG:FILE=f{number};")
        await box.ann.refused("SAV CFG:FILE=f100;", return_codes.LIMIT_REACHED)
        await box.ann.good("RMV CFGFILE:FILE=f0; SAV CFG:FILE=f100;")
        (exports / "plant.toml").write_text("[qm]\nspans = 2\n[clock]\nsources = [2]\n[vp]\nboards = 2\n")
        await box.ann.good("ADD CFG:FILE=plant; CMT CFG:FORCE=YES;")
        assert (list(box.target.tree.ports), box.target.tree.clock.sources) == ([1, 2], (2,))
        (exports / "bad.toml").write_text("schema = 2\ncolour = 2\nsite.name = 1\nports.7.framing = 'sf'\n")
        text = await box.ann.good("ADD CFG:FILE=bad;")
        for path in ("site.name", "colour", "ports.7.framing"):
            assert path in text
        await box.ann.refused("CMT CFG:;", return_codes.CONFIGURATION_REFUSED)
        for text in ("schema = 9\n", "[", "[vp]\nboards = 1\n", "[qm]\nspans = 99\n"):
            (exports / "worse.toml").write_text(text)
            await box.ann.refused("ADD CFG:FILE=worse;", return_codes.CONFIGURATION_REFUSED)

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[ports.abc]", "ports.abc"),
        ("[ports.77]", "ports.77"),
        (f"[ports.{'1' * 5000}]", "ports.111"),
        ("ports = 5", "ports"),
        ("[[ports]]", "ports"),
        ("[ports]\n1 = 5", "ports.1"),
        ("[ports.1]\nname = []", "ports.1.name"),
        ("[ports.1.name]", "ports.1.name"),
        ("site = 5", "site"),
        ("[clock]\nsources = 5", "clock.sources"),
        ("[clock.sources]", "clock.sources"),
        (f"x = {'9' * 5000}", "not TOML"),
        (f"x = 0x{'f' * 5000}", "64 bits"),
        (f"x = {2**63}", "64 bits"),
    ],
)
def test_a_file_of_other_shapes_is_refused_and_nothing_ends(tmp_path: Path, text: str, fault: str) -> None:
    async def scenario(box: Consoles) -> None:
        exports = tmp_path / "exports"
        exports.mkdir()
        (exports / "odd.toml").write_text(f"schema = 2\n{text}\n")
        assert fault in await box.ann.refused("ADD CFG:FILE=odd;", return_codes.CONFIGURATION_REFUSED)
        assert box.service.editors.candidates() == []
        await box.ann.good("LST PORT:; LST SITE:; LST CLKSRC:;")

    play(tmp_path, scenario)


def test_only_files_are_listed(tmp_path: Path) -> None:
    async def scenario(box: Consoles) -> None:
        await box.ann.good("SAV CFG:FILE=file;")
        exports = tmp_path / "exports"
        (exports / "dangling.toml").symlink_to("nowhere")
        (exports / "link.toml").symlink_to("file.toml")
        (exports / "folder.toml").mkdir()
        text = await box.guest.good("LST CFGFILE:;")
        assert "file.toml" in text
        assert "(Number of results = 1)" in text

    play(tmp_path, scenario)


def test_every_example_runs_in_the_order_of_the_book(tmp_path: Path) -> None:
    async def scenario(box: Consoles) -> None:
        for command in QM_COMMANDS:
            await box.ann.good(command.example)
        assert sorted(LIFE) == sorted(command.example for command in COMMANDS)
        for line in LIFE:
            await box.ann.good(line)
        for command in (*QM_COMMANDS, *COMMANDS):
            await box.ann.refused(command.refused, command.refused_code)

    play(tmp_path, scenario)


@pytest.mark.parametrize("command", EVERY)
def test_every_command_is_declared_whole(command: Command[Any]) -> None:
    assert len(command.text) > 10
    assert command.example.startswith(command.name)
    assert command.refused.startswith(command.name)
    assert command.role is Role.GUEST or command.effect or command.verb.name in ("CHK", "SAV")
    for parameter in command.parameters:
        assert len(parameter.text) > 5, parameter.name
    names = [parameter.name for parameter in command.parameters]
    assert len(set(names)) == len(names)


def test_parameters_have_the_fields_names_without_units() -> None:
    port = {name: field for name, (field, _) in leaves(describe(PortConfiguration)).items()}
    assert port == {
        "NAME": "name",
        "URL": "url",
        "FRAMING": "framing",
        "LINE_CODE": "line_code",
        "LINE_STATE_RULE": "line_state_rule",
        "RECOGNITION": "recognition_ms",
    }
    (modify,) = (command for command in QM_COMMANDS if command.name == "MOD PORT")
    kinds = {parameter.name: parameter.kind for parameter in modify.parameters}
    assert kinds["RECOGNITION"] == Integer(10, 30, "ms")
    assert kinds["FRAMING"] == Choice(("CRC4", "DOUBLE-FRAME", "AUTOMATIC"))
    assert not any(parameter.mandatory for parameter in modify.parameters[1:])


def test_an_object_in_the_wrong_place_is_found_out() -> None:
    for item in (
        TableObject("X", "ports", "x", Role.GUEST, "", ""),
        KeyedObject("X", "clock", "N", "x", "xs", Role.GUEST, 1, "", ""),
        TableObject("X", "nowhere", "x", Role.GUEST, "", ""),
    ):
        with pytest.raises(TypeError, match="X"):
            tree_commands(QUEUING_MACHINE.description, [item])


@pytest.mark.parametrize(
    ("bases", "running", "undone"),
    [
        ({1: 0}, 1, set()),
        ({1: 0, 2: 1}, 2, set()),
        ({1: 0, 2: 1}, 1, {2}),  # 2 was a trial
        ({1: 0, 2: 1, 3: 1, 4: 3}, 4, {2}),
        ({5: 4, 6: 5, 7: 5}, 7, {6}),  # those before are kept no more
        ({1: 0, 2: 1}, 0, set()),  # the failsafe configuration runs
    ],
)
def test_which_revisions_were_undone(bases: dict[int, int], running: int, undone: set[int]) -> None:
    history = [RevisionSummary(number, base) for number, base in bases.items()]
    assert undone_trials(history, running) == undone
