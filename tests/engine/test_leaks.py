"""Nothing of a shelf is left when it is freed (LeakSanitizer, on a program without Python)."""

import subprocess
from pathlib import Path

CLONE = Path(__file__).resolve().parents[2]


def test_freed_shelf_leaves_nothing(tmp_path: Path) -> None:
    program = tmp_path / "leaks"
    sources = [*sorted((CLONE / "csrc").rglob("*.c")), Path(__file__).with_name("leaks.c")]
    flags = ["-std=c11", "-D_GNU_SOURCE", "-g", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"]
    build: list[str | Path] = ["cc", *flags, f"-I{CLONE / 'csrc'}", "-o", program, *sources, "-lm", "-pthread"]
    subprocess.run(build, check=True)
    # A sanitizer preloaded for Python must not come before the program's own.
    ran = subprocess.run([program], cwd=tmp_path, capture_output=True, text=True, env={}, check=False)
    assert ran.returncode == 0, ran.stderr
