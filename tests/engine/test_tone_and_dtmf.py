"""Tones and DTMF (csrc/voice): our generator judged by multimon-ng and spandsp, our receiver fed by others.

How well the receiver must do under Q.24's worst lines is for the tests of a later receiver; here it must keep what
its header says.
"""

import math
import random
import re
import subprocess
from array import array
from collections.abc import Callable, Sequence

import pytest

from drivers._native import ffi, lib
from tests.engine import spandsp

# Q.23: the row's frequency, then the column's.
FREQUENCIES_HZ = {
    "1": (697, 1209), "2": (697, 1336), "3": (697, 1477), "A": (697, 1633),
    "4": (770, 1209), "5": (770, 1336), "6": (770, 1477), "B": (770, 1633),
    "7": (852, 1209), "8": (852, 1336), "9": (852, 1477), "C": (852, 1633),
    "*": (941, 1209), "0": (941, 1336), "#": (941, 1477), "D": (941, 1633),
}  # fmt: skip
DIGITS = "".join(FREQUENCIES_HZ)
WINDOW_SAMPLES = 104  # csrc/voice/dtmf.h: tones may begin anywhere in the receiver's 13 ms
LEVELS = [level for level in range(3) if level <= lib.cpu_level_available()]


def peak(level_dbm0: float) -> float:
    """Of a sine, in 16-bit units (G.711: overload at +3.14 dBm0)."""
    return 32768.0 * 10 ** ((level_dbm0 - 3.14) / 20)


def tone(digit: str, on_ms: int, row_dbm0: float = -9.0, column_dbm0: float = -9.0) -> list[int]:
    """An independent generator."""
    row, column = (2 * math.pi * hz / 8000 for hz in FREQUENCIES_HZ[digit])
    low, high = peak(row_dbm0), peak(column_dbm0)
    return [round(low * math.sin(row * n) + high * math.sin(column * n)) for n in range(8 * on_ms)]


def dialled(digits: str, on_ms: int, off_ms: int) -> list[int]:
    return [sample for digit in digits for sample in tone(digit, on_ms) + [0] * (8 * off_ms)]


def heard(channels: Sequence[Sequence[int]]) -> tuple[list[str], list[str]]:
    """What our receiver hears on up to 32 channels at once: the digits that began, those that ended."""
    length = max(map(len, channels)) + 4 * WINDOW_SAMPLES
    length += -length % 8
    padded = [[*samples, *[0] * (length - len(samples))] for samples in channels]
    padded += [[0] * length] * (32 - len(channels))
    samples = array("f", (sample for moment in zip(*padded, strict=True) for sample in moment))
    blocks = ffi.cast("float (*)[32]", ffi.from_buffer(samples))
    receiver, decisions = ffi.new("dtmf_receiver *"), ffi.new("dtmf_decisions *")
    begun, ended = [""] * 32, [""] * 32
    for at in range(0, length, 8):
        lib.dtmf_receive(receiver, blocks + at, decisions)
        for channel in range(32):
            if decisions.begun >> channel & 1:
                begun[channel] += decisions.begun_digit[channel].decode()
            if decisions.ended >> channel & 1:
                ended[channel] += decisions.ended_digit[channel].decode()
    return begun, ended


def everywhere(samples: list[int]) -> list[str]:
    """What is heard when the samples begin at every place in the receiver's window."""
    digits: list[str] = []
    for first in range(0, WINDOW_SAMPLES, 32):
        begun, _ = heard([[0] * (first + shift) + samples for shift in range(32)])
        digits += begun
    return digits


def generated(digits: str, on_ms: int, off_ms: int, level_dbm0: float = -9.0) -> list[int]:
    """What our generator sends, through A-law."""
    samples: list[int] = []
    octets, linear = ffi.new("uint8_t[]", 8 * on_ms), ffi.new("int16_t[]", 8 * on_ms)
    options, generator = ffi.new("tone_options *"), ffi.new("tone_generator *")
    for digit in digits:
        assert lib.tone_options_dtmf(digit.encode(), level_dbm0, options) == 0
        lib.tone_generator_init(generator, options)
        lib.tone_generate(generator, octets, 8 * on_ms)
        lib.g711_decode(lib.G711_ALAW, octets, linear, 8 * on_ms)
        samples += [*linear, *[0] * (8 * off_ms)]
    return samples


def test_multimon_reads_our_digits() -> None:
    samples = array("h", generated(DIGITS, 100, 100)).tobytes()
    raw = "-t raw -c 1 -e signed -b 16"
    command = ["sox", "-D", *f"{raw} -r 8000 - {raw} -r 22050 -".split()]
    resampled = subprocess.run(command, input=samples, capture_output=True, check=True).stdout
    read = subprocess.run(
        ["multimon-ng", "-q", "-c", "-a", "DTMF", "-t", "raw", "-"],
        input=resampled,
        capture_output=True,
        check=True,
    )
    assert "".join(re.findall(r"DTMF: (.)", read.stdout.decode())) == DIGITS


@pytest.mark.parametrize("level_dbm0", [-3.0, -9.0, -25.0])
def test_spandsp_reads_our_digits(level_dbm0: float) -> None:
    assert spandsp.receive(generated(DIGITS, 50, 50, level_dbm0)) == DIGITS


def test_we_read_spandsps_digits() -> None:
    """On 32 lines, with the twists and levels that it sends."""
    lines = [
        [0] * (3 * channel) + spandsp.send(DIGITS, -10 - channel % 10, twist, 50, 50)
        for channel, twist in enumerate([0, 2, -3, 1] * 8)
    ]
    begun, ended = heard(lines)
    assert begun == ended == [DIGITS] * 32


def test_all_digits_on_all_channels(cpu_level: int) -> None:
    """Every channel hears its own order of digits, shifted against the others."""
    orders = [DIGITS[channel % 16 :] + DIGITS[: channel % 16] for channel in range(32)]
    lines = [[0] * (7 * channel) + dialled(order, 40, 40) for channel, order in enumerate(orders)]
    begun, ended = heard(lines)
    assert begun == ended == orders


def test_every_cpu_level_decides_the_same() -> None:
    chance = random.Random(1)
    lines = []
    for _ in range(32):
        digits = "".join(chance.choices(DIGITS, k=12))
        line = [0] * chance.randrange(300)
        for digit in digits:
            line += tone(digit, chance.randrange(10, 60), chance.uniform(-38, -3), chance.uniform(-38, -3))
            line += [0] * chance.randrange(400)
        lines.append([sample + round(chance.gauss(0, 40)) for sample in line])
    decided = []
    for level in LEVELS:
        assert lib.cpu_level_use(level) == level
        decided.append(heard(lines))
    lib.cpu_level_use(lib.cpu_level_available())
    assert all(decisions == decided[0] for decisions in decided)
    assert 0 < len("".join(decided[0][0])) < 32 * 12  # some of them, not all: both sides of the limits


@pytest.mark.parametrize("digit", DIGITS)
def test_40_ms_are_heard_wherever_they_begin(digit: str) -> None:
    assert everywhere(tone(digit, 40)) == [digit] * 128


@pytest.mark.parametrize("digit", DIGITS)
def test_15_ms_are_no_digit(digit: str) -> None:
    """Two windows in succession are not filled far enough; from 16 ms on it depends on where the tone begins."""
    assert everywhere(tone(digit, 15)) == [""] * 128


@pytest.mark.parametrize("digit", DIGITS)
def test_gap_of_6_ms_does_not_split_a_digit(digit: str) -> None:
    assert everywhere(tone(digit, 50) + [0] * 48 + tone(digit, 50)) == [digit] * 128


def test_gap_of_40_ms_parts_two_digits() -> None:
    assert everywhere(tone("5", 40) + [0] * 320 + tone("5", 40)) == ["55"] * 128


@pytest.mark.parametrize(
    ("row_dbm0", "column_dbm0", "is_heard"),
    [
        (-1, -1, True),
        (-34, -34, True),
        (-38, -38, False),
        (-9, -16, True),  # normal twist: 8 dB
        (-9, -18, False),
        (-12, -9, True),  # reverse twist: 4 dB
        (-14, -9, False),
    ],
)
def test_levels_and_twist(row_dbm0: float, column_dbm0: float, is_heard: bool) -> None:
    assert everywhere(tone("8", 40, row_dbm0, column_dbm0)) == ["8" if is_heard else ""] * 128


def pure(hz: float) -> list[int]:
    return [round(peak(-6) * math.sin(2 * math.pi * hz * n / 8000)) for n in range(1600)]


@pytest.mark.parametrize(
    "sound",
    [
        lambda: pure(425),  # dial tone (E.180)
        lambda: pure(1400),  # our own beep
        lambda: pure(697),
        lambda: pure(1209),
        lambda: [a + b for a, b in zip(pure(697), pure(941), strict=True)],  # two of one group
        lambda: [random.Random(2).randrange(-8000, 8000) for _ in range(8000)],
        lambda: [0] * 800,
    ],
)
def test_other_sounds_are_no_digits(sound: Callable[[], list[int]]) -> None:
    assert everywhere(sound()) == [""] * 128


def test_reset_forgets_a_channels_digit() -> None:
    """The digit in progress is then heard anew; nothing is said of its end."""
    receiver, decisions = ffi.new("dtmf_receiver *"), ffi.new("dtmf_decisions *")
    samples = array("f", (float(sample) for sample in tone("7", 104) for _ in range(32)))
    blocks = ffi.cast("float (*)[32]", ffi.from_buffer(samples))
    begun = []
    for block in range(104):
        if block == 52:
            lib.dtmf_receiver_reset_timeslot(receiver, 3)
        lib.dtmf_receive(receiver, blocks + 8 * block, decisions)
        assert decisions.ended == 0
        if decisions.begun:
            begun.append((block, decisions.begun))
    # Two windows of 13 ms after the start, on all; two after the reset, on channel 3.
    assert begun == [(25, 0xFFFFFFFF), (77, 1 << 3)]


def test_no_digit_has_no_tones() -> None:
    options = ffi.new("tone_options *")
    for character in (bytes([code]) for code in range(256)):
        known = character.decode("latin-1") in FREQUENCIES_HZ
        assert (lib.tone_options_dtmf(character, -9.0, options) == 0) == known
        if known:
            assert tuple(options.frequency_hz) == FREQUENCIES_HZ[character.decode()]


@pytest.mark.parametrize(("hz", "dbm0"), [((425.0, 0.0), (-10.0, 0.0)), ((697.0, 1633.0), (-7.0, -9.0))])
def test_tones_keep_frequency_level_and_phase(hz: tuple[float, float], dbm0: tuple[float, float]) -> None:
    """The first second and the last of ten minutes, against the sine itself."""
    options, generator = ffi.new("tone_options *", (hz, dbm0)), ffi.new("tone_generator *")
    lib.tone_generator_init(generator, options)
    seconds, octets = 600, ffi.new("uint8_t[8000]")
    for second in range(seconds):
        lib.tone_generate(generator, octets, 8000)
        if second not in (0, seconds - 1):
            continue
        for place in range(8000):
            moment = (8000 * second + place) / 8000
            value = sum(
                peak(level) * math.sin(2 * math.pi * frequency * moment)
                for frequency, level in zip(hz, dbm0, strict=True)
                if frequency
            )
            # The octet of the exact value, or of the one beside it where that lies at a decision value.
            assert octets[place] in {
                lib.g711_encode_sample(lib.G711_ALAW, round(value + nudge)) for nudge in (-1, 0, 1)
            }


def test_tone_beyond_full_scale_is_clipped() -> None:
    options, generator = ffi.new("tone_options *", ((1000.0, 1000.0), (3.0, 3.0))), ffi.new("tone_generator *")
    lib.tone_generator_init(generator, options)
    octets = ffi.new("uint8_t[8]")
    lib.tone_generate(generator, octets, 8)
    assert [lib.g711_decode_octet(lib.G711_ALAW, octet) for octet in octets][2::4] == [32256, -32256]
