"""Commands on sessions: who is logged in, ending one, the manners of one's own. Their subject: the registry."""

from datetime import timedelta

from firmware.console import return_codes
from firmware.console.declaration import (
    FLAG,
    Choice,
    Command,
    CommandError,
    Integer,
    Invocation,
    Parameter,
    Role,
    Session,
    Verb,
)
from firmware.console.report import Pairs, Report, Table
from firmware.console.sessions import LiveSession, SessionRefusedError, SessionRegistry, SessionSettings

NUMBER_MAX = 2**31 - 1
SIZE_MAX = 500

_TERMINAL, _MACHINE = "TERMINAL", "MACHINE"
_NUMBER = Parameter("SN", Integer(1, NUMBER_MAX), "number of the session, as DSP SES shows it", mandatory=True)

# What SET SES changes, and in which field of the settings it is kept.
_FIELDS = {"REPORTS": "reports", "PAGING": "paging", "ROWS": "rows", "COLUMNS": "columns", "MODE": "machine"}


async def _display(sessions: SessionRegistry, invocation: Invocation) -> Report:
    columns = ("Session", "User", "Role", "Terminal", "For", "Idle", "Reports", "Mode")
    rows = [_row(live, invocation.session) for live in sessions.all()]
    return Report(blocks=(Table("Sessions (*: this one)", columns, rows),))


def _row(live: LiveSession, own: Session) -> tuple[str, ...]:
    session, settings = live.session, live.settings
    mark = "*" if session.number == own.number else ""
    return (
        f"{session.number}{mark}",
        session.user,
        session.role.name.lower(),
        session.terminal,
        _duration(live.for_s),
        _duration(live.idle_s),
        _flag(settings.reports),
        _mode(settings),
    )


def _duration(seconds: float) -> str:
    return str(timedelta(seconds=int(seconds)))


def _flag(value: bool) -> str:
    return "YES" if value else "NO"


def _mode(settings: SessionSettings) -> str:
    return _MACHINE if settings.machine else _TERMINAL


def _other(sessions: SessionRegistry, invocation: Invocation) -> LiveSession:
    """The session to be ended, if this user may end it."""
    live = sessions.find(invocation["SN"])
    if live is None:
        raise CommandError(return_codes.NO_SUCH_OBJECT, f"there is no session {invocation['SN']}")
    if live.session.number == invocation.session.number:
        raise CommandError(return_codes.WRONG_STATE, "this is your own session: log out to end it")
    try:
        sessions.check_removable(live, invocation.session)
    except SessionRefusedError as error:
        raise CommandError(return_codes.NOT_PERMITTED, str(error)) from error
    return live


def _whom(sessions: SessionRegistry, invocation: Invocation) -> list[str]:
    session = (live := _other(sessions, invocation)).session
    return [f"session {session.number} of {session.user} on {session.terminal}, idle for {_duration(live.idle_s)}"]


async def _remove(sessions: SessionRegistry, invocation: Invocation) -> Report:
    session = _other(sessions, invocation).session
    sessions.remove(session.number, invocation.session)
    return Report(f"Session {session.number} of {session.user} ended")


async def _set(sessions: SessionRegistry, invocation: Invocation) -> Report:
    live = sessions.find(invocation.session.number)
    if live is None:
        raise CommandError(return_codes.NOT_LOGGED_IN, "this session has been ended")
    if not invocation.arguments:
        raise CommandError(return_codes.MISSING_PARAMETER, f"nothing to set; permitted: {', '.join(_FIELDS)}")
    for name, value in invocation.arguments.items():
        setattr(live.settings, _FIELDS[name], _SETTINGS.get(value, value))
    settings = live.settings
    pairs = (
        ("REPORTS", _flag(settings.reports)),
        ("PAGING", _flag(settings.paging)),
        ("ROWS", settings.rows or "as the terminal says"),
        ("COLUMNS", settings.columns or "as the terminal says"),
        ("MODE", _mode(settings)),
    )
    return Report(blocks=(Pairs("This session", pairs),))


_SETTINGS = {"YES": True, "NO": False, _MACHINE: True, _TERMINAL: False}

COMMANDS: tuple[Command[SessionRegistry], ...] = (
    Command(
        Verb.DSP,
        "SES",
        "Display who is logged in on this box, from where, and for how long nothing has been typed.",
        _display,
        Role.OPERATOR,
        example="DSP SES;",
        refused="DSP SES:SN=1;",
        refused_code=return_codes.UNKNOWN_PARAMETER,
        watch=True,
    ),
    Command(
        Verb.RMV,
        "SES",
        "End another session: one of your own, or of a user whose role is not above yours.",
        _remove,
        Role.OPERATOR,
        parameters=(_NUMBER,),
        effect="at once; its user is told by whom, and what he was editing is lost",
        example="RMV SES:SN=2,FORCE=YES;",
        refused="RMV SES:SN=2147483647;",
        refused_code=return_codes.NO_SUCH_OBJECT,
        interrupts=_whom,
    ),
    Command(
        Verb.SET,
        "SES",
        "Set the manners of this session.",
        _set,
        Role.GUEST,
        parameters=(
            Parameter("REPORTS", FLAG, "show alarms and other reports nobody asked for", default="YES"),
            Parameter("PAGING", FLAG, "stop long reports at every full screen", default="YES"),
            Parameter("ROWS", Integer(0, SIZE_MAX), "rows of the screen; 0: as it says itself", default="0"),
            Parameter("COLUMNS", Integer(0, SIZE_MAX), "columns of the screen; 0: as it says itself", default="0"),
            Parameter(
                "MODE",
                Choice((_TERMINAL, _MACHINE)),
                "MACHINE: records with length and CRC, no echo, no questions, no paging",
                default=_TERMINAL,
            ),
        ),
        effect="at once, for this session only; what is not given stays as it is",
        example="SET SES:PAGING=NO;",
        refused="SET SES;",
        refused_code=return_codes.MISSING_PARAMETER,
        own_session=True,
    ),
)
