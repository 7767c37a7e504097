"""The E1 framer both ways (csrc/e1/framer.h) against vectors worked by hand from G.704 and the naive line."""

import random
from collections.abc import Sequence

import pytest

from drivers._native import ffi, lib
from tests.engine import e1_reference as reference
from tests.engine.e1_reference import (
    ALIGNED,
    CRC_ERROR,
    E_BIT,
    FAS_ERROR,
    FRAME_BITS,
    FRAME_OCTETS,
    LOST,
    MULTIFRAME,
    PAYLOAD_OCTETS,
    REMOTE_ALARM,
    Event,
    FrameSource,
)
from tests.engine.framers import (
    BLOCK_BITS,
    DOUBLE_FRAME,
    MULTIFRAME_OCTETS,
    Receiver,
    Transmitter,
    errored,
    fas_bit,
    flipped,
    line_of,
    noise,
    timeslot0,
)

# A multiframe of silent zeros (no error for some time), A = 0, all Sa = 1, E1 = E2 = 1, by tables 5A and 5B.
#
# Bit j of a sub-multiframe (j = 0 first) stands for x^(2047 - j), and the CRC for that times x^4. As x^15 = 1
# modulo x^4+x+1, bit b of timeslot 0 of the SMF's frame f weighs x^(11 - f - b), exponents modulo 15:
#   x^0 0001  x^1 0010  x^2 0100  x^3 1000  x^4 0011  x^5 0110  x^6 1100  x^7 1011
#   x^8 0101  x^9 1010  x^10 0111 x^11 1110 x^12 1111 x^13 1101 x^14 1001
# FAS .0011011 in frame f: bits 3, 4, 6, 7: (x^8 + x^7 + x^5 + x^4) / x^f = 1011 / x^f = x^(7 - f).
#   Frames 0, 2, 4, 6 together: x^7 + x^5 + x^3 + x^1 = 1011 + 0110 + 1000 + 0010 = 0111.
# No FAS .1011111: bits 1, 3-7: x^10 + x^8 + x^7 + x^6 + x^5 + x^4
#   = 0111 + 0101 + 1011 + 1100 + 0110 + 0011 = 0000.
# Bit 1 of the frames without FAS (b = 0) weighs x^(11 - f):
#   I:  0, 0, 1, 0 in frames 1, 3, 5, 7: x^6 = 1100;             CRC of I:  0111 + 1100 = 1011, sent in II
#   II: 1, 1, E1 = 1, E2 = 1: x^10 + x^8 + x^6 + x^4
#       = 0111 + 0101 + 1100 + 0011 = 1101;                      CRC of II: 0111 + 1101 = 1010, sent in I
TIMESLOT0_OF_ZEROS = [
    0b10011011, 0b01011111, 0b00011011, 0b01011111, 0b10011011, 0b11011111, 0b00011011, 0b01011111,
    0b10011011, 0b11011111, 0b00011011, 0b11011111, 0b10011011, 0b11011111, 0b10011011, 0b11011111,
]  # fmt: skip

# The same with A = 1, Sa4-Sa8 = 00000, both E = 0, and one bit of payload: bit 1 of timeslot 1 in frame 10.
# No FAS, .1100000: bits 1, 2: x^10 + x^9 = 0111 + 1010 = 1101 = x^13 in frame 0, x^(13 - f) in frame f:
#   Frames 1, 3, 5, 7 together: x^12 + x^10 + x^8 + x^6 = 1111 + 0111 + 0101 + 1100 = 0001.
#   I:  0111 + 0001 + 1100 (bit 1) = 1010, sent in II.
#   II: bit 1: 1, 1, E1 = 0, E2 = 0: x^10 + x^8 = 0111 + 0101 = 0010.
#       Payload: f = 2, b = 8: x^(11 - 2 - 8) = x^1 = 0010.
#       0111 + 0001 + 0010 + 0010 = 0110, sent in I.
TIMESLOT0_WITH_ALARM = [
    0b00011011, 0b01100000, 0b10011011, 0b01100000, 0b10011011, 0b11100000, 0b00011011, 0b01100000,
    0b10011011, 0b11100000, 0b00011011, 0b11100000, 0b10011011, 0b01100000, 0b00011011, 0b01100000,
]  # fmt: skip


def hand_worked(timeslot0s: Sequence[int], payload_bit: bool) -> bytes:
    frames = [bytearray([octet]) + bytes(PAYLOAD_OCTETS) for octet in timeslot0s]
    frames[10][1] = 0x80 if payload_bit else 0
    return b"".join(frames)


ZEROS = hand_worked(TIMESLOT0_OF_ZEROS, payload_bit=False)
ALARM = hand_worked(TIMESLOT0_WITH_ALARM, payload_bit=True)


@pytest.mark.parametrize(("multiframe", "e_errors"), [(ZEROS, 0), (ALARM, 1)])
def test_hand_worked_multiframe_is_received_without_error(multiframe: bytes, e_errors: int) -> None:
    receiver = Receiver().run(multiframe * 10)
    assert [event.kind for event in receiver.of_kind(ALIGNED, MULTIFRAME, LOST)] == [ALIGNED, MULTIFRAME]
    # Two multiframe signals: from frame 11 of the second multiframe on, 8 whole multiframes and a bit.
    assert (receiver.status.crc_blocks, receiver.status.crc_errors) == (15, 0)
    assert receiver.status.fas_errors == receiver.status.multiframe_errors == 0
    assert receiver.of_kind(E_BIT) == [
        Event((16 * multiframe_number + frame) * FRAME_BITS, E_BIT, half)
        for multiframe_number in range(1, 10)
        for frame, half in ((14, 1), (16, 2))
        if e_errors
    ]
    assert b"".join(receiver.frames) == multiframe * 10


def test_hand_worked_multiframe_is_what_the_naive_line_sends() -> None:
    assert line_of(32, payload=lambda _: bytes(PAYLOAD_OCTETS))[MULTIFRAME_OCTETS:] == ZEROS
    alarmed = FrameSource(a=1, sa=[0] * 5, e=[0, 0])
    one_bit = line_of(32, alarmed, lambda frame: bytes([0x80 * (frame % 16 == 10)]) + bytes(PAYLOAD_OCTETS - 1))
    assert one_bit[MULTIFRAME_OCTETS:] == ALARM


def test_transmitter_sends_the_hand_worked_multiframes() -> None:
    transmitter = Transmitter()
    for half in range(2):
        lib.framer_transmitter_set_e_bit(transmitter.native, half, False)
    assert transmitter.run(4, lambda _: bytes(PAYLOAD_OCTETS))[MULTIFRAME_OCTETS:] == ZEROS
    lib.framer_transmitter_set_remote_alarm(transmitter.native, True)
    lib.framer_transmitter_set_sa_bits(transmitter.native, 0)
    for half in range(2):
        lib.framer_transmitter_set_e_bit(transmitter.native, half, True)
    one_bit = transmitter.run(4, lambda frame: bytes([0x80 * (frame % 16 == 10)]) + bytes(PAYLOAD_OCTETS - 1))
    assert one_bit[MULTIFRAME_OCTETS:] == ALARM


def test_transmitter_is_what_the_naive_line_sends() -> None:
    transmitter, source, chance = Transmitter(), FrameSource(), random.Random(1)
    sent, expected = b"", b""
    for _ in range(400):
        source.a, source.sa = chance.randrange(2), [chance.randrange(2) for _ in range(5)]
        lib.framer_transmitter_set_remote_alarm(transmitter.native, source.a)
        lib.framer_transmitter_set_sa_bits(transmitter.native, int("".join(map(str, source.sa)), 2))
        assert lib.framer_transmitter_second_half(transmitter.native) == (source.frame == 8)
        for half in range(2):
            source.e[half] = chance.randrange(2)
            lib.framer_transmitter_set_e_bit(transmitter.native, half, not source.e[half])
        payloads = [chance.randbytes(PAYLOAD_OCTETS) for _ in range(8)]
        sent += transmitter.send(payloads)
        expected += b"".join(source.send(payload) for payload in payloads)
    assert sent == expected


def test_transmitter_reports_errors_until_told_otherwise() -> None:
    """E = 0 until the far end's multiframe has been found; unused Sa bits 1, A 0."""
    line = Transmitter().run(2)
    assert timeslot0(line[at : at + 32] for at in range(0, 512, 32))[1::2] == [
        *(0x40 | 0x1F | 0x80 * bit for bit in reference.MULTIFRAME_SIGNAL),
        0x5F,
        0x5F,
    ]


def test_transmitter_without_crc4_sends_bit_1_as_1() -> None:
    line = Transmitter(DOUBLE_FRAME).run(4)
    assert timeslot0(line[at : at + 32] for at in range(0, 1024, 32)) == [0x9B, 0xDF] * 16


def test_transmitted_line_is_read_by_the_naive_receiver() -> None:
    received = reference.receive(Transmitter().run(40, noise(2)))
    kinds = [event.kind for event in received.events]
    assert kinds[:2] == [ALIGNED, MULTIFRAME]
    assert set(kinds[2:]) == {E_BIT}


def expected_errors(good: bytes, bit: int) -> list[tuple[int, int, int]]:
    """What G.706 has reported for one errored bit of a multiframe: multiframes before, kind and value.

    C bits are not counted themselves, but no longer say what the sub-multiframe before them came to.
    """
    frame, place = divmod(bit, FRAME_BITS)
    if frame % 2 == 0 and place == 0:
        return [(0, CRC_ERROR, 1)] if frame >= 8 else [(1, CRC_ERROR, 2)]
    errors = [(0, CRC_ERROR, 1 if frame < 8 else 2)]
    if frame % 2 == 0 and place < 8:
        errors.append((0, FAS_ERROR, flipped(good, bit)[frame * FRAME_OCTETS] & 0x7F))
    if frame in (13, 15) and place == 0:
        errors.append((0, E_BIT, 1 if frame == 13 else 2))
    return errors


def test_all_single_bit_errors_of_a_multiframe_are_reported() -> None:
    """Each of the 4 096 bits of a multiframe in error once, in a multiframe of its own."""
    payload = random.Random(4).randbytes(PAYLOAD_OCTETS)
    good = line_of(32, payload=lambda _: payload)[MULTIFRAME_OCTETS:]  # repeats itself from here on
    lead = 4
    bad = [flipped(good, bit) for bit in range(16 * FRAME_BITS)]
    receiver = Receiver().run(good * lead + b"".join(bad) + good)
    reported = set()
    for event in receiver.of_kind(CRC_ERROR, E_BIT, FAS_ERROR, REMOTE_ALARM, LOST):
        multiframe, frame = divmod(event.bit // FRAME_BITS - 1, 16)
        # SMF I is judged in frame 14 of its multiframe, SMF II in frame 6 of the next.
        judged = multiframe - (event.kind == CRC_ERROR and frame == 6)
        reported.add((judged - lead, event.kind, event.value))
    assert reported == {
        (bit - before, kind, value)
        for bit in range(16 * FRAME_BITS)
        for before, kind, value in expected_errors(good, bit)
    }
    assert receiver.status.crc_errors == 16 * FRAME_BITS
    assert receiver.status.fas_errors == 8 * 7
    assert receiver.status.bit2_errors == 8
    assert receiver.status.multiframe_errors == 6


def alarm_line(bits: list[int]) -> bytes:
    """A line whose frames without FAS carry these A bits, after 40 frames of 0."""
    source = FrameSource()
    line = line_of(40, source)
    for bit in [*bits, *bits[-1:] * 8]:
        source.a = bit
        line += line_of(2, source)
    return line


@pytest.mark.parametrize(
    ("bits", "changes"),
    [
        ([1, 1, 0], []),
        ([1, 1, 0, 1, 1, 0], []),
        ([1, 1, 1], [(2, 1)]),
        ([1, 1, 1, 0, 0, 1], [(2, 1)]),
        ([1, 1, 1, 0, 0, 1, 0, 0, 0], [(2, 1), (8, 0)]),
    ],
)
def test_remote_alarm_changes_with_the_third_equal_bit(bits: list[int], changes: list[tuple[int, int]]) -> None:
    receiver = Receiver().run(alarm_line(bits))
    assert receiver.of_kind(REMOTE_ALARM) == [
        Event((40 + 2 * place + 2) * FRAME_BITS, REMOTE_ALARM, value) for place, value in changes
    ]
    assert receiver.status.remote_alarm == (changes[-1][1] if changes else 0)


def test_sa_bits_are_received() -> None:
    source = FrameSource()
    receiver = Receiver().run(line_of(32, source))
    assert receiver.status.sa_bits == 0b11111
    source.sa = [1, 0, 0, 1, 0]
    assert receiver.run(line_of(8, source)).status.sa_bits == 0b10010


def test_errored_sub_multiframes_wait_to_be_reported_each_once() -> None:
    payload = random.Random(7).randbytes(PAYLOAD_OCTETS)
    good = line_of(32, payload=lambda _: payload)[MULTIFRAME_OCTETS:]
    first_half, second_half = flipped(good, 1000), flipped(good, 3000)
    receiver = Receiver().run(good * 3 + first_half + second_half + first_half + good)
    waiting = [receiver.status.errored_waiting[half] for half in range(2)]
    assert waiting == [2, 1]
    fetched = [[lib.framer_receiver_take_errored(receiver.native, half) for _ in range(3)] for half in range(2)]
    assert fetched == [[True, True, False], [True, False, False]]


def test_events_nobody_takes_are_counted() -> None:
    receiver = Receiver()
    good = line_of(16)
    receiver.run(good)
    for frame in range(16, 1024, 16):
        # Six bad FAS of eight: no three in succession.
        part = errored(good, (fas_bit(bad) for bad in (0, 2, 6, 8, 12)))
        lib.framer_receiver_put(receiver.native, part, 2 * BLOCK_BITS)
        while lib.framer_receiver_take(receiver.native, ffi.new("stream_block *")):
            pass
        assert receiver.status.fas_errors == 5 * frame // 16
    told = sum(
        1 for _ in iter(lambda: lib.framer_receiver_events(receiver.native, ffi.new("framer_event *"), 1), 0)
    )
    expected = receiver.status.fas_errors + receiver.status.crc_errors
    assert receiver.status.events_dropped > 0
    assert told + receiver.status.events_dropped >= expected
