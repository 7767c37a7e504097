"""A stored revision as text: comment lines that say what it is and seal it by a CRC-32, then the octets.

A technician reads it with cat, and it is valid TOML where the configuration is.
"""

import json
from typing import Any, NamedTuple

from protocols.configuration_record import crc32

_TITLE = b"# trunkshelf revision, CRC-32 of all that follows: "
_CRC_DIGITS = 8


class RevisionFileError(ValueError):
    """Why octets are no revision."""


class Revision(NamedTuple):
    """A configuration as it was committed. `base`: the revision it was made from (0: none). `when`: UTC."""

    number: int
    base: int
    who: str
    when: str
    why: str
    from_where: str
    kind: str
    octets: bytes


_TYPES: dict[str, type] = {"number": int, "base": int} | dict.fromkeys(
    ("who", "when", "why", "from_where", "kind"), str
)


def encode(revision: Revision) -> bytes:
    """The file's octets."""
    lines = [f"# {name} = {json.dumps(getattr(revision, name))}\n" for name in _TYPES]
    sealed = "".join(lines).encode() + revision.octets
    return _TITLE + _crc_digits(sealed) + b"\n" + sealed


def decode(octets: bytes) -> Revision:
    """Takes a file apart. Raises RevisionFileError unless every bit of it is as it was written."""
    title, _, sealed = octets.partition(b"\n")
    if not title.startswith(_TITLE):
        raise RevisionFileError("does not begin as a revision does")
    if title[len(_TITLE) :] != _crc_digits(sealed):
        raise RevisionFileError("its CRC-32 does not match")
    values: dict[str, Any] = {}
    for name, kind in _TYPES.items():
        line, _, sealed = sealed.partition(b"\n")
        values[name] = _value(line, name, kind)
    return Revision(octets=sealed, **values)


def _crc_digits(octets: bytes) -> bytes:
    return f"{crc32(octets):0{_CRC_DIGITS}x}".encode()


def _value(line: bytes, name: str, kind: type) -> Any:
    start = f"# {name} = ".encode()
    try:
        value = json.loads(line.removeprefix(start)) if line.startswith(start) else None
    except (ValueError, RecursionError):
        value = None
    if type(value) is not kind:
        raise RevisionFileError(f"its line of '{name}' cannot be read")
    return value
