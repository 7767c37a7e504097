"""Commands on alarms: what stands, what was, what it means, and that somebody takes care of it."""

from collections.abc import Iterator
from itertools import islice

from drivers.stores.alarm_history import AlarmHistoryError, AlarmRecord
from firmware.alarms.alarm import Alarm
from firmware.alarms.kind import BOX, AlarmKind, Severity
from firmware.alarms.manager import AlarmManager
from firmware.console.declaration import (
    FLAG,
    Choice,
    Command,
    CommandError,
    Integer,
    IntegerSet,
    Invocation,
    Parameter,
    Role,
    Text,
    Verb,
)
from firmware.console.report import Lines, Pairs, Report, Table
from firmware.console.return_codes import BAD_VALUE, NO_SUCH_OBJECT, STORE_FAILED

SERIAL_MOST = 1 << 53
HISTORY_MOST = 100_000
HISTORY_USUAL = 50

SEVERITY = Parameter(
    "SEVERITY", Choice(tuple(severity.name for severity in Severity)), "alarms of this severity only"
)
OBJECT = Parameter("OBJECT", Text(64), 'alarms of this object only, as it stands in the list: "port 3", box')
NAME = Parameter("NAME", Text(32), "alarms of this name only: LOS")


def _kind(alarms: AlarmManager, name: str) -> AlarmKind:
    """The kind of this name, in either case."""
    kind = alarms.catalogue.get(name.upper())
    if kind is None:
        raise CommandError(NO_SUCH_OBJECT, f"there is no alarm {name}: LST ALMCAT; lists them all")
    return kind


def _wanted(alarms: AlarmManager, invocation: Invocation) -> tuple[str | None, str | None]:
    """The name and the object asked for; each None where it was not."""
    name, place = invocation.get("NAME"), invocation.get("OBJECT")
    if place is not None:
        place = " ".join(place.lower().split())
        place = "" if place == BOX else place
    return (None if name is None else _kind(alarms, name).name), place


def _acknowledged(by: str, at: str) -> str:
    return f"{by} {at}" if by else "-"


async def display_alarms(alarms: AlarmManager, invocation: Invocation) -> Report:
    """DSP ALM."""
    name, place = _wanted(alarms, invocation)
    severity = invocation.get("SEVERITY", "")
    shown = [
        alarm
        for alarm in alarms.active(hidden=invocation.get("HIDDEN") == "YES")
        if severity in ("", alarm.kind.severity.name)
        and name in (None, alarm.kind.name)
        and place in (None, alarm.object)
    ]
    return Report(blocks=(_active_table("Active alarms", shown),))


def _active_table(title: str, alarms: list[Alarm]) -> Table:
    columns = ("Serial", "Severity", "Name", "Object", "Since", "Times", "Acknowledged", "What", "Next command")
    return Table(title, columns, [_active_row(alarm) for alarm in alarms])


def _active_row(alarm: Alarm) -> tuple[str | int, ...]:
    what = f"{alarm.kind.text} ({alarm.detail})" if alarm.detail else alarm.kind.text
    return (
        alarm.serial or "-",
        f"({alarm.kind.severity.name})" if alarm.hidden else alarm.kind.severity.name,
        alarm.kind.name,
        alarm.place,
        alarm.raised_at,
        alarm.occurrences,
        _acknowledged(alarm.acknowledged_by, alarm.acknowledged_at),
        what,
        alarm.next_command,
    )


async def count_alarms(alarms: AlarmManager, _: Invocation) -> Report:
    """DSP ALMCNT."""
    shown, everything = alarms.active(), alarms.active(hidden=True)

    def row(severity: Severity) -> tuple[str | int, ...]:
        mine = [alarm for alarm in shown if alarm.kind.severity is severity]
        hidden = sum(alarm.kind.severity is severity and alarm.hidden for alarm in everything)
        return severity.name, len(mine), sum(not alarm.acknowledged_by for alarm in mine), hidden

    columns = ("Severity", "Active", "Not acknowledged", "Hidden by others")
    return Report(blocks=(Table("Alarms", columns, [row(severity) for severity in Severity]),))


async def list_history(alarms: AlarmManager, invocation: Invocation) -> Report:
    """LST ALMHIS: the first record is read now, so that a disk that cannot be read is a refusal; the rest as it is
    printed."""
    name, place = _wanted(alarms, invocation)
    last = invocation.get("LAST", HISTORY_USUAL)
    below = invocation["FROM"] + 1 if "FROM" in invocation.arguments else None
    records = islice(alarms.records(before=below, name=name, place=place), last)
    try:
        first = list(islice(records, 1))
    except AlarmHistoryError as error:
        raise CommandError(STORE_FAILED, str(error)) from None
    columns = (
        *("Serial", "Severity", "Name", "Object", "Raised", "Cleared", "By", "Times", "Acknowledged", "Detail"),
    )
    return Report(blocks=(Table("Alarms, newest first", columns, _history_rows(first, records)),))


def _history_rows(first: list[AlarmRecord], rest: Iterator[AlarmRecord]) -> Iterator[tuple[str | int, ...]]:
    yield from map(_history_row, first)
    try:
        yield from map(_history_row, rest)
    except AlarmHistoryError as error:
        # The report is half printed: it must end, and say why.
        yield ("-", "-", "-", "-", "-", "-", "-", "-", "-", str(error))


def _history_row(record: AlarmRecord) -> tuple[str | int, ...]:
    return (
        record.serial,
        record.severity,
        record.name,
        record.object or BOX,
        record.raised_at,
        record.cleared_at or "-",
        record.cleared_by or "-",
        record.occurrences,
        _acknowledged(record.acknowledged_by, record.acknowledged_at),
        record.detail or "-",
    )


async def list_catalogue(alarms: AlarmManager, invocation: Invocation) -> Report:
    """LST ALMCAT: one kind explained, or all of them in a table."""
    code = invocation.get("CODE")
    if "NAME" in invocation.arguments:
        kind = _kind(alarms, invocation["NAME"])
        if code not in (None, kind.code):
            raise CommandError(BAD_VALUE, f"alarm {kind.name} has the code {kind.code}: give one of them")
        return _explanation(alarms, kind)
    kinds = sorted(alarms.catalogue.values(), key=lambda kind: kind.code)
    if code is None:
        columns = ("Code", "Name", "Severity", "Object", "What")
        rows = [(kind.code, kind.name, kind.severity.name, kind.object, kind.text) for kind in kinds]
        return Report(blocks=(Table("Kinds of alarms", columns, rows),))
    found = next((kind for kind in kinds if kind.code == code), None)
    if found is None:
        raise CommandError(NO_SUCH_OBJECT, f"there is no alarm of code {code}: LST ALMCAT; lists them all")
    return _explanation(alarms, found)


def _explanation(alarms: AlarmManager, kind: AlarmKind) -> Report:
    standing = [alarm for alarm in alarms.active(hidden=True) if alarm.kind is kind]
    pairs = (
        ("Code", kind.code),
        ("Name", kind.name),
        ("Severity", f"{kind.severity.name}: {kind.severity.value}"),
        ("Object", kind.object),
        ("What", kind.text if kind.stands else f"{kind.text} (an event: it does not stand)"),
        ("Consequences", kind.consequences),
        ("Hidden by", ", ".join(kind.hidden_by) or "-"),
        # With none standing the object is left for the reader to fill in.
        ("Next command", kind.next_command.format(key="...")),
    )
    causes = [f"{number}. {cause}" for number, cause in enumerate(kind.causes, 1)]
    return Report(
        blocks=(
            Pairs(f"Alarm {kind.name}", pairs),
            Lines("Probable causes, in the order to look for them", causes),
            _active_table("Standing now", standing),
        )
    )


async def acknowledge_alarms(alarms: AlarmManager, invocation: Invocation) -> Report:
    """ACK ALM: those of the serials that are active; a range may have gaps, but not be empty."""
    serials = set(invocation["SERIAL"])
    known = {alarm.serial for alarm in alarms.active(hidden=True) if alarm.serial}
    if not serials & known:
        raise CommandError(NO_SUCH_OBJECT, "none of these alarms is active: DSP ALM; lists those that are")
    done = [alarms.acknowledge(serial, invocation.session.user) for serial in sorted(serials & known)]
    return Report(blocks=(_active_table("Acknowledged", done),))


COMMANDS: tuple[Command[AlarmManager], ...] = (
    Command(
        verb=Verb.DSP,
        object="ALM",
        text="Alarms that stand, worst first",
        handler=display_alarms,
        role=Role.GUEST,
        parameters=(
            SEVERITY,
            NAME,
            OBJECT,
            Parameter(
                "HIDDEN", FLAG, "also those that are consequences of others, severity in brackets", default="NO"
            ),
        ),
        watch=True,
        example="DSP ALM:SEVERITY=MAJOR;",
        refused="DSP ALM:SEVERITY=FATAL;",
        refused_code=BAD_VALUE,
    ),
    Command(
        verb=Verb.DSP,
        object="ALMCNT",
        text="How many alarms stand",
        handler=count_alarms,
        role=Role.GUEST,
        watch=True,
        example="DSP ALMCNT;",
        refused="DSP ALMCNT:WATCH=MAYBE;",
        refused_code=BAD_VALUE,
    ),
    Command(
        verb=Verb.LST,
        object="ALMHIS",
        text="The history of alarms, newest first",
        handler=list_history,
        role=Role.GUEST,
        parameters=(
            Parameter("LAST", Integer(1, HISTORY_MOST), "so many of them", default=str(HISTORY_USUAL)),
            Parameter("FROM", Integer(1, SERIAL_MOST), "this serial number and older ones", default="the newest"),
            NAME,
            OBJECT,
        ),
        example="LST ALMHIS:LAST=20;",
        refused="LST ALMHIS:LAST=0;",
        refused_code=BAD_VALUE,
    ),
    Command(
        verb=Verb.LST,
        object="ALMCAT",
        text="What an alarm means: causes, consequences, what to type next; or all kinds of alarms",
        handler=list_catalogue,
        role=Role.GUEST,
        parameters=(
            Parameter("NAME", Text(32), "the alarm to explain, by its name: LOS"),
            Parameter("CODE", Integer(1, 999), "the alarm to explain, by its code: 101"),
        ),
        example="LST ALMCAT:NAME=LOS;",
        refused="LST ALMCAT:NAME=NOSUCH;",
        refused_code=NO_SUCH_OBJECT,
    ),
    Command(
        verb=Verb.ACK,
        object="ALM",
        text="Says that you take care of alarms",
        handler=acknowledge_alarms,
        role=Role.OPERATOR,
        parameters=(
            Parameter("SERIAL", IntegerSet(1, SERIAL_MOST), "serial numbers of active alarms", mandatory=True),
        ),
        effect="The alarms show who takes care of them, until they are cleared; nothing else changes.",
        example="ACK ALM:SERIAL=1&&100;",
        refused="ACK ALM:SERIAL=999999999;",
        refused_code=NO_SUCH_OBJECT,
    ),
)
