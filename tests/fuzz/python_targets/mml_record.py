"""Any octets where records of machine mode should be: decoded alike however they come in pieces, or refused."""

from protocols.mml_record import Record, RecordDecoder, RecordError, RecordKind, encode

SEEDS = [
    encode(Record(RecordKind.REPORT, 17, 1005, 1, False, "---    END\n")),
    encode(Record(RecordKind.REPORT, 1, 0, 1, True, "a")) + encode(Record(RecordKind.NOTICE, 2, 0, 1, False, "é")),
]


def _decoded(pieces: list[bytes]) -> tuple[list[Record], str]:
    decoder, found = RecordDecoder(), list[Record]()
    try:
        for piece in (*pieces, b""):
            found += decoder.feed(piece)
    except RecordError as error:
        assert str(error)
        assert not decoder.idle
        return found, "damaged"
    return found, "idle" if decoder.idle else "cut off"


def target(octets: bytes) -> None:
    """The octets come at once, and one by one."""
    found, end = _decoded([octets])
    assert _decoded([octets[at : at + 1] for at in range(len(octets))]) == (found, end)
    whole = b"".join(map(encode, found))
    if end == "idle":
        assert len(whole) <= len(octets)  # a number may have come with zeros before it
