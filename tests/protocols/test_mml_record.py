"""Records of machine mode: against zlib's CRC-32, in any pieces, and with every bit flipped."""

import zlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.mml_record import (
    PAYLOAD_OCTETS_MAX,
    Record,
    RecordDecoder,
    RecordError,
    RecordKind,
    encode,
    records,
)

SEEDED = settings(max_examples=300, deadline=None, derandomize=True)

REPORT, NOTICE = RecordKind.REPORT, RecordKind.NOTICE
SMALL = Record(REPORT, 17, 1005, 1, False, "+++    qm1\n---    END\n")


def reference(record: Record) -> bytes:
    """A record put together as the module's first lines say."""
    more = "YES" if record.more else "NO"
    first = f"{record.kind.value} serial={record.serial} retcode={record.retcode} part={record.part} more={more}"
    payload = f"{first}\n{record.text}".encode()
    return b"@MML %06d %08X\n%b\n" % (len(payload), zlib.crc32(payload), payload)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
any_record = st.builds(
    Record,
    st.sampled_from(RecordKind),
    st.integers(0, 999_999_999_999),
    st.integers(0, 9999),
    st.integers(1, 99999),
    st.booleans(),
    texts,
)


@SEEDED
@given(any_record)
def test_encode(record: Record) -> None:
    assert encode(record) == reference(record)


@SEEDED
@given(st.lists(any_record, max_size=4), st.lists(st.integers(0, 200), max_size=10))
def test_decoded_from_any_pieces(sent: list[Record], cuts: list[int]) -> None:
    octets = b"".join(map(reference, sent))
    places = [0, *sorted(min(cut, len(octets)) for cut in cuts), len(octets)]
    decoder = RecordDecoder()
    found: list[Record] = []
    for start, end in pairwise(places):
        found += decoder.feed(octets[start:end])
    assert found == sent
    assert decoder.idle


def test_every_flipped_bit_is_found() -> None:
    octets = reference(SMALL)
    after = reference(SMALL._replace(serial=18)) * 2000  # a length read too long finds its end in these
    for bit in range(8 * len(octets)):
        damaged = bytearray(octets)
        damaged[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises(RecordError):
            RecordDecoder().feed(bytes(damaged) + after)


def test_damage_is_final_and_comes_after_what_was_whole() -> None:
    decoder = RecordDecoder()
    good = reference(SMALL)
    assert decoder.feed(good + b"noise" + good) == [SMALL]
    assert not decoder.idle
    for octets in (b"", good):
        with pytest.raises(RecordError, match="no record begins here"):
            decoder.feed(octets)


def test_what_is_cut_off_is_not_idle() -> None:
    octets = reference(SMALL)
    for length in range(1, len(octets)):
        decoder = RecordDecoder()
        assert decoder.feed(octets[:length]) == []
        assert not decoder.idle


def test_a_record_as_long_as_one_can_be() -> None:
    longest = SMALL._replace(
        text="x" * (PAYLOAD_OCTETS_MAX - len("REPORT serial=17 retcode=1005 part=1 more=NO\n"))
    )
    assert RecordDecoder().feed(reference(longest)) == [longest]
    with pytest.raises(RecordError, match="at most"):
        RecordDecoder().feed(reference(longest._replace(text=longest.text + "x")))


def framed(payload: bytes, length: int | None = None) -> bytes:
    return b"@MML %06d %08X\n%b\n" % (len(payload) if length is None else length, zlib.crc32(payload), payload)


@pytest.mark.parametrize(
    "octets",
    [
        framed(b"REPORT serial=1 retcode=0 part=1 more=NO"),  # no line end
        framed(b"REPORT serial=1 retcode=0 part=1 more=PERHAPS\n"),
        framed(b"REPORT serial=-1 retcode=0 part=1 more=NO\n"),
        framed(b"OTHER serial=1 retcode=0 part=1 more=NO\n"),
        framed(b"REPORT serial=1 retcode=0 part=1 more=NO\n\xc3"),
        framed(b""),
        framed(b"", PAYLOAD_OCTETS_MAX + 1),
        b"@MML  00009 CBF43926\n123456789\n",
        b"@MML 000009 cbf43926\n123456789\n",
        b"@MML 000009 CBF43926\r\n123456789\n",
        b"@",
        b"\n",
    ],
)
def test_no_record(octets: bytes) -> None:
    if octets == b"@":
        assert RecordDecoder().feed(octets) == []
        return
    decoder = RecordDecoder()
    with pytest.raises(RecordError):
        decoder.feed(octets)
    assert not decoder.idle


def test_a_long_report_in_parts_with_a_notice_between() -> None:
    lines = [f"row {number} {'€' * 30}" for number in range(5000)] + ["x" * 100_000, ""]
    made = list(records(REPORT, 5, 0, lines))
    made.insert(1, reference(Record(NOTICE, 6, 0, 1, False, "alarm\n")))
    assert max(map(len, made)) < PAYLOAD_OCTETS_MAX
    found = RecordDecoder().feed(b"".join(made))
    assert found.pop(1).kind is NOTICE
    assert [record.part for record in found] == list(range(1, len(found) + 1))
    assert [record.more for record in found] == [True] * (len(found) - 1) + [False]
    text = "".join(record.text for record in found)
    assert text.splitlines()[:5000] == lines[:5000]
    assert "".join(text.splitlines()[5000:]) == "x" * 100_000
    assert text.endswith("x\n\n")


def test_records_are_made_when_asked_for() -> None:
    taken = 0

    def rows() -> object:
        nonlocal taken
        while True:
            taken += 1
            yield "x" * 99

    endless = records(REPORT, 1, 0, rows())  # type: ignore[arg-type]
    next(endless)
    assert taken < 400


@SEEDED
@given(st.binary(max_size=200) | st.binary(max_size=60).map(framed))
def test_any_octets(octets: bytes) -> None:
    decoder = RecordDecoder()
    try:
        found = decoder.feed(octets)
    except RecordError as error:
        assert "\n" not in str(error)
    else:
        assert all(octets.count(record.text.encode()) for record in found)
