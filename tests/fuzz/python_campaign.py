"""Fuzzes a target written in Python: python -m tests.fuzz.python_campaign TARGET [libFuzzer options]."""

import importlib
import sys
import tempfile
from pathlib import Path

import atheris

FOLDER = Path(__file__).parent / "python_targets"
# Whatever has a `target`; the others are what targets share.
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if "\ndef target(" in path.read_text())
INPUT_OCTETS_MAX = 4096


def run(name: str, options: list[str]) -> None:
    """Does not return: libFuzzer exits, with 0 if its -runs or -max_total_time are over and nothing was found."""
    with atheris.instrument_imports(include=["protocols", "drivers", "firmware"], enable_loader_override=False):
        module = importlib.import_module(f"tests.fuzz.python_targets.{name}")
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(module.SEEDS):
            Path(corpus, str(number)).write_bytes(seed)
        limits = [f"-max_len={INPUT_OCTETS_MAX}", "-timeout=20", "-verbosity=0"]
        atheris.Setup([sys.argv[0], *limits, *options, corpus], module.target)
        atheris.Fuzz()


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2:])
