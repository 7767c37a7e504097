"""Whatever stands in the files of the audit log: it opens, reads, tells, and takes the next record."""

from random import Random

from drivers.stores.audit_log import AuditLog
from hil.power_cut import PowerCutStorage
from tests.fuzz.python_targets.folder import join, split

NAMES = ("audit-head-a", "audit-head-b", "audit-0000000001.log", "audit-0000000003.log")


def _append(log: AuditLog) -> int:
    return log.append(time="", user="", terminal="", box="", command="DSP BOX;", retcode=0)


def _seed() -> bytes:
    storage = PowerCutStorage(Random(0))
    log = AuditLog.open(storage, file_octets=400)
    for _ in range(3):
        _append(log)
    return join(NAMES, storage.files())


SEEDS = [_seed()]


def target(octets: bytes) -> None:
    """The octets are the files."""
    storage = PowerCutStorage(Random(0), files=split(NAMES, octets))
    log = AuditLog.open(storage)
    verdict = log.verify()
    before = list(log.newest(100))
    serial = _append(log)
    assert [record.serial for record in log.newest(1)] == [serial]
    assert list(log.newest(101))[1:] == before
    again = AuditLog.open(PowerCutStorage(Random(0), files=storage.files()))
    assert (again.serial, again.faults) == (serial, [])
    # What is broken stays broken, whatever comes after it.
    assert again.verify().intact == verdict.intact
