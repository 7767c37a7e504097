"""Where a console's octets come from and go to: serial ports, pseudo-terminals, Unix sockets, TCP and TLS."""

from drivers.terminal.pty_port import PtyPort
from drivers.terminal.serial_port import SerialPort
from drivers.terminal.stream import Listener
from drivers.terminal.tcp import TcpListener, tls_context
from drivers.terminal.terminal import Access, AccessError, AccessInUseError, Talk, Terminal, TerminalGoneError
from drivers.terminal.unix_socket import UnixListener

__all__ = [
    "Access",
    "AccessError",
    "AccessInUseError",
    "Listener",
    "PtyPort",
    "SerialPort",
    "Talk",
    "TcpListener",
    "Terminal",
    "TerminalGoneError",
    "UnixListener",
    "tls_context",
]
