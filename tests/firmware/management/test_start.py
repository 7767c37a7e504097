"""The boxes start whatever they find on the disk: what is wrong is an alarm."""

import asyncio
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from drivers.stores.alarm_history import AlarmHistory
from drivers.stores.boot import Boot
from drivers.stores.revision_store import RevisionStore
from drivers.stores.storage import FolderStorage
from firmware.configuration.common import HISTORY_MAX
from firmware.plant import PlantConfiguration
from hil.exchange import Exchange
from hil.managed_shelf import ManagedShelf

SETTLED_S = 3.0


def alarms(state: Path, folder: Path) -> dict[str, str]:
    """Starts the boxes and ends them; what stands at qm1 then, with the details."""
    found: dict[str, str] = {}
    shelf = ManagedShelf(PlantConfiguration(), state, folder, seed=1)

    async def scenario(_: Exchange) -> None:
        await asyncio.sleep(SETTLED_S)
        found.update({alarm.kind.name: alarm.detail for alarm in shelf.installation.qm.alarms.active()})

    shelf.run(scenario, listener=lambda _: None, real_time=False)
    return found


@pytest.mark.parametrize(
    ("name", "alarm"),
    [
        ("qm1", "CFG_STORE_DAMAGED"),
        ("qm1/configuration", "CFG_STORE_DAMAGED"),
        ("accounts", "ACCOUNTS_DAMAGED"),
        ("audit", "AUDIT_BROKEN"),
        ("qm1/console.sock", "CONSOLE_LOCAL_FAILED"),
    ],
)
def test_a_file_where_something_else_should_be(tmp_path: Path, name: str, alarm: str) -> None:
    state = tmp_path / "state"
    (state / name).parent.mkdir(parents=True)
    (state / name).write_text("somebody's")
    assert name.rpartition("/")[2] in alarms(state, tmp_path)[alarm]
    assert (state / name).read_text() == "somebody's"


def test_a_folder_where_the_history_and_the_marker_should_be(tmp_path: Path) -> None:
    for name in ("alarms.sqlite", "alarms.serials", "runs", "console.tty"):
        (tmp_path / "state" / "qm1" / name).mkdir(parents=True)
    assert {"HISTORY_FAILED", "CONSOLE_LOCAL_FAILED"} <= alarms(tmp_path / "state", tmp_path).keys()


def test_full_disk_before_the_first_revision(tmp_path: Path, small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(64)
    for box in ("qm1", "hw1", "vp1"):
        RevisionStore.open(FolderStorage(disk / box / "configuration"), Boot(bytes(16), 0))
    with suppress(OSError):
        (disk / "ballast").write_bytes(bytes(1 << 20))
    assert "No space left" in alarms(disk, tmp_path)["CFG_FAILSAFE"]
    (disk / "ballast").unlink()
    assert "CFG_FAILSAFE" not in alarms(disk, tmp_path)


def test_read_only_disk(tmp_path: Path, small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(1024)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    standing = alarms(disk, tmp_path)
    assert {"CFG_STORE_READ_ONLY", "CFG_FAILSAFE", "CONSOLE_LOCAL_FAILED", "HISTORY_FAILED"} <= standing.keys()


def test_a_close_that_is_cancelled_is_ended_by_the_next(tmp_path: Path) -> None:
    shelf = ManagedShelf(PlantConfiguration(), tmp_path / "state", tmp_path, seed=1)

    async def scenario(_: Exchange) -> None:
        installation = shelf.installation
        first = asyncio.create_task(installation.close())
        await asyncio.sleep(0)  # it waits for the consoles
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await installation.close()
        assert first.cancelled()
        assert not list((tmp_path / "state").glob("*/console.sock"))
        assert not list((tmp_path / "state").glob("*/runs"))

    shelf.run(scenario, listener=lambda _: None, real_time=False)


def test_damaged_call_records_are_set_aside(tmp_path: Path) -> None:
    damaged = b"SQLite format 3\0" + b"\xff" * 4000
    (tmp_path / "calls.sqlite").write_bytes(damaged)
    alarms(tmp_path / "state", tmp_path)
    assert (tmp_path / "calls.sqlite.damaged-1").read_bytes() == damaged
    alarms(tmp_path / "state", tmp_path)
    assert not (tmp_path / "calls.sqlite.damaged-2").exists()
    history = AlarmHistory(tmp_path / "state" / "qm1" / "alarms.sqlite", HISTORY_MAX)
    (told,) = history.read(name="CALLS_DAMAGED")
    assert "kept as calls.sqlite.damaged-1" in told.detail
