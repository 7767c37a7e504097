"""Consoles over TCP: on loopback as it is, beyond it with TLS."""

import ipaddress
import socket
import ssl
from pathlib import Path

from drivers.stores.named_file import NamedFileError, read_named_file
from drivers.terminal.stream import Listener
from drivers.terminal.terminal import AccessError

BACKLOG = 16
UNACKNOWLEDGED_LIMIT_MS = 60_000
PEM_OCTETS_MAX = 1 << 20  # a chain of certificates has some kilobytes


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 or later for a server; raises AccessError where the files do not serve."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for path in (certificate, key):
        try:
            read_named_file(path, PEM_OCTETS_MAX)  # OpenSSL opens it by its name, whatever it is
        except NamedFileError as error:
            raise AccessError(f"TLS with {certificate} and {key}: {path}: {error}") from None
    try:
        # The password keeps OpenSSL from asking the process's own terminal for one.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        raise AccessError(f"TLS with {certificate} and {key}: {error.reason or 'not PEM'}") from None
    except OSError as error:
        raise AccessError(f"TLS with {certificate} and {key}: {error.strerror}") from None
    return context


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _peer_name(connection: socket.socket) -> str:
    host, port = connection.getpeername()[:2]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_LIMIT_MS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return f"tcp {host}:{port}"


class TcpListener(Listener):
    """Listens on address and port (0: any free one). Raises AccessError; without TLS for all but loopback.

    `context` may be set anew at any time: it holds for connections that come later.
    """

    def __init__(self, address: str, port: int, context: ssl.SSLContext | None) -> None:
        self.context = context
        self.require_tls(address, context)
        try:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            listening = socket.create_server((address, port), family=family, backlog=BACKLOG)
        except OSError as error:
            raise AccessError(f"console at {address} port {port}: {error.strerror or error}") from None
        self.address, self.port = listening.getsockname()[:2]
        super().__init__(listening, _peer_name, lambda: self.context)

    @staticmethod
    def require_tls(address: str, context: ssl.SSLContext | None) -> None:
        """Raises AccessError where a console in the clear would be reached from elsewhere."""
        if context is None and not _is_loopback(address):
            raise AccessError(
                f"console at {address}: beyond loopback only with TLS: set tls_certificate and tls_key"
            )
