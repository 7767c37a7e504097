"""Commands on alarms (firmware/alarms/commands.py), as their handlers answer."""

from pathlib import Path
from typing import Any

import pytest

from drivers.stores.alarm_history import AlarmHistory
from firmware.alarms.commands import COMMANDS
from firmware.alarms.manager import AlarmManager
from firmware.console.declaration import Command, CommandError, Invocation, Role, Session
from firmware.console.report import Lines, Pairs, Report, Table
from firmware.console.return_codes import BAD_VALUE, NO_SUCH_OBJECT, STORE_FAILED
from tests.drivers.test_alarm_history import record
from tests.firmware.alarms.plant import Plant, after, run

SESSION = Session(1, "eva", Role.OPERATOR, "unix")
BY_NAME: dict[str, Command[AlarmManager]] = {command.name: command for command in COMMANDS}


async def give(plant: Plant, name: str, **arguments: Any) -> Report:
    return await BY_NAME[name].handler(plant.manager, Invocation(SESSION, arguments))


async def rows(plant: Plant, name: str, **arguments: Any) -> list[dict[str, Any]]:
    """The rows of a report of one table, by its columns."""
    (table,) = (await give(plant, name, **arguments)).blocks
    assert isinstance(table, Table)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


async def some_alarms(plant: Plant) -> None:
    """#1 LOS port 3 with LOF hidden, #2 RAI port 4, #3 PORT_BLOCKED port 4, #4 CFG_TRIAL."""
    for name in ("LOF", "LOS"):
        plant.manager.fault(name, "port 3", "far end: Osnabrueck" if name == "LOS" else "")
    await after(501)
    plant.manager.fault("RAI", "port 4")
    await after(501)
    plant.manager.fault("PORT_BLOCKED", "port 4")
    plant.manager.fault("CFG_TRIAL")


def test_active_alarms(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        assert await rows(plant, "DSP ALM") == []
        await some_alarms(plant)
        found = await rows(plant, "DSP ALM")
        assert [row["Serial"] for row in found] == [1, 2, 3, 4]
        assert found[0] == {
            "Serial": 1,
            "Severity": "MAJOR",
            "Name": "LOS",
            "Object": "port 3",
            "Since": "2026-11-25T01:02:03.000Z",
            "Times": 1,
            "Acknowledged": "-",
            "What": "no signal on the receive pair (far end: Osnabrueck)",
            "Next command": "DSP PORT:PN=3;",
        }
        assert found[3]["Object"] == "box"

    run(scenario, tmp_path)


@pytest.mark.parametrize(
    ("arguments", "serials"),
    [
        ({"SEVERITY": "MAJOR"}, [1, 2]),
        ({"SEVERITY": "CRITICAL"}, []),
        ({"OBJECT": "port 4"}, [2, 3]),
        ({"OBJECT": " PORT  4 "}, [2, 3]),
        ({"OBJECT": "box"}, [4]),
        ({"OBJECT": "port"}, []),
        ({"NAME": "rai"}, [2]),
        ({"NAME": "RAI", "OBJECT": "port 3"}, []),
        ({"HIDDEN": "YES"}, [1, 2, "-", 3, 4]),
        ({"HIDDEN": "YES", "OBJECT": "port 3"}, [1, "-"]),
        ({"HIDDEN": "NO", "OBJECT": "port 3"}, [1]),
    ],
)
def test_filters(tmp_path: Path, arguments: dict[str, str], serials: list[int | str]) -> None:
    async def scenario(plant: Plant) -> None:
        await some_alarms(plant)
        found = await rows(plant, "DSP ALM", **arguments)
        assert [row["Serial"] for row in found] == serials
        assert all(row["Severity"].startswith("(") == (row["Name"] == "LOF") for row in found)

    run(scenario, tmp_path)


def test_counts(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        await some_alarms(plant)
        plant.manager.acknowledge(1, "eva")
        found = {row["Severity"]: list(row.values())[1:] for row in await rows(plant, "DSP ALMCNT")}
        # Active, not acknowledged, hidden.
        assert found == {"CRITICAL": [0, 0, 0], "MAJOR": [2, 1, 1], "MINOR": [0, 0, 0], "WARNING": [2, 2, 0]}

    run(scenario, tmp_path)


def test_history(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        await some_alarms(plant)
        plant.manager.recover("PORT_BLOCKED", "port 4")
        plant.manager.acknowledge(1, "eva")
        # Nothing has been written yet of the last two.
        found = await rows(plant, "LST ALMHIS")
        assert [(row["Serial"], row["By"]) for row in found] == [(4, "-"), (3, "recovered"), (2, "-"), (1, "-")]
        assert found[3]["Acknowledged"].startswith("eva 2026-11-25T01:02:04")
        assert [row["Serial"] for row in await rows(plant, "LST ALMHIS", LAST=2)] == [4, 3]
        assert [row["Serial"] for row in await rows(plant, "LST ALMHIS", FROM=2)] == [2, 1]
        assert [row["Serial"] for row in await rows(plant, "LST ALMHIS", FROM=3, LAST=1)] == [3]
        assert [row["Serial"] for row in await rows(plant, "LST ALMHIS", OBJECT="box")] == [4]
        assert [row["Serial"] for row in await rows(plant, "LST ALMHIS", NAME="Los")] == [1]
        await after(1000)
        assert await rows(plant, "LST ALMHIS") == found

    run(scenario, tmp_path)


def test_long_history_is_read_as_it_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    AlarmHistory(tmp_path / "alarms.sqlite", 100_000).write(record(serial) for serial in range(1, 20_001))
    pages: list[int] = []
    page = AlarmHistory._page

    def count(self: AlarmHistory, below: int, name: str | None, place: str | None) -> Any:
        pages.append(below)
        return page(self, below, name, place)

    monkeypatch.setattr(AlarmHistory, "_page", count)

    async def scenario(plant: Plant) -> None:
        (table,) = (await give(plant, "LST ALMHIS", LAST=100_000)).blocks
        assert isinstance(table, Table)
        assert len(pages) == 1
        reading = iter(table.rows)
        assert next(reading)[0] == 20_000
        assert len(pages) == 1
        assert sum(1 for _ in reading) == 19_999

    run(scenario, tmp_path, keep=100_000)


def test_history_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "alarms.sqlite"
    AlarmHistory(path, 100_000).write(record(serial) for serial in range(1, 2001))

    async def scenario(plant: Plant) -> None:
        await after(10)
        (table,) = (await give(plant, "LST ALMHIS", LAST=2000)).blocks
        assert isinstance(table, Table)
        reading = iter(table.rows)
        next(reading)
        path.write_bytes(b"overwritten" * 1000)
        # Half printed, it ends with a row that says why.
        *_, last = reading
        assert "alarm history not read" in str(last[-1])
        assert len(last) == len(table.columns)
        with pytest.raises(CommandError, match="alarm history not read") as refused:
            await give(plant, "LST ALMHIS")
        assert refused.value.code == STORE_FAILED

    run(scenario, tmp_path)


def test_an_alarm_is_explained(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        await some_alarms(plant)
        for arguments in ({"NAME": "los"}, {"CODE": 101}, {"NAME": "LOS", "CODE": 101}):
            pairs, causes, standing = (await give(plant, "LST ALMCAT", **arguments)).blocks
            assert isinstance(pairs, Pairs)
            explained = dict(pairs.pairs)
            assert (explained["Name"], explained["Next command"]) == ("LOS", "DSP PORT:PN=...;")
            assert explained["Severity"] == "MAJOR: service suffers: act today"
            assert isinstance(causes, Lines)
            assert next(iter(causes.lines)) == "1. the plug is out, or its latch is not home"
            assert isinstance(standing, Table)
            assert [row[-1] for row in standing.rows] == ["DSP PORT:PN=3;"]

    run(scenario, tmp_path)


def test_all_kinds_are_listed(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        found = await rows(plant, "LST ALMCAT")
        assert len(found) == len(plant.manager.catalogue)
        assert found[0]["Name"] == "LOS"

    run(scenario, tmp_path)


def test_acknowledging(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        await some_alarms(plant)
        found = await rows(plant, "ACK ALM", SERIAL=(1, 2, 17))
        assert [row["Serial"] for row in found] == [1, 2]
        assert all(row["Acknowledged"].startswith("eva ") for row in found)
        assert [news for news, *_ in plant.told].count("acknowledged") == 2
        assert {alarm.serial for alarm in plant.manager.active() if alarm.acknowledged_by} == {1, 2}

    run(scenario, tmp_path)


@pytest.mark.parametrize(
    ("name", "arguments", "code", "text"),
    [
        ("DSP ALM", {"NAME": "NOSUCH"}, NO_SUCH_OBJECT, "there is no alarm NOSUCH"),
        ("LST ALMHIS", {"NAME": "NOSUCH"}, NO_SUCH_OBJECT, "there is no alarm NOSUCH"),
        ("LST ALMCAT", {"NAME": "NOSUCH"}, NO_SUCH_OBJECT, "there is no alarm NOSUCH"),
        ("LST ALMCAT", {"CODE": 999}, NO_SUCH_OBJECT, "there is no alarm of code 999"),
        ("LST ALMCAT", {"NAME": "LOS", "CODE": 102}, BAD_VALUE, "alarm LOS has the code 101"),
        ("ACK ALM", {"SERIAL": (0, 5, 6)}, NO_SUCH_OBJECT, "none of these alarms is active"),
    ],
)
def test_refusals(tmp_path: Path, name: str, arguments: dict[str, Any], code: int, text: str) -> None:
    async def scenario(plant: Plant) -> None:
        await some_alarms(plant)
        told = len(plant.told)
        with pytest.raises(CommandError, match=text) as refused:
            await give(plant, name, **arguments)
        assert refused.value.code == code
        assert len(plant.told) == told

    run(scenario, tmp_path)
