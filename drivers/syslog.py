"""Sends datagrams to a syslog server (RFC 5426) from a thread of its own: nobody waits for a name or a network."""

import queue
import re
import socket
import threading
import time
from collections.abc import Callable

from drivers.errors import UserError

QUEUE = 1000  # messages; what comes while it is full is dropped
SUCCESSES = 2  # in a row, after a failure: a refusal is heard of only with the datagram after the refused one
RESOLVE_AGAIN_S = 30.0  # a name that is not known is not asked for with every message
PORT = 514  # RFC 5426 3.3
_HOST = re.compile(r"[^\s/?#@\[\]]+")


class SyslogAddressError(UserError):
    """Not HOST:PORT."""


def parse_address(text: str) -> tuple[str, int]:
    """HOST:PORT or [IPv6]:PORT; raises SyslogAddressError."""
    host, _, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise SyslogAddressError(f"syslog server {text}: write an IPv6 address in brackets: [{text}]:{PORT}")
    if not _HOST.fullmatch(host) or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise SyslogAddressError(f"syslog server {text}: not HOST:PORT, as in logs.example:{PORT}")
    return host, int(port)


class SyslogSender:
    """Sends to one server until it is closed. `outcome` is called from the thread whenever sending begins to fail
    (with one line) or to succeed again (with ""). Counters: what was handed to the network,
    and what was dropped here or refused there."""

    def __init__(self, host: str, port: int, outcome: Callable[[str], None]) -> None:
        self._server = (host, port)
        self._outcome = outcome
        self._queue: queue.Queue[bytes | None] = queue.Queue(QUEUE)
        self._socket: socket.socket | None = None
        self._resolve_s = 0.0
        self._failure = ""
        self._successes = 0
        self._closed = False
        self.sent = 0
        self._overflown = 0  # counted by who sends
        self._failed = 0  # counted by the thread
        # A daemon: a name service that does not answer must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="syslog", daemon=True)
        self._thread.start()

    def send(self, datagram: bytes) -> None:
        """Hands a message over; never waits, never fails."""
        try:
            self._queue.put_nowait(datagram)
        except queue.Full:
            self._overflown += 1

    @property
    def dropped(self) -> int:
        """How many did not arrive, as far as it is known here."""
        return self._overflown + self._failed

    def close(self) -> None:
        """Ends the thread when it has sent what is waiting; does not wait for it. No outcome is told any more."""
        self._closed = True
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            self._queue.get_nowait()
            self._queue.put_nowait(None)

    def join(self, timeout_s: float) -> bool:
        """Waits for the thread's end; whether it has come."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (datagram := self._queue.get()) is not None:
            self._send(datagram)
        if self._socket is not None:
            self._socket.close()

    def _send(self, datagram: bytes) -> None:
        try:
            made = self._connected()
            if made is None:
                self._failed += 1
                return
            try:
                made.send(datagram)
            except ConnectionRefusedError as error:
                # That is what became of the one before; this one has not been sent yet.
                self._fail(error)
                made.send(datagram)
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that IDNA does not permit, as a..b
            self._fail(error)
        else:
            self.sent += 1
            self._successes += 1
            if self._successes >= SUCCESSES:
                self._tell("")

    def _fail(self, error: OSError | UnicodeError) -> None:
        self._failed += 1
        self._successes = 0
        self._tell(
            f"syslog server {self._server[0]}:{self._server[1]}: {getattr(error, 'strerror', None) or error}"
        )

    def _connected(self) -> socket.socket | None:
        """Connected, a server that does not listen is noticed (ICMP). None: too early to ask for its name."""
        if self._socket is not None or time.monotonic() < self._resolve_s:
            return self._socket
        self._resolve_s = time.monotonic() + RESOLVE_AGAIN_S
        family, kind, protocol, _, address = socket.getaddrinfo(*self._server, type=socket.SOCK_DGRAM)[0]
        made = socket.socket(family, kind, protocol)
        try:
            made.connect(address)
        except OSError:
            made.close()
            raise
        self._socket = made
        return made

    def _tell(self, failure: str) -> None:
        if failure != self._failure and not self._closed:
            self._failure = failure
            self._outcome(failure)
