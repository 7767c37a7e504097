"""The engine builds elsewhere too: for aarch64, and with clang; the script is plain POSIX shell."""

import shutil
import subprocess
from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[1]
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", f"-I{CLONE / 'csrc'}", "-c"]
SOURCES = sorted((CLONE / "csrc").rglob("*.c"))
SCRIPTS = [CLONE / "trunkshelf", CLONE / ".ci" / "run"]


def compiles(compiler: list[str], folder: Path) -> None:
    assert SOURCES
    names = [path.stem for path in SOURCES]
    assert len(set(names)) == len(names), "objects of one name would overwrite each other"
    ran = subprocess.run([*compiler, *FLAGS, *SOURCES], cwd=folder, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert len(list(folder.glob("*.o"))) == len(SOURCES)


def test_for_aarch64(tmp_path: Path) -> None:
    """Debian's cross compiler (gcc-aarch64-linux-gnu, which ./trunkshelf test installs)."""
    compiles(["aarch64-linux-gnu-gcc"], tmp_path)
    header = (tmp_path / f"{SOURCES[0].stem}.o").read_bytes()[:20]
    assert (header[:5], header[18]) == (b"\x7fELF\x02", 0xB7)  # 64 bits, EM_AARCH64


def test_with_clang(tmp_path: Path) -> None:
    if shutil.which("clang") is None:
        pytest.skip("clang is not here; nothing else of the suite asks for it")
    compiles(["clang"], tmp_path)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
@pytest.mark.parametrize("shell", ["sh -n", "shellcheck --shell=sh"])
def test_script_is_posix(script: Path, shell: str) -> None:
    assert script.read_text(encoding="utf-8").startswith("#!/bin/sh\n")
    ran = subprocess.run([*shell.split(), script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
