"""Cuts the power at every operation of a case, and of every recovery from that, and looks at what is found."""

from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from hil.power_cut import CutPoint, Moment, PowerCut, PowerCutStorage, Survival
from tests.drivers.power_cut_cases import Case

SEEDS = range(3)  # of what a torn operation has done, and of what survives by chance
Files = dict[str, bytes]


class Point(NamedTuple):
    """Where the power goes in a transaction (None: after it), and in the recovery after that (None: nowhere)."""

    case: str
    first: CutPoint | None
    second: CutPoint | None


class PowerCuts:
    """Every cut of one case. `storage` makes the disk: one that forgets to sync must be found out."""

    def __init__(self, case: Case, storage: Callable[..., PowerCutStorage] = PowerCutStorage) -> None:
        self._case = case
        self._storage = storage
        self._seen: set[object] = set()
        self.points: set[Point] = set()

    def explore(self) -> None:
        """Raises AssertionError where something is found that is neither the old nor the new."""
        case, base = self._case, self._prepared()
        for point in self.points_of_transaction():
            for seed in SEEDS if point and point.moment is Moment.DURING else [0]:
                disk = self._storage(Random(seed), point, base)
                acknowledged = not _cut(case.act, disk)
                assert acknowledged == (point is None)
                self._look(disk, point, [case.new] if acknowledged else [case.old, case.new])

    def points_of_transaction(self) -> list[CutPoint | None]:
        """Before and during each of its operations, and after the last one (None)."""
        disk = self._storage(Random(0), files=self._prepared())
        self._case.act(disk)
        assert self._case.view(self._storage(Random(0), files=disk.files())) == self._case.new
        return [*_points(disk), None]

    def _prepared(self) -> Files:
        disk = self._storage(Random(0))
        self._case.prepare(disk)
        return disk.restart(Survival.EVERYTHING, Random(0))

    def _look(self, disk: PowerCutStorage, first: CutPoint | None, allowed: list[object]) -> None:
        self.points.add(Point(self._case.name, first, None))
        for files in survivors(disk):
            self._recover(files, first, allowed)
        # Killed, and the power stays on: what is told then must survive a power cut later.
        disk.restart_process()
        self._told(disk, allowed)

    def _recover(self, files: Files, first: CutPoint | None, allowed: list[object]) -> None:
        """From what one cut left; the recovery itself is cut as well."""
        disk = self._storage(Random(0), files=files)
        self._told(disk, allowed)
        disk = self._storage(Random(0), files=files)
        self._case.view(disk)
        for second in _points(disk):
            self.points.add(Point(self._case.name, first, second))
            if self._new(files, second, allowed):
                self._cut_recovery(files, second, allowed)

    def _cut_recovery(self, files: Files, second: CutPoint, allowed: list[object]) -> None:
        for seed in SEEDS if second.moment is Moment.DURING else [0]:
            disk = self._storage(Random(seed), second, files)
            assert _cut(self._case.view, disk)
            for left in survivors(disk):
                self._told(self._storage(Random(0), files=left), allowed)

    def _told(self, disk: PowerCutStorage, allowed: list[object]) -> None:
        """An open store tells the old or the new, that holds whatever is lost next, and it can be written to."""
        if not disk.unsynced and not self._new(disk.files(), None, allowed):
            return
        told = self._case.view(disk)
        assert told in allowed, f"neither old nor new: {told}"
        for files in survivors(disk):
            assert self._case.view(self._storage(Random(0), files=files)) == told
        extended = self._case.extend(disk)
        for files in survivors(disk):
            assert self._case.view(self._storage(Random(0), files=files)) == extended

    def _new(self, files: Files, second: CutPoint | None, allowed: list[object]) -> bool:
        """False where the very same has been looked at before: different cuts often leave the same."""
        key = (tuple(sorted(files.items())), second, len(allowed))
        new = key not in self._seen
        self._seen.add(key)
        return new


def _points(disk: PowerCutStorage) -> list[CutPoint]:
    return [CutPoint(number, moment) for number in range(len(disk.operations)) for moment in Moment]


def _cut(action: Callable[[PowerCutStorage], object], disk: PowerCutStorage) -> bool:
    try:
        action(disk)
    except PowerCut:
        return True
    return False


def survivors(disk: PowerCutStorage) -> Iterator[Files]:
    """Whatever may be left on the disk, each once."""
    found: list[Files] = []
    for survival in Survival:
        for seed in SEEDS if survival is Survival.ANYTHING else [0]:
            files = disk.restart(survival, Random(seed))
            if files not in found:
                found.append(files)
                yield files
