"""The frame kernels at every CPU level, against bit-serial references written from G.704 and G.706."""

import random
from typing import Any

import pytest

from drivers._native import ffi, lib
from protocols import e1

FRAME_BITS = 256
BLOCK_FRAMES = 8
FAS = "0011011"  # bits 2-8 of timeslot 0 in frames with the FAS (G.704 table 5A)
SLACK_OCTETS = 64  # what the search may read behind the last bit it looks at (csrc/e1/frame.h)

pytestmark = pytest.mark.usefixtures("cpu_level")


def bits_of(octets: bytes) -> str:
    return "".join(f"{octet:08b}" for octet in octets)


def octets_of(bits: str) -> bytes:
    return bytes(int(bits[at : at + 8].ljust(8, "0"), 2) for at in range(0, len(bits), 8))


def exactly(octets: bytes) -> Any:
    """A buffer of these octets and no more (CFFI would put a zero behind bytes), for the sanitizers to guard."""
    return ffi.new("uint8_t[]", list(octets))


def crc4(bits: str) -> int:
    """Bit-serial division by x^4+x+1 of the bits times x^4 (G.704 2.3.3.5), bit 1 first."""
    register = 0
    for bit in bits:
        carry = (register >> 3) ^ int(bit)
        register = (register << 1 & 0xF) ^ (0b0011 if carry else 0)
    return register


def timeslots_of(bits: str) -> list[bytes]:
    """For each of the 32 timeslots its octets in eight frames, straight from G.704 2.3: eight bits a timeslot."""
    return [
        bytes(int(bits[FRAME_BITS * frame + 8 * timeslot :][:8], 2) for frame in range(BLOCK_FRAMES))
        for timeslot in range(32)
    ]


def frames_of(bits: str) -> list[str]:
    return [bits[FRAME_BITS * frame :][:FRAME_BITS] for frame in range(BLOCK_FRAMES)]


def demultiplex(octets: bytes, bit_offset: int) -> tuple[list[bytes], list[int]]:
    block = ffi.new("stream_block *")
    remainders = lib.frame_demultiplex(exactly(octets), bit_offset, block)
    return [bytes(block.octet[timeslot]) for timeslot in range(32)], list(remainders.to_bytes(8, "little"))


def multiplex(timeslots: list[bytes]) -> tuple[bytes, list[int]]:
    block, bits = ffi.new("stream_block *"), ffi.new("uint8_t[]", 256)
    ffi.buffer(block)[:] = b"".join(timeslots)
    remainders = lib.frame_multiplex(block, bits)
    return bytes(bits), list(remainders.to_bytes(8, "little"))


def combine(remainders: list[int]) -> int:
    return int(lib.frame_crc4_combine(int.from_bytes(bytes(remainders), "little")))


@pytest.mark.parametrize("bit_offset", range(8))
def test_demultiplex(bit_offset: int) -> None:
    chance = random.Random(bit_offset)
    for _ in range(10):
        octets = chance.randbytes(257)
        bits = bits_of(octets)[bit_offset:][: BLOCK_FRAMES * FRAME_BITS]
        timeslots, remainders = demultiplex(octets, bit_offset)
        assert timeslots == timeslots_of(bits)
        assert remainders == [crc4(frame) for frame in frames_of(bits)]


def test_multiplex() -> None:
    chance = random.Random(9)
    for _ in range(30):
        octets = chance.randbytes(256)
        bits = bits_of(octets)
        line, remainders = multiplex(timeslots_of(bits))
        assert line == octets
        assert remainders == [crc4(frame) for frame in frames_of(bits)]


def test_every_bit_of_a_frame_weighs_in_its_own_remainder() -> None:
    for bit in range(FRAME_BITS):
        frame = bit % BLOCK_FRAMES
        line = bytearray(257)
        line[32 * frame + bit // 8] = 0x80 >> bit % 8
        expected = [0] * BLOCK_FRAMES
        expected[frame] = crc4("1".ljust(FRAME_BITS - bit, "0"))
        timeslots, remainders = demultiplex(bytes(line), 0)
        assert remainders == expected
        assert multiplex(timeslots) == (bytes(line[:256]), expected)


def test_crc4_against_crcmod() -> None:
    chance = random.Random(10)
    for _ in range(50):
        octets = chance.randbytes(256)
        _, received = demultiplex(octets + b"\0", 0)
        _, sent = multiplex(timeslots_of(bits_of(octets)))
        assert combine(received) == combine(sent) == e1.crc4(octets)


def test_crc4_combines_any_remainders() -> None:
    # Frame f's remainder r(x) counts as r(x) * x^(256 * (7 - f)): 256 zeros a frame behind it in the division.
    for frame in range(BLOCK_FRAMES):
        for remainder in range(16):
            remainders = [0] * BLOCK_FRAMES
            remainders[frame] = remainder
            # The division multiplies by x^4 by itself: four of the zeros are its own.
            zeros = FRAME_BITS * (BLOCK_FRAMES - 1 - frame)
            expected = crc4(f"{remainder:04b}" + "0" * (zeros - 4)) if zeros else remainder
            assert combine(remainders) == expected


def test_crc4_worked_by_hand() -> None:
    # A sub-multiframe of zeros but for its first bit and its last four. As G.704 2.3.3.5 has it, times x^4:
    #   first bit: x^2047 * x^4 = x^2051 = x^11 (x^15 = 1) = x^3 + x^2 + x              1110
    #   last four: x^7 + x^6 + x^5 + x^4, with x^4 = x + 1, x^5 = x^2 + x,
    #              x^6 = x^3 + x^2, x^7 = x^3 + x + 1, which sum to x                     0010
    octets = bytes([0x80, *[0] * 254, 0x0F, 0])
    timeslots, remainders = demultiplex(octets, 0)
    # In its own frame the first bit is x^255 * x^4 = x^259 = x^4 = x + 1.
    assert remainders == [0b0011, 0, 0, 0, 0, 0, 0, 0b0010]
    assert combine(remainders) == 0b1110 ^ 0b0010
    assert multiplex(timeslots) == (octets[:256], remainders)


def search_reference(bits: str, start: int, to: int) -> int:
    """G.706 4.1.2, position by position: FAS, bit 2 = 1 a frame on, FAS two frames on."""
    for at in range(start, to):
        if (
            bits[at + 1 : at + 8] == FAS
            and bits[at + FRAME_BITS + 1] == "1"
            and bits[at + 2 * FRAME_BITS + 1 : at + 2 * FRAME_BITS + 8] == FAS
        ):
            return at
    return to


def search(bits: str, start: int, to: int, slack: bytes = bytes(SLACK_OCTETS)) -> int:
    """The engine's search, on a buffer that ends with the last octet it may read."""
    octets = octets_of(bits[: to + 2 * FRAME_BITS + 8])
    return int(lib.frame_alignment_search(exactly(octets + slack), start, to))


def plant(bits: str, at: int, pattern: str) -> str:
    return bits[:at] + pattern + bits[at + len(pattern) :]


def plant_alignment(bits: str, at: int) -> str:
    bits = plant(bits, at + 1, FAS)
    bits = plant(bits, at + FRAME_BITS + 1, "1")
    return plant(bits, at + 2 * FRAME_BITS + 1, FAS)


def random_bits(chance: random.Random, count: int) -> str:
    return f"{chance.getrandbits(count):0{count}b}"


def signal(phase: int) -> str:
    """Double frames whose payload is all ones: a FAS stands only where it should."""
    frames = ("10011011" + "1" * 248 + "11011111" + "1" * 248) * 5
    return "1" * phase + frames


@pytest.mark.parametrize("start", [0, 5])
def test_search_finds_every_phase(start: int) -> None:
    for phase in range(512):
        to = start + 512 + 8
        expected = phase if phase >= start else phase + 512
        assert search(signal(phase), start, to) == expected


def test_search_takes_the_first_of_many() -> None:
    chance = random.Random(11)
    for _ in range(60):
        bits = random_bits(chance, 4000)
        for _ in range(chance.randrange(6)):
            bits = plant_alignment(bits, chance.randrange(3000))
        start = chance.randrange(600)
        to = chance.randrange(start, 3100)
        assert search(bits, start, to) == search_reference(bits, start, to)


def test_search_wants_every_one_of_its_fifteen_bits() -> None:
    looked_at = [*range(1, 8), FRAME_BITS + 1, *range(2 * FRAME_BITS + 1, 2 * FRAME_BITS + 8)]
    for at in (0, 57, 450, 901):
        line = plant_alignment("0" * 2000, at)
        assert search(line, 0, 1400) == at
        for bit in looked_at:
            wrong = "1" if line[at + bit] == "0" else "0"
            assert search(plant(line, at + bit, wrong), 0, 1400) == 1400


def test_search_passes_over_mimics() -> None:
    """FAS without bit 2, FAS without a second one, FAS a frame apart, before the true one."""
    chance = random.Random(12)
    for _ in range(20):
        true = chance.randrange(900, 1400)
        bits = "1" * 2600
        for at in chance.sample(range(0, 800, 9), 8):
            bits = plant(bits, at + 1, FAS)
            if chance.random() < 0.5:
                bits = plant(plant(bits, at + 513, FAS), at + 257, "0")
        bits = plant_alignment(bits, true)
        expected = search_reference(bits, 0, 2000)
        assert search(bits, 0, 2000) == expected
        assert search(bits, expected + 1, 2000) == search_reference(bits, expected + 1, 2000)


@pytest.mark.parametrize("at", [*range(8), 55, 56, 57, 63, 64, 223, 224, 225, 447, 448, 449, 511, 512, 3000])
def test_search_at_the_ends_of_the_window(at: int) -> None:
    bits = plant_alignment("1" * 4600, at)
    assert search(bits, at, at + 1) == at
    assert search(bits, 0, at + 1) == at
    assert search(bits, 0, at) == at  # none before it: `to`
    assert search(bits, at + 1, at + 700) == at + 700
    assert search(bits, at, at) == at


@pytest.mark.parametrize("to", [4096, 4097, 4100, 4103])
def test_search_does_not_heed_what_lies_behind(to: int) -> None:
    """Under the sanitizers this is also the test that no octet behind the slack is read."""
    chance = random.Random(to)
    for start in (to - 600, to - 100, to - 1):
        bits = random_bits(chance, to + 520)
        for _ in range(20):
            tail = bits_of(chance.randbytes(SLACK_OCTETS))
            # The last octet's bits behind position to + 519 vary too.
            line = octets_of((bits + tail)[: (to + 520 + 7) // 8 * 8])
            buffer = exactly(line + chance.randbytes(SLACK_OCTETS))
            found = lib.frame_alignment_search(buffer, start, to)
            assert found == search_reference(bits, start, to)
