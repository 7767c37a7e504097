"""Parts of the configuration tree that every box kind has: its site, its console, its alarms."""

from typing import Annotated, Literal

import msgspec

from firmware.configuration.fields import Effect, keys, setting

SERIAL_CONSOLES_MAX = 8
FILE_CHARACTERS_MAX = 255
DEVICE_PATTERN = r"^/dev/[^\s,;]+$"  # it is an alarm's object: AlarmKind.names()
HISTORY_MAX = 100_000


class Branch(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Base of every table of a tree: unknown keys are refused, values never change in place."""


class SiteConfiguration(Branch, frozen=True, kw_only=True):
    """Where the box stands, for people."""

    name: Annotated[
        str, setting("name of the site, in report headers", effect=Effect.AT_ONCE, most_characters=32)
    ] = ""
    contact: Annotated[str, setting("whom to call about this box", effect=Effect.AT_ONCE, most_characters=64)] = ""


class SerialConsole(Branch, frozen=True, kw_only=True):
    """A serial port with a console on it."""

    device: Annotated[
        str,
        setting(
            "the port: /dev/serial/by-id/... keeps its name",
            effect=Effect.AT_ONCE,
            pattern=DEVICE_PATTERN,
            most_characters=255,
        ),
    ]
    speed: Annotated[
        Literal[9600, 19200, 38400, 57600, 115200],
        setting("speed of the line; 8 data bits, no parity, 1 stop bit", effect=Effect.AT_ONCE, unit="bit/s"),
    ] = 9600
    modem_control: Annotated[bool, setting("a lost carrier (DCD) logs the user out", effect=Effect.AT_ONCE)] = (
        False
    )


class ConsoleConfiguration(Branch, frozen=True, kw_only=True):
    """Ways to the console, and its manners."""

    idle_logout_s: Annotated[
        int,
        setting(
            "a session idle for so long is logged out; 0: never",
            effect=Effect.AT_ONCE,
            unit="s",
            low=0,
            high=86400,
        ),
    ] = 900
    sessions: Annotated[
        int, setting("sessions at once; one user has half of them at most", effect=Effect.AT_ONCE, low=1, high=32)
    ] = 8
    serial: Annotated[
        dict[Annotated[int, keys(1, SERIAL_CONSOLES_MAX)], SerialConsole],
        setting("serial ports with a console", effect=Effect.AT_ONCE),
    ] = msgspec.field(default_factory=dict)
    tcp_address: Annotated[
        str,
        setting(
            "IP address for consoles over TCP; beyond loopback only with TLS",
            effect=Effect.AT_ONCE,
            most_characters=45,
        ),
    ] = "127.0.0.1"
    tcp_port: Annotated[int, setting("TCP port; 0: none", effect=Effect.AT_ONCE, low=0, high=65535)] = 0
    tls_certificate: Annotated[
        str,
        setting(
            "PEM file of the certificate chain; empty: no TLS",
            effect=Effect.AT_ONCE,
            most_characters=FILE_CHARACTERS_MAX,
            file=True,
        ),
    ] = ""
    tls_key: Annotated[
        str,
        setting(
            "PEM file of the certificate's key",
            effect=Effect.AT_ONCE,
            most_characters=FILE_CHARACTERS_MAX,
            file=True,
        ),
    ] = ""


class AlarmConfiguration(Branch, frozen=True, kw_only=True):
    """How alarms are raised, kept and told."""

    hold_off_ms: Annotated[
        int,
        setting("a fault must stand so long to be an alarm", effect=Effect.AT_ONCE, unit="ms", low=0, high=60000),
    ] = 500
    clear_hold_off_ms: Annotated[
        int,
        setting(
            "a fault must be gone so long to clear its alarm", effect=Effect.AT_ONCE, unit="ms", low=0, high=60000
        ),
    ] = 2000
    history: Annotated[
        int,
        setting("alarms kept in the history", effect=Effect.AT_ONCE, low=100, high=HISTORY_MAX),
    ] = 5000
    syslog: Annotated[
        str,
        setting(
            "HOST:PORT of a syslog server (UDP, RFC 5424); empty: none",
            effect=Effect.AT_ONCE,
            most_characters=255,
        ),
    ] = ""
    metrics_address: Annotated[
        str, setting("IP address of the Prometheus metrics", effect=Effect.AT_ONCE, most_characters=45)
    ] = "127.0.0.1"
    metrics_port: Annotated[
        int, setting("TCP port of the Prometheus metrics; 0: none", effect=Effect.AT_ONCE, low=0, high=65535)
    ] = 0


class BoxConfiguration(Branch, frozen=True, kw_only=True):
    """What every box kind's tree begins with."""

    schema: int  # each kind gives its own number, the only one permitted (firmware/configuration/migration.py)
    site: SiteConfiguration = SiteConfiguration()
    console: ConsoleConfiguration = msgspec.field(default_factory=ConsoleConfiguration)
    alarms: AlarmConfiguration = AlarmConfiguration()
