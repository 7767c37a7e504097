"""Capture files: octets worked by hand from the format's description, and tshark as judge."""

import shutil
import subprocess
from pathlib import Path

import pytest

from protocols.pcap import LinkType, pcap_header, pcap_record

# Times, links and lengths as the tables of draft-ietf-opsawg-pcap have them, little-endian.
LAPD_HEADER = bytes.fromhex("4d3cb2a1 0200 0400 00000000 00000000 03000100 cb000000")
RECORD = bytes.fromhex("01000000 e8030000 04000000 04000000 00010101")

# Q.921: SABME to TEI 0; a RR. Q.703: a fill-in signal unit (BSN 5, FSN 7, indicator bits 1).
LAPD_FRAMES = [bytes.fromhex("00017f"), bytes.fromhex("00010101")]
MTP2_FRAMES = [bytes.fromhex("858700")]

needs_tshark = pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")


def tshark(file: Path, *fields: str) -> list[list[str]]:
    wanted = [argument for name in fields for argument in ("-e", name)]
    ran = subprocess.run(
        ["tshark", "-r", file, "-T", "fields", *wanted], capture_output=True, text=True, check=True
    )
    return [row.split("\t") for row in ran.stdout.splitlines()]


def test_header() -> None:
    assert pcap_header(LinkType.LAPD) == LAPD_HEADER
    assert pcap_header(LinkType.MTP2) == LAPD_HEADER[:20] + bytes.fromhex("8c000000")


def test_record() -> None:
    assert pcap_record(1_000_001_000, bytes.fromhex("00010101")) == RECORD


@pytest.mark.parametrize("time_ns", [-1, (1 << 32) * 10**9])
def test_time_out_of_range(time_ns: int) -> None:
    with pytest.raises(ValueError, match="1970"):
        pcap_record(time_ns, b"")


def test_last_time_there_is() -> None:
    assert pcap_record((1 << 32) * 10**9 - 1, b"")[:8] == bytes.fromhex("ffffffff ffc99a3b")


def test_frame_too_long() -> None:
    assert len(pcap_record(0, bytes(65539))) == 16 + 65539
    with pytest.raises(ValueError, match="65539"):
        pcap_record(0, bytes(65540))


@needs_tshark
def test_tshark_reads_a_d_channel(tmp_path: Path) -> None:
    file = tmp_path / "d-channel.pcap"
    records = (pcap_record(number * 1_000_000_007, frame) for number, frame in enumerate(LAPD_FRAMES))
    file.write_bytes(pcap_header(LinkType.LAPD) + b"".join(records))
    rows = tshark(
        file, "frame.protocols", "frame.time_epoch", "frame.len", "lapd.sapi", "lapd.tei", "_ws.col.Info"
    )
    assert [row[:5] for row in rows] == [
        ["lapd", "0.000000000", "3", "0", "0"],
        ["lapd", "1.000000007", "4", "0", "0"],
    ]
    assert "SABME" in rows[0][5]
    assert "RR" in rows[1][5]


@needs_tshark
def test_tshark_reads_a_signalling_link(tmp_path: Path) -> None:
    file = tmp_path / "link.pcap"
    file.write_bytes(pcap_header(LinkType.MTP2) + b"".join(pcap_record(0, frame) for frame in MTP2_FRAMES))
    assert tshark(file, "frame.protocols", "mtp2.bsn", "mtp2.fsn", "mtp2.li") == [["mtp2", "5", "7", "0"]]
