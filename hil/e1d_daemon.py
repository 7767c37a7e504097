"""A stand-in for osmo-e1d: its control protocol and raw timeslots, in steps of the caller's, without a clock.

Written from its public protocol and what is seen in use: a refused open is a success with nothing in it; a
malformed request ends the connection; timeslot 31 asked for alone answers empty; responses leave interface, line
and timeslot at 0; octets move in passes of ten frames, all timeslots in one pass.
"""

import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from construct import ConstructError

from protocols import e1d

PASS_FRAMES: Final = 10  # 1.25 ms (src/vpair.c FRAMES_PER_TIMER)
FRAME_OCTETS: Final = 32
IDLE: Final = b"\xff"

# The names a request must give and those it may give, of interface, line, timeslot (src/ctl.c e1d_ctl_handlers).
_REQUIRED: Final = {
    e1d.Command.QUERY_INTERFACES: (),
    e1d.Command.QUERY_LINES: ("interface",),
    e1d.Command.QUERY_TIMESLOTS: ("interface", "line"),
    e1d.Command.SET_LINE_MODE: ("interface", "line"),
    e1d.Command.OPEN_TIMESLOT: ("interface", "line", "timeslot"),
    e1d.Command.SET_SA_BITS: ("interface", "line"),
}
_OPTIONAL: Final = {
    e1d.Command.QUERY_INTERFACES: ("interface",),
    e1d.Command.QUERY_LINES: ("line",),
    e1d.Command.QUERY_TIMESLOTS: ("timeslot",),
}
_BODY_OCTETS: Final = {
    e1d.Command.SET_LINE_MODE: e1d.LINE_CONFIGURATION.sizeof(),
    e1d.Command.OPEN_TIMESLOT: e1d.TIMESLOT_CONFIGURATION.sizeof(),
    e1d.Command.SET_SA_BITS: 1,
}

# What a handler answers: a body and a descriptor to pass, if any.
_Answer = tuple[bytes, socket.socket | None]
_REFUSED: Final[_Answer] = (b"", None)


class DaemonTimeslot:
    """A timeslot, or a superchannel: the daemon's end of the socket it handed out."""

    def __init__(self, number: int, width: int = 1) -> None:
        self.number = number
        self.width = width  # octets of a frame
        self.mode = e1d.TimeslotMode.OFF
        self.socket: socket.socket | None = None
        self.short_reads = 0  # times the client had less to send than a pass takes
        self.dropped_octets = 0  # that found no room on their way to the client
        self._chunk_octets = 0
        self._collected = b""
        self._started = False

    def open(self, mode: e1d.TimeslotMode, chunk_octets: int) -> socket.socket:
        """The client's end of a new pair."""
        kind = socket.SOCK_STREAM if mode is e1d.TimeslotMode.RAW else socket.SOCK_SEQPACKET
        self.socket, other = socket.socketpair(socket.AF_UNIX, kind)
        self.socket.setblocking(False)
        self.mode, self._chunk_octets, self._collected, self._started = mode, chunk_octets, b"", False
        return other

    def close(self) -> None:
        """Gives the timeslot up, as the daemon does when the client's end is gone."""
        if self.socket is not None:
            self.socket.close()
        self.socket, self.mode = None, e1d.TimeslotMode.OFF

    def read(self, frames: int) -> bytes:
        """What the client sends in a pass, idle where it has nothing."""
        wanted = frames * self.width
        if self.socket is None:
            return IDLE * wanted
        try:
            octets = self.socket.recv(wanted)
        except BlockingIOError:
            self.short_reads += self._started
            return IDLE * wanted
        except OSError:
            octets = b""
        if not octets:
            self.close()
        self._started = True
        self.short_reads += len(octets) < wanted
        return octets + IDLE * (wanted - len(octets))

    def write(self, octets: bytes) -> None:
        """Collects what the line brings and hands whole chunks over; what finds no room is dropped."""
        while self.socket is not None and octets:
            take = self._chunk_octets - len(self._collected)
            self._collected, octets = self._collected + octets[:take], octets[take:]
            if len(self._collected) < self._chunk_octets:
                continue
            try:
                self.socket.send(self._collected)
            except BlockingIOError:
                self.dropped_octets += len(octets)
                return
            except OSError:
                self.close()
                return
            self._collected = b""


class DaemonLine:
    """A line of an interface: what its client sends, and what the line brings, as whole frames."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.mode = e1d.LineMode.CHANNELISED
        self.timeslots = [DaemonTimeslot(number) for number in range(FRAME_OCTETS)]
        self.superchannel = DaemonTimeslot(e1d.SUPERCHANNEL, width=FRAME_OCTETS - 1)
        self.sa_bits_octet: int | None = None  # last set by a client

    def transmit(self, frames: int = PASS_FRAMES) -> bytes:
        """One pass from the client: `frames` frames of 32 octets, timeslot 0 and what is not open all ones."""
        if self.mode is e1d.LineMode.SUPERCHANNEL:
            octets = self.superchannel.read(frames)
            return b"".join(IDLE + octets[k : k + 31] for k in range(0, len(octets), 31))
        columns = [IDLE * frames, *(timeslot.read(frames) for timeslot in self.timeslots[1:])]
        return bytes(octet for frame in zip(*columns, strict=True) for octet in frame)

    def receive(self, octets: bytes) -> None:
        """One pass to the client, of whole frames."""
        if self.mode is e1d.LineMode.SUPERCHANNEL:
            self.superchannel.write(
                b"".join(octets[k + 1 : k + FRAME_OCTETS] for k in range(0, len(octets), FRAME_OCTETS))
            )
            return
        for timeslot in self.timeslots[1:]:
            timeslot.write(octets[timeslot.number :: FRAME_OCTETS])

    def timeslot(self, number: int) -> DaemonTimeslot | None:
        """The timeslot that can be opened by this number; timeslot 0 is the daemon's own."""
        if number == e1d.SUPERCHANNEL:
            return self.superchannel
        return self.timeslots[number] if 0 < number < FRAME_OCTETS else None

    def close(self) -> None:
        """Gives all timeslots up."""
        for timeslot in [*self.timeslots, self.superchannel]:
            timeslot.close()


class E1dDaemon:
    """The daemon. Nothing happens unless it is served and lines are moved; kill and start make it restart."""

    def __init__(self, path: Path, interfaces: list[int]) -> None:
        """`interfaces` holds the number of lines of interface 0, 1, …"""
        self.path = path
        self._line_counts = interfaces
        self.interfaces: list[list[DaemonLine]] = []
        self._listener: socket.socket | None = None
        self._clients: list[socket.socket] = []
        self.requests: list[int] = []  # types answered or refused, in order
        self.disconnected = 0  # clients whose requests were malformed

    def start(self) -> None:
        """Listens, with all lines as they are after a start."""
        self.interfaces = [[DaemonLine(line) for line in range(lines)] for lines in self._line_counts]
        self.path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(str(self.path))
        self._listener.listen(10)
        self._listener.setblocking(False)

    def kill(self) -> None:
        """Everything closes at once, as when the process dies; the socket's file stays behind."""
        for line in self.lines():
            line.close()
        for client in self._clients:
            client.close()
        if self._listener is not None:
            self._listener.close()
        self._clients, self._listener = [], None

    def lines(self) -> Iterator[DaemonLine]:
        """All lines."""
        for interface in self.interfaces:
            yield from interface

    def serve(self) -> None:
        """Accepts who waits and answers what has been asked; does not wait."""
        self._accept()
        for client in list(self._clients):
            self._serve_client(client)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serves from a thread of its own, for a client that waits for its answers."""
        stop, wake = socket.socketpair()

        def loop() -> None:
            while True:
                assert self._listener is not None
                ready, _, _ = select.select([stop, self._listener, *self._clients], [], [])
                if stop in ready:
                    return
                self.serve()

        thread = threading.Thread(target=loop)
        thread.start()
        try:
            yield
        finally:
            wake.close()
            thread.join()
            stop.close()

    def tell(self, event: int, interface: int, line: int, body: bytes = b"") -> None:
        """Tells every client an event."""
        self.send_raw(e1d.build_message(event, interface, line, 0, body))

    def send_raw(self, packet: bytes) -> None:
        """Sends every client a packet, whatever it holds."""
        for client in self._clients:
            with suppress(OSError):
                client.send(packet)

    def _accept(self) -> None:
        while self._listener is not None:
            try:
                client, _ = self._listener.accept()
            except BlockingIOError:
                return
            client.setblocking(False)
            self._clients.append(client)

    def _serve_client(self, client: socket.socket) -> None:
        while True:
            try:
                packet = client.recv(e1d.MESSAGE_OCTETS_MAX)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            answer = self._answer(packet) if packet else None
            if answer is None:
                self.disconnected += bool(packet)
                self._clients.remove(client)
                client.close()
                return
            self._respond(client, *answer)

    @staticmethod
    def _respond(client: socket.socket, packet: bytes, passed: socket.socket | None) -> None:
        rights = []
        if passed is not None:
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", passed.fileno()))]
        with suppress(OSError):
            client.sendmsg([packet], rights)
        if passed is not None:
            passed.close()

    def _answer(self, packet: bytes) -> tuple[bytes, socket.socket | None] | None:
        """The response and a descriptor to pass with it; None: malformed."""
        try:
            message = e1d.MESSAGE.parse(packet)
            command = e1d.Command(message.header.type)
        except (ConstructError, ValueError):
            return None
        named = {name: message.header[name] for name in ("interface", "line", "timeslot")}
        given = {name for name, number in named.items() if number != e1d.UNSET}
        required = set(_REQUIRED[command])
        if message.header.length != len(packet) or not required <= given:
            return None
        if not given <= required | set(_OPTIONAL.get(command, ())):
            return None
        if len(message.body) != _BODY_OCTETS.get(command, 0):
            return None
        self.requests.append(command)
        body, passed = self._handler(command)(named, message.body)
        return e1d.build_message(e1d.Kind.RESPONSE | command, body=body), passed

    def _handler(self, command: e1d.Command) -> Callable[[dict[str, int], bytes], _Answer]:
        return {
            e1d.Command.QUERY_INTERFACES: self._query_interfaces,
            e1d.Command.QUERY_LINES: self._query_lines,
            e1d.Command.QUERY_TIMESLOTS: self._query_timeslots,
            e1d.Command.SET_LINE_MODE: self._set_line_mode,
            e1d.Command.OPEN_TIMESLOT: self._open_timeslot,
            e1d.Command.SET_SA_BITS: self._set_sa_bits,
        }[command]

    def _interface(self, named: dict[str, int]) -> list[DaemonLine]:
        number = named["interface"]
        return self.interfaces[number] if number < len(self.interfaces) else []

    def _line(self, named: dict[str, int]) -> DaemonLine | None:
        lines = self._interface(named)
        return lines[named["line"]] if named["line"] < len(lines) else None

    def _query_interfaces(self, named: dict[str, int], body: bytes) -> _Answer:
        entries = [{"id": number, "lines": len(lines)} for number, lines in enumerate(self.interfaces)]
        chosen = [entry for entry in entries if named["interface"] in (e1d.UNSET, entry["id"])]
        return bytes(e1d.INTERFACES.build(chosen)), None

    def _query_lines(self, named: dict[str, int], body: bytes) -> _Answer:
        lines = [line for line in self._interface(named) if named["line"] in (e1d.UNSET, line.number)]
        return b"".join(self._line_entry(line) for line in lines), None

    @staticmethod
    def _line_entry(line: DaemonLine) -> bytes:
        return bytes(e1d.LINE.build({"id": line.number, "mode": line.mode, "status": 0}))

    def _query_timeslots(self, named: dict[str, int], body: bytes) -> _Answer:
        line, number = self._line(named), named["timeslot"]
        if line is None or (number != e1d.UNSET and number >= 31):  # the real one's limit is wrong by one
            return _REFUSED
        chosen = line.timeslots if number == e1d.UNSET else [line.timeslots[number]]
        entries = [
            {
                "id": timeslot.number,
                "configuration": {"mode": timeslot.mode, "flags": 0, "buffer_octets": 0},
                "status": 0,
            }
            for timeslot in chosen
        ]
        return bytes(e1d.TIMESLOTS.build(entries)), None

    def _set_line_mode(self, named: dict[str, int], body: bytes) -> _Answer:
        line = self._line(named)
        if line is None or body[0] not in list(e1d.LineMode):
            return _REFUSED
        line.mode = e1d.LineMode(body[0])
        return self._line_entry(line), None

    def _open_timeslot(self, named: dict[str, int], body: bytes) -> _Answer:
        line = self._line(named)
        timeslot = line.timeslot(named["timeslot"]) if line else None
        asked = e1d.TIMESLOT_CONFIGURATION.parse(body)
        modes = (e1d.TimeslotMode.RAW, e1d.TimeslotMode.HDLC)
        if timeslot is None or asked.mode not in modes or asked.buffer_octets == 0:
            return _REFUSED
        if timeslot.socket is not None and not asked.flags & e1d.OPEN_FORCE:
            return _REFUSED
        timeslot.close()
        passed = timeslot.open(e1d.TimeslotMode(asked.mode), asked.buffer_octets)
        configuration = {"mode": asked.mode, "flags": 0, "buffer_octets": 0}
        entry = {"id": named["timeslot"], "configuration": configuration, "status": 0xA5}
        return bytes(e1d.TIMESLOT.build(entry)), passed

    def _set_sa_bits(self, named: dict[str, int], body: bytes) -> _Answer:
        line = self._line(named)
        if line is not None:
            line.sa_bits_octet = body[0]
        return _REFUSED
