"""Conferences (csrc/voice/conference.h) against a naive mixer: who hears whom, to the integer."""

import math
import random
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

from drivers._native import ffi, lib

EVERYBODY = int(lib.CONFERENCE_EVERYBODY)
BLOCK = 8  # samples of a channel

Samples = list[list[int]]  # by channel, a block's eight


class Party(NamedTuple):
    talks: bool = True
    hears: bool = True
    announced: bool = False
    heard_by: int = EVERYBODY


TALKS_AND_HEARS = Party()


class Board:
    """A bank of conferences and the tiles of its highways."""

    def __init__(self, highways: int = 1) -> None:
        self.highways, self.channels = highways, 32 * highways
        self.bank = ffi.gc(lib.conference_bank_new(highways), lib.conference_bank_free)
        self.near, self.sent = ffi.new("voice_tile[]", highways), ffi.new("voice_tile[]", highways)

    def open(self, loudest: int = 0, hz: float = 0, dbm0: float = 0, samples: int = 0) -> int:
        return int(lib.conference_open(self.bank, ffi.new("conference_options *", (loudest, hz, dbm0, samples))))

    def join(self, conference: int, channel: int, party: Party = TALKS_AND_HEARS) -> int:
        return int(lib.conference_join(self.bank, conference, channel, ffi.new("conference_party *", party)))

    def leave(self, channel: int) -> int:
        return int(lib.conference_leave(self.bank, channel))

    def mix(self, near: Samples, sent: Samples) -> Samples:
        tiles_put(self.near, near)
        tiles_put(self.sent, sent)
        lib.conference_mix(self.bank, self.near, self.sent)
        return tiles_get(self.sent, self.highways)

    def mixed(self) -> set[int]:
        return {channel for channel in range(self.channels) if lib.conference_is_mixed(self.bank, channel)}


def tiles_put(tiles: Any, samples: Samples) -> None:
    for highway in range(len(samples) // 32):
        lanes = samples[32 * highway : 32 * highway + 32]
        tiles[highway].sample = [list(row) for row in zip(*lanes, strict=True)]


def tiles_get(tiles: Any, highways: int) -> Samples:
    rows = [[list(tiles[highway].sample[s]) for s in range(BLOCK)] for highway in range(highways)]
    return [[rows[highway][s][lane] for s in range(BLOCK)] for highway in range(highways) for lane in range(32)]


def saturated(sample: int) -> int:
    return max(-32768, min(32767, sample))


def reference(parties: dict[int, tuple[int, Party]], near: Samples, sent: Samples) -> Samples:
    """The definition, channel by channel: what it was to be sent, and every other party that it is to hear."""
    mixed = [list(block) for block in sent]
    for channel, (conference, party) in parties.items():
        if not party.hears:
            continue
        others = [
            number
            for number, (where, other) in parties.items()
            if where == conference and number != channel and other.talks and other.heard_by in (EVERYBODY, channel)
        ]
        for s in range(BLOCK):
            mixed[channel][s] = saturated(sent[channel][s] + sum(near[number][s] for number in others))
    return mixed


def noise(chance: random.Random, channels: int, peak: int) -> Samples:
    return [[chance.randint(-peak - 1, peak) for _ in range(BLOCK)] for _ in range(channels)]


def silence(channels: int) -> Samples:
    return [[0] * BLOCK for _ in range(channels)]


def sine(hz: float, dbm0: float, first: int, count: int) -> list[int]:
    """From phase 0 at sample 0; 3.14 dBm0 is full scale."""
    peak = 32768 * 10 ** ((dbm0 - 3.14) / 20)
    return [round(peak * math.sin(2 * math.pi * hz * n / 8000)) for n in range(first, first + count)]


@pytest.mark.parametrize("highways", [1, 2, 16])
@pytest.mark.parametrize("conferences", [1, 5, 30])
def test_any_membership(highways: int, conferences: int, cpu_level: int) -> None:
    """Parties come, go and change at random between blocks: talkers, muted ones, monitors, coaches."""
    chance, board = random.Random(100 * highways + conferences), Board(highways)
    numbers = [board.open() for _ in range(conferences)]
    parties: dict[int, tuple[int, Party]] = {}
    for turn in range(12):
        for channel in chance.sample(range(board.channels), board.channels // 2):
            if channel in parties and chance.random() < 0.5:
                assert board.leave(channel) == 0
                del parties[channel]
                parties = {
                    number: (where, party._replace(talks=False, heard_by=EVERYBODY))
                    if party.heard_by == channel
                    else (where, party)
                    for number, (where, party) in parties.items()
                }
                continue
            conference = parties[channel][0] if channel in parties else chance.choice(numbers)
            inside = [number for number in parties if parties[number][0] == conference and number != channel]
            coached = chance.choice(inside) if inside and chance.random() < 0.2 else EVERYBODY
            party = Party(chance.random() < 0.8, chance.random() < 0.8, heard_by=coached)
            assert board.join(conference, channel, party) == 0
            parties[channel] = (conference, party)
        near = noise(chance, board.channels, chance.choice([100, 3000, 32767]))
        sent = noise(chance, board.channels, chance.choice([0, 1000, 32767]))
        assert board.mix(near, sent) == reference(parties, near, sent), turn


def test_a_party_never_hears_itself(cpu_level: int) -> None:
    """Full scale against the 31 others' silence: exactly nothing comes back, and all of it to them."""
    board = Board()
    conference = board.open()
    for channel in range(32):
        board.join(conference, channel)
    for talker in range(32):
        near = silence(32)
        near[talker] = [-32768, 32767] * 4
        sent = board.mix(near, silence(32))
        assert sent[talker] == [0] * BLOCK
        assert all(sent[channel] == near[talker] for channel in range(32) if channel != talker)


def test_it_saturates_once(cpu_level: int) -> None:
    """What overflows on the way and comes back is exact."""
    board = Board(16)
    conference = board.open()
    for channel in range(512):
        board.join(conference, channel)
    near = [[32767] * BLOCK if channel % 2 else [-32768] * BLOCK for channel in range(512)]
    near[0] = [300] * BLOCK
    # Of the others 256 are at 32 767 and 255 at -32 768: 256 x 32 767 - 255 x 32 768 = 32 512.
    assert board.mix(near, [[100] * BLOCK] * 512)[0] == [32612] * BLOCK
    assert board.mix(near, [[300] * BLOCK] * 512)[0] == [32767] * BLOCK
    assert board.mix([[-32768] * BLOCK] * 512, silence(512))[511] == [-32768] * BLOCK


def test_who_is_in_none_is_left_alone(cpu_level: int) -> None:
    board = Board(2)
    conference = board.open()
    board.join(conference, 3)
    chance = random.Random(4)
    near, sent = noise(chance, 64, 32767), noise(chance, 64, 32767)
    assert board.mix(near, sent) == sent
    board.join(conference, 40)
    mixed = board.mix(near, sent)
    assert [channel for channel in range(64) if mixed[channel] != sent[channel]] == [3, 40]


def test_coach_agent_caller_and_monitor() -> None:
    """The coach hears both, the agent the coach too, the caller not; the monitor hears the caller and the agent.
    When the agent has gone nobody hears the coach, nor does who is on the agent's channel next.
    """
    board = Board(2)
    conference, caller, agent, coach, monitor = board.open(), 0, 33, 5, 63
    board.join(conference, caller)
    board.join(conference, agent)
    board.join(conference, coach, Party(heard_by=agent))
    board.join(conference, monitor, Party(talks=False))
    near = silence(64)
    near[caller], near[agent], near[coach], near[monitor] = [1] * 8, [10] * 8, [100] * 8, [1000] * 8
    heard = board.mix(near, silence(64))
    assert [heard[party][0] for party in (caller, agent, coach, monitor)] == [10, 101, 11, 11]
    assert board.mixed() == {caller, agent}
    board.leave(agent)
    board.join(conference, agent)
    heard = board.mix(near, silence(64))
    assert [heard[party][0] for party in (caller, agent, coach, monitor)] == [10, 1, 11, 11]
    board.join(conference, coach, Party(heard_by=caller))
    assert [board.mix(near, silence(64))[party][0] for party in (caller, agent)] == [110, 1]
    board.join(conference, coach)
    assert [board.mix(near, silence(64))[party][0] for party in (caller, agent, coach)] == [110, 101, 11]


def test_mute_and_unmute() -> None:
    board = Board()
    conference = board.open()
    board.join(conference, 1)
    board.join(conference, 2)
    near = [[channel] * BLOCK for channel in range(32)]
    for talks in (True, False, True):
        board.join(conference, 1, Party(talks=talks))
        heard = board.mix(near, silence(32))
        assert (heard[1][0], heard[2][0]) == (2, int(talks))


def test_refusals_change_nothing() -> None:
    board = Board()
    conference, other = board.open(), board.open()
    assert (board.join(conference, 1), board.join(other, 2)) == (0, 0)
    assert board.join(conference, 32) == -1  # no such channel
    assert board.join(2, 3) == board.join(32, 3) == board.join(conference, 2) == -1  # not open, in another
    assert board.join(conference, 1, Party(heard_by=1)) == -1  # itself
    for stranger in (2, 5, 32, -2):
        assert board.join(conference, 1, Party(heard_by=stranger)) == -1
    assert board.leave(3) == board.leave(99) == -1
    assert lib.conference_close(board.bank, 2) == lib.conference_close(board.bank, 99) == -1
    near = [[channel + 1] * BLOCK for channel in range(32)]
    assert board.join(conference, 4) == 0
    heard = board.mix(near, silence(32))
    assert [heard[channel][0] for channel in (1, 2, 4)] == [5, 0, 2]
    assert [int(lib.conference_of(board.bank, channel)) for channel in (1, 2, 3, 99)] == [
        conference,
        other,
        -1,
        -1,
    ]


@pytest.mark.parametrize("highways", [0, 17])
def test_no_such_bank(highways: int) -> None:
    assert lib.conference_bank_new(highways) == ffi.NULL


@pytest.mark.parametrize(("hz", "dbm0"), [(-1, 0), (4000, 0), (math.nan, 0), (400, 3.2), (400, math.nan)])
def test_no_such_entry_tone(hz: float, dbm0: float) -> None:
    board = Board()
    assert board.open(hz=hz, dbm0=dbm0, samples=8) == -1
    assert board.open() == 0


def test_every_channel_may_have_its_own_and_closed_ones_open_again() -> None:
    board = Board()
    assert [board.open() for _ in range(33)] == [*range(32), -1]
    board.join(7, 1)
    board.join(7, 2, Party(heard_by=1))
    assert lib.conference_close(board.bank, 7) == 0
    assert (lib.conference_of(board.bank, 1), lib.conference_of(board.bank, 2), board.mixed()) == (-1, -1, set())
    assert board.join(7, 1) == -1
    assert board.open() == 7
    board.join(7, 1)
    near = [[5] * BLOCK] * 32
    assert board.mix(near, silence(32)) == silence(32)


def heard_in_all(board: Board, blocks: int) -> list[list[int]]:
    """What each channel hears of a conference in which nobody says anything."""
    channels: list[list[int]] = [[] for _ in range(board.channels)]
    for _ in range(blocks):
        for channel, samples in enumerate(board.mix(silence(board.channels), silence(board.channels))):
            channels[channel] += samples
    return channels


def test_entry_tone(cpu_level: int) -> None:
    """The others hear it, to the sample, monitors too; the newcomer does not; who joins unannounced makes none."""
    board = Board(2)
    conference = board.open(hz=440, dbm0=-12, samples=1003)
    board.join(conference, 1)
    board.join(conference, 34, Party(talks=False))
    board.join(board.open(hz=440, dbm0=-12, samples=1003), 9)
    assert heard_in_all(board, 4) == [[0] * 32] * 64
    board.join(conference, 7, Party(announced=True))
    heard, tone = heard_in_all(board, 200), sine(440, -12, 0, 1003) + [0] * 597
    for channel in (1, 34):
        assert all(abs(a - b) <= 1 for a, b in zip(heard[channel], tone, strict=True))
    assert all(heard[channel] == [0] * 1600 for channel in range(64) if channel not in (1, 34))
    board.join(conference, 7, Party(announced=True))  # it only changes what it may
    assert heard_in_all(board, 2) == [[0] * 16] * 64


def test_the_next_newcomer_begins_the_tone_anew() -> None:
    board = Board()
    conference = board.open(hz=1000, dbm0=0, samples=80)
    board.join(conference, 0)
    board.join(conference, 1, Party(announced=True))
    first = heard_in_all(board, 5)
    board.join(conference, 2, Party(announced=True))
    then = heard_in_all(board, 20)
    tone = sine(1000, 0, 0, 80)
    assert all(abs(a - b) <= 1 for a, b in zip(first[0], tone[:40], strict=True))
    assert (first[1], then[2]) == ([0] * 40, [0] * 160)
    assert then[0] == then[1]
    assert all(abs(a - b) <= 1 for a, b in zip(then[0], tone + [0] * 80, strict=True))


def test_what_goes_in_and_out_as_octets(cpu_level: int) -> None:
    """Both laws: the mix of what the octets say, coded again; who is in none is sent silence."""
    chance = random.Random(6)
    for law in (lib.G711_ALAW, lib.G711_MULAW):
        board, parties = Board(2), {}
        conference = board.open()
        for channel in chance.sample(range(64), 20):
            board.join(conference, channel)
            parties[channel] = (conference, Party())
        heard, sent = ffi.new("stream_block[2]"), ffi.new("stream_block[2]")
        ffi.buffer(heard)[:] = chance.randbytes(512)
        octets = [heard[channel // 32].octet[channel % 32] for channel in range(64)]
        near = [[int(lib.g711_decode_octet(law, octet)) for octet in lane] for lane in octets]
        lib.conference_mix_octets(board.bank, law, heard, sent)
        expected = reference(parties, near, silence(64))
        for channel in range(64):
            coded = [int(lib.g711_encode_sample(law, sample)) for sample in expected[channel]]
            assert list(sent[channel // 32].octet[channel % 32]) == coded


class Talker(NamedTuple):
    """A tone at a level in dBm0, from and until a block."""

    dbm0: float
    since: int = 0
    until: int = 10**9


def mixed_by_block(board: Board, talkers: dict[int, Talker], blocks: int) -> list[set[int]]:
    """Who is mixed in each block. Every talker has a frequency of its own; all others are silent."""
    result = []
    for block in range(blocks):
        near = silence(board.channels)
        for channel, talker in talkers.items():
            if talker.since <= block < talker.until:
                near[channel] = sine(500 + 7 * channel, talker.dbm0, BLOCK * block, BLOCK)
        board.mix(near, silence(board.channels))
        result.append(board.mixed())
    return result


def ranked(loudest: int, channels: Sequence[int], highways: int = 1) -> Board:
    board = Board(highways)
    conference = board.open(loudest)
    for channel in channels:
        board.join(conference, channel)
    return board


def test_the_loudest_are_mixed(cpu_level: int) -> None:
    """Whatever lane or highway they are on: within 40 ms of all speaking up it is those three, and stays so."""
    chance = random.Random(8)
    for _ in range(3):
        channels = chance.sample(range(96), 40)
        talkers = {channel: Talker(-30 + 0.1 * place) for place, channel in enumerate(channels)}
        loudest = chance.sample(channels, 3)
        talkers |= {channel: Talker(-12 - place) for place, channel in enumerate(loudest)}
        mixed = mixed_by_block(ranked(3, channels, 3), talkers, 80)
        assert all(len(now) == 3 for now in mixed)
        assert all(now == set(loudest) for now in mixed[40:])


def test_only_the_mixed_are_heard_and_nobody_hears_itself() -> None:
    chance, board = random.Random(9), ranked(2, range(10))
    for _ in range(30):
        near = [noise(chance, 1, 9000 // (1 + channel))[0] for channel in range(32)]
        heard, mixed = board.mix(near, silence(32)), board.mixed()
        for channel in range(10):
            expected = [sum(near[other][s] for other in mixed - {channel}) for s in range(BLOCK)]
            assert heard[channel] == expected
    assert mixed == {0, 1}


def test_all_are_mixed_where_there_are_no_more() -> None:
    assert mixed_by_block(ranked(3, [4, 9]), {4: Talker(-20)}, 3) == [{4, 9}] * 3


def test_a_louder_one_comes_in_at_once() -> None:
    """An interrupter 6 dB louder is heard within 20 ms."""
    mixed = mixed_by_block(ranked(1, [0, 1]), {0: Talker(-20), 1: Talker(-14, since=300)}, 400)
    assert all(now == {0} for now in mixed[5:300])
    assert all(now == {1} for now in mixed[320:])


def test_the_softest_gives_way() -> None:
    """Whichever highway it is on."""
    for softest, other in ((2, 70), (70, 2)):
        talkers = {softest: Talker(-25), other: Talker(-20), 40: Talker(-15, since=300), 41: Talker(-28)}
        mixed = mixed_by_block(ranked(2, list(talkers), 3), talkers, 340)
        assert (mixed[299], mixed[-1]) == ({softest, other}, {other, 40})


def test_hysteresis() -> None:
    """Of two within 2 dB of each other the one that has the place keeps it; 4 dB take it."""
    mixed = mixed_by_block(ranked(1, [0, 1]), {0: Talker(-20), 1: Talker(-18, since=50)}, 400)
    assert all(now == {0} for now in mixed[5:])
    mixed = mixed_by_block(ranked(1, [0, 1]), {0: Talker(-20), 1: Talker(-16, since=50)}, 400)
    assert all(now == {1} for now in mixed[300:])


def test_a_gap_within_a_word_does_not_lose_the_place() -> None:
    """150 ms of silence of the louder while another talks 10 dB softer: no change. Half a second: the other's."""
    for gap_ms, lost in ((150, False), (500, True)):
        board, talkers = ranked(1, [0, 1]), {0: Talker(-15, until=100), 1: Talker(-25)}
        mixed = mixed_by_block(board, talkers, 100 + gap_ms)
        assert mixed[99] == {0}
        assert (mixed[-1] == {1}) == lost
        assert any(now == {1} for now in mixed[100:]) == lost


def test_who_has_just_come_in_is_not_cut_off() -> None:
    """Channel 1 gets the place while 0 pauses. Back 6 dB louder, 0 has it again after a quarter of a second; 15 dB
    louder, at once.
    """
    soft = Talker(-25)
    for back_dbm0, least_ms, most_ms in ((-19, 245, 255), (-10, 0, 30)):
        board = ranked(1, [0, 1])
        mixed_by_block(board, {0: Talker(-15), 1: soft}, 100)
        while board.mixed() == {0}:
            mixed_by_block(board, {1: soft}, 1)
        mixed = mixed_by_block(board, {0: Talker(back_dbm0), 1: soft}, 400)
        assert least_ms <= mixed.index({0}) <= most_ms


def test_alternate_talkers_do_not_flap() -> None:
    """Two whose syllables (120 ms on, 80 ms off) alternate: the place changes hands once at most."""
    board = ranked(1, [0, 1])
    changes, before = 0, set[int]()
    for block in range(2000):
        near = silence(32)
        for channel in (0, 1):
            if (block + 100 * channel) % 200 < 120:
                near[channel] = sine(600 + 100 * channel, -18 - channel, BLOCK * block, BLOCK)
        board.mix(near, silence(32))
        changes += block > 0 and board.mixed() != before
        before = board.mixed()
    assert changes <= 1


def test_muted_and_coaches_take_no_place() -> None:
    board = ranked(1, [0, 1, 2])
    board.join(0, 2, Party(talks=False))
    board.join(0, 3, Party(heard_by=1))
    loud = {0: Talker(-30), 1: Talker(-40), 2: Talker(-3), 3: Talker(-3)}
    assert mixed_by_block(board, loud, 60)[-1] == {0}
    board.join(0, 0, Party(talks=False))
    assert mixed_by_block(board, loud, 1)[-1] == {1}
    board.join(0, 2)
    assert mixed_by_block(board, loud, 60)[-1] == {2}


def test_ranks_are_forgotten_with_the_party() -> None:
    """Who comes next on a loud party's channel begins as silent."""
    board = ranked(1, [0, 1])
    mixed_by_block(board, {0: Talker(-10), 1: Talker(-20)}, 60)
    board.leave(0)
    board.join(0, 0)
    assert mixed_by_block(board, {0: Talker(-30), 1: Talker(-20)}, 60)[-1] == {1}


def test_every_cpu_level_ranks_alike() -> None:
    levels = [lib.CPU_PORTABLE, lib.CPU_AVX2, lib.CPU_AVX512]
    decided = []
    for level in levels[: int(lib.cpu_level_available()) + 1]:
        lib.cpu_level_use(level)
        chance, board = random.Random(12), ranked(4, range(0, 64, 2), 2)
        blocks, peaks = [], [0] * 64
        for block in range(300):
            if block % 30 == 0:
                peaks = [chance.choice([0, 100, 1000, 10000]) for _ in peaks]
            heard = board.mix([noise(chance, 1, peak)[0] for peak in peaks], silence(64))
            blocks.append((heard, board.mixed()))
        decided.append(blocks)
    lib.cpu_level_use(lib.cpu_level_available())
    assert all(blocks == decided[0] for blocks in decided)
    assert len({frozenset(mixed) for _, mixed in decided[0]}) > 2
