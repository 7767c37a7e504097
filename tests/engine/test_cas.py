"""Channel-associated signalling in timeslot 16 (csrc/e1/cas.h) against G.704 table 9 and G.732 5.2."""

import random
from collections.abc import Sequence

import pytest

from drivers._native import ffi, lib
from tests.engine.e1_reference import CasSource

CHANNELS = [*range(1, 16), *range(17, 32)]
IDLE = 0b1101  # unused b, c, d = 1, 0, 1
ALL_IDLE = [IDLE << 4 | IDLE] * 15
WORD = 0b00001011  # 0000 x y x x, no alarm


class Receiver:
    """A cas_receiver and everything it has said, by the octet's place in the stream's block of eight."""

    def __init__(self, debounce: int = 1) -> None:
        self.native = ffi.new("cas_receiver *")
        lib.cas_receiver_init(self.native, debounce)
        self.changes: list[tuple[int, int]] = []  # block, cas_change flags
        self.abcd: list[tuple[int, int, int]] = []  # block, timeslot, abcd
        self.blocks = 0

    def put(self, octets: Sequence[int]) -> "Receiver":
        """Takes whole blocks of eight."""
        assert len(octets) % 8 == 0
        changed = ffi.new("uint32_t *")
        for at in range(0, len(octets), 8):
            flags = lib.cas_receive(self.native, bytes(octets[at : at + 8]), changed)
            if flags:
                self.changes.append((self.blocks, flags))
            self.abcd += [(self.blocks, t, self.native.abcd[t]) for t in range(32) if changed[0] >> t & 1]
            self.blocks += 1
        return self


def aligned(debounce: int = 1, abcd: int = IDLE) -> Receiver:
    """A receiver aligned at a multiframe's beginning, all channels reported as `abcd`."""
    receiver = Receiver(debounce)
    octets = [WORD, *[abcd << 4 | abcd] * 15]
    receiver.put([0xFF] * 8 + (octets * (debounce + 1)))
    assert receiver.native.aligned
    assert list(receiver.native.abcd)[1:16] == [abcd] * 15
    receiver.changes.clear()
    receiver.abcd.clear()
    receiver.blocks = 0
    assert receiver.native.frame == 0
    return receiver


def multiframe(word: int = WORD, channels: Sequence[int] = ALL_IDLE) -> list[int]:
    return [word, *channels]


@pytest.mark.parametrize("timeslot", CHANNELS)
def test_channel_is_sent_where_table_9_has_it(timeslot: int) -> None:
    transmitter = ffi.new("cas_transmitter *")
    lib.cas_transmitter_init(transmitter)
    transmitter.abcd[timeslot] = 0b0110
    octets = ffi.new("uint8_t[16]")
    for half in range(2):
        lib.cas_transmit(transmitter, octets + 8 * half)
    # Frame n carries timeslots n (first four bits) and n + 16 (last four).
    expected = multiframe()
    expected[timeslot % 16] = 0b01101101 if timeslot < 16 else 0b11010110
    assert list(octets) == expected


@pytest.mark.parametrize("timeslot", CHANNELS)
def test_channel_is_received_where_table_9_has_it(timeslot: int) -> None:
    receiver = aligned()
    sent = multiframe()
    sent[timeslot % 16] = 0b01101101 if timeslot < 16 else 0b11010110
    receiver.put(sent)
    assert receiver.abcd == [(timeslot % 16 // 8, timeslot, 0b0110)]


def test_random_signalling_both_ways() -> None:
    chance = random.Random(1)
    source, transmitter, receiver = CasSource(), ffi.new("cas_transmitter *"), Receiver()
    lib.cas_transmitter_init(transmitter)
    receiver.put([IDLE << 4 | IDLE] * 8)
    for _ in range(200):
        source.y = transmitter.remote_alarm = chance.randrange(2)
        for timeslot in CHANNELS:
            source.abcd[timeslot] = transmitter.abcd[timeslot] = chance.randrange(1, 16)
        octets = ffi.new("uint8_t[16]")
        for half in range(2):
            lib.cas_transmit(transmitter, octets + 8 * half)
        assert list(octets) == [source.send() for _ in range(16)]
        receiver.put(list(octets))
        assert [receiver.native.abcd[t] for t in CHANNELS] == [source.abcd[t] for t in CHANNELS]
        assert receiver.native.remote_alarm == source.y
    assert receiver.native.losses == receiver.native.word_errors == 0


def test_abcd_0000_is_never_sent() -> None:
    """It would mimic the alignment word (G.704 table 9, note 2)."""
    transmitter = ffi.new("cas_transmitter *")
    lib.cas_transmitter_init(transmitter)
    transmitter.abcd = [0x30] * 32  # whatever stands above the four bits
    octets = ffi.new("uint8_t[16]")
    for half in range(2):
        lib.cas_transmit(transmitter, octets + 8 * half)
    assert all(octet >> 4 and octet & 0xF for octet in list(octets)[1:])


@pytest.mark.parametrize("phase", range(16))
def test_aligns_at_every_phase(phase: int) -> None:
    """Within a multiframe of the first word that something other than zeros precedes; the phases are in frames."""
    source = CasSource()
    stream = [source.send() for _ in range(16 * 4)][phase : phase + 48]
    receiver = Receiver().put(stream)
    word = -phase % 16 or 16  # a stream that begins with the word has nothing before it
    assert receiver.changes == [(word // 8, lib.CAS_NOW_ALIGNED)]
    assert {t: abcd for _, t, abcd in receiver.abcd} == dict.fromkeys(CHANNELS, IDLE)


def test_word_behind_zeros_is_not_believed() -> None:
    receiver = Receiver().put([0] * 8 + multiframe())
    assert receiver.changes == []
    receiver.put(multiframe())
    assert receiver.changes == [(3, lib.CAS_NOW_ALIGNED)]


def test_nothing_is_found_in_zeros() -> None:
    assert Receiver().put([0] * 320).changes == []


@pytest.mark.parametrize("bad", [0b10001011, 0b01001011, 0b00101011, 0b00011011, 0b11111111])
def test_lost_at_two_bad_words_in_succession(bad: int) -> None:
    receiver = aligned()
    receiver.put(multiframe(bad) + multiframe() + multiframe(bad))
    assert receiver.changes == []
    receiver.put(multiframe(bad))
    assert receiver.changes == [(6, lib.CAS_NOW_LOST)]
    assert (receiver.native.word_errors, receiver.native.losses) == (3, 1)


def test_lost_when_timeslot_16_is_all_zero_for_a_multiframe() -> None:
    receiver = aligned()
    receiver.put([WORD] + [0] * 14 + [1])
    receiver.put([0] + [0] * 14 + [1])
    receiver.put([WORD] + [0] * 15)
    receiver.put(multiframe())
    assert receiver.changes == []
    receiver.put([WORD] + [0] * 15 + [0] * 8)
    assert receiver.changes == [(10, lib.CAS_NOW_LOST)]


def test_regained_at_the_first_good_word() -> None:
    receiver = aligned()
    receiver.put(multiframe(0xFF) * 2)
    assert receiver.changes == [(2, lib.CAS_NOW_LOST)]
    receiver.put(multiframe())
    assert receiver.changes[1:] == [(4, lib.CAS_NOW_ALIGNED)]


def test_frozen_while_lost_and_debounced_anew() -> None:
    receiver = aligned(debounce=2)
    other = [0b0101 << 4 | 0b0101] * 15
    # One multiframe has carried another value when alignment is lost: not enough to be reported.
    receiver.put(multiframe(0xFF, other) * 2)
    assert receiver.changes == [(2, lib.CAS_NOW_LOST)]
    receiver.put(multiframe(0x1F, other) * 4)
    assert receiver.abcd == []
    assert [receiver.native.abcd[t] for t in CHANNELS] == [IDLE] * 30
    receiver.put(multiframe(WORD, other))
    assert receiver.abcd == []
    receiver.put(multiframe(WORD, other))
    assert {t for _, t, abcd in receiver.abcd if abcd == 0b0101} == set(CHANNELS)


def test_frozen_when_basic_alignment_is_lost() -> None:
    receiver = aligned()
    assert lib.cas_receiver_interrupt(receiver.native) == lib.CAS_NOW_LOST
    assert lib.cas_receiver_interrupt(receiver.native) == 0
    assert not receiver.native.aligned
    assert [receiver.native.abcd[t] for t in CHANNELS] == [IDLE] * 30
    assert receiver.native.losses == 1
    # The octet before the next word has not been seen: that word is not enough.
    receiver.put(multiframe())
    assert receiver.changes == []
    receiver.put(multiframe())
    assert receiver.changes == [(2, lib.CAS_NOW_ALIGNED)]


@pytest.mark.parametrize("debounce", [1, 2, 10])
def test_change_is_reported_when_it_has_stood(debounce: int) -> None:
    receiver = aligned(debounce)
    changed = multiframe()
    changed[5] = 0b00011101  # timeslot 5
    for _ in range(debounce - 1):
        receiver.put(changed)
    assert receiver.abcd == []
    receiver.put(changed)
    assert receiver.abcd == [(2 * debounce - 2, 5, 0b0001)]


def test_change_that_does_not_stand_is_not_reported() -> None:
    receiver = aligned(debounce=10)
    changed = multiframe()
    changed[5] = 0b00011101
    for _ in range(50):
        receiver.put(changed * 9 + multiframe())
    assert receiver.abcd == []


def test_changes_that_chase_each_other_are_not_reported() -> None:
    """Each new value starts the count anew."""
    receiver = aligned(debounce=2)
    for abcd in [0b0001, 0b0101] * 20:
        receiver.put(multiframe(WORD, [abcd << 4 | abcd] * 15))
    assert receiver.abcd == []


def test_remote_alarm_is_bit_y_of_frame_0() -> None:
    receiver = aligned()
    receiver.put(multiframe(0b00001111))
    assert receiver.changes == [(0, lib.CAS_REMOTE_ALARM_CHANGED)]
    assert receiver.native.remote_alarm
    receiver.put(multiframe())
    assert receiver.changes[1:] == [(2, lib.CAS_REMOTE_ALARM_CHANGED)]
    # An errored word says nothing of y; the spare bits never do.
    receiver.put(multiframe(0b10001111) + multiframe(0b00000000))
    assert len(receiver.changes) == 2
