"""Commands on the audit log: reading it, and verifying that nobody has changed it. Their subject: the auditor."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from drivers.stores.audit_log import AuditLog
from drivers.stores.audit_verification import AuditVerdict
from drivers.stores.storage import StoreError
from firmware.console import return_codes
from firmware.console.auditing import CODE_BEGUN, CODE_BROKEN_OFF, Auditor
from firmware.console.declaration import (
    FLAG,
    Command,
    CommandError,
    Integer,
    Invocation,
    Parameter,
    Role,
    Text,
    Verb,
)
from firmware.console.report import Pairs, Report, Table
from protocols.audit_record import AuditRecord

SERIAL_MAX = 2**31 - 1
LAST_MAX = 10_000
LAST = 20
AT_A_TIME = 100  # records looked at before others have their turn

_CODES = {CODE_BEGUN: "begun", CODE_BROKEN_OFF: "broken off"}
_COLUMNS = ("Serial", "Time", "User", "Terminal", "Box", "RETCODE", "Command")


async def _list(auditor: Auditor, invocation: Invocation) -> Report:
    log = auditor.log
    first, last = invocation.get("FROM", log.oldest), invocation.get("TO", log.serial)
    if first > last and log.serial:
        raise CommandError(return_codes.BAD_VALUE, f"FROM={first} is after TO={last}")
    wanted = _wanted(invocation)
    whole_range = "FROM" in invocation.arguments and "LAST" not in invocation.arguments
    most = LAST_MAX if whole_range else invocation.get("LAST", LAST)
    records: Iterable[AuditRecord] = islice(_readable(log.between(first, last)), most)
    if wanted:
        records = await _found(_readable(log.between(first, last)), wanted, most)
    title = f"Audit log, newest first (records {log.oldest} to {log.serial} are kept)"
    return Report(blocks=(Table(title, _COLUMNS, map(_row, records)),))


def _row(record: AuditRecord) -> tuple[str | int, ...]:
    code = _CODES.get(record.retcode, record.retcode)
    return record.serial, record.time, record.user, record.terminal, record.box, code, record.command


def _readable(records: Iterator[AuditRecord]) -> Iterator[AuditRecord]:
    """The records; one that the disk does not give breaks the report off."""
    try:
        yield from records
    except StoreError as error:
        raise CommandError(return_codes.STORE_FAILED, str(error)) from error


Condition = Callable[[AuditRecord], bool]


def _wanted(invocation: Invocation) -> list[Condition]:
    """What a record must be to be listed."""
    user, text = invocation.get("USER", "").lower(), invocation.get("TEXT", "").lower()
    conditions: list[Condition] = []
    if user:
        conditions.append(lambda record: record.user.lower() == user)
    if text:
        conditions.append(lambda record: text in f"{record.terminal} {record.box} {record.command}".lower())
    if invocation.get("FAILED") == "YES":
        conditions.append(lambda record: record.retcode not in (return_codes.OK, CODE_BEGUN))
    return conditions


async def _found(records: Iterator[AuditRecord], wanted: list[Condition], most: int) -> list[AuditRecord]:
    """Looked for with pauses: a box with a long log goes on meanwhile."""
    found: list[AuditRecord] = []
    while len(found) < most and (looked_at := list(islice(records, AT_A_TIME))):
        found += [record for record in looked_at if all(condition(record) for condition in wanted)]
        await asyncio.sleep(0)
    return found[:most]


async def _verdict(log: AuditLog) -> AuditVerdict:
    """Of the whole log, with a pause after each of its files."""
    verdict = AuditVerdict(records=0)
    try:
        for so_far in log.verify_by_file():
            verdict = so_far
            await asyncio.sleep(0)
    except StoreError as error:
        raise CommandError(return_codes.STORE_FAILED, str(error)) from error
    return verdict


async def _check(auditor: Auditor, _invocation: Invocation) -> Report:
    log = auditor.log
    oldest, newest = log.oldest, log.serial
    verdict = await _verdict(log)
    if not verdict.intact:
        where = f"{verdict.where}: {verdict.why}"
        auditor.broken(where)
        good = f"{verdict.records} records before it are good"
        raise CommandError(return_codes.AUDIT_BROKEN, f"The audit log is broken at {where}; {good}")
    auditor.intact()
    pairs = (("Oldest record", oldest), ("Newest record", newest), ("Records verified", verdict.records))
    return Report("The audit log is as it was written", (Pairs("Audit log", pairs),))


COMMANDS: tuple[Command[Auditor], ...] = (
    Command(
        Verb.LST,
        "AUDIT",
        "List what was commanded on this machine, by whom, from where, and with which RETCODE; logins, too.",
        _list,
        Role.ADMINISTRATOR,
        parameters=(
            Parameter("LAST", Integer(1, LAST_MAX), "so many of the newest that apply", default=str(LAST)),
            Parameter("FROM", Integer(1, SERIAL_MAX), "serial of the oldest record", default="the oldest kept"),
            Parameter("TO", Integer(1, SERIAL_MAX), "serial of the newest record", default="the newest"),
            Parameter("USER", Text(32, 1), "only this user's", default="all"),
            Parameter("TEXT", Text(64, 1), "only with this in terminal, box or command", default="all"),
            Parameter("FAILED", FLAG, "YES: only what was refused or broken off", default="NO"),
        ),
        example="LST AUDIT:LAST=5,USER=admin;",
        refused="LST AUDIT:LAST=0;",
        refused_code=return_codes.BAD_VALUE,
    ),
    Command(
        Verb.CHK,
        "AUDIT",
        "Check that no record of the audit log has been changed, removed or put in.",
        _check,
        Role.ADMINISTRATOR,
        example="CHK AUDIT;",
        refused="CHK AUDIT:LAST=5;",
        refused_code=return_codes.UNKNOWN_PARAMETER,
    ),
)
