"""What the boxes of one machine share: its users and its audit log."""

import os
from collections.abc import Callable
from pathlib import Path

from drivers.stores.audit_log import AuditLog
from drivers.stores.boot import Boot
from drivers.stores.revision_store import RevisionStore
from drivers.stores.storage import FolderStorage
from firmware.accounts.accounts import Accounts
from firmware.accounts.hashing import Hasher, HashRunner
from firmware.configuration.target import Faults
from firmware.console.auditing import Auditor
from firmware.runtime import WallClock

ACCOUNTS = "accounts"
AUDIT = "audit"


class Machine:
    """Owner of what stands in `folder` besides the boxes. Made in a running event loop.

    `box` is the box that answers for the machine: its alarms tell of the machine's faults. `run_hash` does the
    work of hashing passwords.
    """

    def __init__(
        self,
        folder: Path,
        box: str,
        faults: Faults,
        wall_clock: WallClock,
        boot: Callable[[], Boot],
        run_hash: HashRunner,
    ) -> None:
        self.audit_log = AuditLog.open(FolderStorage(folder / AUDIT))
        self.accounts = Accounts(
            RevisionStore.open(FolderStorage(folder / ACCOUNTS), boot()),
            Hasher(run_hash),
            wall_clock,
            faults,
            Auditor(self.audit_log, box, wall_clock, faults),
            os.geteuid(),
        )

    def close(self) -> None:
        """Ends timers."""
        self.accounts.close()
