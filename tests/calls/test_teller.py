"""What `run` tells (hil/teller.py): in order, and without waiting for who reads it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hil.teller import Teller

TELLS = """
import sys
from hil.teller import Teller
teller = Teller()
for number in range(20000):
    teller.say(f"line {number}")
print("told", file=sys.stderr, flush=True)
sys.stdin.read(1)
teller.close()
"""


def test_nobody_who_does_not_read_holds_it_up() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TELLS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as teller:
        assert teller.stderr is not None
        assert teller.stderr.readline() == b"told\n"  # though the pipe has long been full
        told, _ = teller.communicate(b"x")
    assert told.decode().splitlines() == [f"line {number}" for number in range(20000)]


def test_what_cannot_be_printed_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull) as closed:  # noqa: PTH123 (a stream that cannot be written)
        monkeypatch.setattr(sys, "stdout", closed)
        teller = Teller()
        teller.say("a line")
        with pytest.raises(OSError, match="not writable"):
            teller.close()
