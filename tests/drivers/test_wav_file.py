"""Speech read and recordings written (drivers/wav_file.py): a recording is there whole, or nothing of it is."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.wav_file import RecordingError, RecordingFile, SpeechFileError, read_speech
from protocols import wav


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "message.wav"


@pytest.mark.parametrize("octets", [b"", b"\x55", b"\x55\xd5" * 4000, bytes(range(256)) * 3 + b"\x01"])
def test_recording_is_what_was_appended(path: Path, octets: bytes) -> None:
    recording = RecordingFile(path)
    for at in range(0, len(octets), 100):
        recording.append(octets[at : at + 100])
    recording.finish()
    assert recording.closed
    assert recording.octets == len(octets)
    assert names(path.parent) == ["message.wav"]
    assert path.read_bytes() == wav.alaw_header(len(octets)) + octets + b"\0" * (len(octets) % 2)
    if octets:
        assert read_speech(path) == octets
        soxed = subprocess.run(["sox", path, "-t", "raw", "-e", "a-law", "-"], capture_output=True, check=True)
        assert (soxed.stdout, soxed.stderr) == (octets, b"")


def test_recording_has_no_name_until_it_is_finished(path: Path) -> None:
    recording = RecordingFile(path)
    recording.append(b"\x55" * 100)
    assert names(path.parent) == ["message.wav.part"]
    recording.finish()
    assert names(path.parent) == ["message.wav"]


def test_discarded_recording_leaves_nothing(path: Path) -> None:
    recording = RecordingFile(path)
    recording.append(b"\x55" * 100)
    recording.discard()
    assert recording.closed
    recording.discard()
    assert names(path.parent) == []


def test_recording_never_replaces_another(path: Path) -> None:
    path.write_bytes(b"somebody's message")
    recording = RecordingFile(path)
    recording.append(b"\xd5" * 80)
    with pytest.raises(RecordingError, match=r"message\.wav: recording stopped: File exists"):
        recording.finish()
    assert path.read_bytes() == b"somebody's message"
    assert [entry.name for entry in path.parent.iterdir()] == ["message.wav"]


def test_recording_left_unfinished_leaves_nothing(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), RecordingFile(path) as recording:
        recording.append(b"\x55" * 100)
        raise ZeroDivisionError
    assert names(path.parent) == []


def test_finished_recording_is_not_discarded(path: Path) -> None:
    with RecordingFile(path) as recording:
        recording.append(b"\x55" * 100)
        recording.finish()
    recording.discard()
    assert names(path.parent) == ["message.wav"]


def test_two_recordings_of_one_name_do_not_mix(path: Path) -> None:
    first = RecordingFile(path)
    first.append(b"\x55" * 100)
    with pytest.raises(RecordingError, match=r"message\.wav: cannot record: File exists"):
        RecordingFile(path)
    first.finish()
    assert read_speech(path) == b"\x55" * 100


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot record: No such file or directory"):
        RecordingFile(tmp_path / "nowhere" / "message.wav")


def test_name_that_is_taken_by_a_folder_leaves_nothing(path: Path) -> None:
    recording = RecordingFile(path)
    recording.append(b"\x55" * 100)
    path.mkdir()
    with pytest.raises(RecordingError, match=r"message\.wav: recording stopped: "):
        recording.finish()
    assert recording.closed
    assert names(path.parent) == ["message.wav"]
    assert names(path) == []


@pytest.mark.parametrize("appended", [3900, 8000])
def test_disk_that_is_full_leaves_nothing(small_disk: Callable[[int], Path], appended: int) -> None:
    """One page of disk: full at the last octets, or long before."""
    path = small_disk(4) / "message.wav"
    recording = RecordingFile(path)
    with pytest.raises(RecordingError) as error:
        for _ in range(0, appended, 100):
            recording.append(b"\x55" * 100)
        recording.append(b"\x55" * 200)
    assert str(error.value) == f"{path}: recording stopped: No space left on device"
    assert recording.closed
    assert names(path.parent) == []


def test_disk_with_no_room_for_the_header_leaves_nothing(small_disk: Callable[[int], Path]) -> None:
    path = small_disk(4) / "message.wav"
    (path.parent / "ballast").write_bytes(b"\0" * 4096)
    with pytest.raises(RecordingError, match="No space left on device"):
        RecordingFile(path)
    assert names(path.parent) == ["ballast"]


def test_nothing_stays_open(path: Path) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    for end in (RecordingFile.finish, RecordingFile.discard):
        recording = RecordingFile(path)
        recording.append(b"\x55")
        end(recording)
    assert descriptors() == before


def test_speech_of_other_shapes_is_refused_by_name(path: Path) -> None:
    path.write_bytes(b"no wav")
    with pytest.raises(SpeechFileError, match=rf"^{path}: not a WAV file"):
        read_speech(path)
    with pytest.raises(SpeechFileError, match=r"other\.wav: No such file or directory$"):
        read_speech(path.with_name("other.wav"))
    with pytest.raises(SpeechFileError, match="not a regular file"):
        read_speech(path.parent)


def test_linear_speech_is_read_as_alaw(path: Path) -> None:
    """As sox itself decodes it: every A-law octet's linear value comes back as that octet."""
    octets = bytes(range(256))
    alaw = ["-t", "raw", "-r", "8000", "-c", "1", "-e", "a-law", "-b", "8", "-"]
    subprocess.run(["sox", "-D", *alaw, "-e", "signed", "-b", "16", path], input=octets, check=True)
    assert wav.parse(path.read_bytes()).encoding == wav.PCM
    assert read_speech(path) == octets


def test_recording_is_synced_before_it_has_its_name(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync, link = os.fsync, os.link

    def told_fsync(descriptor: int) -> None:
        done.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")  # noqa: PTH112
        fsync(descriptor)

    def told_link(old: Path, new: Path) -> None:
        done.append("name")
        link(old, new)

    monkeypatch.setattr(os, "fsync", told_fsync)
    monkeypatch.setattr(os, "link", told_link)
    recording = RecordingFile(path)
    recording.append(b"\x55" * 100)
    recording.finish()
    assert done == ["file", "name", "folder"]
