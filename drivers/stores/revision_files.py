"""Files of the revisions in a store, each written twice: a flipped bit in one of them costs nothing."""

import re
from contextlib import suppress
from typing import NamedTuple

from drivers.stores.storage import Storage, StorageError, StoreError
from protocols.configuration_record import REVISION_MAX
from protocols.revision_file import Revision, RevisionFileError, decode, encode

_NAME = re.compile(r"revision-([0-9]{8})\.(?:toml|copy)")


class Condition(NamedTuple):
    """Of a revision's files. `fault`: why neither can be read; `damaged`: the one of them that is not whole."""

    fault: str = ""
    damaged: str = ""


class RevisionFiles:
    """`revision-NUMBER.toml` and its `.copy`."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def numbers(self) -> list[int]:
        """Of all revisions of which there is a file, ascending. Raises StorageError.

        A number that no pointer can hold is none of ours, whoever has put the file there.
        """
        matches = (_NAME.fullmatch(name) for name in self._storage.names())
        numbers = {int(match[1]) for match in matches if match}
        return sorted(number for number in numbers if 0 < number < REVISION_MAX)

    def write(self, revision: Revision) -> None:
        """On return both files survive a power cut. Raises StorageError; parts of them may be left then."""
        octets = encode(revision)
        for name in _names(revision.number):
            self._storage.create(name, octets)
            self._storage.sync(name)
        self._storage.sync_folder()

    def read(self, number: int) -> Revision:
        """From whichever file is whole. Raises StoreError."""
        reasons = []
        for name in _names(number):
            try:
                return self._whole(number, self._storage.read(name))
            except (StorageError, RevisionFileError) as error:
                reasons.append(f"{name}: {error}" if isinstance(error, RevisionFileError) else str(error))
        raise StoreError(f"revision {number} cannot be read: {'; '.join(reasons)}")

    def remove(self, number: int) -> None:
        """Takes both away, as far as the disk lets us: what stays is found and removed later."""
        for name in _names(number):
            with suppress(StorageError):
                self._storage.remove(name)

    def condition(self, number: int) -> Condition:
        """Looks at both files."""
        try:
            octets = encode(self.read(number))
        except StoreError as error:
            return Condition(fault=str(error))
        return Condition(damaged=next((name for name in _names(number) if not self._holds(name, octets)), ""))

    def restore(self, number: int, damaged: str) -> None:
        """Writes the damaged file anew from the other one. Raises StorageError."""
        octets = encode(self.read(number))
        if damaged in self._storage.names():
            self._storage.overwrite(damaged, octets)  # in place: the disk may be full
            self._storage.sync(damaged)
        else:
            self._storage.create(damaged, octets)
            self._storage.sync(damaged)
            self._storage.sync_folder()

    def _holds(self, name: str, octets: bytes) -> bool:
        try:
            return self._storage.read(name) == octets
        except StorageError:
            return False

    @staticmethod
    def _whole(number: int, octets: bytes) -> Revision:
        revision = decode(octets)
        if revision.number != number:
            raise RevisionFileError(f"holds revision {revision.number}")
        return revision


def _names(number: int) -> tuple[str, str]:
    return f"revision-{number:08d}.toml", f"revision-{number:08d}.copy"
