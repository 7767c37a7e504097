"""Files of raw E1 bits for whoever wants to test a framer: ours, or another."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

from drivers.engine import Framing, Impairments
from drivers.engine.generator import BLOCK_FRAMES, Generator
from drivers.errors import UserError
from drivers.stores.whole_file import WholeFile
from protocols.e1 import MULTIFRAME_FRAMES

FRAME_OCTETS = 32
INJECTION_FRAME = 160  # 20 ms: whoever reads the file has found the multiframe
ALL_ONES, ALL_ZEROS = b"\xff", b"\0"
BURST_BITS_MAX = 65535
SLIP_BITS_MAX = 512


class GenerationError(UserError):
    """A line cannot be generated as asked."""


class Stretch(NamedTuple):
    """Frames `begin` … `end` - 1 of the file."""

    begin: int
    end: int

    def filled(self, first_frame: int, octets: bytes, octet: bytes) -> bytes:
        """Frames `first_frame` … with one octet all over those that are in the stretch."""
        begin, end = ((frame - first_frame) * FRAME_OCTETS for frame in self)
        begin, end = max(begin, 0), min(end, len(octets))
        return octets[:begin] + octet * (end - begin) + octets[end:] if begin < end else octets


class Impairment(NamedTuple):
    """What ails the generated line: ratios all the time, errors one by one; then, whatever the line brought, cut
    and AIS for stretches."""

    line: Impairments
    ais: Stretch
    cut: Stretch
    fas_errors: int
    crc_errors: int

    def over(self, first_frame: int, octets: bytes) -> bytes:
        """What of frames `first_frame` … arrives under AIS and a cut."""
        octets = self.ais.filled(first_frame, octets, ALL_ONES)
        return self.cut.filled(first_frame, octets, ALL_ZEROS)


def _ratio(text: str) -> float:
    ratio = float(text)
    if not 0 <= ratio <= 1:
        raise ValueError(f"{text} is no ratio (0-1)")
    return ratio


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise ValueError(f"{text} is no count")
    return int(text)


def _stretch(text: str) -> Stretch:
    begin, _, end = text.partition("-")
    stretch = Stretch(int(begin), int(end))
    if not 0 <= stretch.begin < stretch.end:
        raise ValueError(f"{text} is no stretch FROM-TO of frames")
    return stretch


def _bit_errors(so_far: Impairment, text: str) -> Impairment:
    return so_far._replace(line=so_far.line._replace(bit_error_ratio=_ratio(text)))


def _bursts(so_far: Impairment, text: str) -> Impairment:
    ratio, bits, error_ratio = text.split("/")
    burst_bits = int(bits)
    if not 1 <= burst_bits <= BURST_BITS_MAX:
        raise ValueError(f"bursts last 1-{BURST_BITS_MAX} bits")
    line = so_far.line._replace(
        burst_ratio=_ratio(ratio), burst_bits=burst_bits, burst_error_ratio=_ratio(error_ratio)
    )
    return so_far._replace(line=line)


def _slips(so_far: Impairment, text: str) -> Impairment:
    ratio, bits = text.split("/")
    slip_bits = int(bits)
    if not 1 <= abs(slip_bits) <= SLIP_BITS_MAX:
        raise ValueError(f"slips are of 1-{SLIP_BITS_MAX} bits")
    return so_far._replace(line=so_far.line._replace(slip_ratio=_ratio(ratio), slip_bits=slip_bits))


def _fas_errors(so_far: Impairment, text: str) -> Impairment:
    return so_far._replace(fas_errors=_count(text))


def _crc_errors(so_far: Impairment, text: str) -> Impairment:
    return so_far._replace(crc_errors=_count(text))


IMPAIRMENTS: dict[str, tuple[str, Callable[[Impairment, str], Impairment]]] = {
    "bit-errors": ("RATIO: independent bit errors", _bit_errors),
    "bursts": ("RATIO/BITS/RATIO: how often a burst begins, its length, the error ratio in it", _bursts),
    "slips": ("RATIO/BITS: how often so many bits are lost (negative: come twice)", _slips),
    "ais": ("FROM-TO: all ones in these frames", lambda so_far, text: so_far._replace(ais=_stretch(text))),
    "cut": ("FROM-TO: nothing in these frames", lambda so_far, text: so_far._replace(cut=_stretch(text))),
    "fas": ("N: N frame alignment signals errored from frame 160 on, one a multiframe", _fas_errors),
    "crc": ("N: N sub-multiframes errored from frame 160 on", _crc_errors),
}


def parse_impairments(words: list[str]) -> Impairment:
    """KEY=VALUE words, several in one separated by commas; raises GenerationError for any other."""
    impairment = Impairment(Impairments(), ais=Stretch(0, 0), cut=Stretch(0, 0), fas_errors=0, crc_errors=0)
    for word in (word for words_of_one in words for word in words_of_one.split(",")):
        key, _, value = word.partition("=")
        if key not in IMPAIRMENTS:
            raise GenerationError(f"--impair {word}: unknown; there are {', '.join(IMPAIRMENTS)}")
        try:
            impairment = IMPAIRMENTS[key][1](impairment, value)
        except ValueError as error:
            raise GenerationError(f"--impair {word}: wants {key}={IMPAIRMENTS[key][0]}") from error
    return impairment


class Order(NamedTuple):
    """What to generate; `cas`: abcd by timeslot, None for payload in timeslot 16, too."""

    frames: int
    crc4: bool
    seed: int
    bit_phase: int
    remote_alarm: bool
    sa_bits: int
    cas: dict[int, int] | None
    impairment: Impairment


def _generator(order: Order) -> Generator:
    framing = Framing.CRC4 if order.crc4 else Framing.DOUBLE_FRAME
    generator = Generator(framing, Random(order.seed), order.bit_phase, cas=order.cas is not None)
    generator.set_remote_alarm(order.remote_alarm)
    generator.set_sa_bits(order.sa_bits)
    for timeslot, abcd in (order.cas or {}).items():
        generator.set_cas(timeslot, abcd)
    generator.start()
    generator.impair(order.impairment.line)
    return generator


def _inject(generator: Generator, impairment: Impairment, frame: int) -> None:
    """One FAS a multiframe, so that they never lose alignment; one CRC-4 a sub-multiframe."""
    since = frame - INJECTION_FRAME
    if since >= 0 and since % MULTIFRAME_FRAMES == 0 and since // MULTIFRAME_FRAMES < impairment.fas_errors:
        generator.inject_fas_errors(1)
    if since >= 0 and since // BLOCK_FRAMES < impairment.crc_errors:
        generator.inject_crc_errors(1)


def generate(order: Order, path: Path) -> None:
    """Writes `order.frames` frames' worth of bits; raises WholeFileError, with no file left, where it cannot."""
    generator = _generator(order)
    with WholeFile(path) as file:
        for frame in range(0, order.frames, BLOCK_FRAMES):
            _inject(generator, order.impairment, frame)
            octets = order.impairment.over(frame, generator.block())
            file.write(octets[: (order.frames - frame) * FRAME_OCTETS])
