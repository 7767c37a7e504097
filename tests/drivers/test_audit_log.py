"""The audit log (drivers/stores/audit_log.py): chained, bounded, and nothing taken from it unnoticed."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.stores.audit_log import AuditLog
from drivers.stores.storage import FolderStorage, Storage, StoreError
from hil.power_cut import PowerCutStorage
from protocols.audit_record import NOTHING_BEFORE, AuditRecord, decode, encode
from protocols.configuration_record import AUDIT_HEAD
from tests.drivers.failing_disk import Done, FailingDisk

FILE_OCTETS, FILES_KEPT = 500, 5
TIME = "2026-11-25T01:02:03.000Z"
NASTY = 'SET PWD:OLD="***";\r\n\x00\x1b[2J\x7f \x9b1m \u202e \u2028 \ud800 é 中 🙂 "\\'


@pytest.fixture
def disk() -> PowerCutStorage:
    return PowerCutStorage(Random(0))


def opened(storage: Storage) -> AuditLog:
    return AuditLog.open(storage, FILE_OCTETS, FILES_KEPT)


def append(log: AuditLog, command: str = "LST PORT:;") -> int:
    return log.append(time=TIME, user="admin", terminal="pts/3", box="qm1", command=command, retcode=0)


def filled(storage: Storage, records: int) -> AuditLog:
    log = opened(storage)
    for number in range(1, records + 1):
        append(log, f"LST PORT:PN={number};")
    return log


def log_files(disk: PowerCutStorage) -> list[str]:
    return [name for name in disk.names() if name.endswith(".log")]


def test_records_are_read_as_they_were_written(disk: PowerCutStorage) -> None:
    log = opened(disk)
    assert (append(log, NASTY), append(log)) == (1, 2)
    written = AuditRecord(serial=1, time=TIME, user="admin", terminal="pts/3", box="qm1", command=NASTY, retcode=0)
    for again in (log, opened(disk)):
        assert list(again.newest(5))[1] == written
        assert (again.serial, again.faults, again.repairs, again.verify().intact) == (2, [], [], True)


def test_no_line_moves_a_cursor(disk: PowerCutStorage) -> None:
    append(opened(disk), NASTY)
    text = disk.read("audit-0000000001.log").decode()
    assert text.endswith("\n")
    assert text[:-1].isprintable()
    assert "é 中 🙂" in text


def test_chain_is_what_sha256sum_says(disk: PowerCutStorage) -> None:
    filled(disk, 7)
    before = "0" * 64
    for line in b"".join(disk.read(name) for name in log_files(disk)).splitlines():
        digest, _, record = line.decode().partition(" ")
        said = subprocess.run(["sha256sum"], input=f"{before} {record}".encode(), capture_output=True, check=True)
        assert said.stdout.split()[0].decode() == digest
        before = digest


def test_log_is_bounded_and_the_chain_goes_on(disk: PowerCutStorage) -> None:
    log = filled(disk, 100)
    assert len(log_files(disk)) == FILES_KEPT
    assert max(len(disk.read(name)) for name in log_files(disk)) <= FILE_OCTETS
    assert log.oldest == int(log_files(disk)[0][6:16])
    for again in (log, opened(disk)):
        assert (again.serial, again.faults) == (100, [])
        assert again.verify() == (100 - log.oldest + 1, "", "")
        assert [record.serial for record in again.newest(1000)] == list(range(100, log.oldest - 1, -1))
    assert len(list(log.verify_by_file())) == FILES_KEPT + 1


def test_ranges(disk: PowerCutStorage) -> None:
    log = filled(disk, 9)
    for first, last, serials in [(3, 5, [5, 4, 3]), (-3, 2, [2, 1]), (8, 99, [9, 8]), (6, 5, []), (10, 12, [])]:
        assert [record.serial for record in log.between(first, last)] == serials


def test_reading_loads_only_the_files_it_needs(disk: PowerCutStorage) -> None:
    reads: list[str] = []

    class Watched(PowerCutStorage):
        def read(self, name: str) -> bytes:
            reads.append(name)
            return super().read(name)

    filled(disk, 20)
    log = opened(Watched(Random(0), files=disk.files()))
    reads.clear()
    assert [record.serial for record in log.newest(1)] == [20]
    assert next(log.between(1, 14)).serial == 14
    assert len(reads) == 2


def test_reader_is_overtaken_by_the_log(disk: PowerCutStorage) -> None:
    """Files that are removed for their age while somebody reads are simply no longer there."""
    log = filled(disk, 10)
    reader = log.newest(10)
    assert next(reader).serial == 10
    for _ in range(30):
        append(log)
    assert all(record.serial < 10 for record in reader)


def lines(octets: bytes) -> list[bytes]:
    return octets.splitlines(keepends=True)


def forge(octets: bytes) -> bytes:
    """The second record is another, and the chain from there on is made anew, as it should be."""
    forged, before = b"", NOTHING_BEFORE
    for number, line in enumerate(lines(octets), 1):
        record, _ = decode(line[:-1], None)
        changed = msgspec.structs.replace(record, user="nobody") if number == 2 else record
        text, before = encode(changed, before)
        forged += text + b"\n"
    return forged


TAMPERING: dict[str, tuple[Callable[[bytes], bytes], str, str]] = {
    "changed": (lambda o: o.replace(b"PN=2", b"PN=3"), "audit-0000000001.log line 2", "does not follow"),
    "taken out": (
        lambda o: b"".join(lines(o)[:1] + lines(o)[2:]),
        "audit-0000000001.log line 2",
        "does not follow",
    ),
    "twice": (lambda o: b"".join(lines(o)[:2] + lines(o)[1:]), "audit-0000000001.log line 3", "does not follow"),
    "turned round": (lambda o: b"".join(reversed(lines(o))), "audit-0000000001.log line 1", "does not follow"),
    "end taken away": (lambda o: b"".join(lines(o)[:3]), "the end of the log", "records 4 to 4 are missing"),
    "end torn": (lambda o: o[:-9], "audit-0000000001.log line 4", "is not complete"),
    "emptied": (lambda _: b"", "the end of the log", "records 1 to 4 are missing"),
    "no text": (lambda o: o[:300] + b"\xff\x00\n" + o[300:], "audit-0000000001.log line 2", "is not a hash"),
    "forged": (forge, "audit-0000000001.log line 4", "record 4 is not the one that was written"),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_found_and_stays_found(disk: PowerCutStorage, name: str) -> None:
    tamper, where, why = TAMPERING[name]
    log = AuditLog.open(disk)
    for number in range(4):
        append(log, f"LST PORT:PN={number + 1};")
    disk.overwrite("audit-0000000001.log", tamper(disk.read("audit-0000000001.log")))
    verdict = log.verify()
    assert (verdict.where, why in verdict.why) == (where, True)
    again = AuditLog.open(disk)
    assert again.faults
    append(again)
    for later in (again, AuditLog.open(disk)):
        before = later.serial
        assert append(later) == before + 1 > 4
        assert not later.verify().intact


@pytest.mark.parametrize("missing", range(5))
def test_file_taken_away_is_found(disk: PowerCutStorage, missing: int) -> None:
    filled(disk, 14)
    disk.remove(log_files(disk)[missing])
    log = opened(disk)
    assert not log.verify().intact
    assert "are missing" in log.verify().why
    append(log)
    assert not opened(disk).verify().intact


def test_every_flipped_bit_is_found(disk: PowerCutStorage) -> None:
    filled(disk, 4)
    files = disk.files()
    for name, octets in files.items():
        for bit in range(8 * len(octets)):
            flipped = bytearray(octets)
            flipped[bit // 8] ^= 1 << bit % 8
            log = opened(PowerCutStorage(Random(0), files={**files, name: bytes(flipped)}))
            if name.endswith(".log"):
                assert not log.verify().intact
            else:
                assert (log.verify().records, log.verify().intact, log.faults) == (4, True, [])


def test_half_written_record_is_cut_off(disk: PowerCutStorage) -> None:
    """What a power cut leaves of the fifth record: no tampering, and the fifth is written anew."""
    log = AuditLog.open(disk)
    for _ in range(4):
        append(log)
    whole = disk.files()
    append(log, "the fifth")
    octets, name = disk.read("audit-0000000001.log"), "audit-0000000001.log"
    for length in range(len(whole[name]) + 1, len(octets)):
        cut = PowerCutStorage(Random(0), files={**whole, name: octets[:length]})
        again = AuditLog.open(cut)
        assert (again.serial, again.faults, again.repairs) == (4, [], ["record 5 was half-written: removed"])
        assert (append(again), again.verify(), cut.read(name).count(b"\n")) == (5, (5, "", ""), 5)


@pytest.mark.parametrize("added", [b"one line\nand another\n", b"\n\n"])
def test_more_than_a_power_cut_leaves_is_told_and_stays(disk: PowerCutStorage, added: bytes) -> None:
    log = AuditLog.open(disk)
    append(log)
    disk.append("audit-0000000001.log", added)
    again = AuditLog.open(disk)
    assert again.faults == ["after record 1 there is something that is no record"]
    append(again)
    assert AuditLog.open(disk).verify() == (
        1,
        "audit-0000000001.log line 2",
        "the line is not a hash and a record",
    )


def test_file_where_the_log_has_yet_to_come_to_is_set_aside(disk: PowerCutStorage) -> None:
    filled(disk, 2)
    disk.create("audit-0000000004.log", b"somebody's\n")
    name = "audit-0000000004.log"
    log = opened(disk)
    assert log.faults == [f"{name} does not belong to the log: now called {name}.foreign"]
    assert disk.read(f"{name}.foreign") == b"somebody's\n"
    assert (append(log), append(log), opened(disk).faults, log.verify()) == (3, 4, [], (4, "", ""))


def test_oldest_file_replaced_by_one_of_other_records(disk: PowerCutStorage) -> None:
    """What came before it is no longer kept: only its serials tell."""
    log = filled(disk, 30)
    name = log_files(disk)[0]
    records = [decode(line[:-1], None)[0] for line in lines(disk.read(name))]
    forged, before = b"", NOTHING_BEFORE
    for record in records:
        line, before = encode(msgspec.structs.replace(record, serial=record.serial + 1), before)
        forged += line + b"\n"
    disk.overwrite(name, forged)
    assert log.verify() == (0, f"{name} line 1", f"holds record {log.oldest + 1} in place of {log.oldest}")


def test_both_heads_lost_is_told(disk: PowerCutStorage) -> None:
    filled(disk, 4)
    disk.remove("audit-head-a")
    disk.remove("audit-head-b")
    log = opened(disk)
    assert log.faults == ["neither copy of the log's head can be read: records may be missing at its end"]
    assert (append(log), opened(disk).faults) == (5, [])


def test_full_disk_leaves_nothing_of_the_record(small_disk: Callable[[int], Path]) -> None:
    folder = small_disk(64)
    storage = FolderStorage(folder)
    log = AuditLog.open(storage)
    for number in range(3):
        append(log, f"LST PORT:PN={number};")
    before = storage.read("audit-0000000001.log")
    with pytest.raises(StoreError, match=r"audit record 4 not written: .*: No space left on device$"):
        append(log, "x" * 100_000)
    assert storage.read("audit-0000000001.log") == before
    assert (append(log), AuditLog.open(storage).verify().records) == (4, 4)


def test_record_that_could_not_be_taken_away_is_before_the_next(disk: PowerCutStorage) -> None:
    filled(disk, 1)
    failing = FailingDisk(disk.files(), 0, Done.PART, lasting=True)
    log = opened(failing)
    with pytest.raises(StoreError, match=r"audit record 2 not written: .*; the disk may have taken it"):
        append(log)
    failing.mend()
    assert (append(log), log.verify().intact, opened(failing).faults) == (2, True, [])


def test_read_only_disk(small_disk: Callable[[int], Path]) -> None:
    folder = small_disk(64)
    filled(FolderStorage(folder), 3)
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    log = opened(FolderStorage(folder))
    assert (log.serial, log.verify().intact) == (3, True)
    with pytest.raises(StoreError, match=r"audit record 4 not written: .*Read-only file system"):
        append(log)


HEADS = st.fixed_dictionaries(
    {
        "sequence": st.integers(0, 2**64 - 1), "first": st.integers(0, 5) | st.integers(0, 2**64 - 1),
        "serial": st.integers(0, 5) | st.integers(0, 2**64 - 1), "hash": st.binary(min_size=32, max_size=32),
    }
).map(AUDIT_HEAD.build)  # fmt: skip
RECORDS = st.builds(
    AuditRecord, serial=st.integers(-1, 5) | st.integers(), time=st.text(), user=st.text(), terminal=st.text(),
    box=st.text(), command=st.text(), retcode=st.integers(),
)  # fmt: skip


@st.composite
def chains(draw: st.DrawFn) -> bytes:
    """Lines as ours are, chained, with any values."""
    octets, before = b"", draw(st.just(NOTHING_BEFORE) | st.binary(min_size=32, max_size=32))
    for record in draw(st.lists(RECORDS, max_size=3)):
        line, before = encode(record, before)
        octets += line + draw(st.sampled_from([b"\n", b"\n", b"", b"\r\n"]))
    return octets


FILES = st.fixed_dictionaries(
    {},
    optional={
        **{f"audit-head-{copy}": HEADS | st.binary(max_size=80) for copy in "ab"},
        **{
            f"audit-{first:010d}.log": chains() | st.binary(max_size=200)
            for first in (0, 1, 2, 9_999_999_999, 999_999_999_999_999_999)
        },
    },
)


@given(FILES)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_whatever_the_files_hold(files: dict[str, bytes]) -> None:
    disk = PowerCutStorage(Random(0), files=files)
    log = opened(disk)
    verdict = log.verify()
    serial = append(log)
    assert next(log.newest(1)).serial == serial
    again = opened(PowerCutStorage(Random(0), files=disk.files()))
    assert again.serial == serial
    assert set(again.faults) <= set(log.faults)
    assert again.verify().intact <= verdict.intact


@given(RECORDS)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_every_record_is_one_printable_line(record: AuditRecord) -> None:
    line, digest = encode(record, NOTHING_BEFORE)
    assert line.decode().isprintable()
    assert re.match(rb"[0-9a-f]{64} \{", line)
    assert decode(line, NOTHING_BEFORE) == (record, digest)
