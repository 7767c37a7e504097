"""Revisions and their pointer on disk (drivers/stores/revision_store.py): damage, full and read-only disks."""

import subprocess
import tomllib
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.stores.boot import Boot
from drivers.stores.revision_store import RevisionStore, RevisionSummary, Trial
from drivers.stores.storage import FolderStorage, Reason, Storage, StorageError, StoreError
from hil.power_cut import PowerCutStorage
from protocols.configuration_record import REVISION_MAX, REVISION_POINTER
from protocols.revision_file import Revision, RevisionFileError, decode, encode
from tests.drivers.failing_disk import Done, FailingDisk
from tests.drivers.power_cut_cases import DEADLINE_NS, ONE, THIS_START, THREE, TWO, commit, committed
from tests.drivers.test_power_cut import PointerNotSynced

WHY = 'a "better" name,\nor so: é \x1b[2J'


@pytest.fixture
def disk() -> PowerCutStorage:
    return PowerCutStorage(Random(0))


def reopened(storage: Storage, boot: Boot = THIS_START) -> RevisionStore:
    return RevisionStore.open(storage, boot)


def test_revision_is_read_as_it_was_committed(disk: PowerCutStorage) -> None:
    store = reopened(disk)
    number = store.commit(
        TWO, base=0, who="müller", when="2026-11-25T01:02:03.000Z", why=WHY, from_where="pts/3", kind="commit",
        deadline_ns=None,
    )  # fmt: skip
    revision = Revision(1, 0, "müller", "2026-11-25T01:02:03.000Z", WHY, "pts/3", "commit", TWO)
    assert (number, store.read(1), reopened(disk).read(1)) == (1, revision, revision)
    assert reopened(disk).history() == [RevisionSummary(*revision[:-1])]


def test_file_is_readable_text() -> None:
    """What cat shows: TOML, each line of the heading a comment that is TOML itself; the CRC-32 is zlib's."""
    text = encode(Revision(7, 6, "admin", "2026-11-25T01:02:03.000Z", WHY, "pts/3", "commit", TWO))
    title, _, sealed = text.partition(b"\n")
    assert title == f"# trunkshelf revision, CRC-32 of all that follows: {zlib.crc32(sealed):08x}".encode()
    assert tomllib.loads(text.decode()) == tomllib.loads(TWO.decode())
    heading = "\n".join(line[2:] for line in sealed.decode().splitlines()[:7])
    values = {"number": 7, "base": 6, "who": "admin", "why": WHY, "from_where": "pts/3", "kind": "commit"}
    assert tomllib.loads(heading) == {**values, "when": "2026-11-25T01:02:03.000Z"}


def test_new_store_has_nothing_and_no_fault(disk: PowerCutStorage) -> None:
    store = reopened(disk)
    assert (store.boot_revision, store.trial, store.history()) == (None, None, [])
    assert (store.faults, store.repairs) == ([], [])


def test_trial_goes_on_in_the_same_start_until_its_deadline(disk: PowerCutStorage) -> None:
    committed(ONE, TWO, trial=THREE)(disk)
    store = reopened(disk, THIS_START._replace(now_ns=DEADLINE_NS - 1))
    assert (store.boot_revision, store.trial, store.undone) == (2, Trial(3, DEADLINE_NS), None)
    for boot in (THIS_START._replace(now_ns=DEADLINE_NS), THIS_START._replace(boot_id=bytes(16))):
        copy = PowerCutStorage(Random(0), files=disk.files())
        store = reopened(copy, boot)
        assert (store.boot_revision, store.trial, store.undone) == (2, None, 3)
        assert reopened(copy).undone is None


def test_confirm_and_abandon(disk: PowerCutStorage) -> None:
    store = committed(ONE, trial=TWO)(disk)
    assert (store.abandon(), store.boot_revision, store.trial) == (1, 1, None)
    assert commit(store, THREE, trial=True) == 3
    store.confirm()
    assert (store.boot_revision, store.trial) == (3, None)
    with pytest.raises(StoreError, match="nothing to confirm: no revision is on trial"):
        store.confirm()
    with pytest.raises(StoreError, match="nothing to undo: no revision is on trial"):
        store.abandon()


def test_abandoned_first_revision_leaves_none(disk: PowerCutStorage) -> None:
    store = committed(trial=ONE)(disk)
    assert (store.abandon(), store.boot_revision) == (0, None)


@pytest.mark.parametrize("number", [-1, 0, 3, 10**9])
def test_revision_that_is_not_there(disk: PowerCutStorage, number: int) -> None:
    with pytest.raises(StoreError, match=f"there is no revision {number}; the newest is 2"):
        committed(ONE, TWO)(disk).read(number)


def test_old_revisions_go_but_not_what_is_in_force(disk: PowerCutStorage) -> None:
    """Twenty trials, each undone, are newer than the revision in force and the one it was made from: both stay."""
    store = RevisionStore.open(disk, THIS_START, kept=5)
    for octets in (ONE, TWO, THREE):
        commit(store, octets)
    for _ in range(20):
        commit(store, ONE, trial=True)
        store.abandon()
    assert [summary.number for summary in store.history()] == [23, 22, 21, 20, 19, 3, 2]


@pytest.mark.parametrize("number", [REVISION_MAX, 99_999_999])
@pytest.mark.parametrize("pointed", [True, False])
def test_a_number_that_no_pointer_holds_is_not_taken_for_a_revision(
    disk: PowerCutStorage, number: int, pointed: bool
) -> None:
    disk.create(f"revision-{number:08d}.toml", encode(Revision(number, 0, "", "", "", "", "", ONE)))
    if pointed:
        commit(reopened(disk), ONE)
    store = reopened(disk)
    assert (store.faults, commit(store, TWO)) == ([], 2 if pointed else 1)
    assert (reopened(disk).faults, reopened(disk).boot_revision) == ([], 2 if pointed else 1)


def test_no_revision_beyond_what_a_pointer_holds_is_stored(disk: PowerCutStorage) -> None:
    """Found without a pointer, the last number there is."""
    last = REVISION_MAX - 1
    disk.create(f"revision-{last:08d}.toml", encode(Revision(last, 0, "", "", "", "", "", ONE)))
    with pytest.raises(StoreError, match="no number beyond"):
        commit(reopened(disk), TWO)


def test_what_a_cut_commit_left_is_removed(disk: PowerCutStorage) -> None:
    committed(ONE)(disk)
    for copy in ("toml", "copy"):
        disk.create(f"revision-00000002.{copy}", encode(Revision(2, 1, "", "", "", "", "", TWO)))
    store = reopened(disk)
    assert [name for name in disk.names() if "2" in name] == []
    assert (store.faults, store.repairs, [summary.number for summary in store.history()]) == ([], [], [1])


def test_every_flipped_bit_is_recovered_from() -> None:
    """Of every file of a small store: what holds is what held, and the next start finds nothing wrong any more."""
    prepared = PowerCutStorage(Random(0))
    committed(ONE)(prepared)
    files = prepared.files()
    for name, octets in files.items():
        for bit in range(8 * len(octets)):
            flipped = bytearray(octets)
            flipped[bit // 8] ^= 1 << bit % 8
            disk = PowerCutStorage(Random(0), files={**files, name: bytes(flipped)})
            store = reopened(disk)
            assert (store.boot_revision, store.trial, store.read(1).octets) == (1, None, ONE)
            assert (store.faults, len(store.repairs)) == ([], 1)
            assert name in store.repairs[0]
            if bit % 8 == 0:
                again = reopened(disk)
                assert (again.faults, again.repairs) == ([], [])


def test_every_flipped_bit_of_a_revision_is_noticed() -> None:
    octets = encode(Revision(7, 6, "admin", "2026-11-25T01:02:03.000Z", WHY, "pts/3", "commit", TWO))
    for bit in range(8 * len(octets)):
        flipped = bytearray(octets)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(RevisionFileError):
            decode(bytes(flipped))


def damage(disk: PowerCutStorage, *names: str) -> None:
    for name in names:
        disk.overwrite(name, disk.read(name)[:-1] + b"?")


REVISION_2 = ("revision-00000002.toml", "revision-00000002.copy")


def test_boot_revision_that_is_damaged_twice_is_none(disk: PowerCutStorage) -> None:
    """Never silently an older one; the older ones stay to go back to."""
    committed(ONE, TWO)(disk)
    damage(disk, *REVISION_2)
    store = reopened(disk)
    assert store.boot_revision is None
    assert store.faults == [
        "revision 2 cannot be read: revision-00000002.toml: its CRC-32 does not match; "
        "revision-00000002.copy: its CRC-32 does not match"
    ]
    assert [summary.damaged != "" for summary in store.history()] == [True, False]
    with pytest.raises(StoreError, match="revision 2 cannot be read"):
        store.read(2)
    assert commit(store, ONE) == 3
    assert (reopened(disk).boot_revision, reopened(disk).read(1).octets) == (3, ONE)


def test_boot_revision_whose_files_are_gone_is_none(disk: PowerCutStorage) -> None:
    committed(ONE, TWO)(disk)
    for name in REVISION_2:
        disk.remove(name)
    store = reopened(disk)
    assert (store.boot_revision, len(store.faults)) == (None, 1)
    assert "revision 2 cannot be read: revision-00000002.toml: no such file" in store.faults[0]
    assert commit(store, ONE) == 3


def test_trial_that_is_damaged_twice_is_undone(disk: PowerCutStorage) -> None:
    committed(ONE, trial=TWO)(disk)
    damage(disk, *REVISION_2)
    store = reopened(disk)
    assert (store.boot_revision, store.trial, store.undone, len(store.faults)) == (1, None, 2, 1)


def test_revision_under_another_number_is_not_taken_for_it(disk: PowerCutStorage) -> None:
    committed(ONE, TWO)(disk)
    for name in REVISION_2:
        disk.overwrite(name, disk.read("revision-00000001.toml"))
    store = reopened(disk)
    assert (store.boot_revision, "holds revision 1" in store.faults[0]) == (None, True)


def test_both_pointers_lost(disk: PowerCutStorage) -> None:
    committed(ONE, TWO)(disk)
    damage(disk, "pointer-a", "pointer-b")
    store = reopened(disk)
    assert store.boot_revision is None
    assert store.faults == ["neither copy of the pointer can be read: which revision was in force is not known"]
    assert [summary.number for summary in store.history()] == [2, 1]
    assert commit(store, THREE) == 3
    assert (reopened(disk).boot_revision, reopened(disk).faults) == (3, [])


def test_full_disk_leaves_the_old_and_nothing_of_the_new(small_disk: Callable[[int], Path]) -> None:
    folder = small_disk(64)
    storage = FolderStorage(folder)
    store = committed(ONE)(storage)
    before = storage.names()
    with pytest.raises(StoreError, match=r"revision 2 not stored: .*: No space left on device"):
        commit(store, b"x" * 100_000)
    assert (store.boot_revision, storage.names()) == (1, before)
    (folder / "ballast").write_bytes(bytes(64 * 1024 - sum(4096 for _ in before)))
    with pytest.raises(StoreError, match="No space left"):
        commit(store, TWO)
    assert (reopened(storage).boot_revision, reopened(storage).faults) == (1, [])
    (folder / "ballast").unlink()
    assert commit(store, TWO) == 2


def test_new_store_on_a_full_disk(small_disk: Callable[[int], Path]) -> None:
    folder = small_disk(8)
    (folder / "ballast").write_bytes(bytes(8192))
    store = reopened(FolderStorage(folder))
    assert (store.boot_revision, len(store.faults)) == (None, 1)
    with pytest.raises(StoreError, match="No space left"):
        commit(store, ONE)
    (folder / "ballast").unlink()


def test_read_only_disk_is_told_and_read(small_disk: Callable[[int], Path]) -> None:
    folder = small_disk(64)
    committed(ONE, trial=TWO)(FolderStorage(folder))
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    store = reopened(FolderStorage(folder), THIS_START._replace(now_ns=DEADLINE_NS))
    assert (store.read_only, store.boot_revision, store.trial, store.undone) == (True, 1, None, 2)
    assert store.faults[0] == "the disk is read-only: nothing can be stored until it is made writable"
    with pytest.raises(StoreError, match=r"revision 3 not stored: .*Read-only file system"):
        commit(store, THREE)
    subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
    assert commit(store, THREE) == 3
    assert reopened(FolderStorage(folder)).read(3).octets == THREE


def test_new_store_on_a_read_only_disk(small_disk: Callable[[int], Path]) -> None:
    folder = small_disk(64)
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    store = reopened(FolderStorage(folder / "qm1" / "configuration"))
    assert (store.boot_revision, store.read_only, len(store.faults)) == (None, True, 2)


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"")
    store = reopened(FolderStorage(tmp_path / "store"))
    assert (store.boot_revision, len(store.faults)) == (None, 1)


def test_commit_that_is_unsure_is_never_written_over() -> None:
    """The pointer's sync fails, and so does taking it back: what may be booted must stay as it is."""
    prepared = PowerCutStorage(Random(0))
    committed(ONE)(prepared)
    disk = FailingDisk(prepared.files(), 6, Done.NOTHING, lasting=True)
    store = reopened(disk)
    with pytest.raises(StoreError, match="the disk may have taken it all the same: the next start will show"):
        commit(store, TWO)
    assert (store.boot_revision, store.trial) == (1, None)
    disk.mend()
    assert reopened(PowerCutStorage(Random(0), files=disk.files())).read(2).octets == TWO
    assert commit(store, THREE) == 3
    assert reopened(disk).boot_revision == 3


def test_failed_confirm_and_abandon_leave_the_trial() -> None:
    prepared = PowerCutStorage(Random(0))
    committed(ONE, trial=TWO)(prepared)
    disk = FailingDisk(prepared.files(), 0, Done.NOTHING, lasting=True)
    store = reopened(disk)
    for action in (store.confirm, store.abandon):
        with pytest.raises(StoreError, match=r"revision 2 not (confirmed|undone): disk: No space left on device$"):
            action()
    assert (store.boot_revision, store.trial) == (1, Trial(2, DEADLINE_NS))


def test_folder_that_cannot_be_listed(disk: PowerCutStorage) -> None:
    class Unlistable(PowerCutStorage):
        def names(self) -> list[str]:
            raise StorageError("store: Input/output error", Reason.FAILED)

    committed(ONE)(disk)
    store = reopened(Unlistable(Random(0), files=disk.files()))
    assert store.faults == ["the store cannot be read: store: Input/output error"]
    with pytest.raises(StoreError, match="the history cannot be read: store: Input/output error"):
        store.history()


OCTETS = st.binary(max_size=200)


def pointers() -> st.SearchStrategy[bytes]:
    """Sealed as ours are, with any values."""
    number = st.integers(0, 4) | st.integers(0, 2**32 - 1)
    values = st.fixed_dictionaries(
        {
            "sequence": st.integers(0, 2**64 - 1), "boot": number, "trial": number, "last": number,
            "boot_id": st.just(THIS_START.boot_id) | st.binary(min_size=16, max_size=16),
            "deadline_ns": st.integers(0, 2**64 - 1),
        }
    )  # fmt: skip
    return values.map(REVISION_POINTER.build)


def revision_files() -> st.SearchStrategy[bytes]:
    number, text = st.integers(-1, 4), st.text(max_size=10)
    return st.builds(Revision, number, number, text, text, text, text, text, OCTETS).map(encode)


FILES = st.fixed_dictionaries(
    {},
    optional={
        **{f"pointer-{copy}": pointers() | OCTETS for copy in "ab"},
        **{
            f"revision-{number:08d}.{copy}": revision_files() | OCTETS
            for number in (0, 1, 2, 3)
            for copy in ("toml", "copy")
        },
        "revision-1.toml": OCTETS,
        "something else": OCTETS,
    },
)


@pytest.mark.parametrize(
    "values", [{"sequence": 2**64 - 1}, {"last": 2**32 - 1}, {"boot": 3}, {"trial": 3}], ids=str
)
def test_pointer_with_numbers_no_store_writes_is_damaged(disk: PowerCutStorage, values: dict[str, int]) -> None:
    committed(ONE, TWO)(disk)
    good = {"sequence": 9, "boot": 1, "trial": 0, "last": 2, "boot_id": bytes(16), "deadline_ns": 0}
    disk.overwrite("pointer-a", REVISION_POINTER.build({**good, **values}))
    store = reopened(disk)
    assert (store.boot_revision, store.repairs) == (2, ["pointer-a was damaged or half-written: restored"])


@given(FILES)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_whatever_the_files_hold(files: dict[str, bytes]) -> None:
    """Opens, gives out only what is whole, takes the next commit, and that holds."""
    disk = PowerCutStorage(Random(0), files=files)
    store = reopened(disk)
    for summary in store.history():
        if summary.damaged:
            with pytest.raises(StoreError):
                store.read(summary.number)
        else:
            assert files_hold(files, store.read(summary.number))
    if store.boot_revision is not None:
        assert store.read(store.boot_revision).number == store.boot_revision
    before = [summary for summary in store.history() if not summary.damaged]
    number = commit(store, b"next")
    again = reopened(PowerCutStorage(Random(0), files=disk.files()))
    assert (again.boot_revision, again.read(number).octets) == (number, b"next")
    assert [summary for summary in again.history() if not summary.damaged][1:] == before


def files_hold(files: dict[str, bytes], revision: Revision) -> bool:
    names = [f"revision-{revision.number:08d}.{copy}" for copy in ("toml", "copy")]
    return encode(revision) in [files.get(name) for name in names]


def test_what_is_not_synced_is_lost_on_this_disk(disk: PowerCutStorage) -> None:
    """A check of the disk these tests stand on."""
    committed(ONE)(disk)
    assert not disk.unsynced
    careless = PointerNotSynced(Random(0))
    committed(ONE)(careless)
    assert careless.unsynced
