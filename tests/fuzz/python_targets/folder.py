"""A folder of files as one string of octets, which a fuzzer changes as it likes."""

from collections.abc import Sequence

_END = b"\xff\xfeEOF"


def join(names: Sequence[str], files: dict[str, bytes]) -> bytes:
    """The files of these names, in their order."""
    return _END.join(files.get(name, b"") for name in names)


def split(names: Sequence[str], octets: bytes) -> dict[str, bytes]:
    """Takes them apart; one with nothing in it is not there."""
    return {name: part for name, part in zip(names, octets.split(_END), strict=False) if part}
