"""Machine mode: reports in records with length and CRC, for scripts and benches; with vectors.

A record on the line:

    @MML LLLLLL CCCCCCCC<LF>       LLLLLL: octets of payload, six decimal digits; CCCCCCCC: its CRC-32 in hex
    payload                        UTF-8
    <LF>

The payload's first line names the record, then comes a piece of the report as people see it, unpaged:

    REPORT serial=17 retcode=0 part=1 more=NO<LF>
    +++    qm1/Bern   2026-11-25 01:02:03<LF>
    ...
    ---    END<LF>

A long report comes in parts: more=YES in all but the last; lines are broken where they exceed LINE_OCTETS_MAX.
NOTICE records carry what nobody asked for (alarms) and may stand between the parts of a report; retcode is 0. The
CRC-32 is that of Ethernet (ISO/IEC 8802-3), as zip and PNG use it.

A decoder that finds damage says so whenever it is fed from then on: it does not look for the next record, for
nobody could say what was lost before it. Records that were whole before the damage come first.
"""

import enum
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import crcmod.predefined
from construct import Bytes, Const, ConstructError, ExprAdapter, Struct

PAYLOAD_OCTETS_MAX = 65536
PART_OCTETS = 8192  # a part is closed once it has so much of the report: others then have their turn
LINE_OCTETS_MAX = 16384  # a longer line of a report is broken here, so that no payload exceeds its bound

_crc_32 = crcmod.predefined.mkPredefinedCrcFun("crc-32")


def _number(digits: int, form: str, pattern: str) -> ExprAdapter:
    """A number in so many ASCII characters, as `form` writes it and nothing else."""

    def decoded(octets: bytes, _: object) -> int:
        if not re.fullmatch(pattern, octets.decode("latin-1")):
            raise ConstructError(f"no number: {octets!r}")
        return int(octets, 16 if form.endswith("X") else 10)

    return ExprAdapter(Bytes(digits), decoded, lambda number, _: format(number, form).encode())


HEADER = Struct(
    "mark" / Const(b"@MML "),
    "length" / _number(6, "06d", "[0-9]{6}"),
    "space" / Const(b" "),
    "crc" / _number(8, "08X", "[0-9A-F]{8}"),
    "end" / Const(b"\n"),
)
HEADER_OCTETS = HEADER.sizeof()

# CBF43926 is the CRC-32 catalogue's check value, of "123456789"; 00000000 that of no octets.
VECTORS = [
    (HEADER, {"length": 9, "crc": 0xCBF43926}, b"@MML 000009 CBF43926\n"),
    (HEADER, {"length": 0, "crc": 0}, b"@MML 000000 00000000\n"),
    (HEADER, {"length": 65536, "crc": 0xFFFFFFFF}, b"@MML 065536 FFFFFFFF\n"),
]


class RecordKind(enum.Enum):
    """Why a record was sent."""

    REPORT = "REPORT"  # the answer to a command
    NOTICE = "NOTICE"  # what nobody asked for


class Record(NamedTuple):
    """A piece of a report. Parts count from 1."""

    kind: RecordKind
    serial: int
    retcode: int
    part: int
    more: bool
    text: str


class RecordError(ValueError):
    """What came is no record, or a damaged one; octets after it are not looked at."""


_FIRST_LINE = re.compile(
    r"(REPORT|NOTICE) serial=([0-9]{1,12}) retcode=([0-9]{1,9}) part=([0-9]{1,9}) more=(YES|NO)"
)


def encode(record: Record) -> bytes:
    """A record's octets; its text must leave the payload within PAYLOAD_OCTETS_MAX."""
    first = (
        f"{record.kind.value} serial={record.serial} retcode={record.retcode} "
        f"part={record.part} more={'YES' if record.more else 'NO'}\n"
    )
    payload = (first + record.text).encode()
    header: bytes = HEADER.build({"length": len(payload), "crc": _crc_32(payload)})
    return header + payload + b"\n"


def records(kind: RecordKind, serial: int, retcode: int, lines: Iterable[str]) -> Iterator[bytes]:
    """A report of so many lines as records, each made when it is asked for."""
    pieces = list[str]()
    octets = 0
    part = 1
    for line in lines:
        for piece in _pieces(line):
            if octets >= PART_OCTETS:
                yield encode(Record(kind, serial, retcode, part, True, "".join(pieces)))
                pieces, octets, part = [], 0, part + 1
            pieces.append(piece)
            octets += len(piece.encode())
    yield encode(Record(kind, serial, retcode, part, False, "".join(pieces)))


def _pieces(line: str) -> Iterator[str]:
    """A line with its end, in pieces that fit a record (a character has at most four octets)."""
    step = LINE_OCTETS_MAX // 4
    for start in range(0, len(line) or 1, step):
        yield line[start : start + step] + "\n"


class RecordDecoder:
    """Takes octets as they come, gives records as they are whole."""

    def __init__(self) -> None:
        self._octets = bytearray()
        self._damage = ""

    def feed(self, octets: bytes) -> list[Record]:
        """The records that are whole now. Raises RecordError where damage comes first; then for ever."""
        self._octets += octets
        found: list[Record] = []
        while not self._damage:
            try:
                record = self._take()
            except RecordError as error:
                self._damage = str(error)
                break
            if record is None:
                return found
            found.append(record)
        if found:
            return found
        raise RecordError(self._damage)

    @property
    def idle(self) -> bool:
        """Whether nothing of a record has come yet that is not whole: the end of the octets loses nothing."""
        return not self._octets and not self._damage

    def _take(self) -> Record | None:
        header = self._header()
        if header is None:
            return None
        length, crc = header
        end = HEADER_OCTETS + length
        if len(self._octets) <= end:
            return None
        payload, after = bytes(self._octets[HEADER_OCTETS:end]), self._octets[end]
        if after != ord("\n") or _crc_32(payload) != crc:
            raise RecordError(f"a record of {length} octets is damaged: its CRC-32 is not {crc:08X}")
        del self._octets[: end + 1]
        return _decoded(payload)

    def _header(self) -> tuple[int, int] | None:
        octets = bytes(self._octets[:HEADER_OCTETS])
        if not octets.startswith(b"@MML "[: len(octets)]):
            raise RecordError(f"no record begins here: {octets!r}")
        if len(octets) < HEADER_OCTETS:
            return None
        try:
            header = HEADER.parse(octets)
        except ConstructError:
            raise RecordError(f"no record begins here: {octets!r}") from None
        if header.length > PAYLOAD_OCTETS_MAX:
            raise RecordError(f"a record has at most {PAYLOAD_OCTETS_MAX} octets, this one says {header.length}")
        return header.length, header.crc


def _decoded(payload: bytes) -> Record:
    try:
        first, separator, text = payload.decode().partition("\n")
    except UnicodeDecodeError:
        raise RecordError("a record's payload is no UTF-8") from None
    match = _FIRST_LINE.fullmatch(first)
    if match is None or not separator:
        raise RecordError(f"a record's first line is none: {first[:80]!r}")
    return Record(RecordKind(match[1]), int(match[2]), int(match[3]), int(match[4]), match[5] == "YES", text)
