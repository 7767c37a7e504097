"""Every command of every box: declared as it must be; its example runs on a plant, its refused one is refused."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from firmware.box_commands import BOX_COMMANDS
from firmware.console import return_codes
from firmware.console.declaration import Command
from firmware.console.report import Lines, Pairs, Table
from firmware.hw.commands import COMMANDS as HW_COMMANDS
from firmware.qm.commands import COMMANDS as QM_COMMANDS
from firmware.vp.commands import COMMANDS as VP_COMMANDS
from tests.firmware.console.declared import wrong_with
from tests.firmware.plants import PROMPT_S, Plant, long_caller

BY_BOX: dict[str, tuple[Command[Any], ...]] = {"qm1": QM_COMMANDS, "hw1": HW_COMMANDS, "vp1": VP_COMMANDS}
ALL = [command for commands in (*BY_BOX.values(), BOX_COMMANDS) for command in commands]


@pytest.mark.parametrize("command", ALL, ids=[command.name for command in ALL])
def test_declared(command: Command[Any]) -> None:
    assert wrong_with(command) == []


def shape_faults(blocks: Any) -> list[str]:
    """Rows as wide as their headings, values that can be printed."""
    faults = []
    for block in blocks:
        rows: list[Any] = []
        if isinstance(block, Table):
            rows = [list(row) for row in block.rows]
            faults += [f"{block.title}: {row}" for row in rows if len(row) != len(block.columns)]
        elif isinstance(block, Pairs):
            rows = [[value for _, value in block.pairs]]
        else:
            assert isinstance(block, Lines)
        faults += [f"{value!r}" for row in rows for value in row if not isinstance(value, str | int | float)]
    return faults


@pytest.mark.parametrize("box", BY_BOX)
def test_examples_run_in_order_and_refused_ones_are_refused_before_each(tmp_path: Path, box: str) -> None:
    """On two `line:` ports with a call up on port 1 timeslot 1."""
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        call = plant.call(1, 1, long_caller(30))
        await asyncio.sleep(PROMPT_S + 3)
        for command in (*BY_BOX[box], *BOX_COMMANDS):
            refused = await plant.give(command.refused, box)
            assert refused.code == command.refused_code, refused
            assert refused.text
            answer = await plant.give(command.example, box)
            assert answer.code == return_codes.OK, answer
            assert shape_faults(answer.blocks) == []
        await asyncio.gather(call, return_exceptions=True)
        assert plant.restarted == 1

    plant.run(scenario)


def test_dangerous_commands_name_what_they_interrupt(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        calls = [plant.call(1, timeslot, long_caller(10)) for timeslot in (1, 2)]
        await asyncio.sleep(PROMPT_S + 3)
        for line, names in [
            ("RST PORT:PN=1;", True),
            ("RST PORT:PN=2;", False),
            ("LOP PORT:PN=1,LOOP=LINE;", True),
            ("LOP PORT:PN=1,TS=3;", False),
            ("BLK PORT:PN=1,RELEASE=YES;", True),
            ("TST PORT:PN=1,ERROR=FAS,COUNT=3;", True),
            ("TST PORT:PN=1,ERROR=CRC,COUNT=3;", False),
            ("STR BERT:PN=2,PATTERN=PRBS15,FULL=YES;", True),
            ("STP CALL:CALL=qm1-00000002;", True),
        ]:
            answer = await plant.give(line, force=False)
            assert (answer.code == return_codes.NOT_CONFIRMED) is names, line
        await asyncio.gather(*calls, return_exceptions=True)

    plant.run(scenario)


def test_clock_commands(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(1)
        assert (await plant.pairs("DSP CLK;"))["Follows"] == "port 1"
        (source,) = await plant.rows("DSP CLK;")
        assert (source["PN"], source["State"], source["Use"]) == (1, "good", "chosen")
        refused = await plant.give("ACT CLKSRC:PN=2;")
        assert refused.code == return_codes.NO_SUCH_OBJECT and "these are: 1" in refused.text
        await plant.ok("ACT CLKSRC:PN=1;")
        assert plant.heard["qm1"].on("") == {"CLOCK_FORCED"}
        assert (await plant.rows("DSP CLK;"))[0]["Use"] == "forced"
        await plant.ok("DEA CLKSRC;")
        assert plant.heard["qm1"].on("") == set()

    plant.run(scenario)


def test_box_says_what_it_is(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(65)
        box = await plant.pairs("DSP BOX;")
        assert (box["Box"], box["Uptime"], box["Shelf's time"]) == ("qm1", "0 d 00:01:05", "virtual")
        assert [row["What it has"] for row in await plant.rows("DSP BOARD;")][1:] == ["line:", "line:"]
        assert [row["Kind"] for row in await plant.rows("DSP BOARD;", "vp1")] == ["voice board"]

    plant.run(scenario)
