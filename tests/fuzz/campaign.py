"""A longer campaign: python -m tests.fuzz.campaign TARGET SECONDS. What it finds new joins the kept corpus."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz import targets


def run(name: str, seconds: int) -> int:
    """Fuzzes for so long, then keeps the least inputs that cover the same; returns an exit code."""
    program, kept = targets.build(name), targets.corpus(name)
    kept.mkdir(parents=True, exist_ok=True)
    fuzz: list[str | Path] = ["nice", program, f"-max_len={targets.INPUT_OCTETS_MAX}", "-timeout=20"]
    with tempfile.TemporaryDirectory() as folder:
        found, merged = Path(folder, "found"), Path(folder, "merged")
        found.mkdir()
        merged.mkdir()
        code = subprocess.run(
            [*fuzz, f"-max_total_time={seconds}", "-print_final_stats=1", found, kept], check=False
        ).returncode
        if code:
            return code
        subprocess.run([*fuzz, "-merge=1", merged, kept, found], check=True)
        shutil.rmtree(kept)
        shutil.copytree(merged, kept)
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], int(sys.argv[2])))
