"""SAToP packets and jitter buffer, against vectors worked from RFC 4553 and a naive reference written from it."""

import random
import shutil
import struct
import subprocess
from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from drivers._native import ffi, lib
from hil.satop_peer import Impairments, Network
from protocols.satop import Packet, Rtp, build, parse

BLOCK = 256
AIS = b"\xff"
COUNTERS = ["played", "played_invalid", "lost", "reordered", "duplicates", "late", "underruns", "inserted"]
COUNTERS += ["dropped", "out_of_bounds", "resynchronisations", "losses"]


def options_of(**changes: Any) -> Any:
    options = ffi.new("satop_options *", lib.satop_options_default())
    for name, value in changes.items():
        setattr(options, name, value)
    assert lib.satop_options_fault(options) == ffi.NULL
    return options


class Packetiser:
    def __init__(self, **changes: Any) -> None:
        self.c = ffi.gc(lib.satop_packetiser_new(options_of(**changes)), lib.satop_packetiser_free)

    def put(self, octets: bytes) -> list[bytes]:
        """A block of the line, and the packets that are whole with it."""
        room, made = ffi.new("uint8_t[]", lib.SATOP_PACKET_OCTETS_MAX), []
        lib.satop_packetiser_put(self.c, octets, len(octets))
        while taken := lib.satop_packetiser_take(self.c, room):
            made.append(bytes(ffi.buffer(room, taken)))
        return made

    def packets(self, line: bytes) -> list[bytes]:
        return [packet for at in range(0, len(line), BLOCK) for packet in self.put(line[at : at + BLOCK])]


class JitterBuffer:
    def __init__(self, **changes: Any) -> None:
        self.c = ffi.gc(lib.satop_jitter_buffer_new(options_of(**changes)), lib.satop_jitter_buffer_free)

    def put(self, datagram: bytes) -> int:
        return int(lib.satop_jitter_buffer_put(self.c, datagram, len(datagram)))

    def take(self, octets: int = BLOCK) -> bytes:
        room = ffi.new("uint8_t[]", octets)
        lib.satop_jitter_buffer_take(self.c, room, octets)
        return bytes(ffi.buffer(room))

    @property
    def status(self) -> Any:
        return lib.satop_jitter_buffer_status(self.c)

    def counters(self) -> dict[str, int]:
        return {name: getattr(self.status, name) for name in COUNTERS}


def line_of(octets: int, seed: int = 1) -> bytes:
    """Line bits without an octet of all ones, so that replacement data is known when seen."""
    return random.Random(seed).randbytes(octets).replace(AIS, b"\xfe")


def packets_of(line: bytes, payload_octets: int = 256, first_sequence: int = 0) -> list[bytes]:
    parts = [line[at : at + payload_octets] for at in range(0, len(line), payload_octets)]
    return [build(Packet((first_sequence + number) % 65536, part)) for number, part in enumerate(parts)]


# Packets


def test_packets_by_hand() -> None:
    line = line_of(1024)
    plain = Packetiser(first_sequence=0xFFFE).packets(line)
    assert plain == [bytes.fromhex(word) + line[k * 256 : k * 256 + 256] for k, word in enumerate(
        ["00 00 FF FE", "00 00 FF FF", "00 00 00 00", "00 00 00 01"]
    )]  # fmt: skip


def test_rtp_by_hand() -> None:
    """RFC 4553 4.3.2: the same sequence number in both; at 8 kHz, 256 octets of E1 last 8 units."""
    line = line_of(512)
    made = Packetiser(rtp=True, payload_type=101, ssrc=0x01020304, first_sequence=7, first_timestamp=0xFFFFFFFC)
    first, second = made.packets(line)
    assert first == bytes.fromhex("80 65 0007 FFFFFFFC 01020304  0000 0007") + line[:256]
    assert second == bytes.fromhex("80 65 0008 00000004 01020304  0000 0008") + line[256:]


@pytest.mark.parametrize(
    ("payload_octets", "timestamp_hz", "units"),
    [(64, 8000, 2), (256, 8000, 8), (1024, 8000, 32), (192, 2_048_000, 1536), (256, 19_440_000, 19_440)],
)
def test_timestamps_count_the_line(payload_octets: int, timestamp_hz: int, units: int) -> None:
    made = Packetiser(rtp=True, payload_octets=payload_octets, timestamp_hz=timestamp_hz)
    rtp = Rtp(timestamp_hz=timestamp_hz)
    stamps = [parse(packet, payload_octets, rtp).timestamp for packet in made.packets(line_of(3 * 1024))]
    assert len(stamps) == 3 * 1024 // payload_octets
    assert stamps == [k * units for k in range(len(stamps))]


@pytest.mark.parametrize("payload_octets", range(64, 1025, 64))
def test_every_payload_size(payload_octets: int) -> None:
    line = line_of(15360)
    packets = Packetiser(payload_octets=payload_octets).packets(line)
    parsed = [parse(packet, payload_octets) for packet in packets]
    assert [packet.sequence for packet in parsed] == list(range(15360 // payload_octets))
    assert b"".join(packet.payload for packet in parsed) == line[: len(parsed) * payload_octets]


@pytest.mark.parametrize(
    ("local", "remote", "omit", "rtp", "header"),
    [
        (True, False, False, False, "08 00 00 00"),
        (False, True, False, False, "04 00 00 00"),
        (True, True, True, False, "0C 04 00 00"),
        (True, False, True, True, "80 60 0000 00000000 00000000 08 10 00 00"),
        (False, False, True, False, "00 00 00 00"),
    ],
)
def test_defects(local: bool, remote: bool, omit: bool, rtp: bool, header: str) -> None:
    """RFC 4553 4.3.1: LEN = 4 or 16 where the payload is left out, 0 at 64 octets and more."""
    made = Packetiser(omit_invalid_payload=omit, rtp=rtp)
    lib.satop_packetiser_set_local_defect(made.c, local)
    lib.satop_packetiser_set_remote_defect(made.c, remote)
    line = line_of(BLOCK)
    assert made.packets(line) == [bytes.fromhex(header) + (b"" if local and omit else line)]


@pytest.mark.parametrize("payload_octets", [64, 192, 256, 1024])
def test_packets_are_whole_whatever_the_blocks(payload_octets: int) -> None:
    """Lines that run off the shelf's clock bring blocks of other lengths: a packet leaves with its last octet."""
    chance, line = random.Random(payload_octets), line_of(60_000)
    made, at, packets = Packetiser(payload_octets=payload_octets, rtp=True), 0, list[Packet]()
    while at < len(line):
        block = line[at : at + chance.choice([0, 8, 248, 256, 264, 320])]
        at += len(block)
        packets += [parse(packet, payload_octets, Rtp()) for packet in made.put(block)]
        assert len(packets) == at // payload_octets
    assert b"".join(packet.payload for packet in packets) == line[: len(packets) * payload_octets]
    assert [packet.sequence for packet in packets] == list(range(len(packets)))
    assert [packet.timestamp for packet in packets] == [k * payload_octets // 32 for k in range(len(packets))]


@pytest.mark.parametrize("block", [BLOCK, 320])
@pytest.mark.parametrize("payload_octets", [64, 1024])
def test_packets_not_taken_are_lost_with_their_numbers(payload_octets: int, block: int) -> None:
    made, line = Packetiser(payload_octets=payload_octets), line_of(20 * block)
    for at in range(0, 19 * block, block):
        lib.satop_packetiser_put(made.c, line[at : at + block], block)
    first, whole = 19 * block // payload_octets, 20 * block // payload_octets
    packets = [parse(packet, payload_octets) for packet in made.put(line[-block:])]
    assert [packet.sequence for packet in packets] == list(range(first, whole))
    payloads = line[first * payload_octets : whole * payload_octets]
    assert b"".join(packet.payload for packet in packets) == payloads


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"payload_octets": 0}, b"payload_octets"),
        ({"payload_octets": 100}, b"payload_octets"),
        ({"payload_octets": 1088}, b"payload_octets"),
        ({"depth_ms": 0}, b"depth_ms"),
        ({"depth_ms": 257}, b"depth_ms"),
        ({"loss_packets": 0}, b"loss_packets"),
        ({"recovery_packets": 0}, b"recovery_packets"),
        ({"timestamp_hz": 0}, b"timestamp_hz"),
        ({"timestamp_hz": 44_100}, b"timestamp_hz"),
        ({"payload_type": 95}, b"payload_type"),
        ({"payload_type": 128}, b"payload_type"),
    ],
)
def test_options_out_of_range(change: dict[str, int], says: bytes) -> None:
    options = options_of()
    for name, value in change.items():
        setattr(options, name, value)
    assert ffi.string(lib.satop_options_fault(options)).startswith(says)


# Packets: what is refused

GOOD = "80 60 0001 00000000 0000002A  0000 0001"


@pytest.mark.parametrize(
    ("rtp", "header", "payload_octets", "verdict"),
    [
        (False, "0000 0001", 256, "VALID"),
        (False, "0300 0001", 256, "VALID"),  # RSV is ignored
        (False, "0800 0001", 256, "VALID"),
        (False, "0800 0001", 0, "VALID"),  # L: the payload may be left out
        (False, "0804 0001", 0, "VALID"),
        (False, "", 0, "SHORT"),
        (False, "0000 00", 0, "SHORT"),
        (False, "1000 0001", 256, "NOT_DATA"),  # an associated channel (RFC 4385)
        (False, "8000 0001", 256, "NOT_DATA"),
        (False, "0040 0001", 256, "FRAGMENT"),
        (False, "0080 0001", 256, "FRAGMENT"),
        (False, "00C0 0001", 256, "FRAGMENT"),
        (False, "0004 0001", 256, "WRONG_LEN"),
        (False, "003F 0001", 256, "WRONG_LEN"),
        (False, "0805 0001", 0, "WRONG_LEN"),
        (False, "0000 0001", 0, "WRONG_SIZE"),  # left out, but not invalid
        (False, "0000 0001", 255, "WRONG_SIZE"),
        (False, "0000 0001", 257, "WRONG_SIZE"),
        (False, "0800 0001", 128, "WRONG_SIZE"),
        (True, GOOD, 256, "VALID"),
        (True, GOOD.replace("80 60", "80 E0"), 256, "VALID"),  # the marker is not looked at
        (True, GOOD.replace(" 0000 0001", " 0810 0001"), 0, "VALID"),
        (True, GOOD.replace(" 0000 0001", " 0804 0001"), 0, "WRONG_LEN"),  # LEN counts the RTP header
        (True, GOOD.removesuffix("01"), 0, "SHORT"),
        (True, "0000 0001", 0, "SHORT"),
        (True, GOOD.replace("80 60", "40 60"), 256, "BAD_RTP"),  # version 1
        (True, GOOD.replace("80 60", "A0 60"), 256, "BAD_RTP"),  # padding
        (True, GOOD.replace("80 60", "90 60"), 256, "BAD_RTP"),  # extension
        (True, GOOD.replace("80 60", "81 60"), 256, "BAD_RTP"),  # a contributing source
        (True, GOOD.replace("80 60", "80 61"), 256, "WRONG_PAYLOAD_TYPE"),
        (True, GOOD.replace("80 60 0001", "80 60 0002"), 256, "SEQUENCES_DIFFER"),
        (True, GOOD.replace("2A", "2B"), 256, "STRAY"),
        (True, GOOD, 255, "WRONG_SIZE"),
    ],
)
def test_verdicts(rtp: bool, header: str, payload_octets: int, verdict: str) -> None:
    buffer = JitterBuffer(rtp=rtp, peer_ssrc=0x2A, peer_ssrc_known=rtp)
    expected = getattr(lib, f"SATOP_{verdict}")
    assert buffer.put(bytes.fromhex(header) + bytes(payload_octets)) == expected
    assert list(buffer.status.refused) == [int(k == expected) for k in range(lib.SATOP_VERDICTS)]
    assert buffer.status.fill_octets == (256 if verdict == "VALID" else 0)


def test_our_packets_are_valid_to_us() -> None:
    for rtp in (False, True):
        buffer = JitterBuffer(rtp=rtp)
        for packet in Packetiser(rtp=rtp).packets(line_of(4096)):
            assert buffer.put(packet) == lib.SATOP_VALID


# tshark judges what we send


def pcap_of(datagrams: list[bytes]) -> bytes:
    """A capture of raw IPv4 (LINKTYPE_RAW) with the datagrams in UDP to port 2142."""
    file = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    address = bytes([127, 0, 0, 1])
    for number, datagram in enumerate(datagrams):
        udp = struct.pack("!HHHH", 40000, 2142, 8 + len(datagram), 0) + datagram
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), number, 0, 64, 17, 0) + address + address + udp
        file += struct.pack("<IIII", 0, 1000 * number, len(ip), len(ip)) + ip
    return file


def dissect(folder: Path, datagrams: list[bytes], protocol: str, fields: list[str]) -> list[list[str]]:
    if not shutil.which("tshark"):
        pytest.skip("tshark is not installed")
    capture = folder / "satop.pcap"
    capture.write_bytes(pcap_of(datagrams))
    command: list[str | Path] = ["tshark", "-r", capture, "-d", f"udp.port==2142,{protocol}", "-T", "fields"]
    for field in fields:
        command += ["-e", field]
    # A sanitizer preloaded for Python is no business of tshark's.
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return [row.split("\t") for row in ran.stdout.splitlines()]


def test_tshark_reads_our_packets(tmp_path: Path) -> None:
    line = line_of(1024)
    made = Packetiser(first_sequence=65535, omit_invalid_payload=True)
    packets = made.packets(line[:256])
    lib.satop_packetiser_set_remote_defect(made.c, True)
    packets += made.packets(line[256:512])
    lib.satop_packetiser_set_local_defect(made.c, True)
    packets += made.packets(line[512:768])
    fields = [f"pwsatop.cw.{name}" for name in ("lbit", "rbit", "rsv", "frag", "length", "seqno")]
    fields += ["pwsatop.payload.len", "pwsatop.payload", "_ws.expert.message"]
    assert dissect(tmp_path, packets, "pwsatopcw", fields) == [
        ["0", "0", "0", "0", "0", "65535", "256", line[:256].hex(), ""],
        ["0", "1", "0", "0", "0", "0", "256", line[256:512].hex(), ""],
        ["1", "1", "0", "0", "4", "1", "", "", "SAToP payload: omitted to conserve bandwidth"],
    ]


def test_tshark_reads_our_rtp(tmp_path: Path) -> None:
    line = line_of(512)
    packets = Packetiser(rtp=True, ssrc=0xDEADBEEF, first_sequence=9, first_timestamp=100).packets(line)
    fields = [f"rtp.{name}" for name in ("version", "marker", "p_type", "seq", "timestamp", "ssrc", "payload")]
    assert dissect(tmp_path, packets, "rtp", fields) == [
        ["2", "0", "96", "9", "100", "0xdeadbeef", "00000009" + line[:256].hex()],
        ["2", "0", "96", "10", "108", "0xdeadbeef", "0000000a" + line[256:].hex()],
    ]


# The jitter buffer: what RFC 4553 6.2.2 asks for


def play(buffer: JitterBuffer, arrivals: list[list[bytes]]) -> bytes:
    """A millisecond each: its packets come, then a block is taken."""
    line = b""
    for packets in arrivals:
        for packet in packets:
            buffer.put(packet)
        line += buffer.take()
    return line


def in_step(packets: list[bytes]) -> list[list[bytes]]:
    return [[packet] for packet in packets]


@pytest.mark.parametrize("first_sequence", [0, 65530])
def test_delay_is_the_depth(first_sequence: int) -> None:
    """Eight packets are gathered; all ones until then; the seven that wait and one more are the delay."""
    line = line_of(40 * BLOCK)
    buffer = JitterBuffer()
    out = play(buffer, in_step(packets_of(line, first_sequence=first_sequence)))
    assert out == AIS * 7 * BLOCK + line[: 33 * BLOCK]
    assert buffer.counters() == dict.fromkeys(COUNTERS, 0) | {"played": 33}


@pytest.mark.parametrize("payload_octets", [64, 192, 256, 512, 1024])
@pytest.mark.parametrize("depth_ms", [1, 8, 30])
def test_line_comes_out_whole_at_any_size_and_depth(payload_octets: int, depth_ms: int) -> None:
    line = line_of(60 * 768)
    peer, buffer = Packetiser(payload_octets=payload_octets), JitterBuffer(
        payload_octets=payload_octets, depth_ms=depth_ms
    )  # fmt: skip
    out = b""
    for at in range(0, len(line), BLOCK):
        for packet in peer.packets(line[at : at + BLOCK]):
            buffer.put(packet)
        out += buffer.take()
    begin = out.index(line[:16])
    assert out[:begin] == AIS * begin
    # With a packet longer than depth and block together, the buffer runs dry once and is deep enough from then on.
    played = out[begin:].replace(AIS, b"")
    assert line.startswith(played)
    gaps = len(out) - begin - len(played)
    assert gaps == buffer.status.inserted * payload_octets
    assert buffer.status.lost == 0
    if payload_octets <= depth_ms * BLOCK / 2:
        assert gaps == 0


def test_reordered_within_the_depth() -> None:
    line = line_of(64 * BLOCK)
    packets = packets_of(line)
    for at in range(8, 56, 8):
        packets[at], packets[at + 7] = packets[at + 7], packets[at]
    buffer = JitterBuffer()
    out = play(buffer, in_step(packets))
    assert out == AIS * 7 * BLOCK + line[: 57 * BLOCK]
    assert buffer.status.lost == buffer.status.late == 0
    assert buffer.status.reordered == 6 * 7


def test_first_packets_out_of_order() -> None:
    line = line_of(20 * BLOCK)
    packets = packets_of(line, first_sequence=65534)
    order = [2, 0, 1, 4, 3, *range(5, 20)]
    out = play(JitterBuffer(), in_step([packets[k] for k in order]))
    assert out == AIS * 7 * BLOCK + line[: 13 * BLOCK]


@pytest.mark.parametrize("gap", [1, 3, 7])
def test_lost_packets_are_all_ones(gap: int) -> None:
    line = line_of(40 * BLOCK)
    arrivals = in_step(packets_of(line))
    arrivals[20 : 20 + gap] = [[] for _ in range(gap)]
    buffer = JitterBuffer()
    out = play(buffer, arrivals)
    expected = line[: 20 * BLOCK] + AIS * gap * BLOCK + line[(20 + gap) * BLOCK : 33 * BLOCK]
    assert out == AIS * 7 * BLOCK + expected
    assert buffer.counters() == dict.fromkeys(COUNTERS, 0) | {"played": 33 - gap, "lost": gap}


def test_lost_while_nothing_waits() -> None:
    """Depth 2 and 5 lost: dry, and the next packet's number tells that they were lost, not late: no more delay."""
    line = line_of(30 * BLOCK)
    arrivals = in_step(packets_of(line))
    arrivals[10:15] = [[] for _ in range(5)]
    buffer = JitterBuffer(depth_ms=2)
    out = play(buffer, arrivals)
    assert out == AIS * BLOCK + line[: 10 * BLOCK] + AIS * 5 * BLOCK + line[15 * BLOCK : 29 * BLOCK]
    assert buffer.counters() == dict.fromkeys(COUNTERS, 0) | {"played": 24, "lost": 5, "underruns": 4}


def test_late_peer_is_waited_for() -> None:
    """Everything comes 5 ms later than before: three packet times of all ones are inserted, not a bit is lost."""
    line = line_of(30 * BLOCK)
    packets = packets_of(line)
    arrivals = in_step(packets[:10]) + [[]] * 5 + in_step(packets[10:25])
    buffer = JitterBuffer(depth_ms=3)
    out = play(buffer, arrivals)
    assert out == AIS * 2 * BLOCK + line[: 10 * BLOCK] + AIS * 3 * BLOCK + line[10 * BLOCK : 25 * BLOCK]
    assert buffer.counters() == dict.fromkeys(COUNTERS, 0) | {"played": 25, "underruns": 3, "inserted": 3}
    assert not buffer.status.loss_state


def test_late_and_duplicate_packets_are_told_apart() -> None:
    line = line_of(40 * BLOCK)
    packets = packets_of(line)
    arrivals = in_step(packets)
    arrivals[10] = []
    arrivals[25] = [packets[25], packets[10], packets[11], packets[24], packets[25]]
    buffer = JitterBuffer()
    out = play(buffer, arrivals)
    assert out == AIS * 7 * BLOCK + line[: 10 * BLOCK] + AIS * BLOCK + line[11 * BLOCK : 33 * BLOCK]
    expected = {"played": 32, "lost": 1, "late": 1, "duplicates": 3}
    assert buffer.counters() == dict.fromkeys(COUNTERS, 0) | expected


def test_more_than_it_holds_pushes_the_oldest_out() -> None:
    """Depth 4, so eight may wait: of twelve at once after the first four the oldest are dropped."""
    line = line_of(20 * BLOCK)
    packets = packets_of(line)
    buffer = JitterBuffer(depth_ms=4)
    out = play(buffer, [packets[:4], packets[4:16], *[[]] * 7])
    assert out == line[:BLOCK] + line[8 * BLOCK : 16 * BLOCK]
    assert buffer.counters() == dict.fromkeys(COUNTERS, 0) | {"played": 9, "dropped": 7}


def test_full() -> None:
    buffer = JitterBuffer(depth_ms=2)
    for number, packet in enumerate(packets_of(line_of(4 * BLOCK))):
        assert not lib.satop_jitter_buffer_full(buffer.c)
        buffer.put(packet)
        assert buffer.status.fill_octets == (number + 1) * BLOCK
    assert lib.satop_jitter_buffer_full(buffer.c)
    buffer.take(64)
    assert buffer.status.fill_octets == 4 * BLOCK - 64
    assert not lib.satop_jitter_buffer_full(buffer.c)


def test_packet_loss_state_is_entered_and_left_where_the_limits_say() -> None:
    """RFC 4553 6.2.2 and RFC 5604's defaults: ten missing in succession, two played in succession."""
    line = line_of(80 * BLOCK)
    packets = packets_of(line)
    buffer = JitterBuffer(depth_ms=2)
    seen = []
    for packet in [*packets[:5], *[None] * 20, *packets[40:50]]:
        if packet:
            buffer.put(packet)
        buffer.take()
        seen.append(bool(buffer.status.loss_state))
    # 0: gathering; 1 and 2: two packets play; 5: the last that waited plays; 6-15: ten missing; 25, 26: gathered.
    assert seen == [True] * 2 + [False] * 13 + [True] * 12 + [False] * 8
    assert buffer.status.losses == buffer.status.resynchronisations == 1
    assert buffer.status.lost == 10


def test_losses_short_of_the_limit_are_no_loss_state() -> None:
    line = line_of(80 * BLOCK)
    arrivals = in_step(packets_of(line))
    for at in (20, 30, 40):
        arrivals[at : at + 9] = [[] for _ in range(9)]
    buffer = JitterBuffer()
    play(buffer, arrivals)
    assert buffer.status.lost == 27
    assert buffer.status.losses == buffer.status.resynchronisations == 0


def test_invalid_payload_is_all_ones_whether_there_or_not() -> None:
    line = line_of(20 * BLOCK)
    packets = packets_of(line)
    packets[10] = build(Packet(10, b"", local_defect=True))
    packets[11] = build(Packet(11, line[:BLOCK], local_defect=True))
    buffer = JitterBuffer()
    out = play(buffer, in_step(packets))
    assert out == AIS * 7 * BLOCK + line[: 10 * BLOCK] + AIS * 2 * BLOCK + line[12 * BLOCK : 13 * BLOCK]
    assert buffer.counters() == dict.fromkeys(COUNTERS, 0) | {"played": 13, "played_invalid": 2}


def test_defects_of_the_newest_packet_are_reported() -> None:
    buffer = JitterBuffer(depth_ms=4)
    payload = bytes(BLOCK)
    for sequence, local, remote in [(0, False, True), (2, True, False), (1, False, True), (3, False, False)]:
        buffer.put(build(Packet(sequence, payload, local, remote)))
        # Number 1 was overtaken: what it says is old.
        assert buffer.status.local_defect == (sequence in (2, 1))
        assert buffer.status.remote_defect == (sequence == 0)
    buffer.put(build(Packet(4, payload, remote_defect=True)))
    play(buffer, [[]] * 14)
    assert buffer.status.remote_defect
    buffer.take()
    assert buffer.status.loss_state
    assert not buffer.status.remote_defect  # who is not heard reports nothing


def test_peer_that_starts_again_elsewhere() -> None:
    line, after = line_of(20 * BLOCK, 1), line_of(30 * BLOCK, 2)
    arrivals = in_step(packets_of(line, first_sequence=100) + packets_of(after, first_sequence=30000))
    buffer = JitterBuffer(depth_ms=4)
    out = play(buffer, arrivals)
    # The first of the new sequence is not believed, the second is; the old one's rest is given up.
    assert out[: 21 * BLOCK] == AIS * 3 * BLOCK + line[: 18 * BLOCK]
    assert out[21 * BLOCK :] == AIS * 3 * BLOCK + after[BLOCK : 27 * BLOCK]
    assert buffer.status.out_of_bounds == buffer.status.resynchronisations == 1


def test_single_packets_from_elsewhere_change_nothing() -> None:
    line = line_of(40 * BLOCK)
    arrivals = in_step(packets_of(line))
    for at, sequence in [(10, 30000), (12, 30001), (14, 20000), (20, 65000)]:
        arrivals[at].append(build(Packet(sequence, bytes(BLOCK))))
    buffer = JitterBuffer()
    assert play(buffer, arrivals) == AIS * 7 * BLOCK + line[: 33 * BLOCK]
    assert buffer.counters() == dict.fromkeys(COUNTERS, 0) | {"played": 33, "out_of_bounds": 4}


def test_peer_that_starts_again_just_behind() -> None:
    """Its numbers look late until everything that waited is played and ten more are missing."""
    line, after = line_of(40 * BLOCK, 1), line_of(60 * BLOCK, 2)
    arrivals = in_step(packets_of(line, first_sequence=0) + packets_of(after, first_sequence=30))
    buffer = JitterBuffer(depth_ms=8)
    out = play(buffer, arrivals)
    assert out[: 47 * BLOCK] == AIS * 7 * BLOCK + line
    assert out[-30 * BLOCK :] in after


def test_nothing_is_left_of_a_sequence_number_when_it_comes_round_again() -> None:
    """Number 3 is pushed out unplayed. 65 536 packets later it is lost, and must not be played in its stead."""
    buffer = JitterBuffer(payload_octets=1024, depth_ms=1)
    payload = bytes(1024)
    for number in (0, 1, 2):
        buffer.put(build(Packet(number, payload)))
        buffer.take(1024)
    for number in (3, 4, 5):
        buffer.put(build(Packet(number, payload)))
    assert buffer.status.dropped == 1
    for number in range(6, 65536 + 6):
        # Eight slots at this depth: none but number 3 may come into its own.
        if number % 8 != 3:
            buffer.put((number % 65536).to_bytes(4) + payload)
        out = buffer.take(1024)
        assert out == (AIS * 1024 if (number - 1) % 8 == 3 else payload)


# The jitter buffer against a naive reference


class Reference:
    """RFC 4553 6.2.2 and the table in satop_jitter_buffer.c's head, with unbounded numbers and dictionaries."""

    def __init__(self, payload_octets: int, depth_ms: int, loss_packets: int, recovery_packets: int) -> None:
        self.size = payload_octets
        self.depth = ceil(depth_ms * 256 / payload_octets)
        self.capacity = 2 * self.depth
        self.loss_packets, self.recovery_packets = loss_packets, recovery_packets
        self.count = dict.fromkeys(COUNTERS, 0)
        self.loss_state = True
        self.out: list[int] = []  # the rest of the packet being played
        self.gather()

    def gather(self) -> None:
        self.waiting: dict[int, bytes | None] = {}
        self.played: set[int] = set()
        self.playing = False
        self.next: int | None = None
        self.newest = self.held = self.missing = self.present = 0
        self.suspect: int | None = None
        self.out.clear()

    def resynchronise(self) -> None:
        self.count["lost"] += self.held
        self.count["resynchronisations"] += 1
        self.gather()

    def put(self, sequence: int, payload: bytes | None) -> None:
        if self.next is not None:
            near = self.next + (sequence - self.next + 32768) % 65536 - 32768
            far_off = 2 * self.capacity
            if near - self.next - self.held >= far_off or near - self.next < -far_off:
                if self.suspect != sequence:
                    self.count["out_of_bounds"] += 1
                    self.suspect = (sequence + 1) % 65536
                    return
                self.resynchronise()
            else:
                self.suspect = None
                sequence = near
        self.put_numbered(sequence, payload)
        if not self.playing and self.next is not None and self.newest - self.next + 1 >= self.depth:
            self.playing = True
            self.out.clear()

    def put_numbered(self, number: int, payload: bytes | None) -> None:
        if self.next is None:
            self.next, self.newest = number, number - 1
        elif number < self.next and not self.playing and self.newest - number < self.capacity:
            self.next = number
        elif number < self.next:
            self.count["duplicates" if number in self.played else "late"] += 1
            return
        elif number in self.waiting:
            self.count["duplicates"] += 1
            return
        skipped = min(number - self.next, self.held)
        self.count["lost"] += skipped
        self.count["inserted"] += self.held - skipped
        self.next += skipped
        self.held = 0
        while number - self.next >= self.capacity:
            self.waiting.pop(self.next, None)
            self.count["dropped"] += 1
            self.next += 1
        self.count["reordered"] += number < self.newest
        self.waiting[number] = payload
        self.newest = max(self.newest, number)

    def miss(self) -> None:
        self.present = 0
        self.missing += 1
        if self.missing >= self.loss_packets:
            self.count["losses"] += not self.loss_state
            self.loss_state = True

    def put_out(self) -> None:
        payload: bytes | None = None
        if not self.playing or self.next is None:
            pass
        elif self.next in self.waiting:
            payload = self.waiting.pop(self.next)
            self.played.add(self.next)
            self.next += 1
            self.count["played"] += 1
            self.count["played_invalid"] += payload is None
            self.missing = 0
            self.present += 1
            self.loss_state &= self.present < self.recovery_packets
        elif self.waiting:
            self.next += 1
            self.count["lost"] += 1
            self.miss()
        else:
            self.held += 1
            self.count["underruns"] += 1
            self.miss()
            if self.missing >= self.loss_packets:
                self.resynchronise()
        self.out += payload if payload is not None else AIS * self.size

    def take(self, octets: int) -> bytes:
        taken: list[int] = []
        while len(taken) < octets:
            if not self.out:
                self.put_out()
            taken.append(self.out.pop(0))
        return bytes(taken)


def sequences(chance: random.Random, capacity: int) -> Iterator[int]:
    """A peer's sequence numbers with every misfortune: gaps, repeats, returns, jumps, and a wrap now and then."""
    number = chance.choice([0, 65500, 30000])
    while True:
        event = chance.random()
        if event < 0.05:
            number += chance.randrange(1, 3 * capacity)
        elif event < 0.07:
            number = chance.randrange(65536)
        yield number % 65536
        if event > 0.85:
            yield (number - chance.randrange(3 * capacity)) % 65536
        number += 1


@pytest.mark.parametrize("seed", range(40))
def test_equals_the_reference(seed: int) -> None:
    chance = random.Random(seed)
    payload_octets = 64 * chance.choice([1, 3, 4, 16])
    limits = {
        "depth_ms": chance.choice([1, 2, 5, 8]),
        "loss_packets": chance.choice([1, 3, 10]),
        "recovery_packets": chance.choice([1, 2, 5]),
    }
    buffer = JitterBuffer(payload_octets=payload_octets, **limits)
    reference = Reference(payload_octets, **limits)
    numbers = sequences(chance, reference.capacity)
    for _ in range(600):
        if chance.random() < 0.02:  # an outage, or a stall of ours
            burst = chance.randrange(2 * reference.capacity)
            comes, taken = (burst, 0) if chance.random() < 0.5 else (0, burst * payload_octets)
        else:
            comes, taken = chance.choice([0, 1, 1, 1, 2]), 8 * chance.randrange(payload_octets // 4 + 1)
        for number in [next(numbers) for _ in range(comes)]:
            payload = chance.randbytes(payload_octets)
            local_defect = chance.random() < 0.05
            buffer.put(build(Packet(number, payload, local_defect)))
            reference.put(number, None if local_defect else payload)
        if taken:
            assert buffer.take(taken) == reference.take(taken)
        assert buffer.counters() == reference.count
        assert buffer.status.loss_state == reference.loss_state
        assert buffer.status.playing == reference.playing


@pytest.mark.parametrize("seed", range(5))
def test_a_bad_network_within_the_depth(seed: int) -> None:
    """Jitter and reordering up to the depth cost nothing; what was lost, and only that, is all ones."""
    line = line_of(1000 * BLOCK, seed)
    network = Network(Impairments(loss=0.02, duplication=0.05, reordering=0.1, jitter_ms=4), seed)
    buffer, out = JitterBuffer(), b""
    for now_ms, packet in enumerate(packets_of(line, first_sequence=65000)):
        network.send(now_ms, packet)
        for datagram in network.arrived(now_ms):
            buffer.put(datagram)
        out += buffer.take()
    out = out[out.index(line[:8]) :]
    wrong = [at // BLOCK for at in range(0, len(out), BLOCK) if out[at : at + BLOCK] != line[at : at + BLOCK]]
    assert all(out[at * BLOCK : (at + 1) * BLOCK] == AIS * BLOCK for at in wrong)
    assert len(wrong) == buffer.status.lost
    assert 5 < len(wrong) < 40
    assert buffer.status.reordered > 50
    assert buffer.status.duplicates > 25
    assert buffer.status.late == buffer.status.inserted == buffer.status.dropped == 0


# The recovered play-out clock


@pytest.mark.parametrize("payload_octets", [64, 256, 1024])
@pytest.mark.parametrize("offset_ppm", [0, 50, -50, 200, -200])
def test_pace_follows_the_peer_without_loss(payload_octets: int, offset_ppm: int) -> None:
    """Two minutes against a peer that is fast or slow: the fill stays near its target, and nothing is lost."""
    buffer = JitterBuffer(payload_octets=payload_octets)
    pace = ffi.new("satop_pace *")
    lib.satop_pace_init(pace)
    payload, room = bytes(payload_octets), ffi.new("uint8_t[]", 264)
    sent = taken = 0
    for now_ms in range(1, 120_001):
        due = int(now_ms * BLOCK * (1 + offset_ppm * 1e-6)) // payload_octets
        for number in range(sent, due):
            header = (number % 65536).to_bytes(4)
            lib.satop_jitter_buffer_put(buffer.c, header + payload, 4 + payload_octets)
        sent = due
        octets = lib.satop_pace_octets(pace, buffer.status)
        assert octets in (248, 256, 264)
        lib.satop_jitter_buffer_take(buffer.c, room, octets)
        taken += octets
    assert buffer.status.lost == buffer.status.inserted == buffer.status.dropped == 0
    assert abs(buffer.status.fill_octets - buffer.status.target_octets) <= max(payload_octets, 2 * BLOCK)
    # Followed to within what the buffer can hold apart: 120 s at 50 ppm are 1536 octets.
    assert abs(taken - 120_000 * BLOCK * (1 + offset_ppm * 1e-6)) < 12 * BLOCK


def test_pace_brings_the_fill_back_to_its_target() -> None:
    """After 6 ms of outage in the peer itself the delay is short by that; some seconds later it is right again."""
    buffer = JitterBuffer()
    pace = ffi.new("satop_pace *")
    lib.satop_pace_init(pace)
    numbers = iter(range(100_000))
    for now_ms in range(30_000):
        stalled = 1000 <= now_ms < 1006
        for _ in range(0 if stalled else 1):
            buffer.put((next(numbers) % 65536).to_bytes(4) + bytes(BLOCK))
        buffer.take(lib.satop_pace_octets(pace, buffer.status))
        if now_ms == 1010:
            assert buffer.status.fill_octets <= 3 * BLOCK
    assert buffer.status.inserted == buffer.status.lost == buffer.status.dropped == 0
    assert abs(buffer.status.fill_octets - 8 * BLOCK) <= BLOCK
