"""HDB3 and AMI against G.703 annex A worked by hand, and against bit-serial codecs written from it."""

import random
from dataclasses import dataclass, field

import pytest

from drivers._native import ffi, lib

AMI = int(lib.LINE_CODE_AMI)
HDB3 = int(lib.LINE_CODE_HDB3)
NONE = int(lib.LINE_CODE_NONE)
BLOCK = int(lib.BLOCK_BITS)
MOST = int(lib.LINE_BLOCK_BITS_MAX)

# A place on the line: "+" or "-" a mark, "0" a space, "*" a mark in both planes at once.
PLACES = "0+-*"

Counters = tuple[int, int, int]  # bipolar violations, code violations, excess zeros


# ---- The engine's codecs, one string a line. ----


def octets(bits: str) -> bytes:
    return int("1" + bits, 2).to_bytes(len(bits) // 8 + 1, "big")[1:]


def text(data: bytes, count: int) -> str:
    return "".join(f"{octet:08b}" for octet in data)[:count]


class Decoders:
    """Lines decoded abreast."""

    def __init__(self, codes: list[int]) -> None:
        self.lines = [ffi.new("line_decoder *") for _ in codes]
        for line, code in zip(self.lines, codes, strict=True):
            lib.line_decoder_init(line, code)

    def decode(self, marks: list[str]) -> list[str]:
        blocks = [ffi.new("line_block *") for _ in marks]
        bits = [ffi.new("uint8_t[]", MOST // 8) for _ in marks]
        for block, places in zip(blocks, marks, strict=True):
            block.bit_count = len(places)
            ffi.memmove(block.positive, octets("".join("01"[place in "+*"] for place in places)), len(places) // 8)
            ffi.memmove(block.negative, octets("".join("01"[place in "-*"] for place in places)), len(places) // 8)
        lib.line_decode(self.lines, blocks, bits, len(marks))
        return [text(bytes(ffi.buffer(out)), len(places)) for out, places in zip(bits, marks, strict=True)]

    def counters(self) -> list[Counters]:
        every = [line.counters for line in self.lines]
        return [(each.bipolar_violations, each.code_violations, each.excess_zeros) for each in every]


class Encoders:
    """Lines encoded abreast."""

    def __init__(self, codes: list[int]) -> None:
        self.lines = [ffi.new("line_encoder *") for _ in codes]
        for line, code in zip(self.lines, codes, strict=True):
            lib.line_encoder_init(line, code)

    def encode(self, bits: list[str]) -> list[str]:
        blocks = [ffi.new("line_block *") for _ in bits]
        for block in blocks:
            ffi.memmove(block, b"\xff" * ffi.sizeof("line_block"), ffi.sizeof("line_block"))
        sources = [ffi.new("uint8_t[]", octets(line)) for line in bits]
        lib.line_encode(self.lines, sources, blocks, len(bits))
        assert {block.bit_count for block in blocks} == {BLOCK}
        return [marks_of(block) for block in blocks]


def marks_of(block: ffi.CData) -> str:
    positive = text(bytes(block.positive), block.bit_count)
    negative = text(bytes(block.negative), block.bit_count)
    return "".join(PLACES[int(p) + 2 * int(n)] for p, n in zip(positive, negative, strict=True))


def decode_one(marks: str, code: int = HDB3) -> tuple[str, Counters]:
    """Decodes one line's places, padded with marks of alternating polarity to whole words."""
    last = next((place for place in reversed(marks) if place in "+-"), "-")
    other = {"+": "-", "-": "+"}[last]
    padded = marks + (other + last) * 64
    decoders = Decoders([code])
    (bits,) = decoders.decode([padded[: len(padded) // 64 * 64]])
    return bits, decoders.counters()[0]


def encode_one(bits: str, code: int = HDB3) -> str:
    """Encodes the first bits of a line that goes on with ones; less HDB3's delay of four."""
    (marks,) = Encoders([code]).encode([bits.ljust(BLOCK, "1")])
    delay = 4 if code == HDB3 else 0
    assert marks[:delay] == "0" * delay
    return marks[delay : delay + len(bits)]


# ---- The same, one bit at a time, as G.703 annex A and O.162 put it. ----


@dataclass
class ReferenceDecoder:
    """Walks along the line with what it needs to know of the past spelled out."""

    code: int
    counted: list[int] = field(default_factory=lambda: [0, 0, 0])
    last_mark: str | None = None
    last_violation: str | None = None
    spaces: int | None = None  # None: no mark has come yet
    pending: list[str] = field(default_factory=lambda: ["0"] * 4)  # bits that may still turn out a substitution's

    def step(self, place: str) -> str:
        self.pending.append("0" if place == "0" else "1")
        if place == "0":
            self._space()
        else:
            self._mark(place)
        return self.pending.pop(0) if self.code == HDB3 else self.pending.pop()

    def _space(self) -> None:
        if self.spaces is None:
            return
        self.spaces += 1
        if self.spaces == (4 if self.code == HDB3 else 16):
            self.counted[2] += 1

    def _mark(self, place: str) -> None:
        polarity = "-" if place == "-" else "+"
        if place == "*" or polarity == self.last_mark:
            self._violation(place, polarity)
        self.last_mark = polarity
        self.spaces = 0

    def _violation(self, place: str, polarity: str) -> None:
        if self.code == HDB3 and place != "*" and self.spaces is not None and self.spaces >= 2:
            self.pending[-4:] = "0000"
        else:
            self.counted[0] += 1
        if self.code == HDB3 and polarity == self.last_violation:
            self.counted[1] += 1
        self.last_violation = polarity

    def counters(self) -> Counters:
        return self.counted[0], self.counted[1], self.counted[2]


@dataclass
class ReferenceEncoder:
    """Sends ones with alternating polarity; the fourth zero in a row is a violation, the first perhaps a mark."""

    code: int
    last_mark: str = "-"
    marks_since_violation: int = 0
    zeros: int = 0
    line: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.code == HDB3:
            self.line = ["0"] * 4

    def step(self, bit: str) -> None:
        self.zeros = self.zeros + 1 if bit == "0" else 0
        self.line.append(self._mark() if bit == "1" else "0")
        if self.zeros == 4 and self.code == HDB3:
            self.zeros = 0
            if self.marks_since_violation % 2 == 0:
                self.line[-4] = self._mark()
            self.line[-1] = self.last_mark
            self.marks_since_violation = 0

    def _mark(self) -> str:
        self.last_mark = "+" if self.last_mark == "-" else "-"
        self.marks_since_violation += 1
        return self.last_mark


def reference_decode(code: int, places: str) -> tuple[str, Counters]:
    decoder = ReferenceDecoder(code)
    return "".join(decoder.step(place) for place in places), decoder.counters()


def reference_encode(code: int, bits: str) -> str:
    encoder = ReferenceEncoder(code)
    for bit in bits:
        encoder.step(bit)
    return "".join(encoder.line)


def random_bits(generator: random.Random, count: int) -> str:
    """Bits with ones of a density that changes along the way, long runs of zeros and ones among them."""
    bits = ""
    while len(bits) < count:
        density = generator.choice([0, 0.02, 0.1, 0.3, 0.5, 0.9, 1])
        bits += "".join("01"[generator.random() < density] for _ in range(generator.randint(1, 150)))
    return bits[:count]


def random_places(generator: random.Random, count: int) -> str:
    """Places that keep to no code at all, both planes at once among them."""
    weights = generator.choice([(8, 1, 1, 0.1), (1, 1, 1, 0.2), (40, 1, 1, 0), (1, 3, 3, 0)])
    return "".join(generator.choices(PLACES, weights, k=count))


def disturbed(generator: random.Random, places: str, ratio: float) -> str:
    return "".join(generator.choice(PLACES) if generator.random() < ratio else place for place in places)


# ---- Worked by hand. ----


@pytest.mark.parametrize(
    ("bits", "marks"),
    [
        # One mark before 0000, an odd number: 000V. The mark after a V has the other polarity.
        ("10000110", "+000+-+0"),
        # Two marks, an even number: B00V, B as the next mark would be, V like B.
        ("1100001", "+-+00+-"),
        # None at all is an even number.
        ("00001", "+00+-"),
        # After 000V no mark before the next 0000: B00V; V alternate (+, -, +).
        ("1000000000000", "+000+-00-+00+"),
        # Three zeros are left alone; of five the last is.
        ("1000100000", "+000-+00+0"),
        # Runs of zeros of 5, 4 and 8 with two marks before each: V are +, -, +, -.
        ("101000001100001100000000", "+0-+00+0-+-00-+-+00+-00-"),
        # Seven zeros: one substitution and three that stay; then a mark and one more zero's worth each.
        ("1000000010000", "+000+000-000-"),
    ],
)
def test_hdb3_by_hand(cpu_level: int, bits: str, marks: str) -> None:
    assert encode_one(bits) == marks
    decoded, counters = decode_one(marks)
    assert decoded[4 : 4 + len(bits)] == bits
    assert counters == (0, 0, 0)


def test_ami_by_hand(cpu_level: int) -> None:
    assert encode_one("1011000000001", AMI) == "+0-+00000000-"
    bits, counters = decode_one("+0-+00000000-", AMI)
    assert bits.startswith("1011000000001")
    assert counters == (0, 0, 0)


def test_uncoded_bits_stand_in_the_positive_plane(cpu_level: int) -> None:
    bits = random_bits(random.Random(1), BLOCK)
    (marks,) = Encoders([NONE]).encode([bits])
    assert marks == bits.replace("1", "+")
    assert Decoders([NONE]).decode([marks]) == [bits]


@pytest.mark.parametrize(
    ("marks", "counters"),
    [
        ("+-+-", (0, 0, 0)),
        ("+-+-0+-", (0, 0, 0)),
        ("+-++-", (1, 0, 0)),  # a violation right after its mark
        ("+-+0+-", (1, 0, 0)),  # after one space: no substitution either
        ("+-+00+-", (0, 0, 0)),  # after two: B00V
        ("+-+000+-", (0, 0, 0)),  # after three: 000V
        ("+-+0000+-", (0, 0, 1)),  # after four: the last 0000 became 000V, but a fourth space before it came first
        ("+000-", (0, 0, 0)),  # three spaces
        ("+0000-", (0, 0, 1)),  # four
        ("+" + "0" * 500 + "-", (0, 0, 1)),  # however many
        ("+0000-0000+", (0, 0, 2)),
        ("+00+-00-+", (0, 0, 0)),  # V alternate
        ("+00+-+00+-", (0, 1, 0)),  # + and + in succession: two marks between, an even number
        ("+00+-+00+-+00+-", (0, 2, 0)),
        ("-00-+-00-+", (0, 1, 0)),  # likewise -
        ("++-+00+", (1, 1, 0)),  # a violation that is no substitution, then one that is, both positive
        ("++--", (2, 0, 0)),  # two violations of opposite polarities
        ("+-*-+", (1, 0, 0)),  # both planes: a violation, positive
        ("+-00*-", (1, 0, 0)),  # after spaces, too: no substitution
        ("++-*-", (2, 1, 0)),  # and a positive one for O.162
        ("0000-+", (0, 0, 0)),  # before the first mark no space is in excess, and that mark is no violation
        ("-00-", (0, 0, 0)),
    ],
)
def test_hdb3_counters_by_hand(cpu_level: int, marks: str, counters: Counters) -> None:
    assert decode_one(marks)[1] == counters


@pytest.mark.parametrize(
    ("marks", "counters"),
    [
        ("+" + "0" * 15 + "-", (0, 0, 0)),
        ("+" + "0" * 16 + "-", (0, 0, 1)),
        ("+" + "0" * 300 + "-" + "0" * 16 + "+", (0, 0, 2)),
        ("0" * 100 + "-", (0, 0, 0)),
        ("+00+", (1, 0, 0)),
        ("+00+000+", (2, 0, 0)),
        ("+*-", (1, 0, 0)),
    ],
)
def test_ami_counters_by_hand(cpu_level: int, marks: str, counters: Counters) -> None:
    assert decode_one(marks, AMI)[1] == counters


def test_a_mark_in_both_planes_reads_as_one(cpu_level: int) -> None:
    assert decode_one("+-00*-+")[0][4:11] == "1100111"
    assert decode_one("+00*-+", AMI)[0][:6] == "100111"


# ---- Against the bit-serial codecs. ----


@pytest.mark.parametrize("count", [1, 3, 4, 5, 8, 17])
def test_encoder_equals_bit_serial(cpu_level: int, count: int) -> None:
    generator = random.Random(count)
    bits = [random_bits(generator, 3 * BLOCK) for _ in range(count)]
    encoders = Encoders([HDB3] * count)
    sent = [encoders.encode([line[at : at + BLOCK] for line in bits]) for at in range(0, 3 * BLOCK, BLOCK)]
    for line, blocks in zip(bits, zip(*sent, strict=True), strict=True):
        assert "".join(blocks) == reference_encode(HDB3, line)[: 3 * BLOCK]


def test_encoder_keeps_the_rules_of_annex_a(cpu_level: int) -> None:
    generator = random.Random(2)
    (marks,) = Encoders([HDB3]).encode([random_bits(generator, BLOCK)])
    assert "0000" not in marks[4:]
    last, since, violations = "-", 0, ""
    for place in marks.replace("0", ""):
        if place == last:
            assert not violations or (since % 2 == 1 and place != violations[-1])
            violations, since = violations + place, 0
        else:
            since += 1
        last = place
    assert len(violations) > 50


@pytest.mark.parametrize("count", [1, 2, 4, 7, 8, 12])
def test_decoder_equals_bit_serial(cpu_level: int, count: int) -> None:
    generator = random.Random(100 + count)
    places = []
    for _ in range(count):
        coded = reference_encode(HDB3, random_bits(generator, 3 * BLOCK))[: 3 * BLOCK]
        ratio = generator.choice([0, 0.001, 0.02, 0.2])
        places.append(generator.choice([random_places(generator, 3 * BLOCK), disturbed(generator, coded, ratio)]))
    decoders = Decoders([HDB3] * count)
    decoded = [decoders.decode([line[at : at + BLOCK] for line in places]) for at in range(0, 3 * BLOCK, BLOCK)]
    for line, blocks, counters in zip(places, zip(*decoded, strict=True), decoders.counters(), strict=True):
        assert ("".join(blocks), counters) == reference_decode(HDB3, line)


FAULTS = ["turn", "space", "mark", "both", "silence", "shift"]


def fault_put(generator: random.Random, places: str, fault: str) -> str:
    """One fault: a polarity turned, a mark lost, one too many, both planes at once, silence, a bit slipped."""
    at = generator.randrange(len(places) - 40)
    put = {
        "turn": {"+": "-", "-": "+", "0": "0"}[places[at]],
        "space": "0",
        "mark": generator.choice("+-"),
        "both": "*",
        "silence": "0" * generator.randrange(3, 40),
        "shift": "",
    }[fault]
    return (places[:at] + put + places[at + max(len(put), 1) :]).ljust(len(places), "0")


@pytest.mark.parametrize("count", [1, 3, 6])
def test_single_faults_on_healthy_lines(cpu_level: int, count: int) -> None:
    """Rare enough for nearly all of the lines' time to be healthy, as nearly all of real lines' time is."""
    generator = random.Random(200 + count)
    blocks = 40
    places = [
        reference_encode(HDB3, random_bits(generator, blocks * BLOCK))[: blocks * BLOCK] for _ in range(count)
    ]
    for fault in FAULTS * 2:
        k = generator.randrange(count)
        places[k] = fault_put(generator, places[k], fault)
    decoders = Decoders([HDB3] * count)
    decoded = [
        decoders.decode([line[at : at + BLOCK] for line in places]) for at in range(0, blocks * BLOCK, BLOCK)
    ]
    for line, bits, counters in zip(places, zip(*decoded, strict=True), decoders.counters(), strict=True):
        assert ("".join(bits), counters) == reference_decode(HDB3, line)


def test_lines_of_all_codes_and_lengths_abreast(cpu_level: int) -> None:
    """Blocks of 0 to 2 560 bits, each line its own: what is carried from one to the next is per line."""
    generator = random.Random(3)
    codes = [generator.choice([HDB3, HDB3, HDB3, AMI]) for _ in range(13)]
    decoders = Decoders(codes)
    places, decoded = [""] * len(codes), [""] * len(codes)
    for _ in range(8):
        base = generator.choice([0, 64, BLOCK - 64, BLOCK, MOST - 64])
        blocks = [random_places(generator, base + generator.choice([0, 0, 0, 64])) for _ in codes]
        bits = decoders.decode(blocks)
        places = [line + block for line, block in zip(places, blocks, strict=True)]
        decoded = [line + block for line, block in zip(decoded, bits, strict=True)]
    for code, line, bits_of_line, counters in zip(codes, places, decoded, decoders.counters(), strict=True):
        assert (bits_of_line, counters) == reference_decode(code, line)


def test_encoders_of_all_codes_abreast(cpu_level: int) -> None:
    generator = random.Random(4)
    codes = [HDB3, AMI] * 6
    bits = [random_bits(generator, 2 * BLOCK) for _ in codes]
    encoders = Encoders(codes)
    first = encoders.encode([line[:BLOCK] for line in bits])
    second = encoders.encode([line[BLOCK:] for line in bits])
    for k, code in enumerate(codes):
        assert first[k] + second[k] == reference_encode(code, bits[k])[: 2 * BLOCK]


@pytest.mark.parametrize("blocks_of_silence", [0, 1, 2])
@pytest.mark.parametrize("first", ["+", "-"])
def test_nothing_is_held_against_a_late_beginning(cpu_level: int, blocks_of_silence: int, first: str) -> None:
    """Its first mark is no violation and its first V no code violation, whichever their polarity and block."""
    other = {"+": "-", "-": "+"}[first]
    decoders = Decoders([HDB3] * 9)
    for _ in range(blocks_of_silence):
        decoders.decode(["0" * BLOCK] * 9)
    ones = ("0" * 100 + (first + other) * BLOCK)[:BLOCK]
    decoders.decode([ones] * 9)
    last, next_one = (other, first) if ones[-1] == other else (first, other)
    decoders.decode([("000" + last + (next_one + last) * BLOCK)[:BLOCK]] * 9)
    assert decoders.counters() == [(0, 0, 0)] * 9
    decoders.decode([("000" + (next_one + last) * BLOCK)[:BLOCK]] * 9)
    assert decoders.counters() == [(0, 0, 0)] * 9


def test_there_and_back(cpu_level: int) -> None:
    generator = random.Random(5)
    bits = [random_bits(generator, 4 * BLOCK) for _ in range(10)]
    encoders, decoders = Encoders([HDB3] * 10), Decoders([HDB3] * 10)
    back = [""] * 10
    for at in range(0, 4 * BLOCK, BLOCK):
        decoded = decoders.decode(encoders.encode([line[at : at + BLOCK] for line in bits]))
        back = [line + block for line, block in zip(back, decoded, strict=True)]
    assert [line[8:] for line in back] == [line[:-8] for line in bits]
    assert decoders.counters() == [(0, 0, 0)] * 10


def test_violations_injected_are_violations_counted(cpu_level: int) -> None:
    """From a mark right after a mark on, all polarities change: one violation, and no substitution is touched."""
    generator = random.Random(6)
    encoders, decoders = Encoders([HDB3] * 8), Decoders([HDB3] * 8)
    injected, turned, before = [0] * 8, [False] * 8, ["0"] * 8
    swap = str.maketrans("+-", "-+")
    for _ in range(4):
        marks = encoders.encode([random_bits(generator, BLOCK) for _ in range(8)])
        for k in range(8):
            places = ""
            for place in marks[k]:
                if place != "0" and before[k] != "0" and generator.random() < 0.01:
                    turned[k] = not turned[k]
                    injected[k] += 1
                before[k] = place
                places += place.translate(swap) if turned[k] else place
            marks[k] = places
        decoders.decode(marks)
    assert min(injected) > 0
    assert [counters[0] for counters in decoders.counters()] == injected


def test_counters_add_up_beyond_32_bits(cpu_level: int) -> None:
    decoders = Decoders([HDB3])
    for name in ("bipolar_violations", "code_violations", "excess_zeros"):
        setattr(decoders.lines[0].counters, name, 2**32 - 1)
    decoders.decode([("++-++-+0000-" + "+-" * 32)[:64]])
    assert decoders.counters() == [(2**32 + 1, 2**32, 2**32)]
