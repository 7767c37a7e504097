"""Tables of spoken fragments: those of the image are whole, and what is wrong with another is said in one line."""

import subprocess
from pathlib import Path

import pytest

from drivers.fragment_table import FragmentTableError, fragment_files, read_fragment_table
from protocols import wav

SOUNDS = Path(__file__).parents[2] / "firmware" / "sounds"
CLONE_COMMAND = Path(__file__).parents[2] / ".venv" / "bin" / "trunkshelf"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_fragment_of_the_image_has_a_sound(language: str) -> None:
    table = read_fragment_table(SOUNDS / language)
    assert table.language == language
    files = fragment_files(SOUNDS / language, table)
    assert {path.name for path in files.values()} == {path.name for path in (SOUNDS / language).glob("*.wav")}
    for path in files.values():
        speech = wav.parse(path.read_bytes())
        assert 0.1 < len(speech.data) / wav.SAMPLE_RATE_HZ < 1.5


def table_with(folder: Path, old: str, new: str) -> Path:
    text = (SOUNDS / "zh" / "fragments.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "fragments.toml").write_text(text.replace(old, new), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("fen = {", "cash = {", "lacks fen"),
        ('language = "zh"', 'language = "xx"', "language 'xx': en, zh can be spoken"),
        ("fen = {", '"../fen" = { text = "" }\nfen = {', "'../fen' is no name"),
        ("voice =", "voices =", "unknown field `voices`"),
        ("[fragments]", "[fragments", "Expected ']'"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(FragmentTableError) as raised:
        read_fragment_table(table_with(tmp_path, old, new))
    assert said in str(raised.value)
    assert str(tmp_path / "fragments.toml") in str(raised.value)


def test_a_folder_without_a_table(tmp_path: Path) -> None:
    with pytest.raises(FragmentTableError, match="No such file"):
        read_fragment_table(tmp_path)


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(CLONE_COMMAND), "prompt", "make", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_nobody_recorded_is_synthesized(tmp_path: Path) -> None:
    """Two of the fragments are there; only one that is missing is made, and a recorded one is kept."""
    table_with(tmp_path, "ling2", "ling2")
    recorded = (SOUNDS / "zh" / "fen.wav").read_bytes()
    for name in read_fragment_table(tmp_path).fragments:
        if name != "yuan":
            (tmp_path / f"{name}.wav").write_bytes(recorded)
    assert make(str(tmp_path)).stdout == f"{tmp_path}: 1 of 33 fragments made\n"
    assert (tmp_path / "fen.wav").read_bytes() == recorded
    assert len(wav.parse((tmp_path / "yuan.wav").read_bytes()).data) > 0.2 * wav.SAMPLE_RATE_HZ


def test_a_voice_that_does_not_exist(tmp_path: Path) -> None:
    made = make(str(table_with(tmp_path, "cmn-latn-pinyin", "martian")))
    assert (made.returncode, made.stdout) == (1, "")
    assert made.stderr.startswith("trunkshelf prompt: espeak-ng failed: ") or "martian" in made.stderr
    assert made.stderr.count("\n") == 1
