"""What a user can get wrong, through the command itself: one line, a non-zero exit, nothing left behind."""

import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hil.calls import CALLER_SPEECH
from tests.command import assert_one_line, names, trunkshelf


def wav_file(path: Path, channels: int = 1, rate_hz: int = 8000, tag: int = 1, bits: int = 16) -> Path:
    """A WAV written by hand from the RIFF description."""
    frame = channels * bits // 8
    data = b"\1\0" * 4000
    form = struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * frame, frame, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


@pytest.mark.parametrize("option", ["--prompt", "--speech"])
@pytest.mark.parametrize("command", ["call", "run"])
@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ({"channels": 2}, "2 channels; speech must be mono"),
        ({"rate_hz": 44100}, "sampled at 44100 Hz"),
        ({"tag": 7, "bits": 8}, "encoding 7"),
        ({"bits": 24}, "24 bits"),
    ],
)
def test_speech_of_the_wrong_shape(
    tmp_path: Path, command: str, option: str, shape: dict[str, int], reason: str
) -> None:
    path = wav_file(tmp_path / "speech.wav", **shape)
    result = trunkshelf(command, option, path, folder=tmp_path)
    assert_one_line(result, str(path), reason)
    assert names(tmp_path) == ["speech.wav"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (CALLER_SPEECH.read_bytes()[:1000], "truncated: chunk 'data' says"),
        (CALLER_SPEECH.read_bytes()[:30], "truncated"),
        (b"ID3 not a wav at all", "not a WAV file"),
        (b"", "not a WAV file"),
    ],
)
def test_files_that_are_no_whole_wav(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "speech.wav"
    path.write_bytes(content)
    assert_one_line(trunkshelf("call", "--speech", path, folder=tmp_path), str(path), reason)
    assert names(tmp_path) == ["speech.wav"]


def test_missing_prompt(tmp_path: Path) -> None:
    result = trunkshelf("call", "--prompt", "nowhere.wav", folder=tmp_path)
    assert_one_line(result, "nowhere.wav", "No such file or directory")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[qm]\nspan = 1\n", "qm.span: there is no such field; permitted: "),
        ("[qm]\nspans = 0\n", "qm.spans: 0 is not permitted; permitted: a whole number 1-16"),
        ("[qm]\nspans = 99\n", "qm.spans: 99 is not permitted"),
        ('[qm]\nframing = "sf"\n', "qm.framing: 'sf' is not permitted; permitted: crc4, double-frame, automatic"),
        (
            "[vp]\nmaximum_message_s = 'long'\n",
            "vp.maximum_message_s: 'long' is not permitted; permitted: a number 1-3600 s",
        ),
        ("[vp\n", "not TOML"),
        ('[vp]\nprompt = "gone.wav"\n', "gone.wav: No such file"),
    ],
)
def test_configuration(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "shelf.toml"
    path.write_text(text)
    result = trunkshelf("call", "--config", path, folder=tmp_path)
    assert_one_line(result, says, str(tmp_path))
    assert names(tmp_path) == ["shelf.toml"]


def test_more_calls_than_there_is_room_for(tmp_path: Path) -> None:
    assert_one_line(trunkshelf("call", "--calls", "31", folder=tmp_path), "--calls 31", "1 to 30")
    assert names(tmp_path) == []


def test_output_folder_of_an_earlier_run(tmp_path: Path) -> None:
    speech = wav_file(tmp_path / "speech.wav")
    first = trunkshelf("call", "--speech", speech, "--output", "out", folder=tmp_path)
    assert first.returncode == 0, first.stderr
    before = sorted(path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*"))
    assert_one_line(trunkshelf("call", "--output", "out", folder=tmp_path), "out: holds an earlier run")
    assert before == sorted(path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*"))


@pytest.mark.parametrize("command", ["call", "run"])
def test_disk_full_while_recording(small_disk: Callable[[int], Path], tmp_path: Path, command: str) -> None:
    """48 kB: room for half a message."""
    if command == "run" and sys.stdout.isatty():
        pytest.skip("on a terminal, run stays up")
    disk = small_disk(48)
    state = (
        ["--state", tmp_path / "state"] if command == "run" else []
    )  # what the boxes keep has a disk of its own
    result = trunkshelf(command, "--output", disk / "out", *state, folder=tmp_path)
    assert_one_line(result, "qm1-00000001.wav", "recording stopped: No space left on device")
    assert not list((disk / "out" / "recordings").iterdir())


def test_disk_too_full_for_the_call_record(small_disk: Callable[[int], Path], tmp_path: Path) -> None:
    disk = small_disk(48)
    speech = wav_file(tmp_path / "speech.wav")
    (disk / "ballast").write_bytes(b"\0" * 44 * 1024)
    result = trunkshelf("call", "--speech", speech, "--output", disk / "out", folder=tmp_path)
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert not (disk / "out" / "calls.sqlite").exists()
    assert not list((disk / "out" / "recordings").iterdir())
