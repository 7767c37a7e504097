"""Capture files that Wireshark opens: classic pcap, times in nanoseconds (draft-ietf-opsawg-pcap, 4 and 5)."""

from enum import IntEnum

from construct import Const, GreedyBytes, Int16ul, Int32sl, Int32ul, Prefixed, Rebuild, Struct, len_, this

MAGIC_NANOSECONDS = 0xA1B23C4D
LONGEST_FRAME_OCTETS = 65535 + 4  # the engine's longest MRU and an FCS
NS_PER_S = 10**9


class LinkType(IntEnum):
    """What a file's frames are; none has flags or FCS (tcpdump.org, link-layer header types)."""

    MTP2 = 140  # signal units of Q.703
    LAPD = 203  # frames of Q.921, from the address on


FILE_HEADER = Struct(
    "magic" / Const(MAGIC_NANOSECONDS, Int32ul),
    "major" / Const(2, Int16ul),
    "minor" / Const(4, Int16ul),
    "zone_s" / Const(0, Int32sl),
    "accuracy" / Const(0, Int32ul),
    "longest_octets" / Int32ul,
    "link_type" / Int32ul,
)

RECORD = Struct(
    "time_s" / Int32ul,
    "time_ns" / Int32ul,
    "kept_octets" / Rebuild(Int32ul, len_(this.frame)),
    "frame" / Prefixed(Int32ul, GreedyBytes),  # its length on the line stands before it; whole frames are kept
)


def pcap_header(link_type: LinkType) -> bytes:
    """What a file begins with."""
    header: bytes = FILE_HEADER.build({"longest_octets": LONGEST_FRAME_OCTETS, "link_type": link_type})
    return header


def pcap_record(time_ns: int, frame: bytes) -> bytes:
    """One frame, received at a time since 1970; ValueError if the time is before that or after 2106."""
    time_s, rest_ns = divmod(time_ns, NS_PER_S)
    if not 0 <= time_s < 1 << 32:
        raise ValueError(f"a pcap record's time lies between 1970 and 2106: not {time_ns} ns")
    if len(frame) > LONGEST_FRAME_OCTETS:
        raise ValueError(f"a pcap record holds at most {LONGEST_FRAME_OCTETS} octets: not {len(frame)}")
    record: bytes = RECORD.build({"time_s": time_s, "time_ns": rest_ns, "frame": frame})
    return record
