"""What a machine lacks (firmware/management/health.py); a process that was cut off (stores/run_marker.py)."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers import clock
from drivers.engine import Shelf
from drivers.stores.run_marker import RunMarker
from firmware.management import health
from firmware.management.health import Health


class Told:
    """Faults that stand."""

    def __init__(self) -> None:
        self.standing: dict[str, str] = {}

    def fault(self, name: str, object: str = "", detail: str = "") -> None:  # noqa: A002
        self.standing[name] = detail

    def recover(self, name: str, object: str = "") -> None:  # noqa: A002
        self.standing.pop(name, None)

    def event(self, name: str, object: str = "", detail: str = "") -> None:  # noqa: A002
        raise AssertionError(name)


def look_twice(folder: Path, between: Callable[[], object]) -> tuple[dict[str, str], dict[str, str]]:
    told, shelf = Told(), Shelf(0)

    async def main() -> tuple[dict[str, str], dict[str, str]]:
        watch = Health(shelf, folder, told)
        watch.start()
        first = dict(told.standing)
        between()
        await asyncio.sleep(health.LOOK_S + 1)
        watch.close()
        return first, dict(told.standing)

    with shelf:
        return clock.run(shelf, main(), real_time=False)


def test_a_disk_that_fills_up_and_is_cleared(small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(4096)
    ballast = disk / "ballast"
    first, second = look_twice(disk, lambda: ballast.write_bytes(os.urandom(4030 * 1024)))
    assert "DISK_SPACE" not in first
    assert second["DISK_SPACE"] == "0 MB left of 4 MB"
    first, second = look_twice(disk, ballast.unlink)
    assert "DISK_SPACE" in first
    assert "DISK_SPACE" not in second


def test_late_blocks_are_told_while_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    late = iter([0, 0, 5, 5])
    real = Shelf.clock_status
    monkeypatch.setattr(Shelf, "clock_status", lambda shelf: real(shelf)._replace(late_blocks=next(late)))
    first, second = look_twice(tmp_path, lambda: None)
    assert (first, second) == ({}, {})
    monkeypatch.setattr(Shelf, "clock_status", lambda shelf: real(shelf)._replace(late_blocks=next(late)))
    first, second = look_twice(tmp_path, lambda: None)
    assert first["LATE_BLOCKS"].startswith("5 in 10 s")
    assert second == {}


def test_a_marker_is_found_by_the_next_only_if_it_was_left(tmp_path: Path) -> None:
    marker = RunMarker(tmp_path / "runs")
    assert not marker.begin()
    assert RunMarker(tmp_path / "runs").begin()
    marker.end()
    assert not RunMarker(tmp_path / "runs").begin()


def test_a_disk_that_takes_no_marker_is_no_reason_not_to_run(tmp_path: Path) -> None:
    marker = RunMarker(tmp_path / "nowhere" / "runs")
    assert not marker.begin()
    marker.end()
