"""The e1d: port against a stand-in osmo-e1d: octets exact, timeslots in step, and every way it can go wrong."""

import random
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from drivers._native import ffi, lib
from hil.e1d_daemon import PASS_FRAMES, DaemonLine, E1dDaemon
from protocols import e1d

BLOCK = 8
MS_QUARTERS = 4  # a millisecond and a pass of 1.25 ms in quarters of a millisecond
PASS_QUARTERS = 5


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class Client:
    """A port as a span drives it: once a millisecond receive, ask, send. Sends frames numbered in order."""

    def __init__(self, port: Any, sent: bytes) -> None:
        self.port = port
        self._operations = port.operations
        self._sent, self._at = sent, 0  # frames of 32 octets
        self.runs: list[bytes] = []  # what was received, in frames, cut where the port says it began anew
        self._beginnings: tuple[int, int] | None = None
        self.missed = 0
        self.wanted: list[int] = []

    def receive(self) -> bool:
        block = ffi.new("stream_block *")
        if not self._operations.receive_frames(self.port, block):
            return False
        columns = bytes(ffi.buffer(block.octet))
        frames = b"".join(columns[frame::BLOCK] for frame in range(BLOCK))
        beginnings = (self.counters.receive_restarts, self.status.reconnections)
        if beginnings != self._beginnings:
            self.runs.append(b"")
        self._beginnings = beginnings
        self.runs[-1] += frames
        return True

    def send(self) -> None:
        self.wanted.append(self._operations.blocks_wanted(self.port))
        for _ in range(self.wanted[-1]):
            frames = self._sent[self._at : self._at + BLOCK * 32]
            self._at += BLOCK * 32
            block = ffi.new("stream_block *")
            ffi.buffer(block.octet)[:] = b"".join(frames[timeslot::32] for timeslot in range(32))
            self._operations.transmit_frames(self.port, block)

    def listen(self) -> None:
        """A millisecond in which nothing is sent."""
        self.receive()
        self._operations.blocks_wanted(self.port)

    def millisecond(self) -> None:
        self.missed += not self.receive()
        while self.receive():  # more only where the daemon has run ahead
            pass
        self.send()

    @property
    def status(self) -> Any:
        status = ffi.new("port_status *")
        self._operations.read_status(self.port, status)
        return status

    @property
    def counters(self) -> Any:
        counters = ffi.new("e1d_counters *")
        lib.e1d_port_read_counters(self.port, counters)
        return counters

    def free(self) -> None:
        self._operations.free(self.port)


class Plant:
    """A daemon with two interfaces of two lines, ports on it, and time in quarters of a millisecond."""

    def __init__(self, path: Path) -> None:
        self.daemon = E1dDaemon(path, [2, 2])
        self.daemon.start()
        self.clients: list[Client] = []
        chance = random.Random(1)
        self.down = chance.randbytes(32 * 40000)  # frames the line brings
        self.up = chance.randbytes(32 * 40000)
        self.down_at = 0
        self.heard = b""  # frames the client sent, as the line sees them
        self.now = 0

    def options(self, **options: Any) -> Any:
        path = ffi.new("char[]", str(self.daemon.path).encode())
        struct_ = ffi.new("e1d_options *", {"interface": 1, "line": 1, **options})
        struct_.socket_path = path
        self._keep = path
        return struct_

    def open(self, **options: Any) -> Client:
        error = ffi.new("char[200]")
        with self.daemon.serving():
            port = lib.e1d_port_open(self.options(**options), error)
        assert port != ffi.NULL, ffi.string(error)
        self.clients.append(Client(port, self.up))
        return self.clients[-1]

    def refused(self, served: bool = True, **options: Any) -> str:
        error = ffi.new("char[200]")
        if not served:
            assert lib.e1d_port_open(self.options(**options), error) == ffi.NULL
        else:
            with self.daemon.serving():
                assert lib.e1d_port_open(self.options(**options), error) == ffi.NULL
        return bytes(ffi.string(error)).decode()

    @property
    def line(self) -> DaemonLine:
        return self.daemon.interfaces[1][1]

    def next_pass(self, frames: int = PASS_FRAMES) -> bytes:
        octets = self.down[self.down_at : self.down_at + 32 * frames]
        self.down_at += 32 * frames
        return octets

    def pass_line(self, frames: int = PASS_FRAMES) -> None:
        self.heard += self.line.transmit(frames)
        self.line.receive(self.next_pass(frames))

    def run(
        self, client: Client, milliseconds: int, pass_quarters: float = PASS_QUARTERS, passes: bool = True
    ) -> None:
        end = self.now + milliseconds * MS_QUARTERS
        while self.now < end:
            if passes and self.now % pass_quarters < 1:
                self.pass_line()
            if self.now % MS_QUARTERS == 0:
                client.millisecond()
                self.daemon.serve()
            self.now += 1


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    before = descriptors()
    plant = Plant(tmp_path / "osmo-e1d.ctl")
    yield plant
    for client in plant.clients:
        client.free()
    plant.daemon.kill()
    assert descriptors() == before, "descriptors leaked"


def keep(frames: bytes, timeslots: int) -> bytes:
    """All ones in timeslots that are not in the mask."""
    octets = bytearray(frames)
    for timeslot in range(32):
        if not timeslots >> timeslot & 1:
            octets[timeslot::32] = b"\xff" * (len(octets) // 32)
    return bytes(octets)


ALL = 0xFFFFFFFE


def place(run: bytes, source: bytes, timeslots: int = ALL) -> int:
    """The frame of the source at which a run begins, all of which the run must repeat."""
    masked = keep(source, timeslots)
    at = masked.find(run[: 32 * BLOCK])
    while at >= 0 and at % 32:
        at = masked.find(run[: 32 * BLOCK], at + 1)
    assert at >= 0, "frames that were never sent"
    assert run == masked[at : at + len(run)], "octets lost, repeated, or out of step"
    return at // 32


def heard_runs(heard: bytes, shortest: int = 3 * BLOCK * 32) -> list[bytes]:
    """What the line heard, cut at idle frames."""
    frames = [heard[k : k + 32] for k in range(0, len(heard), 32)]
    runs, run = [], b""
    for frame in [*frames, b"\xff" * 32]:
        if frame == b"\xff" * 32:
            if run:
                runs.append(run)
            run = b""
        else:
            run += frame
    return [run for run in runs if len(run) >= shortest]


# -- opening ---------------------------------------------------------------------------------------------------


def test_refusals_are_told_in_one_line_that_names_what_and_where(plant: Plant) -> None:
    where = f"e1d {plant.daemon.path} interface"
    assert plant.refused(interface=2) == f"{where} 2 line 1: the daemon has no such interface (2 others)"
    assert plant.refused(line=5) == f"{where} 1 line 5: the interface has no such line (2 others)"
    plant.open(timeslots=1 << 7)
    assert plant.refused(timeslots=0xC0).endswith("timeslot 7 is in use by another client")
    assert plant.refused(timeslots=1).endswith("timeslot 0 is the daemon's own")
    assert plant.refused(chunk_frames=33).endswith("chunk_frames must be at most 32")
    assert "255 is not a number" in plant.refused(interface=255)


def test_an_open_answered_with_nothing_is_a_refusal(plant: Plant) -> None:
    plant.open(superchannel=True)
    assert plant.refused(superchannel=True).endswith(
        "the daemon refuses the superchannel: in use by another client?"
    )
    line = plant.daemon.interfaces[1][0]
    taken = line.timeslots[9].open(e1d.TimeslotMode.RAW, 10)
    line.timeslots[9].mode = e1d.TimeslotMode.OFF  # versions exist that tell all timeslots off
    assert plant.refused(line=0).endswith("the daemon refuses timeslot 9: in use by another client?")
    taken.close()


def test_a_daemon_that_is_not_there_or_does_not_answer(plant: Plant) -> None:
    assert plant.refused(served=False, open_wait_ms=30).endswith("the daemon does not answer")
    plant.daemon.kill()
    assert "cannot connect (is osmo-e1d running?): Connection refused" in plant.refused(served=False)
    plant.daemon.path.unlink()
    assert "No such file or directory" in plant.refused(served=False)
    plant.daemon.path = plant.daemon.path.with_name("x" * 120)
    assert "must have 1-107 octets" in plant.refused(served=False)


def test_without_a_path_the_socket_is_the_daemons_default() -> None:
    error = ffi.new("char[200]")
    # An interface that cannot be: the text names the socket, and nothing is connected to.
    assert lib.e1d_port_open(ffi.new("e1d_options *", {"interface": 255}), error) == ffi.NULL
    assert ffi.string(error).startswith(b"e1d /tmp/osmo-e1d.ctl interface 255 line 0: ")


def test_force_takes_a_timeslot_once_and_lines_change_mode(plant: Plant) -> None:
    first = plant.open()
    modes = [plant.line.mode]
    plant.run(first, 20)
    second = plant.open(superchannel=True, force=True)
    modes.append(plant.line.mode)
    assert modes == [e1d.LineMode.CHANNELISED, e1d.LineMode.SUPERCHANNEL]
    third = plant.open(superchannel=True, force=True)
    plant.run(second, 350, passes=False)
    assert second.status.alarms == lib.PORT_SIGNAL_LOST
    assert second.counters.failed_attempts == 2, "it asks, but takes nothing back"
    plant.run(third, 60)
    assert third.status.alarms == 0
    assert third.status.reconnections == 0
    place(third.runs[0], plant.down)


def test_nothing_is_left_open_by_any_refusal(plant: Plant) -> None:
    blocker = plant.open(timeslots=1 << 20)
    plant.daemon.interfaces[1][1].timeslots[20].mode = e1d.TimeslotMode.OFF
    before = descriptors()
    for _ in range(20):
        assert "timeslot 20" in plant.refused()  # after nineteen descriptors have come
        plant.daemon.serve()
        plant.pass_line()
    assert descriptors() == before
    for _ in range(20):
        client = plant.open(line=0)
        client.free()
        plant.clients.remove(client)
        for line in plant.daemon.lines():
            line.receive(bytes(32 * PASS_FRAMES))
        plant.daemon.serve()
    assert descriptors() == before
    plant.run(blocker, 1)


# -- octets ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [{}, {"superchannel": True}, {"timeslots": 0x8001_0002}, {"chunk_frames": 5}, {"chunk_frames": 1}],
    ids=["channelised", "superchannel", "some timeslots", "chunks of 5", "chunks of 1"],
)
def test_octets_are_exact_and_in_step_both_ways(plant: Plant, options: dict[str, Any]) -> None:
    client = plant.open(**options)
    timeslots = options.get("timeslots", ALL)
    plant.run(client, 1000)
    assert client.status.alarms == 0
    assert client.status.underruns == 0
    assert client.status.overruns == 0
    assert len(client.runs) == 1, "one run without a gap"
    assert len(client.runs[0]) >= 32 * BLOCK * 990
    place(client.runs[0], plant.down, timeslots)
    runs = heard_runs(plant.heard)
    assert len(runs) == 1
    assert len(runs[0]) >= 32 * BLOCK * 985
    place(runs[0], plant.up, timeslots)
    assert (client.counters.receive_restarts, client.counters.send_restarts, client.counters.send_dry) == (0, 0, 0)
    assert sum(timeslot.short_reads for timeslot in [*plant.line.timeslots, plant.line.superchannel]) == 0


def test_a_millisecond_in_the_middle_of_a_pass_shifts_nothing(plant: Plant) -> None:
    client = plant.open()
    for turn in range(400):  # five milliseconds to four passes, one of them between the halves of a pass
        for timeslot in plant.line.timeslots[1:]:
            timeslot.read(PASS_FRAMES)
        octets = plant.next_pass()
        half = 1 + turn % 31
        for timeslot in plant.line.timeslots[1:half]:
            timeslot.write(octets[timeslot.number :: 32])
        if turn % 4 == 0:
            client.millisecond()
        for timeslot in plant.line.timeslots[half:]:
            timeslot.write(octets[timeslot.number :: 32])
        client.millisecond()
        plant.daemon.serve()
    assert client.counters.receive_restarts == 0
    assert len(client.runs[0]) >= 32 * BLOCK * 490
    place(client.runs[0], plant.down)


def test_bursts_of_four_milliseconds_as_of_usb_settle_without_gaps(plant: Plant) -> None:
    client = plant.open(superchannel=True, chunk_frames=8)
    for turn in range(600):
        if turn % 4 == 0:
            plant.pass_line(32)
        client.millisecond()
    assert client.status.alarms == 0
    settled = client.missed
    for turn in range(600):
        if turn % 4 == 0:
            plant.pass_line(32)
        client.millisecond()
    assert client.missed == settled
    place(client.runs[-1], plant.down)
    place(heard_runs(plant.heard)[-1], plant.up)


@pytest.mark.parametrize("faster_daemon", [True, False])
def test_a_daemon_on_another_clock_loses_nothing(plant: Plant, faster_daemon: bool) -> None:
    client = plant.open(superchannel=True)
    plant.run(client, 200)
    client.wanted.clear()
    passes = 808 if faster_daemon else 792  # 1 % off 800 a second
    missed = client.missed
    due = 0
    for turn in range(4000):
        while due * 1000 < (turn + 1) * passes:
            plant.pass_line()
            due += 1
        client.millisecond()
    received = sum(len(run) for run in client.runs) // 32 // BLOCK
    assert client.counters.receive_restarts == 0
    assert client.status.overruns == 0
    for run in client.runs:
        place(run, plant.down)
    assert len(client.runs) == 1, "a block more or less, but none torn or lost"
    if faster_daemon:
        assert client.missed == missed
        assert received > 4200 + 30
        assert 4030 <= sum(client.wanted) <= 4050
    else:
        assert 30 <= client.missed - missed <= 50
        assert 3950 <= sum(client.wanted) <= 3970


# -- gaps ------------------------------------------------------------------------------------------------------


def test_a_timeslot_that_loses_octets_does_not_stay_shifted(plant: Plant) -> None:
    client = plant.open()
    plant.run(client, 100)
    lost = plant.line.timeslots[17]
    octets = plant.next_pass()
    for timeslot in plant.line.timeslots[1:]:
        if timeslot is not lost:
            timeslot.write(octets[timeslot.number :: 32])
    plant.run(client, 100)
    assert client.counters.receive_restarts == 1
    place(client.runs[0][: 32 * BLOCK * 90], plant.down)
    assert len(client.runs) == 2
    assert len(client.runs[1]) >= 32 * BLOCK * 80
    place(client.runs[1], plant.down)
    assert client.status.underruns <= 2
    assert client.missed <= 20, "back in step within a few milliseconds"


def test_a_silent_daemon_counts_underruns_and_becomes_a_lost_signal(plant: Plant) -> None:
    client = plant.open()
    plant.run(client, 50)
    before = client.status.underruns
    plant.run(client, 99, passes=False)
    missed = client.status.underruns - before
    assert 90 <= missed <= 99, "all but what was waiting"
    assert client.status.alarms == 0
    plant.run(client, 2, passes=False)
    assert client.status.alarms == lib.PORT_SIGNAL_LOST
    plant.run(client, 100)
    assert client.status.alarms == 0
    assert client.status.reconnections == 0
    assert client.counters.receive_restarts == 0
    assert len(client.runs) == 1
    place(client.runs[0], plant.down)


def test_a_shelf_that_stalls_begins_anew_in_step(plant: Plant) -> None:
    client = plant.open()
    plant.run(client, 50)
    for _ in range(80):  # 100 ms that nobody takes
        plant.pass_line()
    plant.run(client, 100)
    assert client.status.overruns == 64
    assert client.counters.receive_restarts == 1
    assert len(client.runs[1]) >= 32 * BLOCK * 80
    place(client.runs[1], plant.down)
    sent = heard_runs(plant.heard)[-1]
    place(sent[32 * BLOCK :], plant.up)


def test_a_daemon_that_ran_dry_is_filled_again_in_step(plant: Plant) -> None:
    client = plant.open()
    plant.run(client, 50)
    for _ in range(8):
        plant.pass_line()  # takes what is there, the last of it short
    assert plant.line.timeslots[1].short_reads > 0
    plant.run(client, 100)
    assert client.counters.send_dry == 1
    assert client.counters.send_restarts == 1
    place(heard_runs(plant.heard)[-1], plant.up)


def test_a_timeslot_read_once_too_often_is_brought_back_into_step(plant: Plant) -> None:
    client = plant.open()
    plant.run(client, 50)
    plant.line.timeslots[3].read(PASS_FRAMES)
    plant.run(client, 100)
    assert client.counters.send_restarts == 1
    place(heard_runs(plant.heard)[-1], plant.up)


# -- events ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "alarm"),
    [
        (e1d.Event.LOS_ON, "PORT_SIGNAL_LOST"),
        (e1d.Event.AIS_ON, "PORT_AIS"),
        (e1d.Event.RAI_ON, "PORT_REMOTE_ALARM"),
        (e1d.Event.LOF_ON, "PORT_FRAME_LOST"),
    ],
)
def test_events_of_this_line_alone_raise_and_clear_alarms(plant: Plant, on: e1d.Event, alarm: str) -> None:
    client = plant.open()
    plant.daemon.tell(on, 1, 0)
    plant.daemon.tell(on, 0, 1)
    plant.run(client, 1)
    assert client.status.alarms == 0
    plant.daemon.tell(on, 1, 1)
    plant.run(client, 1)
    assert client.status.alarms == getattr(lib, alarm)
    plant.daemon.tell(on + 1, 1, 1)
    plant.run(client, 1)
    assert client.status.alarms == 0


def test_sa_bits_both_ways(plant: Plant) -> None:
    client = plant.open()
    plant.daemon.tell(e1d.Event.SA_BITS, 1, 0, b"\xf1")
    plant.daemon.tell(e1d.Event.SA_BITS, 1, 1, b"\x91")  # Sa8, Sa4, Sa6
    plant.run(client, 1)
    assert client.status.sa_bits == 0b10101
    assert lib.e1d_port_send_sa_bits(client.port, 0b01000) == 0
    assert lib.e1d_port_send_sa_bits(client.port, 32) == -1
    plant.run(client, 2)
    assert plant.line.sa_bits_octet == 0x20  # Sa5
    assert client.status.alarms == 0


def test_a_flood_of_events_is_taken_bit_by_bit(plant: Plant) -> None:
    client = plant.open()
    client.millisecond()
    with suppress(BlockingIOError):
        for _ in range(200):
            plant.daemon.tell(e1d.Event.AIS_ON, 1, 1)
            plant.daemon.tell(e1d.Event.AIS_OFF, 1, 1)
    plant.run(client, 10)
    assert client.status.alarms == 0
    assert client.status.reconnections == 0


# -- the daemon goes and comes ---------------------------------------------------------------------------------


def attempts_of(client: Client, milliseconds: int) -> list[int]:
    """The milliseconds at which attempts failed."""
    failed, found = client.counters.failed_attempts, []
    for millisecond in range(milliseconds):
        client.listen()
        if client.counters.failed_attempts > failed:
            failed = client.counters.failed_attempts
            found.append(millisecond)
    return found


@pytest.mark.parametrize("superchannel", [False, True])
def test_a_daemon_that_restarts_is_found_again(plant: Plant, superchannel: bool) -> None:
    client = plant.open(superchannel=superchannel)
    lib.e1d_port_send_sa_bits(client.port, 0b00010)
    plant.run(client, 50)
    plant.daemon.tell(e1d.Event.AIS_ON, 1, 1)
    plant.daemon.tell(e1d.Event.SA_BITS, 1, 1, b"\x80")
    plant.run(client, 1)
    assert (client.status.alarms, client.status.sa_bits) == (lib.PORT_AIS, 1)
    alone = descriptors()
    plant.daemon.kill()
    client.millisecond()
    assert client.status.alarms == lib.PORT_SIGNAL_LOST
    pauses = [100, 200, 400, 800, 1600, 3200, 6400, 6400]
    at = attempts_of(client, sum(pauses))
    assert at == [sum(pauses[: k + 1]) - 1 for k in range(8)], "pauses double, up to 6.4 s"
    plant.daemon.start()
    assert attempts_of(client, 6398) == []
    plant.run(client, 150)
    assert client.status.reconnections == 1
    assert (client.status.alarms, client.status.sa_bits) == (0, 0), "nothing is known of before"
    assert plant.line.sa_bits_octet == 0x40, "Sa7 is set again"
    assert descriptors() == alone
    place(client.runs[-1], plant.down)
    place(heard_runs(plant.heard)[-1], plant.up)


def test_pauses_are_short_again_after_the_daemon_was_found(plant: Plant) -> None:
    client = plant.open(superchannel=True)
    for _ in range(2):
        plant.daemon.kill()
        client.millisecond()
        assert attempts_of(client, 1000) == [99, 299, 699]
        plant.daemon.start()
        plant.run(client, 900)
        assert client.status.alarms == 0


def test_a_daemon_that_never_answers_while_being_found_again_is_given_up(plant: Plant) -> None:
    client = plant.open()
    plant.daemon.kill()
    client.millisecond()
    plant.daemon.start()  # listens, but is not served
    assert attempts_of(client, 1500) == [99 + 1001]


def test_a_packet_that_is_no_message_ends_the_session(plant: Plant) -> None:
    client = plant.open()
    plant.run(client, 10)
    plant.daemon.send_raw(b"\xe1\x01\xff\xff\x40\x01\x01\x00")
    plant.run(client, 2)
    assert client.counters.bad_messages == 1
    assert client.status.alarms == lib.PORT_SIGNAL_LOST
    plant.run(client, 250)
    assert client.status.reconnections == 1
    assert client.status.alarms == 0


def test_an_error_to_sa_bits_is_counted(plant: Plant) -> None:
    client = plant.open()
    plant.daemon.send_raw(e1d.build_message(e1d.Kind.ERROR | 22))
    plant.run(client, 2)
    assert client.counters.refusals == 1
    assert client.status.alarms == 0


def test_descriptors_nobody_asked_for_are_closed(plant: Plant) -> None:
    client = plant.open()
    plant.run(client, 5)
    before = descriptors()
    daemon_end = plant.daemon._clients[0]
    for count in (1, 3, 20):
        rights = struct.pack(f"{count}i", *[daemon_end.fileno()] * count)
        packet = e1d.build_message(e1d.Event.RAI_OFF, 1, 1)
        daemon_end.sendmsg([packet], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        plant.run(client, 1)
        assert descriptors() == before
    assert client.status.alarms == 0


@pytest.mark.parametrize("spoil", ["a daemon that answers another command", "a body without a descriptor"])
def test_answers_that_do_not_fit_end_an_open(plant: Plant, spoil: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(packet: bytes) -> tuple[bytes, None]:
        return e1d.build_message(e1d.Kind.RESPONSE | e1d.Command.SET_SA_BITS), None

    answer: Callable[..., Any] = plant.daemon._answer

    def bare(packet: bytes) -> Any:
        response, passed = answer(packet)
        if passed is not None:
            passed.close()
        return response, None

    monkeypatch.setattr(plant.daemon, "_answer", other if "another" in spoil else bare)
    text = plant.refused()
    assert ("answered type 85h to command 0" if "another" in spoil else "refuses timeslot 1") in text


def test_the_stand_in_keeps_the_quirks_of_the_real_one(plant: Plant) -> None:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.connect(str(plant.daemon.path))
    client.settimeout(0)

    def ask(kind: int, interface: int, line: int, timeslot: int, body: bytes = b"") -> bytes:
        client.send(e1d.build_message(kind, interface, line, timeslot, body))
        plant.daemon.serve()
        return client.recv(4096)

    empty = e1d.build_message(e1d.Kind.RESPONSE | e1d.Command.QUERY_TIMESLOTS)
    assert ask(e1d.Command.QUERY_TIMESLOTS, 1, 1, 31) == empty
    assert len(ask(e1d.Command.QUERY_TIMESLOTS, 1, 1, 30)) == 8 + 6
    assert len(ask(e1d.Command.QUERY_TIMESLOTS, 1, 1, e1d.UNSET)) == 8 + 32 * 6
    no_buffer = e1d.TIMESLOT_CONFIGURATION.build({"mode": e1d.TimeslotMode.RAW, "flags": 0, "buffer_octets": 0})
    assert len(ask(e1d.Command.OPEN_TIMESLOT, 1, 1, 5, no_buffer)) == 8, "a success with nothing in it"
    assert ask(e1d.Command.SET_LINE_MODE, 1, 1, 5, b"\x20") == b"", "a timeslot where none belongs: hung up"
    assert plant.daemon.disconnected == 1
    client.close()


def test_the_port_says_what_it_is(plant: Plant) -> None:
    operations = plant.open().port.operations
    assert operations.kind == lib.PORT_FRAMED
    assert operations.real_time
    assert operations.receive_cas == ffi.NULL, "abcd travel in timeslot 16"
    assert lib.E1D_HDLC_OCTETS_MAX == 262
