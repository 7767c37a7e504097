"""An operation of the disk fails, in every transaction each one in turn: the old holds, or the error is unsure."""

from itertools import count, product
from random import Random

import pytest

from drivers.stores.storage import StoreError
from hil.power_cut import PowerCutStorage, Survival
from tests.drivers.failing_disk import Done, FailingDisk
from tests.drivers.power_cut_cases import (
    CASES,
    Case,
)
from tests.drivers.power_cuts import survivors

UNSURE = "the next start will show"
# Opening never raises: what fails then is a fault, and looked at further below.
TRANSACTIONS = [case for case in CASES if case.old != case.new and not case.name.startswith("undone")]


@pytest.mark.parametrize("case", TRANSACTIONS, ids=lambda case: case.name)
def test_old_holds_or_the_error_is_unsure(case: Case) -> None:
    base = _prepared(case)
    for done, lasting in product(Done, (False, True)):
        for at in count():
            disk = FailingDisk(base, at, done, lasting=lasting)
            error = _error(case, disk)
            if disk.count <= at:
                break
            allowed = (
                [case.old] if error and UNSURE not in error else [case.new] if not error else [case.old, case.new]
            )
            for files in survivors(disk):
                assert case.view(PowerCutStorage(Random(0), files=files)) in allowed
            disk.mend()
            assert case.view(disk) in allowed
            extended = case.extend(disk)
            for files in survivors(disk):
                assert case.view(PowerCutStorage(Random(0), files=files)) == extended


def _prepared(case: Case) -> dict[str, bytes]:
    disk = PowerCutStorage(Random(0))
    case.prepare(disk)
    return disk.restart(Survival.EVERYTHING, Random(0))


def _error(case: Case, disk: FailingDisk) -> str:
    try:
        case.act(disk)
    except StoreError as error:
        assert len(str(error).splitlines()) == 1
        return str(error)
    return ""
