"""A disk whose power may go at any operation: what was not synced may be lost, torn, or outlive earlier writes.

What the model permits a real disk and its file system to do:
  - octets written and not synced survive whole, in part (a prefix, or any pieces of PIECE_OCTETS with the rest as
    it was or zero), in any order, or not at all;
  - a name that came, went or changed and whose folder was not synced survives or not, each change by itself;
  - a sync that is cut has brought anything between nothing and everything to the disk.
What was synced survives. A rename is one change: file systems keep it whole.
"""

import enum
from collections.abc import Callable
from random import Random
from typing import NamedTuple, NoReturn

from drivers.stores.storage import Reason, StorageError

PIECE_OCTETS = 16  # far smaller than a sector: else our pointer records would never be torn in the middle


class PowerCut(BaseException):
    """The power went. No `except Exception` of the program may go on after it."""


class Moment(enum.Enum):
    """When in an operation the power goes. After it is before the next one."""

    BEFORE = "before"
    DURING = "during"


class CutPoint(NamedTuple):
    """The power goes before or during this operation, counted from 0 since the disk was switched on."""

    operation: int
    moment: Moment


class Survival(enum.Enum):
    """What the disk still keeps of what was not synced."""

    NOTHING = "nothing"
    EVERYTHING = "everything"
    NAMES = "names, no octets"
    OCTETS = "octets, no names"
    ANYTHING = "anything, torn"


class _Write(NamedTuple):
    """Octets at an offset, not synced. A write of no octets at an offset ends the file there (truncate)."""

    offset: int
    octets: bytes

    def on(self, before: bytes) -> bytes:
        """All of it survives."""
        after = before[: self.offset] + bytes(max(0, self.offset - len(before))) + self.octets
        return after + before[len(after) :] if self.octets else before[: self.offset]

    def prefix(self, random: Random) -> "_Write":
        """As much of it as there was time for."""
        return _Write(self.offset, self.octets[: random.randrange(1, len(self.octets) + 1)])

    def torn_on(self, before: bytes, random: Random) -> bytes:
        """Some of it survives, perhaps none, perhaps all."""
        if not self.octets:
            return random.choice((before, self.on(before)))
        if random.random() < 0.5:
            prefix = self.octets[: random.randrange(len(self.octets) + 1)]
            return _Write(self.offset, prefix).on(before) if prefix else before
        old = before[self.offset :].ljust(len(self.octets), b"\0")
        pieces = range(0, len(self.octets), PIECE_OCTETS)
        mixed = [random.choice((self.octets, old))[at : at + PIECE_OCTETS] for at in pieces]
        return _Write(self.offset, b"".join(mixed)[: len(self.octets)]).on(before)


class _File:
    """Octets on the disk, and writes in its cache."""

    def __init__(self, synced: bytes) -> None:
        self.synced = synced
        self.pending: list[_Write] = []

    @property
    def visible(self) -> bytes:
        """What a program reads while the power is on."""
        octets = self.synced
        for write in self.pending:
            octets = write.on(octets)
        return octets

    def torn(self, random: Random) -> bytes:
        """What may be found on the disk when the power comes back."""
        octets = self.synced
        for write in self.pending:
            octets = write.torn_on(octets, random)
        return octets


_Names = dict[str, _File]
_Change = Callable[[_Names], object]


class PowerCutStorage:
    """Storage (drivers/stores/storage.py) on such a disk. After PowerCut nothing works any more; see `restart`.

    cut: where the power goes; None: nowhere, or call `restart` at any time. random: what a cut operation has done.
    """

    def __init__(self, random: Random, cut: CutPoint | None = None, files: dict[str, bytes] | None = None) -> None:
        self._random = random
        self._cut = cut
        self._off = False
        self._synced_names: _Names = {name: _File(octets) for name, octets in (files or {}).items()}
        self._visible_names = dict(self._synced_names)
        self._pending_names: list[_Change] = []
        self.operations: list[str] = []

    def files(self) -> dict[str, bytes]:
        """What programs see at present."""
        return {name: file.visible for name, file in self._visible_names.items()}

    @property
    def unsynced(self) -> bool:
        """True while a power cut would lose anything."""
        return bool(self._pending_names) or any(file.pending for file in self._visible_names.values())

    def restart_process(self) -> None:
        """The program was killed and the power stayed: nothing is lost, and nothing more is synced than was."""
        self._cut, self._off = None, False
        self.operations = []

    def restart(self, survival: Survival, random: Random) -> dict[str, bytes]:
        """The files that are found when the power comes back."""
        names = dict(self._synced_names)
        for change in self._pending_names:
            if survival in {Survival.EVERYTHING, Survival.NAMES} or _perhaps(survival, random):
                change(names)
        return {name: _surviving(file, survival, random) for name, file in names.items()}

    def names(self) -> list[str]:
        """Regular files, sorted."""
        self._check_power()
        return sorted(self._visible_names)

    def read_only(self) -> bool:
        """Never."""
        self._check_power()
        return False

    def read(self, name: str) -> bytes:
        """A whole file."""
        self._check_power()
        return self._file(name).visible

    def create(self, name: str, octets: bytes) -> None:
        """A new file, or one that is emptied first."""
        file = self._visible_names.get(name)
        if file is not None:
            self._write(f"create {name}", file, [_Write(0, b""), _Write(0, octets)])
            return
        file = _File(b"")
        self._write(f"create {name}", file, [_Write(0, octets)], lambda names: names.update({name: file}))

    def overwrite(self, name: str, octets: bytes) -> None:
        """In place."""
        self._write(f"overwrite {name}", self._file(name), [_Write(0, octets), _Write(len(octets), b"")])

    def append(self, name: str, octets: bytes) -> None:
        """At the end."""
        file = self._file(name)
        self._write(f"append {name}", file, [_Write(len(file.visible), octets)])

    def truncate(self, name: str, octets: int) -> None:
        """Ends a file."""
        self._write(f"truncate {name}", self._file(name), [_Write(octets, b"")])

    def sync(self, name: str) -> None:
        """A file's octets, not its name."""
        file = self._file(name)
        if self._cut_during(f"sync {name}"):
            file.synced, file.pending = file.torn(self._random), []
            self._switch_off()
        file.synced, file.pending = file.visible, []

    def sync_folder(self) -> None:
        """All names."""
        cut = self._cut_during("sync_folder")
        for change in self._pending_names:
            if not cut or self._random.random() < 0.5:
                change(self._synced_names)
        self._pending_names = []
        if cut:
            self._switch_off()

    def rename(self, old: str, new: str) -> None:
        """One change of the folder."""
        file = self._file(old)

        def change(names: _Names) -> None:
            names.pop(old, None)
            names[new] = file

        self._change_names(f"rename {old} {new}", change)

    def remove(self, name: str) -> None:
        """One change of the folder."""
        self._file(name)

        def change(names: _Names) -> None:
            names.pop(name, None)

        self._change_names(f"remove {name}", change)

    def _write(self, text: str, file: _File, writes: list[_Write], naming: _Change | None = None) -> None:
        cut = self._cut_during(text)
        if naming and not (cut and self._random.random() < 0.5):
            self._change(naming)
        if cut:
            file.pending += [write for write in writes if not write.octets][: self._random.randrange(2)]
            file.pending += [write.prefix(self._random) for write in writes if write.octets]
            self._switch_off()
        file.pending += writes

    def _change_names(self, text: str, change: _Change) -> None:
        cut = self._cut_during(text)
        if not (cut and self._random.random() < 0.5):
            self._change(change)
        if cut:
            self._switch_off()

    def _change(self, change: _Change) -> None:
        change(self._visible_names)
        self._pending_names.append(change)

    def _file(self, name: str) -> _File:
        self._check_power()
        if name not in self._visible_names:
            raise StorageError(f"{name}: no such file", Reason.MISSING)
        return self._visible_names[name]

    def _cut_during(self, text: str) -> bool:
        self._check_power()
        here = self._cut is not None and self._cut.operation == len(self.operations)
        self.operations.append(text)
        if here and self._cut is not None and self._cut.moment is Moment.BEFORE:
            self._switch_off()
        return here

    def _switch_off(self) -> NoReturn:
        self._off = True
        raise PowerCut

    def _check_power(self) -> None:
        if self._off:
            raise PowerCut


def _perhaps(survival: Survival, random: Random) -> bool:
    return survival is Survival.ANYTHING and random.random() < 0.5


def _surviving(file: _File, survival: Survival, random: Random) -> bytes:
    if survival is Survival.ANYTHING:
        return file.torn(random)
    return file.visible if survival in {Survival.EVERYTHING, Survival.OCTETS} else file.synced
