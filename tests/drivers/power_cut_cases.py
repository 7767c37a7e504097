"""Every kind of transaction of the stores, for cutting the power in: what was, what is done, what is then."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

from drivers.stores.audit_log import AuditLog
from drivers.stores.boot import Boot
from drivers.stores.revision_store import RevisionStore
from drivers.stores.storage import Storage

THIS_START = Boot(bytes(range(16)), 1_000)
LATER = THIS_START._replace(now_ns=9_000)  # after every deadline here
NEXT_START = Boot(bytes(16), 0)
DEADLINE_NS = 5_000
KEPT = 4
FILE_OCTETS, FILES_KEPT = 400, 2  # two records a file

ONE = b"schema = 1\n"
TWO = b"schema = 1\n[site]\nname = 'a name that goes beyond one piece of the disk'\n"
THREE = b"schema = 1\n[site]\nname = 'c'\n"
USERS = b"".join(b"[users.user%d]\nhash = '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ'\n" % n for n in range(20))


@dataclass(frozen=True)
class Case:
    """A transaction. `view` opens the store, which is the recovery, and tells what is in force."""

    name: str
    prepare: Callable[[Storage], object]
    act: Callable[[Storage], object]
    view: Callable[[Storage], Hashable]
    old: Hashable
    new: Hashable
    extend: Callable[[Storage], Hashable]  # one more transaction; returns what a view must tell from then on


class Revisions(NamedTuple):
    """What a store of revisions tells."""

    boot: bytes | None
    trial: bytes | None
    history: tuple[bytes, ...]  # oldest first


def opened(storage: Storage, boot: Boot = THIS_START) -> RevisionStore:
    store = RevisionStore.open(storage, boot, KEPT)
    # A power cut is no damage: nobody is to be alarmed.
    assert store.faults == []
    return store


def commit(store: RevisionStore, octets: bytes, *, trial: bool = False) -> int:
    return store.commit(
        octets,
        base=store.boot_revision or 0,
        who="admin",
        when="2026-11-25T01:02:03.000Z",
        why="",
        from_where="serial 1",
        kind="commit",
        deadline_ns=DEADLINE_NS if trial else None,
    )


def committed(*all_octets: bytes, trial: bytes | None = None) -> Callable[[Storage], RevisionStore]:
    """A store with these revisions, and perhaps one on trial."""

    def prepare(storage: Storage) -> RevisionStore:
        store = opened(storage)
        for octets in all_octets:
            commit(store, octets)
        if trial is not None:
            commit(store, trial, trial=True)
        return store

    return prepare


def view_revisions(boot: Boot) -> Callable[[Storage], Revisions]:
    def view(storage: Storage) -> Revisions:
        store = opened(storage, boot)
        history = store.history()
        assert not any(summary.damaged for summary in history)
        numbers = [summary.number for summary in reversed(history)]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True
        return Revisions(
            None if store.boot_revision is None else store.read(store.boot_revision).octets,
            None if store.trial is None else store.read(store.trial.revision).octets,
            tuple(store.read(number).octets for number in numbers),
        )

    return view


def extend_revisions(storage: Storage) -> Revisions:
    store = opened(storage)
    commit(store, b"extended")
    history = [store.read(summary.number).octets for summary in reversed(store.history())]
    return Revisions(b"extended", None, tuple(history))


def flip(name: str, prepare: Callable[[Storage], object]) -> Callable[[Storage], object]:
    """Prepares, then changes a bit of a file."""

    def damage(storage: Storage) -> None:
        prepare(storage)
        octets = bytearray(storage.read(name))
        octets[len(octets) // 2] ^= 4
        storage.overwrite(name, bytes(octets))

    return damage


def revision_case(
    name: str,
    prepare: Callable[[Storage], object],
    act: Callable[[Storage], object],
    old: Revisions,
    new: Revisions,
    boot: Boot = THIS_START,
) -> Case:
    return Case(name, prepare, act, view_revisions(boot), old, new, extend_revisions)


def without_pointer(storage: Storage) -> None:
    """Both copies have gone bad: which revision was in force is not known, but the next commit must hold."""
    committed(ONE, TWO)(storage)
    for name in ("pointer-a", "pointer-b"):
        storage.remove(name)


def commit_in_spite(octets: bytes) -> Callable[[Storage], object]:
    return lambda storage: commit(RevisionStore.open(storage, THIS_START, KEPT), octets)


def view_in_spite(storage: Storage) -> bytes | None:
    store = RevisionStore.open(storage, THIS_START, KEPT)
    return None if store.boot_revision is None else store.read(store.boot_revision).octets


def extend_in_spite(storage: Storage) -> bytes:
    commit_in_spite(b"extended")(storage)
    return b"extended"


EMPTY = Revisions(None, None, ())
TWO_HOLDS = Revisions(TWO, None, (ONE, TWO))
TWO_AGAIN = Revisions(TWO, None, (ONE, TWO, THREE))
ON_TRIAL = Revisions(TWO, THREE, (ONE, TWO, THREE))
THREE_HOLDS = Revisions(THREE, None, (ONE, TWO, THREE))
OLDEST_GONE = Revisions(ONE, None, (TWO, ONE, TWO, ONE))
two = committed(ONE, TWO)
three_on_trial = committed(ONE, TWO, trial=THREE)

REVISION_CASES = [
    revision_case("first start", lambda _: None, opened, EMPTY, EMPTY),
    revision_case("first commit", opened, committed(TWO), EMPTY, Revisions(TWO, None, (TWO,))),
    revision_case("first commit is a trial", opened, committed(trial=TWO), EMPTY, Revisions(None, TWO, (TWO,))),
    revision_case("commit", two, committed(THREE), TWO_HOLDS, THREE_HOLDS),
    revision_case("roll back", two, committed(ONE), TWO_HOLDS, Revisions(ONE, None, (ONE, TWO, ONE))),
    revision_case(
        "commit and remove",
        committed(ONE, TWO, ONE, TWO),
        committed(ONE),
        *(Revisions(TWO, None, (ONE, TWO, ONE, TWO)), OLDEST_GONE),
    ),
    revision_case("accounts", two, committed(USERS), TWO_HOLDS, Revisions(USERS, None, (ONE, TWO, USERS))),
    revision_case("trial", two, committed(trial=THREE), TWO_HOLDS, ON_TRIAL),
    revision_case("trial, restarted", two, committed(trial=THREE), TWO_HOLDS, TWO_AGAIN, NEXT_START),
    revision_case("confirm", three_on_trial, lambda s: opened(s).confirm(), ON_TRIAL, THREE_HOLDS),
    revision_case(
        "confirm, restarted", three_on_trial, lambda s: opened(s).confirm(), TWO_AGAIN, THREE_HOLDS, NEXT_START
    ),
    revision_case("abandon", three_on_trial, lambda s: opened(s).abandon(), ON_TRIAL, TWO_AGAIN),
    revision_case(
        "commit over a trial",
        three_on_trial,
        committed(ONE),
        ON_TRIAL,
        Revisions(ONE, None, (ONE, TWO, THREE, ONE)),
    ),
    revision_case("undone by a start", three_on_trial, lambda s: opened(s, NEXT_START), ON_TRIAL, TWO_AGAIN),
    revision_case("undone by time", three_on_trial, lambda s: opened(s, LATER), ON_TRIAL, TWO_AGAIN),
    revision_case("pointer a flipped", flip("pointer-a", two), opened, TWO_HOLDS, TWO_HOLDS),
    revision_case("pointer b flipped", flip("pointer-b", two), opened, TWO_HOLDS, TWO_HOLDS),
    revision_case("revision flipped", flip("revision-00000002.toml", two), opened, TWO_HOLDS, TWO_HOLDS),
    Case("no pointer", without_pointer, commit_in_spite(THREE), view_in_spite, None, THREE, extend_in_spite),
]


def log_opened(storage: Storage) -> AuditLog:
    log = AuditLog.open(storage, FILE_OCTETS, FILES_KEPT)
    assert log.faults == []
    return log


def append(log: AuditLog, command: str = "DSP ALM;") -> int:
    return log.append(time="", user="", terminal="", box="", command=command, retcode=0)


def appended(*commands: str) -> Callable[[Storage], object]:
    def act(storage: Storage) -> None:
        log = log_opened(storage)
        for command in commands:
            append(log, command)

    return act


def view_log(storage: Storage) -> tuple[str, ...]:
    log = log_opened(storage)
    assert log.verify().intact
    records = list(log.newest(100))
    assert [record.serial for record in records] == list(range(log.serial, log.oldest - 1, -1))
    return tuple(record.command for record in records)


def extend_log(storage: Storage) -> tuple[str, ...]:
    log = log_opened(storage)
    append(log, "extended")
    return tuple(record.command for record in log.newest(100))


def tail_left(octets: bytes) -> Callable[[Storage], object]:
    """A log with something behind its last record."""

    def prepare(storage: Storage) -> None:
        appended("A", "B", "C")(storage)
        storage.append("audit-0000000003.log", octets)

    return prepare


def log_case(
    name: str, prepare: Callable[[Storage], Any], act: Callable[[Storage], Any], old: str, new: str
) -> Case:
    return Case(name, prepare, act, view_log, tuple(old), tuple(new), extend_log)


LOG_CASES = [
    log_case("audit: first start", lambda _: None, log_opened, "", ""),
    log_case("audit: first record", log_opened, appended("A"), "", "A"),
    log_case("audit: record", appended("A"), appended("B"), "A", "BA"),
    log_case("audit: record in a new file", appended("A", "B"), appended("C"), "BA", "CBA"),
    log_case("audit: oldest file goes", appended(*"ABCD"), appended("E"), "DCBA", "EDC"),
    log_case("audit: torn record", tail_left(b"0123 {"), log_opened, "CBA", "CBA"),
    log_case("audit: head flipped", flip("audit-head-b", appended(*"ABC")), log_opened, "CBA", "CBA"),
]
CASES = [*REVISION_CASES, *LOG_CASES]
