"""The power is cut at every operation of every transaction: always the old or the new, nothing told is lost."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from hil.power_cut import PowerCutStorage
from tests.drivers.power_cut_cases import CASES, LOG_CASES, Case, appended, view_log
from tests.drivers.power_cuts import PowerCuts, survivors

POINTS = "power-cut points"  # summed up under the suite's last line (tests/conftest.py)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_old_or_new(case: Case, record_property: Callable[[str, object], None]) -> None:
    cuts = PowerCuts(case)
    cuts.explore()
    record_property(POINTS, len(cuts.points))


def test_there_are_enough_points() -> None:
    """In transactions alone; with those in the recovery after each there are thousands."""
    assert sum(len(PowerCuts(case).points_of_transaction()) for case in CASES) >= 200


class RevisionsNotSynced(PowerCutStorage):
    def sync(self, name: str) -> None:
        if not name.startswith("revision"):
            super().sync(name)


class PointerNotSynced(PowerCutStorage):
    def sync(self, name: str) -> None:
        if not name.startswith("pointer"):
            super().sync(name)


class FolderNotSynced(PowerCutStorage):
    def sync_folder(self) -> None:
        pass


class BothCopiesAtOnce(PowerCutStorage):
    def overwrite(self, name: str, octets: bytes) -> None:
        for copy in ("a", "b") if name.startswith("pointer") else name[-1]:
            super().overwrite(name[:-1] + copy, octets)


class PointerFirst(PowerCutStorage):
    """Revisions reach the disk only after the pointer has."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._late: list[str] = []

    def sync(self, name: str) -> None:
        if name.startswith("revision"):
            self._late.append(name)
            return
        super().sync(name)
        late, self._late = self._late, []
        for revision in late:
            super().sync(revision)


class LogNotSynced(PowerCutStorage):
    def sync(self, name: str) -> None:
        if not name.endswith(".log"):
            super().sync(name)


class HeadNotSynced(PowerCutStorage):
    def sync(self, name: str) -> None:
        if not name.startswith("audit-head"):
            super().sync(name)


CARELESS = [RevisionsNotSynced, PointerNotSynced, FolderNotSynced, BothCopiesAtOnce, PointerFirst, LogNotSynced]


@pytest.mark.parametrize("careless", CARELESS)
def test_carelessness_is_found(careless: type[PowerCutStorage]) -> None:
    """The test above can fail: each of these leaves out what it is there for."""
    cases = LOG_CASES if careless is LogNotSynced else CASES
    with pytest.raises(AssertionError):
        for case in cases:
            PowerCuts(case, careless).explore()


@pytest.mark.parametrize(("storage", "found"), [(PowerCutStorage, False), (HeadNotSynced, True)])
def test_head_of_the_log_is_synced(storage: type[PowerCutStorage], found: bool) -> None:
    """Only after several records: both copies must then have been lost."""
    disk = storage(Random(0))
    appended(*"ABCDE")(disk)
    assert any(_alarmed(storage(Random(0), files=files)) for files in survivors(disk)) == found


def _alarmed(disk: PowerCutStorage) -> bool:
    try:
        view_log(disk)
    except AssertionError:
        return True
    return False
