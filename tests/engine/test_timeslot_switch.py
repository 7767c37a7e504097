"""The timeslot switch at every CPU level: each output is the octet, or the word, that its connection names."""

import ctypes
import random
from typing import Any

import pytest

from drivers._native import ffi, lib

SLACK_OCTETS = 64  # readable behind a frame's inputs (csrc/e1/timeslot_switch.h)

pytestmark = pytest.mark.usefixtures("cpu_level")


def map_new(inputs: int, outputs: int) -> Any:
    created = lib.timeslot_map_new(inputs, outputs)
    assert created != ffi.NULL
    return ffi.gc(created, lib.timeslot_map_free)


libc = ctypes.CDLL(None)
libc.memalign.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]


def aligned(octet_count: int) -> Any:
    """So many octets and no more, for the sanitizers to guard, from an address that is a multiple of 64."""
    address = libc.memalign(64, octet_count)
    return ffi.gc(ffi.cast("uint8_t *", address), lambda _: libc.free(address))


def switch_frame(timeslots: Any, octets: bytes, outputs: int, misalignment: int = 0) -> list[int]:
    readable = octets + b"\xa5" * SLACK_OCTETS
    buffer, out = aligned(misalignment + len(readable)), ffi.new("uint8_t[]", outputs)
    ffi.memmove(buffer + misalignment, readable, len(readable))
    lib.timeslot_switch_frame(timeslots, buffer + misalignment, out)
    return list(out)


@pytest.mark.parametrize("count", [32, 64, 2048])
def test_block(count: int) -> None:
    chance = random.Random(count)
    words = [chance.getrandbits(64) for _ in range(4096)]
    source = [chance.randrange(4096) for _ in range(count)]
    out = ffi.new("uint64_t[]", count + 1)
    out[count] = 1
    lib.timeslot_switch_block(ffi.new("uint64_t[]", words), ffi.new("uint32_t[]", source), out, count)
    assert list(out) == [*(words[number] for number in source), 1]


@pytest.mark.parametrize("misalignment", [0, 1, 63])
@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [(64, 64), (128, 192), (512, 512), (576, 1024), (2048, 2048), (1984, 2112), (4096, 4096), (4032, 64)],
)
def test_frame(inputs: int, outputs: int, misalignment: int) -> None:
    chance = random.Random(inputs + outputs)
    timeslots = map_new(inputs, outputs)
    source = [0] * outputs  # every output from input 0, until connected
    for _ in range(2):
        octets = chance.randbytes(inputs)
        assert switch_frame(timeslots, octets, outputs, misalignment) == [octets[number] for number in source]
        for output in range(outputs):
            source[output] = chance.randrange(inputs)
            assert lib.timeslot_map_connect(timeslots, source[output], output) == 0
    octets = chance.randbytes(inputs)
    assert switch_frame(timeslots, octets, outputs, misalignment) == [octets[number] for number in source]


def test_every_input_is_found_in_its_table() -> None:
    """Each of 4 096 inputs, at outputs that change; an input's number is told from two octets."""
    timeslots = map_new(4096, 64)
    low, high = (bytes(number >> shift & 0xFF for number in range(4096)) for shift in (0, 8))
    for first in range(0, 4096, 64):
        source = [(first + 61 * output) % 4096 for output in range(64)]
        for output, number in enumerate(source):
            lib.timeslot_map_connect(timeslots, number, output)
        found = zip(switch_frame(timeslots, low, 64), switch_frame(timeslots, high, 64), strict=True)
        assert [a | b << 8 for a, b in found] == source


def test_reconnecting_changes_one_output_only() -> None:
    timeslots = map_new(2048, 128)
    octets = bytes(number * 7 & 0xFF for number in range(2048))
    expected = [octets[0]] * 128
    for output, number in ((5, 2047), (5, 128), (64, 513), (127, 1), (5, 0), (64, 1024), (0, 640)):
        assert lib.timeslot_map_connect(timeslots, number, output) == 0
        expected[output] = octets[number]
        assert switch_frame(timeslots, octets, 128) == expected


def test_sizes_out_of_range_are_refused() -> None:
    for inputs, outputs in ((0, 64), (64, 0), (63, 64), (64, 100), (4160, 64), (64, 4160)):
        assert lib.timeslot_map_new(inputs, outputs) == ffi.NULL


def test_connections_that_do_not_exist_are_refused() -> None:
    timeslots = map_new(64, 128)
    octets = bytes(range(64))
    assert lib.timeslot_map_connect(timeslots, 64, 0) == -1
    assert lib.timeslot_map_connect(timeslots, 0, 128) == -1
    assert switch_frame(timeslots, octets, 128) == [0] * 128
