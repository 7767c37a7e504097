"""G.711 (csrc/voice/g711.h) against tables 1a and 2a, typed by hand, and against sox and libspandsp."""

import ctypes
import math
import random
import subprocess
from array import array
from typing import Any, NamedTuple

import pytest

from drivers._native import ffi, lib
from drivers.engine import alaw_from_linear

EVEN_BITS = 0x55  # inverted on the line (table 1a, note 2)


class Law(NamedTuple):
    """What the tables of a law say of positive values; a sample is a table's value times `unit`."""

    number: int
    sox: str
    unit: int
    inverted: int  # bits of a character signal that the test's tables do not show as they are on the line
    steps: list[int]  # 128 steps between decision values x_1 ... x_129


ALAW = Law(
    lib.G711_ALAW, "a-law", 8, EVEN_BITS, [step for step in (2, 2, 4, 8, 16, 32, 64, 128) for _ in range(16)]
)
MULAW = Law(
    lib.G711_MULAW, "mu-law", 4, 0x7F, [1] + [2] * 15 + [4 << segment for segment in range(7) for _ in range(16)]
)
LAWS = {"A": ALAW, "mu": MULAW}

# Where each segment begins: decision value n, decision value x_n, character signal of the positive values from it
# on (A-law: before the inversion of even bits; mu-law: as sent), quantized value y_n.
TABLE_1A = [
    (1, 0, 0b10000000, 1),
    (17, 32, 0b10010000, 33),
    (33, 64, 0b10100000, 66),
    (49, 128, 0b10110000, 132),
    (65, 256, 0b11000000, 264),
    (81, 512, 0b11010000, 528),
    (97, 1024, 0b11100000, 1056),
    (113, 2048, 0b11110000, 2112),
    (128, 3968, 0b11111111, 4032),
]
TABLE_2A = [
    (1, 0, 0b11111111, 0),
    (2, 1, 0b11111110, 2),
    (17, 31, 0b11101111, 33),
    (33, 95, 0b11011111, 99),
    (49, 223, 0b11001111, 231),
    (65, 479, 0b10111111, 495),
    (81, 991, 0b10101111, 1023),
    (97, 2015, 0b10011111, 2079),
    (113, 4063, 0b10001111, 4191),
    (128, 7903, 0b10000000, 8031),
]


@pytest.fixture(params=LAWS)
def law(request: pytest.FixtureRequest) -> Law:
    return LAWS[request.param]


def decision_values(law: Law) -> list[int]:
    """x_1 ... x_129."""
    values = [0]
    for step in law.steps:
        values.append(values[-1] + step)
    return values


def decode(law: Law, octet: int) -> int:
    return int(lib.g711_decode_octet(law.number, octet))


def encode(law: Law, sample: int) -> int:
    return int(lib.g711_encode_sample(law.number, sample))


def decode_run(law: Law, octets: bytes) -> list[int]:
    samples = ffi.new("int16_t[]", len(octets))
    lib.g711_decode(law.number, exactly("uint8_t[]", list(octets)), samples, len(octets))
    return list(samples)


def encode_run(law: Law, samples: list[int]) -> bytes:
    octets = ffi.new("uint8_t[]", len(samples))
    lib.g711_encode(law.number, exactly("int16_t[]", samples), octets, len(samples))
    return bytes(octets)


def exactly(kind: str, values: list[int]) -> Any:
    """A buffer of these and no more, for the sanitizers to guard."""
    return ffi.new(kind, values)


def sox(arguments: str, octets: bytes) -> bytes:
    command = ["sox", "-D", *arguments.split()]
    return subprocess.run(command, input=octets, capture_output=True, check=True).stdout


LINEAR = "-t raw -r 8000 -c 1 -e signed -b 16 -"


def coded(law: Law) -> str:
    return f"-t raw -r 8000 -c 1 -e {law.sox} -b 8 -"


def interval_octets(law: Law) -> list[int]:
    """By sample, from -32 768 on: the octet whose interval it is in.

    Negative samples mirror the positive from -1 on; what lies beyond the last decision value is clipped.
    """
    values = [law.unit * value for value in decision_values(law)]
    values[128] = 32768
    interval, positive = 0, []
    for magnitude in range(32768):
        interval += magnitude == values[interval + 1]
        positive.append((0x80 | interval) ^ law.inverted)
    return [octet ^ 0x80 for octet in reversed(positive)] + positive


@pytest.mark.parametrize(
    ("law", "inverted", "number", "decision", "character", "quantized"),
    [(ALAW, EVEN_BITS, *row) for row in TABLE_1A] + [(MULAW, 0, *row) for row in TABLE_2A],
)
def test_tables_1a_and_2a(
    law: Law, inverted: int, number: int, decision: int, character: int, quantized: int
) -> None:
    assert decision_values(law)[number - 1] == decision
    octet = character ^ inverted
    assert decode(law, octet) == law.unit * quantized
    assert decode(law, octet ^ 0x80) == -law.unit * quantized
    assert encode(law, law.unit * decision) == octet
    assert encode(law, -law.unit * decision - 1) == octet ^ 0x80
    if decision:
        before = (octet ^ law.inverted) - 1 ^ law.inverted
        assert encode(law, law.unit * decision - 1) == before
        assert encode(law, -law.unit * decision) == before ^ 0x80


def test_every_sample_falls_into_its_interval(law: Law, cpu_level: int) -> None:
    """All 65 536, one by one and as a run."""
    samples, expected = list(range(-32768, 32768)), interval_octets(law)
    assert [encode(law, sample) for sample in samples] == expected
    assert list(encode_run(law, samples)) == expected


def test_every_octet_decodes_to_the_middle_of_its_interval(law: Law) -> None:
    values = decision_values(law)
    for interval in range(128):
        middle = law.unit * (values[interval] + values[interval + 1]) // 2
        if law is MULAW and interval == 0:
            middle = 0  # table 2a: y_1 is 0
        assert decode(law, (0x80 | interval) ^ law.inverted) == middle
        assert decode(law, interval ^ law.inverted) == -middle


def test_every_octet_decodes_as_sox_decodes_it(law: Law, cpu_level: int) -> None:
    octets = bytes(range(256))
    assert array("h", decode_run(law, octets)).tobytes() == sox(f"{coded(law)} {LINEAR}", octets)


def test_every_octet_is_what_its_value_encodes_to(law: Law) -> None:
    """What is decoded and encoded again, by us or by sox, stays as it is; but for mu-law's negative zero."""
    octets = bytes(octet for octet in range(256) if law is ALAW or octet != 0x7F)
    linear = sox(f"{coded(law)} {LINEAR}", octets)
    assert encode_run(law, list(array("h", linear))) == octets == sox(f"{LINEAR} {coded(law)}", linear)


def test_alaw_from_linear() -> None:
    octets = bytes(range(256))
    assert alaw_from_linear(sox(f"{coded(ALAW)} {LINEAR}", octets)) == octets


@pytest.mark.parametrize("count", [0, 1, 7, 31, 32, 33, 63, 64, 65, 127, 500])
def test_runs_of_any_length(law: Law, count: int, cpu_level: int) -> None:
    """Nothing behind them is read or written; every octet and sample stands where it stood."""
    chance = random.Random(count)
    octets, samples = chance.randbytes(count), [chance.randrange(-32768, 32768) for _ in range(count)]
    assert decode_run(law, octets) == [decode(law, octet) for octet in octets]
    assert list(encode_run(law, samples)) == [encode(law, sample) for sample in samples]


def test_tiles(law: Law, cpu_level: int) -> None:
    """octet[t][f] is sample[f][t], both ways; enough of them that every place meets every octet."""
    chance = random.Random(711)
    block, tile, back = ffi.new("stream_block *"), ffi.new("voice_tile *"), ffi.new("stream_block *")
    decoded = [decode(law, octet) for octet in range(256)]
    for turn in range(256):
        octets = [(turn + 37 * place) % 256 for place in range(256)]
        ffi.buffer(block)[:] = bytes(octets)
        lib.g711_decode_tile(law.number, block, tile)
        rows = [list(tile.sample[frame]) for frame in range(8)]
        assert rows == [[decoded[octets[8 * lane + frame]] for lane in range(32)] for frame in range(8)]
        tile.sample = rows = [[chance.randrange(-32768, 32768) for _ in range(32)] for _ in range(8)]
        lib.g711_encode_tile(law.number, tile, back)
        for lane in (0, 7, 8, 15, 16, 23, 24, 31, chance.randrange(32)):
            assert list(back.octet[lane]) == [encode(law, rows[frame][lane]) for frame in range(8)]


def test_tiles_hold_every_sample(law: Law, cpu_level: int) -> None:
    """All 65 536 through the tiles' encoder."""
    expected = interval_octets(law)
    tile, block = ffi.new("voice_tile *"), ffi.new("stream_block *")
    for first in range(0, 65536, 256):
        samples = [first + place - 32768 for place in range(256)]
        tile.sample = [samples[32 * frame : 32 * frame + 32] for frame in range(8)]
        lib.g711_encode_tile(law.number, tile, block)
        lanes = [expected[first + lane : first + 256 : 32] for lane in range(32)]
        assert [list(block.octet[lane]) for lane in range(32)] == lanes


# Rows of G.711 tables 3 (mu-law to A-law) and 4 (A-law to mu-law), where their order changes: (mu-law, A-law),
# values by their numbers, counted from 1 at zero.
TABLE_3 = [
    *[(1, 1), (2, 1), (15, 8), (16, 8), (17, 9), (32, 24), (33, 25), (34, 27), (36, 31), (37, 33), (48, 44)],
    *[(49, 46), (50, 48), (63, 61), (64, 62), (65, 64), (80, 79), (81, 80), (82, 82), (128, 128)],
]
TABLE_4 = [
    *[(2, 1), (16, 8), (17, 9), (32, 24), (33, 25), (33, 26), (36, 31), (36, 32), (37, 33), (48, 44), (49, 45)],
    *[(49, 46), (50, 47), (50, 48), (51, 49), (64, 62), (65, 63), (65, 64), (66, 65), (80, 79), (81, 80)],
    *[(81, 81), (82, 82), (128, 128)],
]


def convert(law: Law, octet: int) -> int:
    return int(lib.g711_convert_octet(law.number, octet))


def test_tables_3_and_4() -> None:
    for mulaw, alaw in TABLE_3:
        assert convert(MULAW, (0x80 | mulaw - 1) ^ 0x7F) == (0x80 | alaw - 1) ^ EVEN_BITS
    for mulaw, alaw in TABLE_4:
        assert convert(ALAW, (0x80 | alaw - 1) ^ EVEN_BITS) == (0x80 | mulaw - 1) ^ 0x7F


@pytest.mark.parametrize(("law", "function"), [(ALAW, "alaw_to_ulaw"), (MULAW, "ulaw_to_alaw")])
def test_spandsp_converts_alike(law: Law, function: str) -> None:
    spandsp = getattr(ctypes.CDLL("libspandsp.so.2"), function)
    spandsp.restype = ctypes.c_uint8
    expected = [spandsp(octet) for octet in range(256)]
    assert [convert(law, octet) for octet in range(256)] == expected
    converted = ffi.new("uint8_t[256]")
    lib.g711_convert(law.number, bytes(range(256)), converted, 256)
    assert list(converted) == expected


def test_spandsp_encodes_every_sample_alike() -> None:
    """A-law: in mu-law spandsp mirrors negative samples about 0, where we do as in A-law (as G.191 does)."""
    spandsp = ctypes.CDLL("libspandsp.so.2")
    spandsp.g711_init.restype, spandsp.g711_init.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int]
    spandsp.g711_encode.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
    spandsp.g711_free.argtypes = [ctypes.c_void_p]
    samples, octets = list(range(-32768, 32768)), ctypes.create_string_buffer(65536)
    state = spandsp.g711_init(None, 0)
    spandsp.g711_encode(state, octets, array("h", samples).tobytes(), 65536)
    spandsp.g711_free(state)
    assert encode_run(ALAW, samples) == octets.raw


def test_levels_are_those_of_clause_5() -> None:
    """Tables 5 and 6: eight octets are a sine of 1 kHz at 0 dBm0; A-law's full scale is +3.14 dBm0."""
    # As sent: A-law's even bits inverted already.
    for law, octets in ((ALAW, "34212134B4A1A1B4"), (MULAW, "1E0B0B1E9E8B8B9E")):
        samples = [decode(law, octet) for octet in bytes.fromhex(octets)]
        # A whole period, 22.5 degrees off the zero crossings: 8 samples hold the whole energy.
        peak = math.sqrt(sum(sample * sample for sample in samples) / 4)
        # Mu-law's full scale is 32 636 here and +3.17 dBm0: its levels are 0.065 dB below A-law's.
        expected = 0.0 if law is ALAW else -0.065
        assert 20 * math.log10(peak / lib.dbm0_to_amplitude(0.0)) == pytest.approx(expected, abs=0.02)
    assert lib.dbm0_to_amplitude(3.14) == pytest.approx(32768)
