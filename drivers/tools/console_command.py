"""`trunkshelf console`: a terminal, or commands and their reports, on a running box."""

import argparse
import getpass
import os
import sys
from pathlib import Path

from drivers.console_client import MachineClient, attach
from drivers.console_link import Link, SerialLink, tcp_link, unix_link
from drivers.errors import UserError
from drivers.running_shelves import SOCKET, RunningShelf, running
from drivers.terminal.serial_port import SPEEDS_BIT_PER_S
from protocols import mml
from protocols.mml_record import RecordKind

HELP = "attach to a running box: a terminal, or commands with -c"
PASSWORD_VARIABLE = "TRUNKSHELF_PASSWORD"
PORT_MAX = 65535


class ConsoleError(UserError):
    """A console that cannot be reached as asked."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("box", nargs="?", metavar="BOX", help="qm1, hw1, vp1 ...; default: the first that runs")
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="state folder of the shelf (default: look for one)"
    )
    parser.add_argument(
        "-c", dest="commands", metavar="COMMANDS", help="give these, print the reports; Ctrl-] otherwise"
    )
    parser.add_argument("--user", default="admin", help="who logs in for -c (default %(default)s)")
    parser.add_argument(
        "--password-file", type=Path, metavar="FILE", help=f"its first line; else ${PASSWORD_VARIABLE}, else asked"
    )
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--serial", metavar="DEVICE[:SPEED]", help="over a serial port (default 9600 bit/s)")
    way.add_argument("--tcp", metavar="HOST:PORT", help="over TCP")
    parser.add_argument(
        "--tls", type=Path, metavar="CA.pem", help="with --tcp: TLS, the box known by this authority"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Attaches, or gives the commands: then exit code 0 only where all RETCODEs are 0."""
    if arguments.tls is not None and arguments.tcp is None:
        raise ConsoleError("--tls goes with --tcp HOST:PORT")
    if arguments.commands is None and not sys.stdin.isatty():
        raise ConsoleError("standard input is no terminal; give commands with -c")
    link = _link(arguments)
    try:
        if arguments.commands is not None:
            return _give(link, arguments)
        attach(link)
        return 0
    finally:
        link.close()


def _give(link: Link, arguments: argparse.Namespace) -> int:
    client = MachineClient(link)
    client.log_in(arguments.user, _password(arguments))
    for command in _single_commands(arguments.commands):
        for record in client.command(command):
            (sys.stdout if record.kind is RecordKind.REPORT else sys.stderr).write(record.text)
        if record.retcode:
            return 1
    client.log_out()
    return 0


def _single_commands(line: str) -> list[str]:
    """A line's commands, each by itself: every one is answered. What is none goes as it is, to be refused."""
    try:
        parsed = mml.parse(line)
    except mml.MmlError:
        return [" ".join(line.split())]
    return [
        " ".join((mml.HELP, *each.topic))
        if each.verb == mml.HELP
        else mml.format_command(each.verb, each.object, [(it.name, it.value) for it in each.arguments])
        for each in parsed
    ]


def _password(arguments: argparse.Namespace) -> str:
    if arguments.password_file is not None:
        return str(arguments.password_file.read_text().partition("\n")[0])
    if PASSWORD_VARIABLE in os.environ:
        return os.environ[PASSWORD_VARIABLE]
    if not sys.stdin.isatty():
        raise ConsoleError(f"no password: give --password-file or set {PASSWORD_VARIABLE}")
    return getpass.getpass(f"password of {arguments.user}: ")


def _link(arguments: argparse.Namespace) -> Link:
    if arguments.serial is not None:
        return _serial_link(arguments.serial)
    if arguments.tcp is not None:
        host, _, port = arguments.tcp.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) <= PORT_MAX:
            raise ConsoleError(f"--tcp {arguments.tcp}: HOST:PORT, as 127.0.0.1:2323")
        return tcp_link(host.strip("[]"), int(port), arguments.tls)
    return unix_link(_socket(arguments.box, arguments.state))


def _serial_link(text: str) -> SerialLink:
    device, _, speed = text.rpartition(":")
    if not speed.isdecimal():
        device, speed = text, str(SPEEDS_BIT_PER_S[0])
    if int(speed) not in SPEEDS_BIT_PER_S:
        raise ConsoleError(f"--serial {text}: the speed is one of {', '.join(map(str, SPEEDS_BIT_PER_S))}")
    return SerialLink(device, int(speed))


def _socket(box: str | None, state: Path | None) -> Path:
    """Of the box that is named, else of the first box of the only shelf."""
    shelves = running() if state is None else [_shelf_in(state)]
    found = [shelf for shelf in shelves if shelf.boxes and (box is None or box in shelf.boxes)]
    if len(found) != 1:
        which = f"no box {box}" if box else "no box"
        raise ConsoleError(f"{which if not found else 'which shelf? --state DIR'}; running: {_listing(shelves)}")
    return found[0].socket(box or found[0].boxes[0])


def _shelf_in(state: Path) -> RunningShelf:
    boxes = sorted(
        (path.parent.name for path in state.glob(f"*/{SOCKET}")), key=lambda name: (name[:2] != "qm", name)
    )
    return RunningShelf(0, str(state), tuple(boxes))


def _listing(shelves: list[RunningShelf]) -> str:
    return "; ".join(f"{' '.join(shelf.boxes)} in {shelf.state}" for shelf in shelves if shelf.boxes) or "nothing"
