"""Whatever stands in the files of a store: it opens, tells, gives out nothing wrong, and takes the next commit."""

from random import Random

from drivers.stores.boot import Boot
from drivers.stores.revision_store import RevisionStore
from drivers.stores.storage import StoreError
from hil.power_cut import PowerCutStorage
from tests.fuzz.python_targets.folder import join, split

NAMES = (
    "pointer-a",
    "pointer-b",
    *(f"revision-{number:08d}.{copy}" for number in (1, 2) for copy in ("toml", "copy")),
)
BOOT = Boot(bytes(16), 0)


def _commit(store: RevisionStore, octets: bytes, deadline_ns: int | None = None) -> int:
    return store.commit(octets, base=0, who="a", when="", why="", from_where="", kind="", deadline_ns=deadline_ns)


def _seed() -> bytes:
    storage = PowerCutStorage(Random(0))
    store = RevisionStore.open(storage, BOOT)
    _commit(store, b"one")
    _commit(store, b"two", deadline_ns=1)
    return join(NAMES, storage.files())


SEEDS = [_seed()]


def target(octets: bytes) -> None:
    """The octets are the files."""
    storage = PowerCutStorage(Random(0), files=split(NAMES, octets))
    store = RevisionStore.open(storage, BOOT)
    for summary in store.history():
        try:
            assert store.read(summary.number)[:-1] == summary[:-1]
            assert not summary.damaged
        except StoreError:
            assert summary.damaged
            assert store.faults
    if store.boot_revision is not None:
        store.read(store.boot_revision)
    number = _commit(store, b"next")
    again = RevisionStore.open(PowerCutStorage(Random(0), files=storage.files()), BOOT)
    assert again.boot_revision == number
    assert again.read(number).octets == b"next"
