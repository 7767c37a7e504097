"""WAV files (protocols/wav.py): what is read is speech or one clear line; sox and wave judge what is written."""

import random
import struct
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import wav


def chunk(kind: bytes, body: bytes, size: int | None = None) -> bytes:
    return kind + struct.pack("<I", len(body) if size is None else size) + body + b"\0" * (len(body) % 2)


def form(tag: int = 1, channels: int = 1, rate_hz: int = 8000, octets: int = 2, bits: int = 16) -> bytes:
    return struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * octets, octets, bits)


def riff(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


SAMPLES = struct.pack("<8h", *range(-4, 4))
PCM_FILE = riff(chunk(b"fmt ", form()), chunk(b"data", SAMPLES))
ALAW_FORM = form(tag=6, octets=1, bits=8) + b"\0\0"
ALAW_FILE = riff(
    chunk(b"fmt ", ALAW_FORM), chunk(b"fact", struct.pack("<I", 5)), chunk(b"data", b"\x55\xd5\x2a\xaa\xd5")
)


def reason(file: bytes) -> str:
    with pytest.raises(wav.WavError) as error:
        wav.parse(file)
    text = str(error.value)
    assert text.isprintable(), "one line, whatever stands in the file"
    return text


def test_linear_samples() -> None:
    assert wav.parse(PCM_FILE) == (wav.PCM, SAMPLES)


def test_alaw_octets() -> None:
    assert wav.parse(ALAW_FILE) == (wav.ALAW, b"\x55\xd5\x2a\xaa\xd5")


def test_chunks_that_mean_nothing_to_us_are_passed_over() -> None:
    other = chunk(b"LIST", b"INFOISFT\x05\0\0\0sox\0\0")
    file = riff(other, chunk(b"fmt ", form()), chunk(b"cue ", b"odd"), chunk(b"data", SAMPLES), other)
    assert wav.parse(file) == (wav.PCM, SAMPLES)


@pytest.mark.parametrize("file", [PCM_FILE, ALAW_FILE])
def test_truncated_anywhere_is_never_taken_for_whole(file: bytes) -> None:
    for length in range(len(file)):
        # Behind the last sample of an odd number of octets stands one that says nothing.
        if wav.ALAW_HEADER_OCTETS < length == len(file) - 1 and file is ALAW_FILE:
            assert wav.parse(file[:length]) == wav.parse(file)
        else:
            assert reason(file[:length])


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (
            riff(chunk(b"fmt ", form(channels=2, octets=4)), chunk(b"data", SAMPLES)),
            "2 channels; speech must be mono",
        ),
        (riff(chunk(b"fmt ", form(rate_hz=44100)), chunk(b"data", SAMPLES)), "sampled at 44100 Hz"),
        (riff(chunk(b"fmt ", form(tag=7, octets=1, bits=8)), chunk(b"data", SAMPLES)), "encoding 7 with 8 bits"),
        (riff(chunk(b"fmt ", form(bits=24, octets=3)), chunk(b"data", SAMPLES)), "encoding 1 with 24 bits"),
        (riff(chunk(b"fmt ", form()), chunk(b"data", b"")), "no samples"),
        (riff(chunk(b"fmt ", form())), "no samples"),
        (riff(chunk(b"data", SAMPLES)), "no complete 'fmt' chunk"),
        (riff(chunk(b"fmt ", form()), chunk(b"data", SAMPLES[:-1])), "the last sample is incomplete"),
        (riff(chunk(b"fmt ", form(octets=1)), chunk(b"data", SAMPLES[:-1])), "1 octets a sample with 16 bits"),
        (riff(chunk(b"fmt ", form(octets=0)), chunk(b"data", SAMPLES)), "0 octets a sample with 16 bits"),
        (
            riff(chunk(b"fmt ", form()), chunk(b"data", SAMPLES, size=17)),
            "chunk 'data' says 17 octets, 16 are there",
        ),
        (b"RIFX" + PCM_FILE[4:], "not a WAV file"),
        (b"ID3 and then some music, long enough for a header", "not a WAV file"),
        (riff(chunk(b"a\nb\0", b"", size=99)), "says 99 octets, 0 are there"),
    ],
)
def test_what_is_wrong_is_said(file: bytes, says: str) -> None:
    assert says in reason(file)


def damaged(file: bytes) -> st.SearchStrategy[bytes]:
    """A good file with some octets changed and the end cut off or added to."""
    change = st.tuples(st.integers(0, len(file) - 1), st.integers(0, 255))

    def damage(changes: list[tuple[int, int]], length: int, tail: bytes) -> bytes:
        octets = bytearray(file)
        for place, octet in changes:
            octets[place] = octet
        return bytes(octets[:length]) + tail

    return st.builds(damage, st.lists(change, max_size=4), st.integers(0, len(file)), st.binary(max_size=12))


@given(st.one_of(st.binary(max_size=200), st.binary(max_size=80).map(riff), damaged(PCM_FILE), damaged(ALAW_FILE)))
def test_anything_gives_speech_or_one_line(file: bytes) -> None:
    try:
        speech = wav.parse(file)
    except wav.WavError as error:
        assert str(error).isprintable()
    else:
        assert speech.encoding in (wav.PCM, wav.ALAW)
        assert speech.data
        assert speech.data in file
        assert speech.encoding == wav.ALAW or len(speech.data) % 2 == 0


def sox(file: bytes, arguments: str) -> bytes:
    """What sox makes of a WAV file; raises if it has anything to say about it."""
    ran = subprocess.run(
        ["sox", "-D", "-t", "wav", "-", *arguments.split()], input=file, capture_output=True, check=True
    )
    assert ran.stderr == b""
    return ran.stdout


@pytest.mark.parametrize("count", [0, 1, 2, 7999, 8000])
def test_what_is_written_is_read_by_sox(count: int) -> None:
    octets = random.Random(count).randbytes(count)
    file = wav.alaw_header(count) + octets + b"\0" * (count % 2)
    assert sox(file, "-t raw -e a-law -b 8 -") == octets
    if count:
        assert wav.parse(file) == (wav.ALAW, octets)


def written_by_sox(path: Path, encoding: str) -> None:
    command = ["sox", "-n", "-r", "8000", "-c", "1", *encoding.split(), str(path), "synth", "0.1", "sine", "440"]
    subprocess.run(command, capture_output=True, check=True)


def written_by_wave(path: Path) -> None:
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        writer.writeframes(SAMPLES)


@pytest.mark.parametrize(
    ("write", "encoding", "octets"),
    [
        (lambda path: written_by_sox(path, "-e a-law -b 8"), wav.ALAW, 800),
        (lambda path: written_by_sox(path, "-e signed -b 16"), wav.PCM, 1600),
        (written_by_wave, wav.PCM, 16),
    ],
)
def test_what_others_write_is_read(
    tmp_path: Path, write: Callable[[Path], None], encoding: int, octets: int
) -> None:
    path = tmp_path / "written.wav"
    write(path)
    speech = wav.parse(path.read_bytes())
    assert (speech.encoding, len(speech.data)) == (encoding, octets)
