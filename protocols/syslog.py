"""Syslog messages (RFC 5424): header, structured data, text; with vectors."""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

VERSION = 1
NIL = "-"
BOM = b"\xef\xbb\xbf"  # says that the text is UTF-8 (RFC 5424 6.4)
DOCUMENTATION_ENTERPRISE = 32473  # RFC 5612: for documents and examples; we own no number

OCTETS_MOST = 2048  # what a receiver should take (RFC 5424 6.1); the text is cut off there

# RFC 5424 6: the longest HOSTNAME, APP-NAME, PROCID and MSGID.
HOSTNAME_MOST, APPLICATION_MOST, PROCESS_MOST, IDENTIFIER_MOST = 255, 48, 128, 32

# RFC 5424 6.3: SD-NAME is 1 to 32 of printable ASCII but for = ] " and space; an ID that is nobody's in particular
# carries @ and an enterprise number.
_NAME = re.compile(r'[^\x00-\x20="\]\x7f-\U0010ffff]{1,32}')


class Facility(enum.IntEnum):
    """RFC 5424 6.2.1, table 1."""

    USER = 1
    SYSTEM = 3
    AUTHORIZATION = 4
    LOCAL0 = 16
    LOCAL4 = 20
    LOCAL7 = 23


class Urgency(enum.IntEnum):
    """What RFC 5424 calls severity (6.2.1, table 2)."""

    EMERGENCY = 0
    ALERT = 1
    CRITICAL = 2
    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFORMATIONAL = 6
    DEBUG = 7


@dataclass(frozen=True, kw_only=True)
class SyslogMessage:
    """One message. `at`: RFC 3339 with a zone, at most microseconds. `data`: parameters by SD-ID; an ID of one's
    own is NAME@ENTERPRISE. What may not stand in a field is replaced, what is too long cut off."""

    facility: Facility
    urgency: Urgency
    at: str
    host: str
    application: str
    process: str = ""
    identifier: str = ""
    data: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    text: str = ""


# Examples 1, 3 and 4 of RFC 5424 6.5, and the escapes of 6.3.3.
MESSAGE_VECTORS = [
    (
        SyslogMessage(
            facility=Facility.AUTHORIZATION,
            urgency=Urgency.CRITICAL,
            at="2003-10-11T22:14:15.003Z",
            host="mymachine.example.com",
            application="su",
            identifier="ID47",
            text="'su root' failed for lonvick on /dev/pts/8",
        ),
        b"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xef\xbb\xbf"
        b"'su root' failed for lonvick on /dev/pts/8",
    ),
    (
        SyslogMessage(
            facility=Facility.LOCAL4,
            urgency=Urgency.NOTICE,
            at="2003-10-11T22:14:15.003Z",
            host="mymachine.example.com",
            application="evntslog",
            identifier="ID47",
            data={"exampleSDID@32473": {"iut": "3", "eventSource": "Application", "eventID": "1011"}},
            text="An application event log entry...",
        ),
        b"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 "
        b'[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"] '
        b"\xef\xbb\xbfAn application event log entry...",
    ),
    (
        SyslogMessage(
            facility=Facility.LOCAL4,
            urgency=Urgency.NOTICE,
            at="2003-10-11T22:14:15.003Z",
            host="mymachine.example.com",
            application="evntslog",
            identifier="ID47",
            data={
                "exampleSDID@32473": {"iut": "3", "eventSource": "Application", "eventID": "1011"},
                "examplePriority@32473": {"class": "high"},
            },
        ),
        b"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 "
        b'[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"]'
        b'[examplePriority@32473 class="high"]',
    ),
    (
        SyslogMessage(
            facility=Facility.LOCAL0,
            urgency=Urgency.ALERT,
            at="2026-11-25T01:02:03.456Z",
            host="",
            application="a b",
            data={"x@32473": {"v": 'quote " backslash \\ bracket ] gr\u00fcn'}},
            text="one\ntwo",
        ),
        b"<129>1 2026-11-25T01:02:03.456Z - a?b - - "
        b'[x@32473 v="quote \\" backslash \\\\ bracket \\] gr\xc3\xbcn"] '
        b"\xef\xbb\xbfone two",
    ),
]


def encode(message: SyslogMessage) -> bytes:
    """The datagram (RFC 5426: one message each). ValueError: structured data with a name that is none."""
    header = " ".join(
        (
            f"<{message.facility * 8 + message.urgency}>{VERSION}",
            message.at,
            _field(message.host, HOSTNAME_MOST),
            _field(message.application, APPLICATION_MOST),
            _field(message.process, PROCESS_MOST),
            _field(message.identifier, IDENTIFIER_MOST),
            "".join(_element(name, values) for name, values in message.data.items()) or NIL,
        )
    )
    octets = header.encode(errors="replace")
    if not message.text:
        return octets
    room = OCTETS_MOST - len(octets) - len(BOM) - 1
    # Cut between characters, never within one.
    text = _one_line(message.text).encode(errors="replace")[: max(room, 0)].decode(errors="ignore")
    return octets + b" " + BOM + text.encode()


def _field(text: str, most: int) -> str:
    """Printable ASCII without spaces, or NIL."""
    return re.sub(r"[^!-~]", "?", text[:most]) or NIL


def _one_line(text: str) -> str:
    """Control characters could forge a line of somebody else's log file."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text)


def _element(name: str, values: Mapping[str, str]) -> str:
    for each in (name, *values):
        if _NAME.fullmatch(each) is None:
            raise ValueError(f"syslog structured data cannot have the name {each!r}")
    pairs = (f' {key}="{_escape(value)}"' for key, value in values.items())
    return f"[{name}{''.join(pairs)}]"


def _escape(value: str) -> str:
    return re.sub(r'(["\\\]])', r"\\\1", _one_line(value))
