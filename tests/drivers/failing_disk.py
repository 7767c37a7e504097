"""A disk on which an operation fails, once or from then on, having done nothing, a part, or everything."""

import enum
from collections.abc import Callable
from random import Random

from drivers.stores.storage import Reason, StorageError
from hil.power_cut import PowerCutStorage


class Done(enum.Enum):
    """What a failed operation has done all the same."""

    NOTHING = "nothing"
    PART = "a part"
    EVERYTHING = "everything"


class FailingDisk(PowerCutStorage):
    """The operation of this number fails, counted from 0; None: none."""

    def __init__(self, files: dict[str, bytes], at: int | None, done: Done, *, lasting: bool) -> None:
        super().__init__(Random(0), files=files)
        self._at = at
        self._done = done
        self._lasting = lasting
        self.count = 0

    def mend(self) -> None:
        """Nothing fails any more."""
        self._at = None

    def create(self, name: str, octets: bytes) -> None:
        """May leave a part, as a full disk does."""
        self._try(lambda part: super(FailingDisk, self).create(name, octets[: len(octets) // part]))

    def overwrite(self, name: str, octets: bytes) -> None:
        """May leave a part of it over what was there."""
        before = self.read(name)
        self._try(lambda part: super(FailingDisk, self).overwrite(name, _half(octets, before, part)))

    def append(self, name: str, octets: bytes) -> None:
        """May leave a part."""
        self._try(lambda part: super(FailingDisk, self).append(name, octets[: len(octets) // part]))

    def truncate(self, name: str, octets: int) -> None:
        """May fail."""
        self._try(lambda part: part == 1 and super(FailingDisk, self).truncate(name, octets))

    def sync(self, name: str) -> None:
        """May fail."""
        self._try(lambda part: part == 1 and super(FailingDisk, self).sync(name))

    def sync_folder(self) -> None:
        """May fail."""
        self._try(lambda part: part == 1 and super(FailingDisk, self).sync_folder())

    def remove(self, name: str) -> None:
        """May fail."""
        self._try(lambda part: part == 1 and super(FailingDisk, self).remove(name))

    def _try(self, operation: Callable[[int], object]) -> None:
        """`operation` takes what part of it is done: 1 whole, 2 half, which may be nothing."""
        number, self.count = self.count, self.count + 1
        if self._at is None or number < self._at or (number > self._at and not self._lasting):
            operation(1)
            return
        if self._done is not Done.NOTHING:
            operation(1 if self._done is Done.EVERYTHING else 2)
        raise StorageError("disk: No space left on device", Reason.FULL)


def _half(octets: bytes, before: bytes, part: int) -> bytes:
    written = octets[: len(octets) // part]
    return written + before[len(written) :] if part > 1 else octets
