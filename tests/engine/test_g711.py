"""A-law (csrc/voice/g711.h) against table 1a of G.711, typed by hand, and against sox."""

import math
import subprocess

import pytest

from drivers._native import ffi, lib
from drivers.engine import alaw_from_linear

EVEN_BITS = 0x55  # inverted on the line (table 1a, note 2)

# G.711 table 1a, where each segment begins: decision value n, decision value x_n, character signal of the positive
# values from it on (before the inversion of even bits), quantized value y_n. Full scale is 4 096.
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


def decision_values() -> list[int]:
    """x_1 ... x_129: sixteen equal steps a segment, 2 wide in the first two, then twice as wide in each."""
    steps = [2, 2, 4, 8, 16, 32, 64, 128]
    values = [0]
    for step in steps:
        values += [values[-1] + step * k for k in range(1, 17)]
    return values


def decode(octet: int) -> int:
    return int(lib.g711_decode_octet(lib.G711_ALAW, octet))


def encode(sample: int) -> int:
    return int(lib.g711_encode_sample(lib.G711_ALAW, sample))


def sox(arguments: str, octets: bytes) -> bytes:
    command = ["sox", "-D", *arguments.split()]
    return subprocess.run(command, input=octets, capture_output=True, check=True).stdout


ALAW = "-t raw -r 8000 -c 1 -e a-law -b 8 -"
LINEAR = "-t raw -r 8000 -c 1 -e signed -b 16 -"


@pytest.mark.parametrize(("number", "decision", "character", "quantized"), TABLE_1A)
def test_table_1a(number: int, decision: int, character: int, quantized: int) -> None:
    assert decision_values()[number - 1] == decision
    octet = character ^ EVEN_BITS
    # 16-bit samples are the table's values times 8.
    assert decode(octet) == 8 * quantized
    assert decode(octet ^ 0x80) == -8 * quantized
    assert encode(8 * decision) == octet
    assert encode(-8 * decision - 1) == octet ^ 0x80
    if decision:
        assert encode(8 * decision - 1) == (character - 1) ^ EVEN_BITS
        assert encode(-8 * decision) == (character - 1) ^ EVEN_BITS ^ 0x80


def test_every_sample_falls_into_its_interval() -> None:
    """All 65 536: the character signal counts the decision values at or below the magnitude."""
    values = [8 * value for value in decision_values()]
    interval, expected = 0, []
    for magnitude in range(32768):
        interval += magnitude == values[interval + 1]
        expected.append(interval)
    samples = list(range(-32768, 32768))
    positive = [(0x80 | expected[sample]) ^ EVEN_BITS for sample in range(32768)]
    negative = [expected[-sample - 1] ^ EVEN_BITS for sample in range(-32768, 0)]
    assert [encode(sample) for sample in samples] == negative + positive


def test_every_octet_decodes_to_the_middle_of_its_interval() -> None:
    values = decision_values()
    for interval in range(128):
        middle = 8 * (values[interval] + values[interval + 1]) // 2
        assert decode((0x80 | interval) ^ EVEN_BITS) == middle
        assert decode(interval ^ EVEN_BITS) == -middle


def test_every_octet_decodes_as_sox_decodes_it() -> None:
    octets = bytes(range(256))
    samples = ffi.new("int16_t[256]")
    lib.g711_decode(lib.G711_ALAW, octets, samples, 256)
    assert bytes(ffi.buffer(samples)) == sox(f"{ALAW} {LINEAR}", octets)


def test_every_octet_is_what_its_value_encodes_to() -> None:
    """Recordings that are decoded and encoded again, by us or by sox, stay as they are."""
    octets = bytes(range(256))
    linear = sox(f"{ALAW} {LINEAR}", octets)
    assert alaw_from_linear(linear) == octets == sox(f"{LINEAR} {ALAW}", linear)


def test_levels_are_those_of_clause_5() -> None:
    """Table 5: this sequence of eight octets is a sine of 1 kHz at 0 dBm0; full scale is +3.14 dBm0."""
    # Even bits inverted already, as table 5 has them: 34 21 21 34 B4 A1 A1 B4.
    octets = bytes.fromhex("34212134B4A1A1B4")
    samples = [decode(octet) for octet in octets]
    # Two sines' worth of samples, 22.5 degrees off the zero crossings: 8 samples hold the whole energy.
    peak = math.sqrt(sum(sample * sample for sample in samples) / 4)
    assert 20 * math.log10(peak / lib.dbm0_to_amplitude(0.0)) == pytest.approx(0, abs=0.02)
    assert lib.dbm0_to_amplitude(3.14) == pytest.approx(32768)
