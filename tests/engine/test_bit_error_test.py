"""Bit-error test: patterns against O.150's register stage by stage, every injected error counted once."""

import functools
import random
from itertools import groupby
from typing import Any, NamedTuple

import pytest

from drivers._native import ffi, lib


class Pattern(NamedTuple):
    """O.150 (05/96) clause 5 and its table 1."""

    stages: int
    tap: int
    inverted: bool
    zeros: int  # longest run of zeros
    factors: tuple[int, ...]  # the primes of its period, 2^stages - 1

    @property
    def period(self) -> int:
        return (1 << self.stages) - 1


PATTERNS = [
    Pattern(9, 5, False, 8, (7, 73)),
    Pattern(11, 9, False, 10, (23, 89)),
    Pattern(15, 14, True, 15, (7, 31, 151)),
    Pattern(20, 3, False, 19, (3, 5, 11, 31, 41)),
    Pattern(23, 18, True, 23, (47, 178481)),
]
each_pattern = pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: f"2E{pattern.stages}")


@functools.cache
def line_bits(pattern: Pattern, count: int) -> str:
    """By the register of O.150: stages k and n added modulo 2 go into stage 1, the output comes from stage n."""
    stages, output = [1] * pattern.stages, []
    for _ in range(count):
        output.append(stages[-1] ^ pattern.inverted)
        stages = [stages[pattern.tap - 1] ^ stages[-1], *stages[:-1]]
    return "".join(map(str, output))


def octets_of(bits: str) -> bytes:
    """Whole octets, the first bit the most significant."""
    whole = len(bits) // 8
    return int(bits[: 8 * whole] or "0", 2).to_bytes(whole, "big")


def bits_of(octets: bytes) -> str:
    return f"{int.from_bytes(octets, 'big'):0{8 * len(octets)}b}" if octets else ""


def flipped(octets: bytes, positions: list[int]) -> bytes:
    """With these bits wrong."""
    result = bytearray(octets)
    for position in positions:
        result[position // 8] ^= 0x80 >> position % 8
    return bytes(result)


class Generator:
    def __init__(self, pattern: Pattern) -> None:
        self.state = ffi.new("test_generator *")
        assert lib.test_generator_init(self.state, pattern.stages) == 0

    def take(self, count: int) -> bytes:
        octets = ffi.new("uint8_t[]", count)
        lib.test_generator_take(self.state, octets, count)
        return bytes(ffi.buffer(octets))


class Checker:
    def __init__(self, pattern: Pattern, loss_window_bits: int = 0) -> None:
        self.state = ffi.new("test_checker *")
        assert lib.test_checker_init(self.state, pattern.stages) == 0
        if loss_window_bits:
            self.state.loss_window_bits = loss_window_bits

    def put(self, octets: bytes) -> "Checker":
        lib.test_checker_put(self.state, octets, len(octets))
        return self

    def counts(self) -> tuple[Any, ...]:
        s = self.state
        return (s.synchronised, s.bits, s.errors, s.errored_octets, s.sync_losses, s.bit_slips, s.slip_errors)


# --- the patterns


@each_pattern
def test_same_bits_as_the_register(pattern: Pattern) -> None:
    expected = octets_of(line_bits(pattern, 40_000))
    assert Generator(pattern).take(5000) == expected


@each_pattern
def test_begins_with_the_register_all_ones(pattern: Pattern) -> None:
    """O.150 5.1: the first of nine consecutive ones; likewise the others, inverted where they are."""
    bits = bits_of(Generator(pattern).take(4))
    assert bits.startswith(("0" if pattern.inverted else "1") * pattern.stages)
    assert bits[pattern.stages] == ("1" if pattern.inverted else "0")


def test_511_as_others_print_it() -> None:
    """ETSI TS 102 361-1 table D.2: an idle burst carries the first 96 bits of the 511-bit pattern of O.153."""
    assert Generator(PATTERNS[0]).take(12).hex() == "ff83df1732094ed1e7cd8a91"


def test_32767_as_others_print_it() -> None:
    """The DVB-S2 scrambler (ETSI EN 302 307 5.2.2) runs 1 + x^14 + x^15, not inverted, from another phase."""
    published = "03f6083430b8a393c968b773b329aaf5fe3c04881b305aa1dfc4c09a835f0bc2388c932b6afb7e1b"
    plain = bits_of(Generator(PATTERNS[2]).take(2 * 4096)).translate({ord("0"): "1", ord("1"): "0"})
    assert plain.count(bits_of(bytes.fromhex(published)), 0, 32767 + 320) == 1


@each_pattern
def test_period_and_runs(pattern: Pattern) -> None:
    """A period of exactly 2^n - 1 bits, the longest run of zeros of table 1, half of the bits ones."""
    bits = bits_of(Generator(pattern).take((2 * pattern.period + 7) // 8 + 1))
    period = bits[: pattern.period]
    assert bits[pattern.period : 2 * pattern.period] == period
    for factor in pattern.factors:
        assert pattern.period % factor == 0
        shorter = pattern.period // factor
        assert bits[shorter : shorter + 2 * pattern.stages] != bits[: 2 * pattern.stages], (
            f"repeats after {shorter}"
        )
    around = period + period[: 2 * pattern.stages]
    runs = [run for run in around.split("1") if len(run) >= pattern.zeros]
    assert {len(run) for run in runs} == {pattern.zeros}
    ones = pattern.period // 2 + (not pattern.inverted)
    assert period.count("1") == ones


@each_pattern
def test_taken_in_parts_of_any_size(pattern: Pattern) -> None:
    chance, generator = random.Random(1), Generator(pattern)
    parts: list[bytes] = []
    while sum(len(part) for part in parts) < 4000:
        parts.append(generator.take(chance.choice([0, 1, 2, 7, 8, 9, 31, 32, 183, 184, 185, 256, 600])))
    whole = b"".join(parts)
    assert whole == Generator(pattern).take(len(whole))
    assert generator.state.bits == 8 * len(whole)


@pytest.mark.parametrize("number", [0, 8, 10, 14, 16, 22, 24, 31, 2**32 - 1])
def test_other_numbers_are_no_patterns(number: int) -> None:
    assert lib.test_generator_init(ffi.new("test_generator *"), number) == -1
    assert lib.test_checker_init(ffi.new("test_checker *"), number) == -1


# --- errors on demand


def wrong_bits(pattern: Pattern, octets: bytes) -> list[int]:
    clean = bits_of(Generator(pattern).take(len(octets)))
    return [i for i, (a, b) in enumerate(zip(clean, bits_of(octets), strict=True)) if a != b]


@each_pattern
def test_single_errors_go_one_to_an_octet(pattern: Pattern) -> None:
    generator = Generator(pattern)
    before = generator.take(11)
    lib.test_generator_insert_errors(generator.state, 3)
    lib.test_generator_insert_errors(generator.state, 2)
    octets = before + generator.take(2) + generator.take(50)
    assert [position // 8 for position in wrong_bits(pattern, octets)] == [11, 12, 13, 14, 15]
    assert (generator.state.errors, generator.state.errors_due) == (5, 0)


@pytest.mark.parametrize("interval", [1, 2, 3, 7, 8, 9, 64, 1000, 2048, 4001])
@each_pattern
def test_error_interval(pattern: Pattern, interval: int) -> None:
    """Each so many-th bit is wrong, however the octets are taken, with single errors besides."""
    chance, generator = random.Random(interval), Generator(pattern)
    generator.state.error_interval = interval
    octets = b""
    while len(octets) < 2000:
        octets += generator.take(chance.choice([1, 5, 8, 64, 333]))
    expected = list(range(interval - 1, 8 * len(octets), interval))
    assert wrong_bits(pattern, octets) == expected
    lib.test_generator_insert_errors(generator.state, 40)
    singles = generator.take(1000)
    every = wrong_bits(pattern, octets + singles)
    regular = set(range(interval - 1, 8 * len(octets + singles), interval))
    assert regular <= set(every)
    assert len(every) == len(regular) + (0 if interval == 1 else 40)
    assert generator.state.errors == len(every)


def test_errors_due_do_not_wrap() -> None:
    generator = Generator(PATTERNS[0])
    for _ in range(2):
        lib.test_generator_insert_errors(generator.state, 0xFFFFFFFF)
    assert generator.state.errors_due == 0xFFFFFFFF


# --- the checker


@each_pattern
def test_synchronises_at_any_bit_phase(pattern: Pattern) -> None:
    """At the latest when the stages' bits and 64 more have come, in whole octets."""
    bits, chance = line_bits(pattern, 40_000), random.Random(2)
    for phase in [*range(9), *(chance.randrange(30_000) for _ in range(60))]:
        checker, octets = Checker(pattern), octets_of(bits[phase : phase + 8000])
        first = next(i for i in range(1, 30) if checker.put(octets[i - 1 : i]).state.synchronised)
        assert 8 <= first <= 8 + -(-pattern.stages // 8)
        checker.put(octets[first:])
        assert checker.counts() == (True, 8 * (len(octets) - first), 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    "octets", [b"\x00", b"\xff", b"\x55", b"\xaa", b"\x54", b"\xd5", b"\x7e", b"\x9b\xdf", b"\x01"]
)
@each_pattern
def test_never_synchronises_on_a_constant(pattern: Pattern, octets: bytes) -> None:
    assert Checker(pattern).put(octets * 3000).counts() == (False, 0, 0, 0, 0, 0, 0)


@each_pattern
def test_never_synchronises_on_others(pattern: Pattern) -> None:
    """Noise, the same pattern with its polarity turned round, and every other pattern."""
    others = [Generator(other).take(20_000) for other in PATTERNS if other != pattern]
    turned = bytes(octet ^ 0xFF for octet in Generator(pattern).take(20_000))
    for octets in [random.Random(3).randbytes(100_000), turned, *others]:
        assert Checker(pattern).put(octets).counts() == (False, 0, 0, 0, 0, 0, 0)


@each_pattern
def test_one_error_counts_once(pattern: Pattern) -> None:
    """In whatever bit: a descrambling checker would count one for every tap."""
    octets = octets_of(line_bits(pattern, 40_000))[:600]
    for position in range(1600, 1600 + 8 * 24):
        counts = Checker(pattern).put(flipped(octets, [position])).counts()
        assert counts[0] and counts[2:] == (1, 1, 0, 0, 0), position


@pytest.mark.parametrize("ratio", [1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.15])
@each_pattern
def test_counts_what_was_injected(pattern: Pattern, ratio: float) -> None:
    """Random errors far denser than a good line's, short of the 20 % that end synchronisation."""
    chance = random.Random(f"{pattern.stages} {ratio}")
    clean = Generator(pattern).take(25_000)
    positions = [i for i in range(400, 8 * len(clean)) if chance.random() < ratio]
    checker = Checker(pattern).put(flipped(clean, positions))
    octets = len({position // 8 for position in positions})
    assert checker.counts()[2:] == (len(positions), octets, 0, 0, 0)
    assert checker.state.synchronised


@each_pattern
def test_split_over_calls_changes_nothing(pattern: Pattern) -> None:
    """A line with everything on it: errors, slips, noise, silence. All counts equal, whatever came at a time."""
    chance = random.Random(pattern.stages)
    bits = line_bits(pattern, 40_000)
    noise = "".join(chance.choice("01") for _ in range(3000))
    line = octets_of(bits[:9000] + bits[9013:15000] + noise + bits[15001:22000] + "0" * 2000 + bits[22000:])
    octets = flipped(line, [i for i in range(8 * len(line)) if chance.random() < 0.003])
    expected = Checker(pattern).put(octets).counts()
    assert expected[2] > 100 and expected[4] >= 2 and expected[5] >= 1
    for sizes in ([1], [2, 3], [7], [8], [9, 1, 30], [184], [1, 1000], [3, 72, 500]):
        checker, done = Checker(pattern), 0
        while done < len(octets):
            size = chance.choice(sizes)
            checker.put(octets[done : done + size])
            done += size
        assert checker.counts() == expected, sizes


# --- slips


def slipped(pattern: Pattern, at: int, by: int) -> bytes:
    """The line leaves out (by > 0) or repeats (by < 0) bits."""
    bits = line_bits(pattern, 40_000)
    return octets_of(bits[:at] + bits[at + by :][: 12_000 - at])


@pytest.mark.parametrize("by", [1, -1, 2, -2, 8, -8, 100, -100, 255, -255, 256, -256, 511, -511, 512, -512])
@each_pattern
def test_slip(pattern: Pattern, by: int) -> None:
    """Seen as a slip within 96 bits, its errors told apart from the line's, which count as ever."""
    for at in [4000, 4001, 4003, 4007, 4095]:
        before, after = [1000, 1001, 3000], [6000, 9999]
        octets = flipped(slipped(pattern, at, by), before + after)
        checker = Checker(pattern).put(octets)
        assert checker.state.synchronised
        if by % pattern.period == 0:  # where it would be without
            assert checker.counts()[2:] == (5, 4, 0, 0, 0)
            continue
        assert (checker.state.bit_slips, checker.state.sync_losses) == (1, 0)
        assert checker.state.errors - checker.state.slip_errors == len(before + after)
        assert 20 <= checker.state.slip_errors <= 70
        # 511 bits are soon round: a slip forward is one backward, and the nearer is told.
        assert (checker.state.last_slip_bits - by) % pattern.period == 0
        assert abs(checker.state.last_slip_bits) <= abs(by)


@each_pattern
def test_smallest_window_still_tells_a_slip_from_a_loss(pattern: Pattern) -> None:
    for at in range(4000, 4100):
        checker = Checker(pattern, loss_window_bits=1).put(slipped(pattern, at, 1))
        assert (checker.state.bit_slips, checker.state.sync_losses) == (1, 0)


@pytest.mark.parametrize("by", [513, -513, 700, 5000])
@pytest.mark.parametrize("pattern", PATTERNS[1:], ids=lambda pattern: f"2E{pattern.stages}")
def test_far_phase_is_a_loss(pattern: Pattern, by: int) -> None:
    """Another test begun, or the line switched over: synchronised again at once, but it was no slip."""
    if pattern.period < 2 * 5000 and by == 5000:
        by = 900  # 2047 bits are soon round
    checker = Checker(pattern).put(slipped(pattern, 4000, by))
    assert checker.state.synchronised
    assert (checker.state.bit_slips, checker.state.sync_losses) == (0, 1)
    assert checker.state.errors == checker.state.slip_errors <= 70


@each_pattern
def test_many_slips_each_seen(pattern: Pattern) -> None:
    bits, chance = line_bits(pattern, 40_000), random.Random(4)
    line, position, slips = "", 0, 0
    while position < 36_000:
        length = chance.randrange(300, 900)
        line += bits[position : position + length]
        position += length + chance.choice([1, -1, 3, -8, 8])
        slips += 1
    checker = Checker(pattern).put(octets_of(line))
    assert (checker.state.bit_slips, checker.state.sync_losses) == (slips - 1, 0)
    assert checker.state.errors == checker.state.slip_errors


# --- loss of synchronisation


@each_pattern
def test_error_burst_is_no_slip(pattern: Pattern) -> None:
    """A burst of 100 bits, half of them wrong: counted, and synchronisation stands."""
    chance, octets = random.Random(6), Generator(pattern).take(1500)
    positions = [i for i in range(5000, 5100) if chance.random() < 0.5]
    checker = Checker(pattern).put(flipped(octets, positions))
    assert checker.counts()[2:] == (len(positions), len({i // 8 for i in positions}), 0, 0, 0)


@each_pattern
def test_noise_ends_synchronisation_and_the_pattern_brings_it_back(pattern: Pattern) -> None:
    clean = Generator(pattern).take(6000)
    checker = Checker(pattern).put(clean[:2000])
    assert checker.state.synchronised
    checker.put(random.Random(7).randbytes(1000))
    assert not checker.state.synchronised
    lost = checker.counts()
    assert lost[4:] == (1, 0, 0)
    assert lost[2] <= 102 + 205  # what one window did not lose by, and what the next did
    checker.put(clean[3000:3008])
    assert checker.counts() == lost
    checker.put(clean[3008:])
    assert checker.state.synchronised
    assert checker.counts()[2:] == lost[2:]


@pytest.mark.parametrize("octet", [b"\x00", b"\xff"])
@each_pattern
def test_silence_ends_synchronisation(pattern: Pattern, octet: bytes) -> None:
    """All zeros and all ones differ from the reference by the pattern or its inverse, and are not the pattern."""
    checker = Checker(pattern).put(Generator(pattern).take(2000) + octet * 2000)
    assert not checker.state.synchronised
    assert (checker.state.sync_losses, checker.state.bit_slips) == (1, 0)


@pytest.mark.parametrize("window", [512, 1000, 1024, 64_000])
@each_pattern
def test_lost_at_a_fifth_of_the_window_and_not_before(pattern: Pattern, window: int) -> None:
    """O.150 4.2 a: lost at an error ratio of 0.20. Both sides of it, in one window each."""
    limit = -(-window // 5)
    chance, clean = random.Random(8), Generator(pattern).take(window // 8 * 3 + 200)
    start = next(i for i in range(1, 20) if Checker(pattern).put(clean[:i]).state.synchronised)
    begin = 8 * start + window
    # After eight octets without one, so that none stands in the window before.
    positions = sorted(chance.sample(range(begin + 64, begin + window // 8 * 8), limit))
    for errors, losses in ((limit - 1, 0), (limit, 1)):
        checker = Checker(pattern, window).put(clean[: start + 8])
        checker.put(flipped(clean, positions[:errors])[start + 8 : (begin + window) // 8])
        assert checker.state.sync_losses == losses, errors
        assert checker.state.errors == errors


@pytest.mark.parametrize("window", [512, 1024])
@each_pattern
def test_windows_are_counted_apart(pattern: Pattern, window: int) -> None:
    """Just short of the limit at the end of one window and at the start of the next: not lost."""
    clean = Generator(pattern).take(2000)
    start = next(i for i in range(1, 20) if Checker(pattern).put(clean[:i]).state.synchronised)
    border = 8 * start + 9 * window
    chance, most = random.Random(9), -(-window // 5) - 1
    positions = [border - 1 - i for i in chance.sample(range(window // 2), most)]
    positions += [border + i for i in chance.sample(range(window // 2), most)]
    checker = Checker(pattern, window).put(flipped(clean, positions))
    assert checker.counts()[2:] == (2 * most, len({i // 8 for i in positions}), 0, 0, 0)


def test_longest_run_means_what_it_says() -> None:
    """The reference itself: runs of equal bits of the 511-bit register, by length, as an m-sequence has them."""
    bits = line_bits(PATTERNS[0], 511)
    lengths = [len(list(run)) for _, run in groupby(bits)]
    assert (lengths.count(9), lengths.count(8), lengths.count(7)) == (1, 1, 2)
