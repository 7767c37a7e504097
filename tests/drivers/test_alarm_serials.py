"""Serial numbers of alarms: none twice, whatever becomes of the mark (drivers/stores/alarm_serials.py)."""

import random
from pathlib import Path

import pytest

from drivers.stores.alarm_serials import BLOCK, AlarmSerials, AlarmSerialsError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alarms.serials"


def take(serials: AlarmSerials, count: int) -> list[int]:
    """So many, each made sure of."""
    taken = []
    for _ in range(count):
        taken.append(serials.take())
        serials.reserve()
    return taken


def test_first_is_one_and_then_one_by_one(path: Path) -> None:
    serials = AlarmSerials(path, 0)
    assert take(serials, 250) == list(range(1, 251))


def test_no_gap_after_a_clean_end_a_small_one_after_none(path: Path) -> None:
    serials = AlarmSerials(path, 0)
    take(serials, 10)
    serials.close()
    serials = AlarmSerials(path, 10)
    assert take(serials, 10) == list(range(11, 21))
    # Ends here, with no close.
    assert 20 < AlarmSerials(path, 20).take() <= 20 + BLOCK + 1


def test_random_lives_never_repeat_a_number(path: Path) -> None:
    chance = random.Random(1)
    seen: set[int] = set()
    for _ in range(60):
        known = chance.choice([0, max(seen, default=0)])  # the history may be lost
        serials = AlarmSerials(path, known)
        taken = take(serials, chance.randrange(250))
        assert not seen & set(taken)
        seen.update(taken)
        if chance.random() < 0.5:
            serials.close()


@pytest.mark.parametrize("octets", [b"", b"\xff\xfe", b"alarm serials below 7", b"0" * 100])
def test_damaged_mark_is_told_and_the_history_counts(path: Path, octets: bytes) -> None:
    path.write_bytes(octets)
    serials = AlarmSerials(path, 500)
    assert "damaged" in serials.damage
    assert serials.take() > 500


def test_every_flipped_bit_is_noticed(path: Path) -> None:
    serials = AlarmSerials(path, 0)
    take(serials, 150)
    mark = path.read_bytes()
    for bit in range(8 * len(mark)):
        damaged = bytearray(mark)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        again = AlarmSerials(path, 150)
        assert again.damage
        assert again.take() > 150


def test_mark_that_is_lost_leaves_a_gap(path: Path) -> None:
    """What was given after the last number in the history, nobody knows."""
    assert AlarmSerials(path, 150).take() == 150 + BLOCK


def test_disk_that_does_not_take_it(tmp_path: Path) -> None:
    serials = AlarmSerials(tmp_path / "nowhere" / "alarms.serials", 0)
    assert serials.take() == 1
    with pytest.raises(AlarmSerialsError, match=r"nowhere/alarms\.serials: No such file"):
        serials.reserve()
    (tmp_path / "nowhere").mkdir()
    assert serials.take() == 2
    serials.reserve()
    assert AlarmSerials(tmp_path / "nowhere" / "alarms.serials", 0).take() > 2
