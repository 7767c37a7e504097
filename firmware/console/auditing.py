"""From commands and logins to records of the audit log, and what happens where it does not take them."""

from drivers.stores.audit_log import AuditLog
from drivers.stores.storage import StoreError
from firmware.configuration.target import Faults
from firmware.console import return_codes
from firmware.console.answer import BEGUN, AuditEntry
from firmware.console.declaration import CommandError
from firmware.runtime import WallClock

FAILED_ALARM = "AUDIT_FAILED"
BROKEN_ALARM = "AUDIT_BROKEN"

# What stands for a RETCODE where there is none.
CODE_BEGUN = -1
CODE_BROKEN_OFF = -2

REFUSED_CHARACTERS = 256  # of a command that was refused: what nobody may do is not to fill the log


class Auditor:
    """Records what is done on a box. Each record is synced before the call returns.

    A command that changes something is recorded when it begins and with its RETCODE when it ends: where the first
    record fails, the command is refused, so nothing happens unrecorded. Every other record that fails is an alarm.
    """

    def __init__(self, log: AuditLog, box: str, wall_clock: WallClock, faults: Faults) -> None:
        self.log = log
        self._box = box
        self._wall_clock = wall_clock
        self._faults = faults
        if log.faults:
            self.broken("; ".join(log.faults))

    def __call__(self, entry: AuditEntry) -> None:
        """Records a command; CommandError where it is about to begin and cannot be recorded."""
        begun = entry.code is None and entry.text == BEGUN
        code = entry.code if entry.code is not None else CODE_BEGUN if begun else CODE_BROKEN_OFF
        command = entry.command if code <= return_codes.OK else _cut(entry.command)
        failure = self._append(entry.session.user, entry.session.terminal, command, code)
        if failure and begun:
            raise CommandError(return_codes.STORE_FAILED, f"not carried out, it cannot be recorded: {failure}")

    def login(self, user: str, terminal: str, text: str, code: int) -> None:
        """Records what came of an attempt to log in."""
        self._append(user, terminal, text, code)

    def broken(self, detail: str) -> None:
        """Tells that the log is not as it was written."""
        self._faults.fault(BROKEN_ALARM, "", detail)

    def intact(self) -> None:
        """Tells that it is."""
        self._faults.recover(BROKEN_ALARM, "")

    def _append(self, user: str, terminal: str, command: str, code: int) -> str:
        """Why it was not recorded; "" if it was."""
        time = self._wall_clock.now()
        try:
            self.log.append(time=time, user=user, terminal=terminal, box=self._box, command=command, retcode=code)
        except StoreError as error:
            self._faults.fault(FAILED_ALARM, "", str(error))
            return str(error)
        self._faults.recover(FAILED_ALARM, "")
        return ""


def _cut(command: str) -> str:
    if len(command) <= REFUSED_CHARACTERS:
        return command
    return f"{command[:REFUSED_CHARACTERS]}... ({len(command)} characters)"
