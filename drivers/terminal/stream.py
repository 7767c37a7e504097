"""Terminals that connect: a listening socket, and a console for each connection."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable

from drivers.terminal.terminal import Talk, TerminalGoneError

READ_OCTETS = 4096
SEND_BUFFER_OCTETS = 16384  # what a Ctrl-C cannot take back
HANDSHAKE_LIMIT_S = 10.0
SHUTDOWN_LIMIT_S = 1.0
CONNECTIONS_MAX = 64
ACCEPT_PAUSE_S = 0.5

_log = logging.getLogger("trunkshelf.terminal")


class StreamTerminal:
    """A connection."""

    present = True
    octets_per_s = 0

    def __init__(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.name = name
        self.on_break: Callable[[], None] = lambda: None
        self._reader = reader
        self._writer = writer
        # A write returns when the kernel has it. Not 0: TLS pauses at the mark itself, and would lag behind.
        writer.transport.set_write_buffer_limits(high=1)

    async def read(self) -> bytes:
        """What has come; b"" once the connection is closed or broken."""
        try:
            return await self._reader.read(READ_OCTETS)
        except OSError:
            return b""

    async def write(self, octets: bytes) -> None:
        """Returns when the kernel has taken them; raises TerminalGoneError."""
        if self._writer.is_closing():
            raise TerminalGoneError(self.name)
        self._writer.write(octets)
        await self.drained()

    async def drained(self) -> None:
        """Returns when the kernel has taken everything; raises TerminalGoneError."""
        try:
            await self._writer.drain()
        except OSError:
            raise TerminalGoneError(self.name) from None

    def discard_output(self) -> None:
        """Nothing waits here."""

    def next_speed(self) -> None:
        """Has none."""

    def close(self) -> None:
        """Closes the connection; what a peer that reads has not got yet is still sent."""
        if self._writer.transport.get_write_buffer_size():
            self._writer.transport.abort()  # it does not read, or a write was given up
        else:
            self._writer.close()


class Listener:
    """Accepts connections on a listening socket of its own; `context` gives each new one its TLS, or none."""

    def __init__(
        self,
        listening: socket.socket,
        name: Callable[[socket.socket], str],
        context: Callable[[], ssl.SSLContext | None] = lambda: None,
    ) -> None:
        listening.setblocking(False)
        self._listening = listening
        self._name = name
        self._context = context
        self._connections = asyncio.Semaphore(CONNECTIONS_MAX)
        self._accepting: asyncio.Task[None] | None = None

    async def serve(self, talk: Talk) -> None:
        """Talks with everyone who connects, until `close` and the last has gone; cancelled, hangs up on all."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._accepting = tasks.create_task(self._accept_all(tasks, talk))
        finally:
            self.close()

    async def _accept_all(self, tasks: asyncio.TaskGroup, talk: Talk) -> None:
        while True:
            await self._connections.acquire()
            connection = await self._accept()
            tasks.create_task(self._converse(connection, talk), name="console connection")

    def close(self) -> None:
        """Accepts no more; who is connected stays so. May be called again."""
        if self._accepting is not None:
            self._accepting.cancel()
        self._listening.close()

    async def _accept(self) -> socket.socket:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(self._listening)
                return connection
            except OSError as error:  # out of descriptors, or the peer left while it waited: it may pass
                _log.warning("a console connection could not be accepted: %s", error.strerror)
                await asyncio.sleep(ACCEPT_PAUSE_S)

    async def _converse(self, connection: socket.socket, talk: Talk) -> None:
        try:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_OCTETS)
            terminal = await self._terminal(connection)
        except OSError as error:  # ssl.SSLError is one: a handshake that failed, a peer that left
            _log.info("a console connection came to nothing: %s", error)
            connection.close()
        else:
            try:
                await talk(terminal)
            finally:
                terminal.close()
        finally:
            self._connections.release()

    async def _terminal(self, connection: socket.socket) -> StreamTerminal:
        name = self._name(connection)
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=READ_OCTETS, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        context = self._context()
        limits = {"ssl_handshake_timeout": HANDSHAKE_LIMIT_S, "ssl_shutdown_timeout": SHUTDOWN_LIMIT_S}
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol, connection, ssl=context, **(limits if context else {})
        )
        return StreamTerminal(name, reader, asyncio.StreamWriter(transport, protocol, reader, loop))
