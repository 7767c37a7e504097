"""Call records on their way to the disk: what it refuses is tried again, and no call is taken meanwhile."""

import asyncio
from collections.abc import Callable

from drivers.stores.call_store import CallRecord, CallStore, CallStoreError
from firmware.configuration.target import Faults

RETRY_S = 5.0
UNWRITABLE = "CALL_RECORDS_UNWRITABLE"


class CallRecords:
    """Owner of the waiting records. Without `patience` the first that cannot be written raises CallStoreError.

    `refused` is called with True when the disk begins to refuse records, with False when it has taken all.
    """

    def __init__(self, store: CallStore, faults: Faults, patience: bool) -> None:
        self.refused: Callable[[bool], None] = lambda _: None
        self._store = store
        self._faults = faults
        self._patience = patience
        self._waiting: dict[str, CallStoreError] = {}

    @property
    def failing(self) -> bool:
        """Records wait for the disk."""
        return bool(self._waiting)

    async def write(self, record: CallRecord) -> str:
        """Returns when the record survives a power cut: the name of the file."""
        while not self._written(record):
            await asyncio.sleep(RETRY_S)
        return self._store.path.name

    def give_up(self) -> None:
        """The box goes down; raises CallStoreError if records are still waiting."""
        if self._waiting:
            raise next(iter(self._waiting.values()))

    def _written(self, record: CallRecord) -> bool:
        try:
            self._store.write(record)
        except CallStoreError as error:
            if not self._patience:
                raise
            self._fail(record.call, error)
            return False
        self._succeed(record.call)
        return True

    def _fail(self, call: str, error: CallStoreError) -> None:
        first = not self._waiting
        self._waiting[call] = error
        self._faults.fault(UNWRITABLE, "", str(error))
        if first:
            self.refused(True)

    def _succeed(self, call: str) -> None:
        if self._waiting.pop(call, None) is not None and not self._waiting:
            self._faults.recover(UNWRITABLE, "")
            self.refused(False)
