"""WAV files of telephone speech (RIFF; Microsoft's and IBM's Multimedia Programming Interface 1.0, chapter 3)."""

from typing import NamedTuple

from construct import Bytes, Const, ConstructError, Int16ul, Int32ul, Struct

SAMPLE_RATE_HZ = 8000
PCM = 1  # WAVE_FORMAT_PCM
ALAW = 6  # WAVE_FORMAT_ALAW (RFC 2361)

RIFF_HEADER = Struct("riff" / Const(b"RIFF"), "size" / Int32ul, "wave" / Const(b"WAVE"))
CHUNK_HEADER = Struct("kind" / Bytes(4), "size" / Int32ul)
FORMAT = Struct(
    "tag" / Int16ul,
    "channels" / Int16ul,
    "rate_hz" / Int32ul,
    "octets_per_s" / Int32ul,
    "octets_per_frame" / Int16ul,
    "bits" / Int16ul,
)

# What stands before the samples of an A-law file: other formats than PCM carry an extension size and a fact chunk.
ALAW_HEADER = Struct(
    "riff" / RIFF_HEADER,
    "format_header" / Const({"kind": b"fmt ", "size": 18}, CHUNK_HEADER),
    "format" / FORMAT,
    "extension" / Const(0, Int16ul),
    "fact_header" / Const({"kind": b"fact", "size": 4}, CHUNK_HEADER),
    "samples" / Int32ul,
    "data" / CHUNK_HEADER,
)
ALAW_HEADER_OCTETS = ALAW_HEADER.sizeof()


class WavError(ValueError):
    """Why a WAV file cannot be used."""


class Speech(NamedTuple):
    """8 kHz mono: `data` holds 16-bit little-endian samples (encoding PCM) or A-law octets (encoding ALAW)."""

    encoding: int
    data: bytes


def alaw_header(samples: int) -> bytes:
    """The header of an 8 kHz mono A-law file with so many samples."""
    padded = samples + samples % 2
    header: bytes = ALAW_HEADER.build(
        {
            "riff": {"size": ALAW_HEADER_OCTETS - 8 + padded},
            "format": {
                "tag": ALAW,
                "channels": 1,
                "rate_hz": SAMPLE_RATE_HZ,
                "octets_per_s": SAMPLE_RATE_HZ,
                "octets_per_frame": 1,
                "bits": 8,
            },
            "samples": samples,
            "data": {"kind": b"data", "size": samples},
        }
    )
    return header


def _chunks(file: bytes) -> dict[bytes, bytes]:
    """The file's first chunk of each kind; raises WavError where one is longer than the file."""
    try:
        RIFF_HEADER.parse(file)
    except ConstructError:
        raise WavError("not a WAV file (no RIFF/WAVE header)") from None
    chunks: dict[bytes, bytes] = {}
    at = RIFF_HEADER.sizeof()
    while at + CHUNK_HEADER.sizeof() <= len(file):
        header = CHUNK_HEADER.parse(file[at : at + CHUNK_HEADER.sizeof()])
        at += CHUNK_HEADER.sizeof()
        if at + header.size > len(file):
            name = repr(header.kind.strip())[1:]  # whatever stands there, on one line
            raise WavError(f"truncated: chunk {name} says {header.size} octets, {len(file) - at} are there")
        chunks.setdefault(header.kind, file[at : at + header.size])
        at += header.size + header.size % 2
    return chunks


def parse(file: bytes) -> Speech:
    """The speech of a whole WAV file; raises WavError for what the voice boards do not play."""
    chunks = _chunks(file)
    if len(chunks.get(b"fmt ", b"")) < FORMAT.sizeof():
        raise WavError("truncated: no complete 'fmt' chunk")
    kind = FORMAT.parse(chunks[b"fmt "])
    if kind.channels != 1:
        raise WavError(f"{kind.channels} channels; speech must be mono")
    if kind.rate_hz != SAMPLE_RATE_HZ:
        raise WavError(f"sampled at {kind.rate_hz} Hz; speech must be sampled at {SAMPLE_RATE_HZ} Hz")
    if (kind.tag, kind.bits) not in ((PCM, 16), (ALAW, 8)):
        raise WavError(f"encoding {kind.tag} with {kind.bits} bits; 16-bit linear (1) and A-law (6) are played")
    if not chunks.get(b"data"):
        raise WavError("no samples in it")
    if kind.octets_per_frame * 8 != kind.bits:
        raise WavError(f"{kind.octets_per_frame} octets a sample with {kind.bits} bits")
    if len(chunks[b"data"]) % kind.octets_per_frame:
        raise WavError("truncated: the last sample is incomplete")
    return Speech(kind.tag, chunks[b"data"])
