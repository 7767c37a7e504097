"""A technician's end of a console: a connection, or a serial port."""

import os
import select
import socket
import ssl
from pathlib import Path
from typing import Protocol

from drivers.errors import UserError
from drivers.terminal.serial_port import open_serial
from drivers.terminal.unix_socket import connect_unix

CONNECT_LIMIT_S = 10.0
READ_OCTETS = 65536


class LinkError(UserError):
    """A box that cannot be reached, or is gone."""


class Link(Protocol):
    """Octets to and from a console."""

    needs_enter: bool  # the box waits for Enter before it says anything

    def fileno(self) -> int:
        """To be waited on for what comes."""

    def receive(self) -> bytes | None:
        """What has come; None: nothing; b"": the box is gone. Does not wait."""

    def send(self, octets: bytes) -> None:
        """Sends all of it; raises LinkError."""

    def close(self) -> None:
        """Hangs up."""


class SocketLink:
    """A connection, with or without TLS."""

    needs_enter = False

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        connection.setblocking(False)

    def fileno(self) -> int:
        """The socket's."""
        return self._connection.fileno()

    def receive(self) -> bytes | None:
        """What has come."""
        try:
            return self._connection.recv(READ_OCTETS)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        except OSError:
            return b""

    def send(self, octets: bytes) -> None:
        """Sends all of it."""
        while octets:
            try:
                octets = octets[self._connection.send(octets) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                select.select([], [self._connection], [])
            except OSError as error:
                raise LinkError(f"the box is gone: {error.strerror}") from None

    def close(self) -> None:
        """Hangs up."""
        self._connection.close()


class SerialLink:
    """A serial port, locked against others."""

    needs_enter = True

    def __init__(self, device: str, speed_bit_per_s: int) -> None:
        self._port = open_serial(device, speed_bit_per_s)

    def fileno(self) -> int:
        """The port's."""
        return self._port.fileno()

    def receive(self) -> bytes | None:
        """What has come."""
        if not select.select([self._port], [], [], 0)[0]:
            return None
        try:
            return os.read(self._port.fileno(), READ_OCTETS)
        except OSError:
            return b""

    def send(self, octets: bytes) -> None:
        """Sends all of it."""
        while octets:
            select.select([], [self._port], [])
            try:
                octets = octets[os.write(self._port.fileno(), octets) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise LinkError(f"the serial port is gone: {error.strerror}") from None

    def close(self) -> None:
        """Releases the port."""
        self._port.close()


def unix_link(path: Path) -> SocketLink:
    """To a box on this machine; raises LinkError."""
    try:
        return SocketLink(connect_unix(path))
    except OSError as error:
        raise LinkError(f"{path}: {error.strerror}; is the box running?") from None


def _context(authority: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:  # ssl.SSLError is one: no PEM
        raise LinkError(f"{authority}: is no certificate that can be read: {error.strerror or error}") from None


def tcp_link(host: str, port: int, authority: Path | None) -> SocketLink:
    """To a box over TCP; with TLS where a certificate authority (PEM file) is given. Raises LinkError."""
    context = _context(authority) if authority else None
    try:
        connection = socket.create_connection((host, port), CONNECT_LIMIT_S)
        if context is None:
            return SocketLink(connection)
        return SocketLink(context.wrap_socket(connection, server_hostname=host))
    except ssl.SSLCertVerificationError as error:
        raise LinkError(f"{host} port {port}: its certificate: {error.verify_message}") from None
    except ssl.SSLError as error:
        raise LinkError(f"{host} port {port}: speaks no TLS ({error.reason}); try without --tls") from None
    except OSError as error:
        raise LinkError(f"{host} port {port}: {error.strerror or error}") from None
