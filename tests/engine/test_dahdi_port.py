"""The dahdi: port on a preloaded stand-in for the drivers: dahdi_scenarios.py runs in a process under it."""

import os
import subprocess
import sys
from pathlib import Path

CLONE = Path(__file__).resolve().parents[2]
SCENARIOS = Path(__file__).with_name("dahdi_scenarios.py")


def test_all_scenarios_hold_under_the_stand_in(tmp_path: Path) -> None:
    shim = tmp_path / "dahdi_shim.so"
    flags = ["-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    build: list[str | Path] = ["cc", *flags, "-o", shim, CLONE / "hil" / "dahdi_shim.c", "-ldl"]
    subprocess.run(build, check=True)
    # A sanitizer that is preloaded must stay the first.
    preload = " ".join(filter(None, [os.environ.get("LD_PRELOAD"), str(shim)]))
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(SCENARIOS)],
        cwd=CLONE,
        env={**os.environ, "LD_PRELOAD": preload},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " passed" in ran.stdout
