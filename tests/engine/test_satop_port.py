"""The `satop:` port over loopback UDP, stepped by hand against the far end in hil/satop_peer.py."""

import asyncio
import contextlib
import os
import random
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers._native import ffi, lib
from hil.satop_peer import Impairments, SatopEndpoint, SatopPeer
from protocols.satop import Rtp

BLOCK = 256
AIS = b"\xff" * BLOCK
DEPTH_MS = 8


def line_octets(number: int) -> bytes:
    """The n-th millisecond of the far end's line; never all ones."""
    return random.Random(number).randbytes(BLOCK).replace(b"\xff", b"\xfe")


def loopback(family: socket.AddressFamily) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
    except OSError:
        made.close()
        pytest.skip("no IPv6 on this machine")
    made.setblocking(False)
    return made


class Port:
    """Our port and the far end's socket."""

    def __init__(self, far: socket.socket, dead_peer_ms: int = 100, **pseudowire: Any) -> None:
        self.far = far
        host, udp_port = far.getsockname()[:2]
        options = ffi.new("satop_port_options *", lib.satop_port_options_default())
        hosts = ffi.new("char[]", host.encode())
        options.remote_host = options.local_host = hosts
        options.remote_port = udp_port
        options.dead_peer_ms = dead_peer_ms
        for name, value in pseudowire.items():
            setattr(options.pseudowire, name, value)
        error = ffi.new("char[200]")
        made = lib.satop_port_open(options, error)
        assert made != ffi.NULL, ffi.string(error)
        self.c = ffi.gc(made, made.operations.free)
        self.address = (host, lib.satop_port_local_port(made))

    def receive(self) -> bytes:
        block = ffi.new("line_block *")
        self.c.operations.receive(self.c, block)
        assert bytes(block.negative) == bytes(384)
        assert block.bit_count in (1984, 2048, 2112)
        return bytes(block.positive[0 : block.bit_count // 8])

    def transmit(self, octets: bytes) -> None:
        block = ffi.new("line_block *", {"bit_count": 8 * len(octets)})
        ffi.memmove(block.positive, octets, len(octets))
        self.c.operations.transmit(self.c, block)

    @property
    def status(self) -> Any:
        status = ffi.new("port_status *")
        self.c.operations.read_status(self.c, status)
        return status

    @property
    def statistics(self) -> Any:
        statistics = ffi.new("satop_port_statistics *")
        lib.satop_port_read_statistics(self.c, statistics)
        return statistics

    def datagrams(self) -> Iterator[bytes]:
        """What has reached the far end's socket."""
        while True:
            try:
                yield self.far.recv(2048)
            except BlockingIOError:
                return

    def step(self, peer: SatopPeer | None, sent: bytes = bytes(BLOCK)) -> bytes:
        """A millisecond: the far end sends, we receive and transmit, the far end hears."""
        for datagram in peer.tick() if peer else []:
            self.far.sendto(datagram, self.address)
        received = self.receive()
        self.transmit(sent)
        for datagram in self.datagrams():
            if peer:
                peer.hear(datagram)
        return received


@pytest.fixture(params=[socket.AF_INET, socket.AF_INET6])
def far(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    with loopback(request.param) as made:
        yield made


@pytest.fixture
def far4() -> Iterator[socket.socket]:
    with loopback(socket.AF_INET) as made:
        yield made


def test_what_it_is(far4: socket.socket) -> None:
    port = Port(far4)
    assert port.c.operations.kind == lib.PORT_LINE
    assert port.c.operations.real_time
    assert port.c.operations.blocks_wanted(port.c) == 1
    assert port.c.operations.receive_frames == port.c.operations.receive_cas == ffi.NULL


@pytest.mark.parametrize("rtp", [None, Rtp(payload_type=100, ssrc=7)])
def test_both_ways_octet_for_octet(far: socket.socket, rtp: Rtp | None) -> None:
    port = Port(
        far, rtp=rtp is not None, payload_type=rtp.payload_type if rtp else 96, ssrc=7, first_sequence=65500
    )
    peer = SatopPeer(line_octets, rtp=rtp, first_sequence=65520)
    received = [port.step(peer, line_octets(-number)) for number in range(100)]
    assert received[: DEPTH_MS - 1] == [AIS] * (DEPTH_MS - 1)
    assert received[DEPTH_MS - 1 :] == [line_octets(number) for number in range(101 - DEPTH_MS)]
    assert [packet.payload for packet in peer.heard] == [line_octets(-number) for number in range(100)]
    assert [packet.sequence for packet in peer.heard] == [(65500 + number) % 65536 for number in range(100)]
    assert [packet.timestamp for packet in peer.heard] == [8 * number if rtp else 0 for number in range(100)]
    assert peer.malformed == 0
    assert port.status.alarms == port.status.overruns == port.status.reconnections == 0
    assert port.status.underruns == DEPTH_MS - 1


def test_blocks_of_every_length_are_sent_as_they_are(far4: socket.socket) -> None:
    """A line loopback passes on what came: 2048 bits, a word more or less, or nothing."""
    port, peer, line, at = Port(far4), SatopPeer(line_octets), line_octets(1) * 400, 0
    for bits in [2048, 1984, 2112, 0] * 100:
        port.step(peer, line[at : at + bits // 8])
        at += bits // 8
    heard = b"".join(packet.payload for packet in peer.heard)
    assert heard == line[: len(heard)]
    assert len(heard) == at - at % BLOCK
    assert [packet.sequence for packet in peer.heard] == list(range(len(heard) // BLOCK))


@pytest.mark.parametrize("payload_octets", [64, 192, 1024])
def test_looped_back_by_the_peer(far4: socket.socket, payload_octets: int) -> None:
    port, peer = Port(far4, payload_octets=payload_octets), SatopPeer(payload_octets=payload_octets)
    sent = b"".join(line_octets(number) for number in range(80))
    received = b"".join(port.step(peer, line_octets(number)) for number in range(80))
    begin = received.index(sent[:64])
    assert received[:begin] == b"\xff" * begin
    assert received[begin:] == sent[: len(received) - begin]
    assert begin <= 14 * BLOCK


@pytest.mark.parametrize("seed", range(3))
def test_bad_network(far4: socket.socket, seed: int) -> None:
    impairments = Impairments(loss=0.02, duplication=0.05, reordering=0.1, jitter_ms=3)
    port, peer = Port(far4), SatopPeer(line_octets, impairments=impairments, seed=seed)
    received = [port.step(peer) for _ in range(400)]
    begin = next(at for at, block in enumerate(received) if block != AIS)
    wrong = [at for at, block in enumerate(received[begin:]) if block != line_octets(at)]
    assert all(received[begin + at] == AIS for at in wrong)
    statistics = port.statistics.received
    assert len(wrong) == statistics.lost > 0
    assert statistics.reordered > 10
    assert statistics.duplicates > 5
    assert statistics.late == statistics.dropped == statistics.inserted == port.status.overruns == 0


def test_signal_is_lost_after_just_that_silence_and_found_again(far4: socket.socket) -> None:
    port, peer = Port(far4, dead_peer_ms=30), SatopPeer(line_octets)
    assert port.status.alarms == lib.PORT_SIGNAL_LOST  # nothing has been heard yet
    port.step(peer)
    assert port.status.alarms == port.status.reconnections == 0
    for _ in range(20):
        port.step(peer)
    for _ in range(29):
        port.step(None)
    assert port.status.alarms == 0
    port.step(None)
    assert port.status.alarms == lib.PORT_SIGNAL_LOST
    underruns = port.status.underruns
    assert port.step(None) == AIS
    assert port.status.underruns == underruns  # what is known to be dead is not counted on
    port.step(peer)
    assert port.status.alarms == 0
    assert port.status.reconnections == 1
    received = [port.step(peer) for _ in range(10)]
    assert received[-1] != AIS
    assert port.status.reconnections == 1


def test_peer_that_is_not_there_yet_or_any_more(far4: socket.socket) -> None:
    """ICMP port unreachable: counted, survived, and every packet is sent all the same."""
    port, peer = Port(far4, dead_peer_ms=20), SatopPeer(line_octets)
    for _ in range(20):
        port.step(peer)
    address = far4.getsockname()
    far4.close()
    for _ in range(30):
        port.receive()
        port.transmit(bytes(BLOCK))
        port.transmit(bytes(BLOCK))  # finds the error of the one before
    statistics = port.statistics
    assert statistics.peer_unreachable >= 50
    assert (statistics.packets_sent, statistics.packets_unsent, statistics.socket_errors) == (80, 0, 0)
    assert port.status.alarms == lib.PORT_SIGNAL_LOST
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(address)
        again.setblocking(False)
        port.far = again
        received = [port.step(peer) for _ in range(20)]
    # Its numbers go on where they stopped; what was gathered before is not mixed with what comes now.
    assert received[DEPTH_MS - 1 :] == [line_octets(20 + number) for number in range(13)]
    assert port.status.reconnections == 1
    assert port.status.alarms == 0


def descriptors() -> set[int]:
    """The open file descriptors of this process."""
    found = set()
    for descriptor in range(1024):
        with contextlib.suppress(OSError):
            os.fstat(descriptor)
            found.add(descriptor)
    return found


def test_socket_that_fails(far4: socket.socket) -> None:
    before = descriptors()
    port = Port(far4)
    (ours,) = descriptors() - before
    with Path("/dev/null").open("rb") as other:
        os.dup2(other.fileno(), ours)
    assert port.receive() == AIS
    port.transmit(bytes(BLOCK))
    port.transmit(bytes(BLOCK))
    assert (port.statistics.packets_sent, port.statistics.packets_unsent) == (0, 2)
    assert port.statistics.socket_errors == 3
    assert port.status.overruns == 2


def test_remote_defect_follows_packet_loss_both_ways(far4: socket.socket) -> None:
    port, peer = Port(far4, dead_peer_ms=1000), SatopPeer(line_octets)
    for _ in range(40):
        port.step(peer)
    said = [packet.remote_defect for packet in peer.heard]
    # Gathered for 7 ms; a packet plays in the 8th and one in the 9th: two in succession.
    assert said == [True] * 8 + [False] * 32
    peer.heard.clear()
    silent = [port.step(None) for _ in range(30)]
    assert silent[7:] == [AIS] * 23
    assert port.statistics.received.losses == 1
    port.step(peer)
    assert peer.heard[-1].remote_defect
    peer.remote_defect = True
    port.step(peer)
    assert port.status.alarms == lib.PORT_REMOTE_ALARM
    peer.remote_defect = False
    port.step(peer)
    assert port.status.alarms == 0


@pytest.mark.parametrize("omit", [False, True])
def test_local_defect_of_the_peer_is_played_as_all_ones(far4: socket.socket, omit: bool) -> None:
    port, peer = Port(far4), SatopPeer(line_octets)
    for _ in range(2):
        port.step(peer)
    peer.local_defect, peer.omit_invalid_payload = True, omit
    received = [port.step(peer) for _ in range(20)]
    assert received[5:7] == [line_octets(0), line_octets(1)]
    assert received[7:] == [AIS] * 13
    assert port.statistics.received.local_defect
    assert port.statistics.received.lost == 0


def test_who_is_not_the_peer_is_not_heard(far4: socket.socket) -> None:
    port = Port(far4)
    with loopback(socket.AF_INET) as stranger:
        for datagram in SatopPeer(line_octets).tick():
            stranger.sendto(datagram, port.address)
    port.step(None)
    assert list(port.statistics.received.refused) == [0] * lib.SATOP_VERDICTS
    assert port.status.alarms == lib.PORT_SIGNAL_LOST


def test_garbage_is_counted_and_does_not_keep_a_dead_peer_alive(far4: socket.socket) -> None:
    port, chance = Port(far4, dead_peer_ms=10), random.Random(4)
    for _ in range(12):
        far4.sendto(chance.randbytes(chance.randrange(1400)), port.address)
        far4.sendto(b"", port.address)
        far4.sendto(bytes(2000), port.address)
        port.step(None)
    refused = port.statistics.received.refused
    assert refused[lib.SATOP_SHORT] >= 12
    assert refused[lib.SATOP_WRONG_SIZE] >= 12
    assert refused[lib.SATOP_VALID] == 0
    assert sum(refused) == 36
    assert port.status.alarms == lib.PORT_SIGNAL_LOST


def test_flood_is_read_a_bounded_piece_a_millisecond(far4: socket.socket) -> None:
    port = Port(far4)
    for _ in range(300):
        far4.sendto(b"x", port.address)
    port.receive()
    assert sum(port.statistics.received.refused) == 256
    port.receive()
    assert sum(port.statistics.received.refused) == 300


def test_our_own_stall_loses_nothing(far4: socket.socket) -> None:
    """The shelf's thread is 40 ms late and catches up: what the buffer cannot hold has waited in the socket."""
    port, peer = Port(far4), SatopPeer(line_octets)
    received = [port.step(peer) for _ in range(20)]
    for _ in range(40):
        for datagram in peer.tick():
            far4.sendto(datagram, port.address)
    received += [port.receive() for _ in range(40)]
    received += [port.step(peer) for _ in range(20)]
    assert received[DEPTH_MS - 1 :] == [line_octets(number) for number in range(81 - DEPTH_MS)]
    assert port.status.overruns == 0


def test_faster_peer_is_followed_without_loss(far4: socket.socket) -> None:
    """A peer 2 000 ppm fast, for 12 s: the blocks are a little longer now and then, and the line is whole."""
    port, line = Port(far4), random.Random(1).randbytes(12_024 * BLOCK).replace(b"\xff", b"\xfe")
    received, sent = b"", 0
    for now_ms in range(1, 12_001):
        for number in range(sent, now_ms + now_ms // 500):
            payload = line[number * BLOCK : (number + 1) * BLOCK]
            far4.sendto(number.to_bytes(4) + payload, port.address)
            sent += 1
        received += port.receive()
    begin = received.index(line[:64])
    assert received[begin:] == line[: len(received) - begin]
    assert len(received) > 12_000 * BLOCK + 10 * BLOCK
    assert port.status.overruns == 0


def opening(**changes: Any) -> str:
    options = ffi.new("satop_port_options *", lib.satop_port_options_default())
    texts = []
    options.remote_port = 2142
    for name, value in changes.items():
        if isinstance(value, str):
            texts.append(ffi.new("char[]", value.encode()))
            value = texts[-1]  # noqa: PLW2901
        setattr(options.pseudowire if name == "payload_octets" else options, name, value)
    error = ffi.new("char[200]")
    assert lib.satop_port_open(options, error) == ffi.NULL
    said = ffi.string(error).decode()
    assert "\n" not in said
    return str(said)


def test_what_cannot_be_opened_says_why(far4: socket.socket) -> None:
    assert opening() == "satop: remote_host, remote_port: a far end is needed"
    assert opening(remote_host="127.0.0.1", remote_port=0).endswith("a far end is needed")
    assert opening(remote_host="127.0.0.1", dead_peer_ms=0) == "satop: dead_peer_ms: not from 1"
    assert opening(remote_host="127.0.0.1", payload_octets=7).startswith("satop: payload_octets: not a multiple")
    assert opening(remote_host="no such host").startswith("satop: no such host port 2142: ")
    assert opening(remote_host="x" * 300).startswith("satop: " + "x" * 100 + " port 2142: ")
    assert opening(remote_host="127.0.0.1", local_host="::1").startswith("satop: ::1 port 0: ")
    used = far4.getsockname()[1]
    said = opening(remote_host="127.0.0.1", local_host="127.0.0.1", local_port=used)
    assert said == f"satop: 127.0.0.1 port {used}: Address already in use"


def test_endpoint_of_the_far_end_loops_back(far4: socket.socket) -> None:
    """The bench's far end on an event loop, whose clock the test turns."""
    loop = asyncio.new_event_loop()
    now_s = loop.time()
    loop.time = lambda: now_s  # type: ignore[method-assign]
    port, peer = Port(far4), SatopPeer()
    endpoint: Callable[[], SatopEndpoint] = lambda: SatopEndpoint(peer)  # noqa: E731
    transport, _ = loop.run_until_complete(loop.create_datagram_endpoint(endpoint, sock=far4))
    received = []
    for number in range(30):
        received.append(port.receive())
        port.transmit(line_octets(number))
        now_s += 0.001
        for _ in range(3):  # the socket's event, the peer's tick, what they put in motion
            loop.run_until_complete(asyncio.sleep(0))
    transport.close()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    begin = next(at for at, block in enumerate(received) if block != AIS)
    assert begin < 12
    assert received[begin:] == [line_octets(number) for number in range(30 - begin)]
