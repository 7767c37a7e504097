"""Every fuzz target written in Python, for a moment, from one seed; longer: tests/fuzz/python_campaign.py."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz import python_campaign

CLONE = Path(__file__).parents[2]
RUNS = 3000


@pytest.mark.parametrize("name", python_campaign.NAMES)
def test_target(name: str, tmp_path: Path) -> None:
    options = [f"-runs={RUNS}", "-seed=1", f"-artifact_prefix={tmp_path}/"]
    command = [sys.executable, "-m", "tests.fuzz.python_campaign", name, *options]
    ran = subprocess.run(command, cwd=CLONE, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]


def test_there_are_targets() -> None:
    assert {"revision_store", "audit_log", "configuration_file", "mml", "mml_record"} <= set(python_campaign.NAMES)
