"""LOS and AIS to the bit: both sides of every limit of G.775 and ETS 300 233, and bit-serial detectors."""

import random
from dataclasses import dataclass, field

import pytest

from drivers._native import ffi, lib

G775 = int(lib.LINE_STATE_G775)
ETS300233 = int(lib.LINE_STATE_ETS300233)
MOST = int(lib.LINE_BLOCK_BITS_MAX)
PERIOD = 512

# A change: (bits received, raised).
Change = tuple[int, bool]


# ---- The engine's detectors. ----


def octets(bits: str) -> bytes:
    return int("1" + bits, 2).to_bytes(len(bits) // 8 + 1, "big")[1:]


class Detector:
    """A line's state, given strings of 0 and 1 (spaces and marks, or bits)."""

    def __init__(self, rule: int = G775, **options: int) -> None:
        chosen = lib.line_state_options_default(rule)
        for name, value in options.items():
            setattr(chosen, name, value)
        self.state = ffi.new("line_state *")
        lib.line_state_init(self.state, chosen)
        self.events = ffi.new("line_state_event[]", int(lib.LINE_STATE_EVENTS_MAX))

    def put_marks(self, marks: str, generator: random.Random | None = None) -> list[Change]:
        """Marks of random polarities, in blocks of random lengths."""
        generator = generator or random.Random(0)
        changes = []
        while marks:
            length = min(len(marks), generator.randrange(64, MOST + 1, 64))
            now, marks = marks[:length], marks[length:]
            positive = "".join(place if generator.random() < 0.5 else "0" for place in now)
            negative = "".join("1" if a != b else "0" for a, b in zip(now, positive, strict=True))
            block = ffi.new("line_block *", {"bit_count": length})
            ffi.memmove(block.positive, octets(positive), length // 8)
            ffi.memmove(block.negative, octets(negative), length // 8)
            count = lib.line_state_put_marks(self.state, block, self.events)
            changes += self._changes(count, int(lib.LINE_STATE_LOS))
        return changes

    def put_bits(self, bits: str, generator: random.Random | None = None) -> list[Change]:
        """Bits in blocks likewise."""
        changes = []
        while bits:
            length = min(len(bits), generator.randrange(64, MOST + 1, 64) if generator else 2048)
            now, bits = bits[:length], bits[length:]
            count = lib.line_state_put_bits(self.state, octets(now), length, self.events)
            changes += self._changes(count, int(lib.LINE_STATE_AIS))
        return changes

    def _changes(self, count: int, alarm: int) -> list[Change]:
        events = [self.events[k] for k in range(count)]
        assert {event.alarm for event in events} <= {alarm}
        assert {event.raised for event in events} <= {0, 1}
        return [(event.bit, bool(event.raised)) for event in events]


def whole(bits: str, filler: str = "1") -> str:
    """Filled up to whole words."""
    return bits + filler * (-len(bits) % 64)


# ---- The rules, one bit at a time. ----


@dataclass
class LosReference:
    """G.775 4.2 with the window spelled out as the list of its bits."""

    spaces_to_raise: int
    window_length: int
    marks_to_clear: int
    los: bool = False
    spaces: int = 0
    window: list[str] | None = None
    changes: list[Change] = field(default_factory=list)

    def run(self, marks: str) -> list[Change]:
        for bit, place in enumerate(marks, 1):
            self.spaces = 0 if place == "1" else self.spaces + 1
            self._clear(bit, place)
            if not self.los and self.spaces == self.spaces_to_raise:
                self._change(bit, True)
        return self.changes

    def _clear(self, bit: int, place: str) -> None:
        if not self.los:
            return
        if self.window is None and place == "1":
            self.window = []
        if self.window is None:
            return
        self.window.append(place)
        if "0" * self.spaces_to_raise in "".join(self.window):
            self.window = None
        elif len(self.window) == self.window_length:
            enough = self.window.count("1") >= self.marks_to_clear
            self.window = None
            if enough:
                self._change(bit, False)

    def _change(self, bit: int, los: bool) -> None:
        self.los = los
        self.changes.append((bit, los))


def ais_reference(bits: str, confirm: int) -> list[Change]:
    """Cut into periods; each state lasts until `confirm` periods in a row speak for the other."""
    ais, changes = False, []
    speaking = [bits[at : at + PERIOD].count("0") <= 2 for at in range(0, len(bits) - PERIOD + 1, PERIOD)]
    since = 0
    for end in range(1, len(speaking) + 1):
        last = speaking[max(since, end - confirm) : end]
        if len(last) == confirm and all(all_ones != ais for all_ones in last):
            ais, since = not ais, end
            changes.append((end * PERIOD, ais))
    return changes


# ---- LOS. ----


def test_defaults_are_those_of_the_recommendations() -> None:
    def limits(rule: int) -> tuple[int, int, int, int]:
        options = lib.line_state_options_default(rule)
        return options.los_spaces, options.los_clear_window, options.los_clear_marks, options.ais_confirm_periods

    assert limits(G775) == (176, 176, 22, 2)
    assert limits(ETS300233) == (2048, 255, 32, 1)


@pytest.mark.parametrize(
    ("rule", "options", "spaces"),
    [
        (G775, {}, 176),
        (G775, {"los_spaces": 10}, 10),
        (G775, {"los_spaces": 14}, 14),
        (G775, {"los_spaces": 15}, 15),
        (G775, {"los_spaces": 62}, 62),
        (G775, {"los_spaces": 63}, 63),
        (G775, {"los_spaces": 64}, 64),
        (G775, {"los_spaces": 255}, 255),
        (ETS300233, {}, 2048),
    ],
)
@pytest.mark.parametrize("before", [0, 1, 7, 8, 63, 64, 1000, 2559, 2560])
def test_los_rises_with_its_last_space(
    cpu_level: int, rule: int, options: dict[str, int], spaces: int, before: int
) -> None:
    """One space fewer raises nothing; wherever in a word or block the run begins."""
    assert Detector(rule, **options).put_marks(whole("1" * before + "0" * (spaces - 1) + "1")) == []
    detector = Detector(rule, **options)
    assert detector.put_marks(whole("1" * before + "0" * spaces + "1")) == [(before + spaces, True)]
    assert detector.state.los


@pytest.mark.parametrize("spaces", range(8))
def test_los_rises_in_the_first_octet_of_a_block(cpu_level: int, spaces: int) -> None:
    """170 spaces in the block before: the sixth of this one is the 176th, though every octet here has a mark."""
    detector = Detector()
    assert detector.put_marks("1" * 22 + "0" * 170) == []
    assert detector.put_marks("0" * spaces + "1" * (64 - spaces)) == ([(198, True)] if spaces >= 6 else [])


@pytest.mark.parametrize("spaces", range(8))
def test_spaces_at_the_end_of_a_healthy_block_count(cpu_level: int, spaces: int) -> None:
    detector = Detector()
    assert detector.put_marks("1" * (64 - spaces) + "0" * spaces) == []
    assert detector.put_marks(whole("0" * (175 - spaces) + "1")) == []
    detector = Detector()
    assert detector.put_marks("1" * (64 - spaces) + "0" * spaces) == []
    assert detector.put_marks(whole("0" * (176 - spaces) + "1")) == [(64 + 176 - spaces, True)]


def test_spaces_before_the_first_mark_count(cpu_level: int) -> None:
    assert Detector().put_marks("0" * 256) == [(176, True)]
    assert Detector().put_marks(whole("0" * 175 + "1")) == []


def window(marks: int, length: int = 176) -> str:
    """A mark, further marks at the window's end."""
    return "1" + "0" * (length - marks) + "1" * (marks - 1)


@pytest.mark.parametrize("gap", [0, 1, 30, 2000])
def test_los_clears_at_the_end_of_a_window_with_22_marks(cpu_level: int, gap: int) -> None:
    lost = "0" * (176 + gap)
    detector = Detector()
    assert detector.put_marks(whole(lost + window(22), "0")) == [(176, True), (len(lost) + 176, False)]
    assert not detector.state.los
    assert Detector().put_marks(whole(lost + window(21), "0")) == [(176, True)]


def test_los_clears_though_the_window_ends_with_spaces(cpu_level: int) -> None:
    """Its 22 marks may come first; the spaces that follow them count towards the next LOS."""
    marks = "0" * 176 + "1" * 22 + "0" * 175
    assert Detector().put_marks(whole(marks + "1")) == [(176, True), (352, False)]
    assert Detector().put_marks(whole(marks + "0")) == [(176, True), (352, False), (374, True)]


def test_a_failed_window_is_followed_by_one_from_the_next_mark(cpu_level: int) -> None:
    lost = "0" * 176
    failed = window(21)
    assert Detector().put_marks(whole(lost + failed + "000" + window(22), "0")) == [
        (176, True),
        (176 + 176 + 3 + 176, False),
    ]


def test_los_spaces_in_a_window_end_it(cpu_level: int) -> None:
    """A window longer than los_spaces: 10 spaces in it undo it, even as its last bits; 9 do not."""
    options = {"los_spaces": 10, "los_clear_window": 64, "los_clear_marks": 22}
    lost = "0" * 10
    good = "1" * 55 + "0" * 9
    assert Detector(**options).put_marks(whole(lost + good)) == [(10, True), (74, False)]
    bad = "1" * 54 + "0" * 10
    assert Detector(**options).put_marks(whole(lost + bad + "1" * 64)) == [(10, True), (74 + 64, False)]


def test_ets300233_clears_at_the_end_of_a_window_of_255_with_32_marks(cpu_level: int) -> None:
    lost = "0" * 2048
    assert Detector(ETS300233).put_marks(whole(lost + window(32, 255), "0")) == [(2048, True), (2048 + 255, False)]
    assert Detector(ETS300233).put_marks(whole(lost + window(31, 255), "0")) == [(2048, True)]


def random_marks(generator: random.Random, count: int, longest: int) -> str:
    """Dense and sparse stretches and silences of about the lengths that matter."""
    marks = ""
    while len(marks) < count:
        density = generator.choice([0, 0, 0.02, 0.1, 0.13, 0.5, 1])
        marks += "".join("01"[generator.random() < density] for _ in range(generator.randint(1, longest)))
    return marks[:count]


@pytest.mark.parametrize(
    ("spaces", "clear_window", "clear_marks"),
    [(176, 176, 22), (10, 10, 1), (10, 40, 4), (32, 32, 4), (100, 10, 3), (255, 255, 32), (2048, 255, 32)],
)
def test_los_equals_bit_serial(cpu_level: int, spaces: int, clear_window: int, clear_marks: int) -> None:
    generator = random.Random(spaces + clear_window)
    marks = random_marks(generator, max(64 * 400, 64 * spaces), 2 * spaces)
    expected = LosReference(spaces, clear_window, clear_marks).run(marks)
    assert len(expected) > 4
    detector = Detector(los_spaces=spaces, los_clear_window=clear_window, los_clear_marks=clear_marks)
    assert detector.put_marks(marks, generator) == expected
    assert detector.state.mark_bits == len(marks)


def test_a_block_holds_all_its_changes(cpu_level: int) -> None:
    """The fastest there can be: cleared at the end of the shortest window, raised by the next space."""
    detector = Detector(los_spaces=10, los_clear_window=10, los_clear_marks=1)
    marks = ("1" + "0" * 10) * (MOST // 11 + 1)
    expected = LosReference(10, 10, 1).run(marks[:MOST])
    block = ffi.new("line_block *", {"bit_count": MOST})
    ffi.memmove(block.positive, octets(marks[:MOST]), MOST // 8)
    count = lib.line_state_put_marks(detector.state, block, detector.events)
    assert count == len(expected) == 463
    assert [(detector.events[k].bit, bool(detector.events[k].raised)) for k in range(count)] == expected


def test_limits_below_the_least_are_raised_to_it(cpu_level: int) -> None:
    detector = Detector(los_spaces=0, los_clear_window=0, los_clear_marks=0, ais_confirm_periods=0)
    options = detector.state.options
    assert (options.los_spaces, options.los_clear_window, options.los_clear_marks) == (10, 10, 1)
    assert options.ais_confirm_periods == 1


def test_an_empty_block_changes_nothing(cpu_level: int) -> None:
    detector = Detector()
    assert lib.line_state_put_marks(detector.state, ffi.new("line_block *"), detector.events) == 0
    assert lib.line_state_put_bits(detector.state, ffi.NULL, 0, detector.events) == 0
    assert (detector.state.mark_bits, detector.state.bits) == (0, 0)


# ---- AIS. ----


def period(zeros: int, generator: random.Random | None = None) -> str:
    """A period with so many zeros, at its end or anywhere."""
    anywhere = range(PERIOD - zeros, PERIOD) if generator is None else generator.sample(range(PERIOD), zeros)
    places = set(anywhere)
    return "".join("0" if place in places else "1" for place in range(PERIOD))


@pytest.mark.parametrize(
    ("zeros", "changes"),
    [
        ([2, 2], [(2, True)]),
        ([0, 2], [(2, True)]),
        ([3, 2, 2], [(3, True)]),
        ([2], []),
        ([2, 3, 2, 3, 2], []),
        ([3, 3, 3], []),
        ([0, 0, 3, 3], [(2, True), (4, False)]),
        ([0, 0, 3, 2, 3, 2, 3], [(2, True)]),
        ([0, 0, 3, 2, 3, 3], [(2, True), (6, False)]),
        ([0, 0, 256, 256, 0, 0], [(2, True), (4, False), (6, True)]),
    ],
)
def test_g775_takes_two_periods_each_way(zeros: list[int], changes: list[tuple[int, bool]]) -> None:
    bits = "".join(period(count) for count in zeros)
    assert Detector().put_bits(bits) == [(end * PERIOD, raised) for end, raised in changes]


@pytest.mark.parametrize(
    ("zeros", "changes"),
    [
        ([2], [(1, True)]),
        ([3], []),
        ([3, 2, 3, 2], [(2, True), (3, False), (4, True)]),
        ([0, 0, 0, 3], [(1, True), (4, False)]),
    ],
)
def test_ets300233_takes_one_period_each_way(zeros: list[int], changes: list[tuple[int, bool]]) -> None:
    bits = "".join(period(count) for count in zeros)
    assert Detector(ETS300233).put_bits(bits) == [(end * PERIOD, raised) for end, raised in changes]


def test_zeros_are_counted_wherever_they_stand() -> None:
    """Three zeros spread over two words, and over the blocks in which the period comes."""
    for first in range(0, PERIOD, 37):
        bits = list("1" * PERIOD)
        for place in (first, (first + 100) % PERIOD, PERIOD - 1 - first // 2):
            bits[place] = "0"
        line = "".join(bits)
        detector = Detector(ETS300233)
        assert detector.put_bits(line[:64]) + detector.put_bits(line[64:]) == []
        filled = line[:first] + "1" + line[first + 1 :]
        assert Detector(ETS300233).put_bits(filled) == [(PERIOD, True)]


def test_two_zeros_on_either_side_of_a_period_are_not_four() -> None:
    bits = "1" * (PERIOD - 2) + "00" + "00" + "1" * (PERIOD - 2)
    assert Detector().put_bits(bits) == [(2 * PERIOD, True)]


def test_ais_periods_are_the_time_it_stood() -> None:
    detector = Detector()
    changes = detector.put_bits("".join(period(count) for count in [9, 0, 0, 0, 0, 1, 9, 0, 9, 9, 9]))
    assert changes == [(3 * PERIOD, True), (10 * PERIOD, False)]
    assert detector.state.ais_periods == 7


def test_a_found_frame_clears_ais_at_once() -> None:
    detector = Detector()
    assert not lib.line_state_frame_found(detector.state)
    detector.put_bits(period(0) * 3)
    assert detector.state.ais
    assert lib.line_state_frame_found(detector.state)
    assert not detector.state.ais
    assert not lib.line_state_frame_found(detector.state)
    # The periods before it count no more: two new ones are needed.
    assert detector.put_bits(period(0)) == []
    assert detector.put_bits(period(0)) == [(5 * PERIOD, True)]


def test_a_found_frame_breaks_the_succession_towards_ais() -> None:
    detector = Detector()
    detector.put_bits(period(0))
    lib.line_state_frame_found(detector.state)
    assert detector.put_bits(period(0)) == []


@pytest.mark.parametrize(("rule", "confirm"), [(G775, 2), (ETS300233, 1)])
def test_ais_equals_periods_counted_one_by_one(rule: int, confirm: int) -> None:
    generator = random.Random(rule)
    bits = "".join(period(generator.choice([0, 1, 2, 2, 3, 3, 4, 200]), generator) for _ in range(200))
    expected = ais_reference(bits, confirm)
    assert len(expected) > 20
    detector = Detector(rule)
    assert detector.put_bits(bits, generator) == expected
    assert detector.state.bits == len(bits)
