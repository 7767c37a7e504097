"""Lanes after longer than a test can last (what they do in a second is tested with the ports that have them)."""

import subprocess
from pathlib import Path

CLONE = Path(__file__).resolve().parents[2]


def test_silence_does_not_begin_anew_after_49_days(tmp_path: Path) -> None:
    program = tmp_path / "lanes"
    sources = [CLONE / "csrc" / "ports" / "lanes.c", Path(__file__).with_name("lanes.c")]
    flags = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", f"-I{CLONE / 'csrc'}"]
    build: list[str | Path] = ["cc", *flags, "-o", program, *sources]
    subprocess.run(build, check=True)
    assert subprocess.run([program], check=False).returncode == 0
