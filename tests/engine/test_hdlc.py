"""HDLC both ways against a naive reference written from ISO/IEC 13239 and Q.921 2, and against spandsp's."""

import ctypes
import ctypes.util
import itertools
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import crcmod.predefined
import pytest

from drivers._native import ffi, lib

FLAG = "01111110"  # Q.921 2.2
MRU = 266
QUEUE = 1 << 16
OVERHEAD = lib.HDLC_QUEUE_FRAME_OVERHEAD

FCS_NONE, FCS_16, FCS_32 = lib.HDLC_FCS_NONE, lib.HDLC_FCS_16, lib.HDLC_FCS_32
CHECKS: dict[int, Callable[[bytes], int]] = {
    FCS_NONE: lambda octets: 0,
    FCS_16: crcmod.predefined.mkCrcFun("x-25"),
    FCS_32: crcmod.predefined.mkCrcFun("crc-32"),
}

LEVELS = range(lib.cpu_level_available() + 1)


# --- The naive reference: lines are strings of 0 and 1 in the order they travel ---


@dataclass
class Received:
    frames: list[tuple[bytes, int]] = field(default_factory=list)  # with the octet that ended each
    fcs_errors: int = 0
    aborts: int = 0
    non_octet: int = 0
    too_short: int = 0
    too_long: int = 0


def with_check(frame: bytes, fcs: int) -> bytes:
    return frame + CHECKS[fcs](frame).to_bytes(fcs, "little")


def octets_to_bits(octets: bytes) -> str:
    """Each octet's least significant bit first (Q.921 2.8.2)."""
    return "".join(f"{octet:08b}"[::-1] for octet in octets)


def stuffed(bits: str) -> str:
    """A zero after every five ones (Q.921 2.6)."""
    sent, ones = "", 0
    for bit in bits:
        sent += bit
        ones = ones + 1 if bit == "1" else 0
        if ones == 5:
            sent, ones = sent + "0", 0
    return sent


def framed(frame: bytes, fcs: int = FCS_16) -> str:
    """A frame as it is sent, without flags."""
    return stuffed(octets_to_bits(with_check(frame, fcs)))


def line(bits: str, fill: str = "0") -> bytes:
    """Octets as the line has them: the first bit most significant."""
    bits += fill * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def line_bits(octets: bytes) -> str:
    return "".join(f"{octet:08b}" for octet in octets)


def starts_of(pattern: str, bits: str) -> list[int]:
    return [found.start() for found in re.finditer(f"(?={pattern})", bits)]


def classify(received: Received, content: str, end: int, fcs: int, mru: int) -> None:
    bits = content.replace("111110", "11111")
    octets = bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits) - 7, 8))
    frame = octets[: len(octets) - fcs]
    if not bits:
        return
    if len(bits) > 8 * (mru + fcs):
        received.too_long += 1
    elif len(bits) < 8 * (2 + fcs):
        received.too_short += 1
    elif len(bits) % 8:
        received.non_octet += 1
    elif octets != with_check(frame, fcs):
        received.fcs_errors += 1
    else:
        received.frames.append((frame, end))


def reference(bits: str, fcs: int = FCS_16, mru: int = MRU) -> Received:
    """What stands between each flag and the next flag or abort. The line is taken to have been 0 before."""
    bits = "0" + bits
    received = Received()
    flags, aborts = starts_of(FLAG, bits), starts_of("1111111", bits)
    for flag, following in zip(flags, [*flags[1:], len(bits)], strict=True):
        start = flag + 8
        abort = next((at for at in aborts if start <= at < following), None)
        if abort is not None:
            received.aborts += abort > start
        elif following < len(bits):
            classify(received, bits[start:following], (following + 6) // 8, fcs, mru)
    return received


# --- The engine's ---


class Receiver:
    def __init__(self, fcs: int = FCS_16, mru: int = MRU, queue: int = QUEUE) -> None:
        self.pointer = ffi.gc(lib.hdlc_receiver_new((fcs, mru), queue), lib.hdlc_receiver_free)
        assert self.pointer
        self.counters = lib.hdlc_receiver_counters(self.pointer)

    def put(self, octets: bytes) -> int:
        return int(lib.hdlc_receiver_put(self.pointer, octets, len(octets)))

    def take(self, size: int = 1 << 16) -> tuple[bytes, int] | int:
        """A frame and the octet that ended it, or 0 or -1."""
        frame, end = ffi.new("uint8_t[]", size), ffi.new("uint64_t *")
        count = lib.hdlc_receiver_take(self.pointer, frame, size, end)
        return (bytes(ffi.buffer(frame, count)), int(end[0])) if count > 0 else int(count)

    def take_all(self) -> list[tuple[bytes, int]]:
        taken = []
        while not isinstance(frame := self.take(), int):
            taken.append(frame)
        assert frame == 0
        return taken

    def received(self) -> Received:
        received = Received(self.take_all())
        for name in ("fcs_errors", "aborts", "non_octet", "too_short", "too_long"):
            setattr(received, name, int(getattr(self.counters, name)))
        return received


class Transmitter:
    def __init__(self, fcs: int = FCS_16, mru: int = MRU, queue: int = QUEUE) -> None:
        self.pointer = ffi.gc(lib.hdlc_transmitter_new((fcs, mru), queue), lib.hdlc_transmitter_free)
        assert self.pointer

    def put(self, frame: bytes) -> int:
        return int(lib.hdlc_transmitter_put(self.pointer, frame, len(frame)))

    def take(self, count: int) -> bytes:
        octets = ffi.new("uint8_t[]", count)
        lib.hdlc_transmitter_take(self.pointer, octets, count)
        return bytes(ffi.buffer(octets, count))

    @property
    def waiting(self) -> int:
        return int(lib.hdlc_transmitter_waiting(self.pointer))


def received_of(octets: bytes, fcs: int = FCS_16, mru: int = MRU) -> Received:
    receiver = Receiver(fcs, mru)
    receiver.put(octets)
    received = receiver.received()
    assert receiver.counters.frames == len(received.frames)
    assert receiver.counters.octets == sum(len(frame) for frame, _ in received.frames)
    return received


def chunks(octets: bytes, sizes: Iterator[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        if at >= len(octets):
            return
        yield octets[at : at + size]
        at += size


def random_frame(chance: random.Random, longest: int = MRU) -> bytes:
    """Random octets, or many ones."""
    kind = chance.choice(["random", "ones", "fews"])
    count = chance.randint(2, longest)
    if kind == "random":
        return chance.randbytes(count)
    return bytes(chance.choice([0xFF, 0x7F, 0xFE, 0x1F, 0xF8, 0x7E, 0x00]) for _ in range(count))


def random_line(chance: random.Random, pieces: int, fcs: int = FCS_16) -> str:
    """Frames, flags with and without shared zeros, ones, errors, cut frames, noise."""
    bits = ""
    for _ in range(pieces):
        frame = framed(random_frame(chance, 40), fcs)
        hit = chance.randrange(len(frame))
        bits += chance.choice(
            [
                FLAG + frame + FLAG,
                FLAG + frame,
                frame + FLAG,
                FLAG * chance.randint(1, 20),
                "0111111" * chance.randint(1, 20) + "0",
                "1" * chance.randint(1, 150),
                "0" * chance.randint(1, 150),
                FLAG + frame[:hit] + str(1 - int(frame[hit])) + frame[hit + 1 :] + FLAG,
                FLAG + frame[:hit] + FLAG,
                FLAG + frame[:hit] + "1" * chance.randint(5, 9),
                FLAG + frame[:hit] + "0111110" + FLAG[1:],
                FLAG + framed(random_frame(chance, 12) * 25, fcs) + FLAG,
                f"{chance.getrandbits(90):090b}",
            ]
        )
    return bits


# --- Receiver ---


@pytest.mark.parametrize("fcs", [FCS_NONE, FCS_16, FCS_32])
def test_frame_of_every_length(cpu_level: int, fcs: int) -> None:
    chance = random.Random(1)
    frames = [chance.randbytes(count) for count in range(2, MRU + 1)]
    received = received_of(line(FLAG + FLAG.join(framed(frame, fcs) for frame in frames) + FLAG), fcs)
    assert [frame for frame, _ in received.frames] == frames


# X.25 appendix I: bit patterns as transmitted, an inserted zero in brackets.
SABM = "0111 1110 1100 0000 1111 1(0)100 1101 1010 0011 0111 0111 1110"
UA = "0111 1110 1000 0000 1100 1110 1100 0001 1110 1010 0111 1110"


@pytest.mark.parametrize(("printed", "frame"), [(SABM, bytes([0x03, 0x3F])), (UA, bytes([0x01, 0x73]))])
def test_frames_printed_in_the_recommendation(cpu_level: int, printed: str, frame: bytes) -> None:
    bits = re.sub("[^01]", "", printed)
    assert received_of(line(bits)).frames == [(frame, (len(bits) - 1) // 8)]
    transmitter = Transmitter()
    transmitter.put(frame)
    assert line_bits(transmitter.take(10)).startswith(bits)


def test_one_flag_ends_and_begins(cpu_level: int) -> None:
    bits = FLAG + framed(b"first") + FLAG + framed(b"second") + FLAG
    assert [frame for frame, _ in received_of(line(bits)).frames] == [b"first", b"second"]


def test_flags_sharing_a_zero(cpu_level: int) -> None:
    """011111101111110 is two flags: nothing stands between them, however many there are."""
    for count in range(1, 70):
        bits = "0111111" * count + "0" + framed(b"frame") + "0111111" * count + "0"
        received = received_of(line(bits, fill="1"))
        assert received == reference(bits)
        assert [frame for frame, _ in received.frames] == [b"frame"]
        assert received.too_short == 0


def test_idle_line_brings_nothing(cpu_level: int) -> None:
    nothing = Received()
    for phase in range(8):
        flags = FLAG[phase:] + FLAG * 500
        assert received_of(line(flags)) == nothing
        assert received_of(line(FLAG[phase:] + "1" * 3000)) == nothing
        assert [frame for frame, _ in received_of(line(flags + framed(b"then") + FLAG)).frames] == [b"then"]
        after_ones = "1" * (3000 + phase) + FLAG + framed(b"then") + FLAG
        assert [frame for frame, _ in received_of(line(after_ones)).frames] == [b"then"]
    assert received_of(bytes(1000)) == nothing


def test_abort_at_every_bit(cpu_level: int) -> None:
    """Seven ones after any bit of a frame end it, and what follows is no frame until a flag."""
    frame = framed(b"\x00\xfe\x55 cut short \xff\xff")
    for at, ones in itertools.product(range(len(frame) + 1), (7, 8, 15)):
        ones_before = len(frame[:at]) - len(frame[:at].rstrip("1"))
        bits = FLAG + frame[:at] + "1" * ones + frame[at:] + FLAG + framed(b"next") + FLAG
        received = received_of(line(bits))
        assert received.aborts == (at > ones_before), at
        assert [frame for frame, _ in received.frames] == [b"next"]
        assert received == reference(bits)


def test_abort_at_the_end_of_the_line(cpu_level: int) -> None:
    bits = FLAG + framed(b"never closed") + "0" + "1111111"
    received = received_of(line(bits, fill="1"))
    assert (received.aborts, received.frames) == (1, [])


def test_six_ones_more_is_no_abort(cpu_level: int) -> None:
    """Six ones and a zero are a flag, seven an abort: the limit from both sides."""
    for ones, expected in ((6, Received(non_octet=1)), (7, Received(aborts=1))):
        bits = FLAG + "1001100110" * 5 + "0" + "1" * ones + "0" + "1" * 20
        assert received_of(line(bits)) == expected


def test_bits_over_are_counted(cpu_level: int) -> None:
    bits = octets_to_bits(with_check(b"any frame", FCS_16))
    for over in range(1, 8):
        received = received_of(line(FLAG + stuffed(bits + "0110100"[:over]) + FLAG))
        assert received == Received(non_octet=1)
        received = received_of(line(FLAG + stuffed(bits[:-over]) + FLAG))
        assert received == Received(non_octet=1)


@pytest.mark.parametrize("fcs", [FCS_16, FCS_32])
def test_every_single_bit_error_is_found(cpu_level: int, fcs: int) -> None:
    frame = random.Random(2).randbytes(60)
    bits = octets_to_bits(with_check(frame, fcs))
    sent = [bits[:at] + str(1 - int(bit)) + bits[at + 1 :] for at, bit in enumerate(bits)]
    received = received_of(line(FLAG + FLAG.join(stuffed(one) for one in sent) + FLAG), fcs)
    assert received == Received(fcs_errors=len(bits))


def test_every_single_bit_error_of_the_line(cpu_level: int) -> None:
    """Where flags, inserted zeros and aborts come and go; never a frame that was not sent."""
    bits = (
        FLAG + framed(b"\xff\xfe" + random.Random(3).randbytes(10) + b"\x7e\x7e") + FLAG + framed(b"next") + FLAG
    )
    sent = {frame for frame, _ in reference(bits).frames}
    for at, bit in enumerate(bits):
        damaged = bits[:at] + str(1 - int(bit)) + bits[at + 1 :]
        received = received_of(line(damaged))
        assert received == reference(damaged), at
        assert sent >= {frame for frame, _ in received.frames}


@pytest.mark.parametrize("fcs", [FCS_NONE, FCS_16, FCS_32])
def test_both_sides_of_the_limits_of_length(cpu_level: int, fcs: int) -> None:
    for mru in (266, 1000):
        longest = bytes(range(256)) * 4
        for count in (mru, mru + 1):
            received = received_of(line(FLAG + framed(longest[:count], fcs) + FLAG), fcs, mru)
            assert received.too_long == (count > mru)
            assert [frame for frame, _ in received.frames] == [longest[:count]][: count <= mru]
    for count in (1, 2):
        received = received_of(line(FLAG + framed(b"ab"[:count], fcs) + FLAG), fcs)
        assert received.too_short == (count < 2)
        assert [frame for frame, _ in received.frames] == [b"ab"][: count == 2]


def test_frame_much_too_long_is_counted_once(cpu_level: int) -> None:
    bits = FLAG + framed(bytes(range(256)) * 50) + FLAG + framed(b"next") + FLAG
    received = received_of(line(bits))
    assert received == Received(frames=[(b"next", (len(bits) - 1) // 8)], too_long=1)


def test_full_queue_is_counted_and_loses_the_new(cpu_level: int) -> None:
    frames = [bytes([number]) * 100 for number in range(10)]
    receiver = Receiver(queue=4 * (100 + OVERHEAD) + 10)
    assert receiver.put(line(FLAG + FLAG.join(map(framed, frames)) + FLAG)) == 4
    assert (receiver.counters.frames, receiver.counters.octets, receiver.counters.overruns) == (4, 400, 6)
    assert [frame for frame, _ in receiver.take_all()] == frames[:4]
    assert receiver.put(line(FLAG + framed(frames[7]) + FLAG)) == 1
    assert [frame for frame, _ in receiver.take_all()] == [frames[7]]


def test_queue_runs_over_its_end(cpu_level: int) -> None:
    """A ring: frames of odd lengths, a few waiting at any time, a thousand times its size in all."""
    chance = random.Random(4)
    receiver = Receiver(queue=MRU + OVERHEAD + 31)
    for _ in range(300):
        frame = random_frame(chance)
        receiver.put(line(FLAG + framed(frame) + FLAG))
        assert [taken for taken, _ in receiver.take_all()] == [frame]
    assert receiver.counters.overruns == 0


def test_take_into_too_small_a_buffer_leaves_the_frame(cpu_level: int) -> None:
    receiver = Receiver()
    receiver.put(line(FLAG + framed(b"nine octs") + FLAG))
    assert receiver.take(8) == -1
    assert receiver.take(0) == -1
    assert receiver.take(9) == (b"nine octs", reference(FLAG + framed(b"nine octs") + FLAG).frames[0][1])
    assert receiver.take(9) == 0


def test_take_without_asking_for_the_end() -> None:
    receiver = Receiver()
    receiver.put(line(FLAG + framed(b"frame") + FLAG))
    frame = ffi.new("uint8_t[]", 5)
    assert lib.hdlc_receiver_take(receiver.pointer, frame, 5, ffi.NULL) == 5


def test_interrupt_forgets_half_a_flag(cpu_level: int) -> None:
    """No flag stands across an interrupt: neither 0111 1110 nor what is left of one opens a frame."""
    for cut in range(1, 7):
        receiver = Receiver()
        receiver.put(line("0" * (8 - cut) + FLAG[:cut]))
        lib.hdlc_receiver_interrupt(receiver.pointer)
        receiver.put(line(FLAG[cut:] + framed(b"no frame") + FLAG + framed(b"next") + FLAG))
        expected = [b"no frame"] * (cut == 1) + [b"next"]  # six ones and a zero at the start are a flag
        assert [taken for taken, _ in receiver.take_all()] == expected, cut


def test_interrupt_forgets_the_frame(cpu_level: int) -> None:
    frame = framed(b"interrupted")
    for at in range(8, len(FLAG + frame + FLAG), 8):
        octets = line(FLAG + frame + FLAG)
        receiver = Receiver()
        receiver.put(octets[: at // 8])
        lib.hdlc_receiver_interrupt(receiver.pointer)
        receiver.put(octets[at // 8 :] + line(FLAG + framed(b"next") + FLAG))
        assert [taken for taken, _ in receiver.take_all()] == [b"next"]
        assert receiver.counters.aborts == 0


def test_interrupt_keeps_what_waits_and_counts_on(cpu_level: int) -> None:
    octets = line(FLAG + framed(b"before") + FLAG)
    receiver = Receiver()
    receiver.put(octets)
    lib.hdlc_receiver_interrupt(receiver.pointer)
    assert receiver.put(octets) == 2
    (_, first), (_, second) = receiver.take_all()
    assert second == first + len(octets)


@pytest.mark.parametrize("fcs", [FCS_NONE, FCS_16, FCS_32])
def test_random_lines_as_the_reference_reads_them(cpu_level: int, fcs: int) -> None:
    chance = random.Random(5 + fcs)
    for _ in range(40):
        bits = random_line(chance, 12, fcs)
        bits += "0" * (-len(bits) % 8)
        assert received_of(line(bits), fcs) == reference(bits, fcs)


def test_dense_noise_as_the_reference_reads_it(cpu_level: int) -> None:
    """Mostly ones: flags, aborts and inserted zeros in every word, at every distance."""
    chance = random.Random(6)
    for ones in (0.6, 0.8, 0.85, 0.9, 0.97):
        bits = "".join("1" if chance.random() < ones else "0" for _ in range(20000))
        assert received_of(line(bits)) == reference(bits)


def test_every_short_line_behind_a_flag(cpu_level: int) -> None:
    """All lines of 12 bits, and a flag: every way flags, aborts and inserted zeros can touch."""
    for value in range(1 << 12):
        bits = FLAG + f"{value:012b}" + FLAG + "0000"
        assert received_of(line(bits), FCS_NONE) == reference(bits, FCS_NONE), bits


@pytest.mark.parametrize("sizes", [[1], [7], [8], [9], [3, 13, 1, 64], [511, 513], [1000]])
def test_chunks_make_no_difference(cpu_level: int, sizes: list[int]) -> None:
    octets = line(random_line(random.Random(7), 150))
    receiver = Receiver()
    for chunk in chunks(octets, itertools.cycle(sizes)):
        receiver.put(chunk)
    assert receiver.received() == reference(line_bits(octets))


def test_levels_may_change_at_any_octet() -> None:
    octets = line(random_line(random.Random(8), 150))
    chance, receiver = random.Random(9), Receiver()
    for chunk in chunks(octets, iter(lambda: chance.randint(1, 40), 0)):
        lib.cpu_level_use(chance.choice(LEVELS))
        receiver.put(chunk)
    lib.cpu_level_use(lib.cpu_level_available())
    assert receiver.received() == reference(line_bits(octets))


# --- Transmitter ---


def expected_line(frames: list[bytes], count: int, fcs: int = FCS_16) -> bytes:
    """One flag between frames, flags after."""
    bits = FLAG + "".join(framed(frame, fcs) + FLAG for frame in frames)
    return line(bits + FLAG * count)[:count]


@pytest.mark.parametrize("fcs", [FCS_NONE, FCS_16, FCS_32])
@pytest.mark.parametrize("sizes", [[1], [7], [8], [3, 13, 1, 64], [1 << 16]])
def test_frames_are_sent_as_the_reference_sends_them(cpu_level: int, fcs: int, sizes: list[int]) -> None:
    chance = random.Random(10)
    frames = [random_frame(chance) for _ in range(30)]
    transmitter, total = Transmitter(fcs), 30 * 350
    assert [transmitter.put(frame) for frame in frames] == [0] * 30
    sent = b""
    for size in itertools.cycle(sizes):
        sent += transmitter.take(min(size, total - len(sent)))
        if len(sent) == total:
            break
    assert sent == expected_line(frames, total, fcs)


def test_runs_of_ones_of_every_length(cpu_level: int) -> None:
    for before, ones in itertools.product(range(8), range(70)):
        value = ((1 << ones) - 1) << before | 1 << (before + ones + 1)
        frame = value.to_bytes(12, "little")
        transmitter = Transmitter()
        transmitter.put(frame)
        assert transmitter.take(30) == expected_line([frame], 30)


def test_idle_sends_flags(cpu_level: int) -> None:
    assert Transmitter().take(1000) == b"\x7e" * 1000


def test_frame_between_takes_and_what_waits() -> None:
    """Both levels send the same octet for octet, and say that the same waits."""
    lines = []
    for use in LEVELS:
        lib.cpu_level_use(use)
        chance, transmitter, sent = random.Random(11), Transmitter(), []
        for _ in range(3000):
            if chance.random() < 0.1:
                transmitter.put(random_frame(chance, 60))
            sent.append((transmitter.take(chance.randint(1, 20)), transmitter.waiting))
        lines.append(sent)
    received = reference(line_bits(b"".join(octets for octets, _ in lines[0])))
    assert all(sent == lines[0] for sent in lines)
    assert len(received.frames) > 250
    assert (received.fcs_errors, received.aborts, received.non_octet, received.too_short) == (0, 0, 0, 0)


def test_frame_goes_out_at_once(cpu_level: int) -> None:
    """No flag is sent ahead: the last idle octet is the frame's opening flag."""
    for idle in range(1, 20):
        transmitter = Transmitter()
        transmitter.take(idle)
        transmitter.put(b"frame")
        assert transmitter.take(20) == expected_line([b"frame"], 21)[1:]


def test_waiting_counts_until_the_closing_flag_begins(cpu_level: int) -> None:
    transmitter = Transmitter()
    transmitter.put(bytes(10))
    transmitter.put(bytes(20))
    waiting = []
    for _ in range(1 + 12 + 1 + 22 + 2):
        transmitter.take(1)
        waiting.append(transmitter.waiting)
    # Zeros, and FCS without five ones: octets of frames are octets of the line.
    assert waiting == [30] * (1 + 12) + [20] * (1 + 22) + [0] * 2


def test_what_cannot_be_queued() -> None:
    transmitter = Transmitter(queue=2 * (MRU + OVERHEAD))
    assert transmitter.put(b"") == -1
    assert transmitter.put(b"a") == -1
    assert transmitter.put(bytes(MRU + 1)) == -1
    assert transmitter.waiting == 0
    assert [transmitter.put(bytes(MRU)) for _ in range(3)] == [0, 0, -1]
    assert transmitter.waiting == 2 * MRU
    assert transmitter.take(700) == expected_line([bytes(MRU)] * 2, 700)
    assert transmitter.put(bytes(MRU)) == 0


def test_options_out_of_range() -> None:
    good = (FCS_16, MRU)
    for options, queue in [((1, MRU), QUEUE), ((FCS_16, 265), QUEUE), ((FCS_16, 65536), 1 << 20)]:
        assert not lib.hdlc_receiver_new(options, queue)
        assert not lib.hdlc_transmitter_new(options, queue)
    for queue, accepted in ((MRU + OVERHEAD, True), (MRU + OVERHEAD - 1, False)):
        receiver, transmitter = lib.hdlc_receiver_new(good, queue), lib.hdlc_transmitter_new(good, queue)
        assert (bool(receiver), bool(transmitter)) == (accepted, accepted)
        lib.hdlc_receiver_free(receiver)
        lib.hdlc_transmitter_free(transmitter)


def test_longest_frame_there_may_be(cpu_level: int) -> None:
    frame = random.Random(12).randbytes(65535)
    transmitter, receiver = Transmitter(FCS_32, 65535, 1 << 17), Receiver(FCS_32, 65535, 1 << 17)
    transmitter.put(frame)
    receiver.put(transmitter.take(75000))
    assert [taken for taken, _ in receiver.take_all()] == [frame]


# --- Frame check sequences ---


def test_frame_checks_as_crcmod_reckons_them(cpu_level: int) -> None:
    """Every length about the blocks of the fast level, at every alignment."""
    chance = random.Random(13)
    octets = chance.randbytes(400)
    buffer = ffi.from_buffer(octets)
    for count in [*range(100), 260, 266, 399]:
        for offset in range(min(17, 400 - count)):
            part = octets[offset : offset + count]
            assert lib.frame_check_16(buffer + offset, count) == CHECKS[FCS_16](part)
            assert lib.frame_check_32(buffer + offset, count) == CHECKS[FCS_32](part)


def test_frame_check_vectors(cpu_level: int) -> None:
    """Check values of the catalogue of CRCs (CRC-16/IBM-SDLC, CRC-32/ISO-HDLC)."""
    assert lib.frame_check_16(b"123456789", 9) == 0x906E
    assert lib.frame_check_32(b"123456789", 9) == 0xCBF43926


# --- spandsp judges ---

SPANDSP = ctypes.util.find_library("spandsp")
needs_spandsp = pytest.mark.skipif(not SPANDSP, reason="libspandsp2 is not installed")
FrameHandler = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint8), ctypes.c_int, ctypes.c_int)
UnderflowHandler = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def spandsp() -> ctypes.CDLL:
    library = ctypes.CDLL(SPANDSP)
    library.hdlc_rx_init.restype = library.hdlc_tx_init.restype = ctypes.c_void_p
    library.hdlc_rx_put_bit.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.hdlc_rx_free.argtypes = library.hdlc_tx_free.argtypes = [ctypes.c_void_p]
    library.hdlc_tx_frame.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
    library.hdlc_tx_get_bit.argtypes = [ctypes.c_void_p]
    return library


@needs_spandsp
@pytest.mark.parametrize("fcs", [FCS_16, FCS_32])
def test_spandsp_receives_what_we_send(cpu_level: int, fcs: int) -> None:
    library, chance, heard = spandsp(), random.Random(14), []

    def hear(_: object, frame: "ctypes._Pointer[ctypes.c_uint8]", count: int, good: int) -> None:
        if count >= 0:  # less is a status
            heard.append((bytes(frame[:count]), bool(good)))

    handler = FrameHandler(hear)
    state = library.hdlc_rx_init(None, int(fcs == FCS_32), 1, 1, handler, None)
    frames = [random_frame(chance) for _ in range(20)]
    transmitter = Transmitter(fcs)
    for frame in frames:
        transmitter.put(frame)
    for bit in line_bits(transmitter.take(7000)):
        library.hdlc_rx_put_bit(state, int(bit))
    library.hdlc_rx_free(state)
    assert heard == [(frame, True) for frame in frames]


@needs_spandsp
@pytest.mark.parametrize("fcs", [FCS_16, FCS_32])
def test_we_receive_what_spandsp_sends(cpu_level: int, fcs: int) -> None:
    library, chance = spandsp(), random.Random(15)
    frames = [random_frame(chance) for _ in range(20)]
    left = iter(frames)

    def send_next(state: int) -> None:
        if frame := next(left, None):
            library.hdlc_tx_frame(transmitter, frame, len(frame))

    handler = UnderflowHandler(send_next)
    transmitter = library.hdlc_tx_init(None, int(fcs == FCS_32), 1, 0, handler, None)
    library.hdlc_tx_flags.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.hdlc_tx_flags(transmitter, 3)
    bits = "".join(str(library.hdlc_tx_get_bit(transmitter) & 1) for _ in range(60000))
    library.hdlc_tx_free(transmitter)
    received = received_of(line(bits), fcs)
    assert [frame for frame, _ in received.frames] == frames
    assert received.fcs_errors == 0
