"""A line of the audit log: a SHA-256 chained over the line before, then what was done, as JSON anybody can read.

Check by hand: printf '%s %s' HASH-OF-THE-LINE-BEFORE JSON | sha256sum. Before the first line stand 64 zeros.
"""

import hashlib
import json
import re

import msgspec

NOTHING_BEFORE = bytes(32)
_LINE = re.compile(rb"([0-9a-f]{64}) (\{[^\n]*\})")


class AuditRecordError(ValueError):
    """Why a line is no record."""


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One command somebody gave. Secrets are starred by whoever writes it; time is UTC, ISO 8601."""

    serial: int
    time: str
    user: str
    terminal: str
    box: str
    command: str
    retcode: int


def encode(record: AuditRecord, before: bytes) -> tuple[bytes, bytes]:
    """The line without its end, and its hash, which the next line is chained to."""
    text = _printable(json.dumps(msgspec.to_builtins(record), ensure_ascii=False, separators=(",", ":")))
    digest = chained(before, text.encode())
    return f"{digest.hex()} {text}".encode(), digest


def decode(line: bytes, before: bytes | None) -> tuple[AuditRecord, bytes]:
    """A line's record and hash. Raises AuditRecordError: no record, or not chained to `before` (None: unknown)."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise AuditRecordError("is not a hash and a record")
    digest, text = bytes.fromhex(match[1].decode()), match[2]
    if before is not None and chained(before, text) != digest:
        raise AuditRecordError("its hash does not follow from the line before")
    try:
        return msgspec.convert(json.loads(text), AuditRecord), digest
    except (ValueError, RecursionError, msgspec.ValidationError):
        raise AuditRecordError("its record cannot be read") from None


def chained(before: bytes, text: bytes) -> bytes:
    """The hash of a line whose predecessor has the hash `before`."""
    return hashlib.sha256(before.hex().encode() + b" " + text).digest()


def _printable(text: str) -> str:
    """Escapes what would end a line, move a cursor or is no character: all such stand inside JSON strings."""
    return "".join(character if character.isprintable() else json.dumps(character)[1:-1] for character in text)
