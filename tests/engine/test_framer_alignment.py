"""When the E1 framer finds alignment and when it gives it up (G.706), to the bit."""

import random
from collections.abc import Callable, Sequence

import pytest

from tests.engine import e1_reference as reference
from tests.engine.e1_reference import (
    ALIGNED,
    ALIGNMENT_BITS,
    BAD_BIT2,
    BAD_FAS,
    CRC_ERROR,
    FALSE_FRAMING,
    FRAME_BITS,
    FRAME_OCTETS,
    LOST,
    MULTIFRAME,
    NO_MULTIFRAME,
    PAYLOAD_OCTETS,
    REMOTE_ALARM,
    Event,
    FrameSource,
)
from tests.engine.framers import (
    BLOCK_BITS,
    CRC4,
    DOUBLE_FRAME,
    MULTIFRAME_OCTETS,
    SILENCE,
    Receiver,
    errored,
    fas_bit,
    flipped,
    from_bit,
    line_of,
    noise,
    not_fas_bit,
)


def test_every_bit_phase_aligns_within_four_frames_and_the_multiframe_within_8_ms() -> None:
    """Every first bit of a line; each also starts somewhere else in the multiframe.

    The payload repeats every frame, so that nothing in it looks like a FAS followed by a frame without.
    """
    octets = random.Random(3).randbytes(PAYLOAD_OCTETS)
    line = line_of(16 * 40, payload=lambda _: octets)
    wrong: list[tuple[int, list[Event]]] = []
    for phase in range(512):
        start = 2 * FRAME_BITS * (phase * 37 % 256) + phase
        receiver = Receiver().run(from_bit(line, start)[: 80 * FRAME_OCTETS])
        # The first frame with FAS begins at bit `first`; the FAS after it decides, behind four frames at most.
        first = -phase % 512
        aligned, multiframe, *more = receiver.events
        right = (
            aligned == Event(first + ALIGNMENT_BITS, ALIGNED, first)
            and aligned.bit // FRAME_BITS <= 4
            and multiframe.kind == MULTIFRAME
            and multiframe.bit - aligned.bit <= 64 * FRAME_BITS
            # The bit that completed the second signal was in frame 11.
            and (start + multiframe.bit) % (16 * FRAME_BITS) == 12 * FRAME_BITS
        )
        if not right or more or not receiver.status.crc_blocks:
            wrong.append((phase, receiver.events))
    assert not wrong


@pytest.mark.parametrize("mode", [CRC4, DOUBLE_FRAME])
@pytest.mark.parametrize(("bit", "why", "first"), [(fas_bit, BAD_FAS, 60), (not_fas_bit, BAD_BIT2, 61)])
def test_alignment_is_lost_at_the_third_error_in_succession(
    mode: int, bit: Callable[[int], int], why: int, first: int
) -> None:
    good = line_of(160, FrameSource(crc4=mode == CRC4))
    three = errored(good, (bit(first + 2 * k) for k in range(3)))
    receiver = Receiver(mode).run(three)
    (lost,) = receiver.of_kind(LOST)
    assert lost == Event((first + 5) * FRAME_BITS, LOST, why)
    # Found again at once, from the frame that lost it: the next with FAS.
    again = first + 6 if bit is fas_bit else first + 5
    assert receiver.of_kind(ALIGNED)[1] == Event(again * FRAME_BITS + ALIGNMENT_BITS, ALIGNED, 0)
    assert receiver.status.alignment_losses == 1


@pytest.mark.parametrize("mode", [CRC4, DOUBLE_FRAME])
def test_a_remote_alarm_goes_with_the_alignment_and_comes_back_with_it(mode: int) -> None:
    """RDI is not detected while frames are lost (ETS 300 417): three A bits after realignment raise it again."""
    source = FrameSource(crc4=mode == CRC4)
    source.a = 1
    line = errored(line_of(160, source), (fas_bit(60 + 2 * k) for k in range(3)))
    receiver = Receiver(mode).run(line)
    assert receiver.of_kind(LOST, REMOTE_ALARM) == [
        Event(6 * FRAME_BITS, REMOTE_ALARM, 1),  # frames 1, 3, 5
        Event(65 * FRAME_BITS, LOST, BAD_FAS),
        Event(65 * FRAME_BITS, REMOTE_ALARM, 0),
        Event(72 * FRAME_BITS, REMOTE_ALARM, 1),  # found again from frame 66 on: 67, 69, 71
    ]
    lost_for_good = Receiver(mode).run(line[: 80 * FRAME_OCTETS] + bytes(100 * FRAME_OCTETS))
    assert lost_for_good.status.remote_alarm == 0


@pytest.mark.parametrize(("bit", "first"), [(fas_bit, 60), (not_fas_bit, 61)])
def test_alignment_is_kept_at_two_errors_in_succession(bit: Callable[[int], int], first: int) -> None:
    good = line_of(160)
    # Twice two, with one good one between them.
    two = errored(good, (bit(first + 2 * k) for k in (0, 1, 3, 4)))
    receiver = Receiver().run(two)
    assert receiver.of_kind(LOST) == []
    assert receiver.status.fas_errors + receiver.status.bit2_errors == 4


def test_limits_of_other_makers_can_be_chosen() -> None:
    good = line_of(160)
    three_fas = errored(good, (fas_bit(60 + 2 * k) for k in range(3)))
    four_fas = errored(good, (fas_bit(60 + 2 * k) for k in range(4)))
    assert Receiver(bad_fas_limit=4).run(three_fas).of_kind(LOST) == []
    assert Receiver(bad_fas_limit=4).run(four_fas).of_kind(LOST) == [Event(67 * FRAME_BITS, LOST, BAD_FAS)]
    many_bit2 = errored(good, (not_fas_bit(61 + 2 * k) for k in range(20)))
    assert Receiver(bad_bit2_limit=0).run(many_bit2).of_kind(LOST) == []


def with_mimic(frames: int, signal: Sequence[int]) -> bytes:
    """A line whose timeslot 7 looks like timeslot 0: FAS and not, bit 1 by `signal` in frames without FAS."""

    def payload(frame: int) -> bytes:
        not_fas = 0x5F | signal[frame // 2 % 8] << 7
        return SILENCE[:6] + bytes([0x9B if frame % 2 == 0 else not_fas]) + SILENCE[7:]

    return line_of(frames, payload=payload)


def test_mimic_without_multiframe_is_given_up_after_8_ms() -> None:
    start = 6 * 8  # after the true FAS of frame 0 and before the mimic
    receiver = Receiver().run(from_bit(with_mimic(240, [1] * 8), start))
    mimic, lost, true, found, *more = receiver.events
    at = 7 * 8 - start
    assert mimic == Event(at + ALIGNMENT_BITS, ALIGNED, at)
    assert lost == Event(at + 64 * FRAME_BITS, LOST, NO_MULTIFRAME)
    assert true.value == 2 * FRAME_BITS - start
    # The search goes on behind the mimic that was looked at last, one frame back: at the first true FAS there.
    behind = lost.bit - FRAME_BITS + 1
    assert true.bit == behind + (-start - behind) % (2 * FRAME_BITS) + ALIGNMENT_BITS
    assert found.kind == MULTIFRAME
    assert more == []


def test_mimic_without_multiframe_is_believed_without_crc4() -> None:
    receiver = Receiver(DOUBLE_FRAME).run(from_bit(with_mimic(240, [1] * 8), 6 * 8))
    assert [event.kind for event in receiver.events] == [ALIGNED]


def test_mimic_with_a_multiframe_falls_to_the_rule_of_915() -> None:
    """Its CRC is right by chance only: one block in sixteen."""
    chance = random.Random(5)
    source = FrameSource()
    signal = [0, 0, 1, 0, 1, 1, 1, 1]

    def payload(frame: int) -> bytes:
        first = 0x1B | chance.randrange(2) << 7 if frame % 2 == 0 else 0x5F | signal[frame // 2 % 8] << 7
        return SILENCE[:6] + bytes([first]) + SILENCE[7:20] + chance.randbytes(1) + SILENCE[21:]

    receiver = Receiver().run(from_bit(line_of(8400, source, payload), 6 * 8))
    mimic, _, lost, true, found = receiver.of_kind(LOST, ALIGNED, MULTIFRAME)
    assert (mimic.value, lost.value, true.value) == (8, FALSE_FRAMING, 2 * FRAME_BITS - 6 * 8)
    assert 1000 * 8 * FRAME_BITS <= lost.bit <= (1000 * 8 + 96) * FRAME_BITS  # 1 000 blocks and the search before
    assert found.kind == MULTIFRAME
    assert not [event for event in receiver.of_kind(CRC_ERROR) if event.bit > lost.bit]


def blocks_errored(errors: int) -> Receiver:
    """A receiver of a line with so many errored sub-multiframes among the first 1 000 it checks."""
    payload = random.Random(6).randbytes(PAYLOAD_OCTETS)
    good = line_of(32, payload=lambda _: payload)[MULTIFRAME_OCTETS:]
    lead, half = good * 2, MULTIFRAME_OCTETS // 2  # the multiframe is found in frame 11 of the second one
    bad = errored(good, (1000, 1000 + 8 * half))
    body = bad * (errors // 2) + (flipped(good, 1000) if errors % 2 else b"")
    whole = lead + body + good * (600 - errors // 2)
    return Receiver().run(whole)


def test_914_errored_blocks_of_1000_are_a_bad_line() -> None:
    receiver = blocks_errored(914)
    assert receiver.status.crc_errors == 914
    assert receiver.of_kind(LOST) == []


def test_915_errored_blocks_of_1000_are_false_framing() -> None:
    receiver = blocks_errored(915)
    (lost,) = receiver.of_kind(LOST)
    assert lost.value == FALSE_FRAMING
    # The 1 000th comparison: SMFs from multiframe 2 on, the last in frame 6 of multiframe 502.
    assert lost.bit == (502 * 16 + 7) * FRAME_BITS
    # The search goes on behind the bit at which it had aligned; here the same alignment is the true one.
    assert [event.value for event in receiver.of_kind(ALIGNED)] == [0, 0]


def test_frames_after_a_loss_are_all_ones() -> None:
    octets = random.Random(8).randbytes(PAYLOAD_OCTETS)
    good = line_of(80, payload=lambda _: octets)
    cut = good[: 44 * FRAME_OCTETS] + bytes(40 * FRAME_OCTETS)
    receiver = Receiver().run(cut)
    # Zeros have neither FAS nor bit 2: three of each kind are bad by frame 48, the third bad FAS.
    assert receiver.of_kind(LOST) == [Event(49 * FRAME_BITS, LOST, BAD_FAS)]
    assert b"".join(receiver.frames[:48]) == cut[: 48 * FRAME_OCTETS]
    assert receiver.frames[48:] == [b"\xff" * FRAME_OCTETS] * 8


def impaired(seed: int) -> bytes:
    """What happens to lines: mimics in the payload, errors, cuts, slips, alarms, other phases."""
    chance = random.Random(seed)
    source = FrameSource()
    bits: list[int] = [chance.randrange(2) for _ in range(chance.randrange(1000))]
    for _ in range(14):
        source.a, source.e = chance.randrange(2), [chance.randrange(2), 1]
        part = reference.bits_of(line_of(chance.randrange(40, 160), source, noise(chance.randrange(10**9))))
        match chance.randrange(5):
            case 0:
                for _ in range(chance.randrange(60)):
                    part[chance.randrange(len(part))] ^= 1
            case 1:
                start = chance.randrange(len(part))
                part[start : start + chance.randrange(3000)] = [chance.randrange(2)] * chance.randrange(3000)
            case 2:
                at = chance.randrange(len(part))
                del part[at : at + chance.randrange(1, 300)]
            case 3:
                at = chance.randrange(len(part))
                part[at:at] = [chance.randrange(2) for _ in range(chance.randrange(1, 300))]
        bits += part
    return reference.octets_of(bits)


@pytest.mark.parametrize("mode", [CRC4, DOUBLE_FRAME])
@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_on_a_line_is_judged_as_the_naive_receiver_judges_it(mode: int, seed: int) -> None:
    line = impaired(seed)
    receiver, expected = Receiver(mode).run(line), reference.receive(line, crc=mode == CRC4)
    # The engine judges eight frames at a time: the line's last ones it has not seen yet.
    seen = 8 * len(line) - BLOCK_BITS - 2 * FRAME_BITS
    assert [event for event in receiver.events if event.bit < seen] == [
        event for event in expected.events if event.bit < seen
    ]
    assert receiver.status.alignment_losses >= 1


@pytest.mark.parametrize("step", [1, 7, 8, 63, 251, 256, 999, 2047, 2049, 2560])
def test_portions_of_any_size_give_the_same(step: int) -> None:
    line = impaired(99)[: 12000 if step < 8 else None]
    text = "".join(map(str, reference.bits_of(line)))
    receiver = Receiver()
    for at in range(0, len(text), step):
        part = text[at : at + step]
        # Behind the portion stand ones, which must not be taken in.
        octets = int(part + "1" * (-len(part) % 8 + 8), 2).to_bytes((len(part) + 7) // 8 + 1, "big")
        receiver.put(octets, len(part))
    whole = Receiver().run(line)
    assert receiver.events == whole.events
    assert receiver.frames == whole.frames
    assert receiver.status.bits == 8 * len(line)
