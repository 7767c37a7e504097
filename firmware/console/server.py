"""All ways to a box's console, as they are configured: who connects gets a session."""

import asyncio
import ssl
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from drivers.terminal import (
    Access,
    AccessError,
    AccessInUseError,
    PtyPort,
    SerialPort,
    Talk,
    TcpListener,
    Terminal,
    TerminalGoneError,
    UnixListener,
    tls_context,
)
from firmware.configuration.common import ConsoleConfiguration, SerialConsole
from firmware.configuration.target import Faults
from firmware.console.box_console import BoxConsole
from firmware.console.session import ConsoleSession

SOCKET = "console.sock"
PTY = "console.tty"
STRANGERS_MAX = 8  # connections of one access that have not logged in yet: the network keeps no local user out
TOO_MANY = b"too many connections wait to log in; try again later\r\n"
SERIAL_LOST = "CONSOLE_SERIAL_LOST"
LOCAL_FAILED = "CONSOLE_LOCAL_FAILED"


def _place(device: str) -> str:
    """A serial port as the alarms' object."""
    return f"serial {device}"


@dataclass
class _Tcp:
    listener: TcpListener
    address: str
    port: int


@dataclass
class PreparedConsole:
    """What a new configuration needs and could have been refused: `apply` takes it over, `abort` lets it go."""

    server: "ConsoleServer"
    configuration: ConsoleConfiguration
    context: ssl.SSLContext | None
    tcp: _Tcp | None  # opened anew

    def apply(self) -> None:
        """Puts it in force. Sessions go on; but those on a serial port that is changed end."""
        self.server.take_over(self)

    def abort(self) -> None:
        """Closes what was opened."""
        if self.tcp is not None:
            self.tcp.listener.close()


@dataclass
class _InTurn:
    """A device's access: served when the one before, of another configuration, has closed it."""

    access: Access
    device: asyncio.Lock

    async def serve(self, talk: Talk) -> None:
        """Waits, then serves."""
        async with self.device:
            await self.access.serve(talk)


@dataclass
class _Serial:
    configuration: SerialConsole
    task: asyncio.Task[None] = field(repr=False)


class ConsoleServer:
    """Serves `folder`/console.sock and `folder`/console.tty always, and what the configuration names.

    Made in a running event loop; raises AccessInUseError where another process serves the folder. What else
    cannot be offered there is an alarm.
    """

    def __init__(self, box: BoxConsole, folder: Path, faults: Faults) -> None:
        self._box = box
        self._faults = faults
        self._serial: dict[str, _Serial] = {}
        self._devices: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tcp: _Tcp | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._unix = self._listen(folder / SOCKET)
        self._start(PtyPort(folder / PTY), PTY)

    def _listen(self, path: Path) -> UnixListener | None:
        try:
            listener = UnixListener(path)
        except AccessInUseError:
            raise
        except AccessError as error:
            self._faults.fault(LOCAL_FAILED, "", str(error))
            return None
        self._start(listener, SOCKET)
        return listener

    def prepare(self, new: ConsoleConfiguration) -> PreparedConsole:
        """Reads certificates, opens ports; raises AccessError, and nothing has changed."""
        context = None
        if new.tls_certificate or new.tls_key:
            context = tls_context(Path(new.tls_certificate), Path(new.tls_key))
        return PreparedConsole(self, new, context, self._open_tcp(new, context))

    def _open_tcp(self, new: ConsoleConfiguration, context: ssl.SSLContext | None) -> _Tcp | None:
        if not new.tcp_port:
            return None
        if self._tcp is not None and (self._tcp.address, self._tcp.port) == (new.tcp_address, new.tcp_port):
            TcpListener.require_tls(new.tcp_address, context)
            return None
        return _Tcp(TcpListener(new.tcp_address, new.tcp_port, context), new.tcp_address, new.tcp_port)

    def take_over(self, prepared: PreparedConsole) -> None:
        """Puts a prepared configuration in force (PreparedConsole.apply)."""
        self._take_over_tcp(prepared)
        wanted = {serial.device: serial for serial in prepared.configuration.serial.values()}
        for device, serial in list(self._serial.items()):
            if wanted.get(device) != serial.configuration:
                serial.task.cancel()
                del self._serial[device]
                self._faults.recover(SERIAL_LOST, _place(device))
        for device in wanted.keys() - self._serial.keys():
            port = _InTurn(self._serial_port(wanted[device]), self._devices[device])
            self._serial[device] = _Serial(wanted[device], self._start(port, device))

    def _take_over_tcp(self, prepared: PreparedConsole) -> None:
        if self._tcp is not None and (prepared.tcp is not None or not prepared.configuration.tcp_port):
            self._tcp.listener.close()
            self._tcp = None
        if prepared.tcp is not None:
            self._tcp = prepared.tcp
            self._start(prepared.tcp.listener, "tcp")
        if self._tcp is not None:
            self._tcp.listener.context = prepared.context

    def _serial_port(self, serial: SerialConsole) -> SerialPort:
        device = serial.device
        return SerialPort(
            device,
            serial.speed,
            serial.modem_control,
            on_lost=lambda why: self._faults.fault(SERIAL_LOST, _place(device), why),
            on_found=lambda: self._faults.recover(SERIAL_LOST, _place(device)),
        )

    async def close(self) -> None:
        """Ends every session and every access."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._unix is not None:
            self._unix.close()  # also where its task has never begun
        if self._tcp is not None:
            self._tcp.listener.close()

    def _start(self, access: Access, name: str) -> asyncio.Task[None]:
        task = self._box.spawn(self._serve(access, name), name=f"{self._box.name} console {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _serve(self, access: Access, name: str) -> None:
        try:
            await access.serve(partial(self._talk, set()))
        except AccessError as error:
            self._faults.fault(LOCAL_FAILED, "", str(error))

    async def _talk(self, sessions: set[ConsoleSession], terminal: Terminal) -> None:
        """Holds a session, one of those of an access."""
        strangers = sum(1 for each in sessions if not each.logged_in)
        if terminal.present and strangers >= STRANGERS_MAX:
            with suppress(TerminalGoneError):
                await terminal.write(TOO_MANY)
            return
        session = ConsoleSession(terminal, self._box)
        sessions.add(session)
        try:
            await session.run()
        finally:
            sessions.discard(session)
