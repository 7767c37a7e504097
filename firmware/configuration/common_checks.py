"""What no single value's range says of the parts that every box kind has."""

import ipaddress
from collections.abc import Iterator

from drivers.syslog import SyslogAddressError, parse_address
from firmware.configuration.check import shown
from firmware.configuration.common import BoxConfiguration
from firmware.configuration.kind import Check
from firmware.configuration.target import Problem

ADDRESS = "an IP address: 127.0.0.1, ::1, 0.0.0.0 for all"


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _console(tree: BoxConfiguration) -> Iterator[Problem]:
    console = tree.console
    address = _address(console.tcp_address)
    if address is None:
        yield Problem("console.tcp_address", f"{shown(console.tcp_address)} is no IP address", ADDRESS)
    elif console.tcp_port and not address.is_loopback and not console.tls_certificate:
        reason = f"{shown(console.tcp_address)} is reached from outside the box, and there is no TLS"
        yield Problem("console.tcp_address", reason, "127.0.0.1, ::1; any with console.tls_certificate")
    if console.tls_certificate and not console.tls_key:
        yield Problem("console.tls_key", "is empty, and there is a certificate", "the PEM file of its key")
    if console.tls_key and not console.tls_certificate:
        yield Problem("console.tls_certificate", "is empty, and there is a key", "the PEM file of its certificate")


def _serial(tree: BoxConfiguration) -> Iterator[Problem]:
    owners: dict[str, int] = {}
    for number, serial in tree.console.serial.items():
        owner = owners.setdefault(serial.device, number)
        if owner != number:
            path = f"console.serial.{number}.device"
            yield Problem(path, f"{shown(serial.device)} is serial port {owner} already", "a device for each")


def _is_host_and_port(text: str) -> bool:
    try:
        parse_address(text)
    except SyslogAddressError:
        return False
    return True


def _alarms(tree: BoxConfiguration) -> Iterator[Problem]:
    alarms = tree.alarms
    if alarms.syslog and not _is_host_and_port(alarms.syslog):
        yield Problem(
            "alarms.syslog", f"{shown(alarms.syslog)} is no HOST:PORT", "HOST:PORT, [IPV6]:PORT, or empty"
        )
    if _address(alarms.metrics_address) is None:
        yield Problem("alarms.metrics_address", f"{shown(alarms.metrics_address)} is no IP address", ADDRESS)


def _tcp_ports(tree: BoxConfiguration) -> Iterator[Problem]:
    port = tree.console.tcp_port
    if port and port == tree.alarms.metrics_port:
        yield Problem("alarms.metrics_port", f"{port} is the console's already", "another port, or 0")


COMMON_CHECKS = (
    Check(("console",), _console),
    Check(("console",), _serial),
    Check(("alarms",), _alarms),
    Check(("console", "alarms"), _tcp_ports),
)
