"""A small record that is always readable: two copies, of which never more than one is being written."""

from typing import Any

from construct import Construct, ConstructError

from drivers.stores.storage import Reason, Storage, StorageError

UNSURE = "; the disk may have taken it all the same: the next start will show"


class RecordError(StorageError):
    """The record was not written. `certain`: the old one surely holds; if not, either may after the next start."""

    def __init__(self, error: StorageError, *, certain: bool) -> None:
        super().__init__(str(error), error.reason)
        self.certain = certain


class TwoCopyRecord:
    """`NAME-a` and `NAME-b`, of a layout with a `sequence` and a seal. Making it reads them and raises nothing.

    A copy that is half-written is told by its seal; the other one then holds what was before.
    """

    def __init__(self, storage: Storage, name: str, layout: Construct) -> None:
        self._storage = storage
        self._layout = layout
        self.names = (f"{name}-a", f"{name}-b")
        self.damaged: list[str] = []  # names of copies that are there and cannot be read
        copies = [self._read(copy) for copy in self.names]
        self._sequence = max((copy["sequence"] for copy in copies if copy), default=0)
        newest = 0 if copies[0] and copies[0]["sequence"] == self._sequence else 1
        self._turn = 1 - newest  # the copy to be written next
        self.values = _without_sequence(copies[newest])  # None: neither copy can be read
        self.settled = self.values is not None and _without_sequence(copies[self._turn]) == self.values

    def write(self, **values: Any) -> None:
        """Writes the copy whose turn it is. On return the values hold. Raises RecordError."""
        name = self.names[self._turn]
        before = self._octets(name)
        try:
            self._write_copy(name, values)
        except StorageError as error:
            raise RecordError(error, certain=self._undo(name, before)) from None
        self._turn = 1 - self._turn
        self.settled = values == self.values
        self.values = values

    def settle(self) -> None:
        """Brings the other copy up to the same values: from then on either may be lost. Raises RecordError."""
        if self.values is not None and not self.settled:
            self.write(**self.values)

    def sync(self) -> None:
        """What was read may be what a killed program wrote and never synced. Raises StorageError."""
        self._storage.sync(self.names[1 - self._turn])

    def _write_copy(self, name: str, values: dict[str, Any]) -> None:
        self._sequence += 1
        octets = self._layout.build({"sequence": self._sequence, **values})
        if name in self._storage.names():
            self._storage.overwrite(name, octets)
            self._storage.sync(name)
        else:
            self._storage.create(name, octets)
            self._storage.sync(name)
            self._storage.sync_folder()

    def _undo(self, name: str, before: bytes | None) -> bool:
        """What failed half-way might hold after the next start; true if it surely does not."""
        try:
            if self._octets(name) == before:
                return True
            if before is None:
                self._storage.remove(name)
                self._storage.sync_folder()
            else:
                self._storage.overwrite(name, before)
                self._storage.sync(name)
        except StorageError:
            return False
        return True

    def _octets(self, name: str) -> bytes | None:
        try:
            return self._storage.read(name)
        except StorageError:
            return None

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            return dict(self._layout.parse(self._storage.read(name)))
        except StorageError as error:
            if error.reason is Reason.MISSING:
                return None
        except ConstructError:
            pass
        self.damaged.append(name)
        return None


def _without_sequence(copy: dict[str, Any] | None) -> dict[str, Any] | None:
    # construct keeps its own notes under names with an underscore, and the constant.
    return copy and {name: value for name, value in copy.items() if name not in ("sequence", "magic", "_io")}
