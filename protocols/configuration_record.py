"""Pointer records of stores on disk: which revision is booted, how far the audit log goes; with vectors.

The layouts are our own: no standard exists. A record is a file of a few dozen octets, kept twice.
"""

from collections.abc import Callable
from typing import Any

import crcmod.predefined
from construct import (
    Adapter,
    Bytes,
    Const,
    Construct,
    ExprAdapter,
    GreedyBytes,
    Int32ub,
    Int64ub,
    Struct,
    Terminated,
    ValidationError,
)

# CRC-32 of IEEE 802.3 3.2.9, as zip and PNG use it.
crc32 = crcmod.predefined.mkPredefinedCrcFun("crc-32")

NO_REVISION = 0
HASH_OCTETS = 32  # SHA-256
BOOT_ID_OCTETS = 16


# No store comes near, and from a record that claims more nothing could be counted on: it is taken for damaged.
COUNT_MAX = 10**17
REVISION_MAX = 90_000_000  # all are below; file names have eight digits


def _sealed(layout: Construct, plausible: Callable[[Any], bool]) -> Adapter:
    """The layout followed by the CRC-32 of its octets, high octet first; anything else is a ValidationError."""

    def check(octets: bytes, _context: Any) -> Any:
        if len(octets) < 4 or crc32(octets[:-4]) != int.from_bytes(octets[-4:]):
            raise ValidationError("CRC-32 does not match")
        values = layout.parse(octets[:-4])
        if not plausible(values):
            raise ValidationError("no store has written this")
        return values

    def seal(values: Any, _context: Any) -> bytes:
        octets: bytes = layout.build(values)
        return b"".join((octets, crc32(octets).to_bytes(4)))

    return ExprAdapter(GreedyBytes, check, seal)


# Which revision a reboot boots, and which one is on trial until when. Of two readable copies the one with
# the higher sequence number holds.
REVISION_POINTER = _sealed(
    Struct(
        "magic" / Const(b"TSRP\x01"),
        "sequence" / Int64ub,
        "boot" / Int32ub,  # NO_REVISION: none yet
        "trial" / Int32ub,  # NO_REVISION: none
        "last" / Int32ub,  # the highest number ever committed: files beyond it are remains of a power cut
        "boot_id" / Bytes(BOOT_ID_OCTETS),  # of the machine's start in which the trial began
        "deadline_ns" / Int64ub,  # of the trial, on CLOCK_BOOTTIME of that start
        Terminated,
    ),
    lambda values: values.sequence < COUNT_MAX and max(values.boot, values.trial) <= values.last < REVISION_MAX,
)

# How far the audit log goes: a log that ends sooner has lost its tail, one that begins later its beginning.
AUDIT_HEAD = _sealed(
    Struct(
        "magic" / Const(b"TSAH\x01"),
        "sequence" / Int64ub,
        "first" / Int64ub,  # serial of the oldest record that is kept
        "serial" / Int64ub,  # of the newest record; 0: none yet
        "hash" / Bytes(HASH_OCTETS),
        Terminated,
    ),
    lambda values: values.sequence < COUNT_MAX and 0 < values.first <= values.serial + 1 < COUNT_MAX,
)

# (layout, values, octets); CRCs by `gzip -c | tail -c 8`, which is the same CRC-32, low octet first.
VECTORS: list[tuple[Construct, dict[str, Any], bytes]] = [
    (
        REVISION_POINTER,
        {
            "sequence": 7,
            "boot": 12,
            "trial": 13,
            "last": 14,
            "boot_id": bytes(range(16)),
            "deadline_ns": 1_000_000,
        },
        bytes.fromhex(
            "54 53 52 50 01  00 00 00 00 00 00 00 07  00 00 00 0C  00 00 00 0D  00 00 00 0E"
            "00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F  00 00 00 00 00 0F 42 40  F1 04 EB 7F"
        ),
    ),
    (
        REVISION_POINTER,
        {"sequence": 1, "boot": 0, "trial": 0, "last": 0, "boot_id": bytes(16), "deadline_ns": 0},
        bytes.fromhex("54 53 52 50 01  00 00 00 00 00 00 00 01") + bytes(36) + bytes.fromhex("3F 86 E8 A0"),
    ),
    (
        AUDIT_HEAD,
        {"sequence": 0x0123456789ABCDEF, "first": 1, "serial": 0x102, "hash": bytes(range(32))},
        bytes.fromhex(
            "54 53 41 48 01  01 23 45 67 89 AB CD EF  00 00 00 00 00 00 00 01  00 00 00 00 00 00 01 02"
            "00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10 11 12 13 14 15 16 17 18 19 1A 1B 1C 1D 1E 1F"
            "C3 33 EB E6"
        ),
    ),
]
