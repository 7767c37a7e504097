"""Every fuzz target under libFuzzer and sanitizers: its kept corpus, and new inputs from one seed."""

import subprocess
from pathlib import Path

import pytest

from tests.fuzz import targets

LACKING = targets.missing()


@pytest.mark.skipif(LACKING is not None, reason=LACKING or "")
@pytest.mark.parametrize("name", targets.NAMES)
def test_target(name: str, tmp_path: Path) -> None:
    program, kept = targets.build(name), targets.corpus(name)
    found = tmp_path / "found"
    found.mkdir()
    limits = [f"-runs={targets.runs(name)}", "-seed=1", "-timeout=20", f"-artifact_prefix={tmp_path}/"]
    # A sanitizer preloaded for Python must not come before the program's own.
    ran = subprocess.run([program, *limits, found, kept], capture_output=True, text=True, env={}, check=False)
    assert ran.returncode == 0, ran.stderr[-4000:]


def test_corpora_are_kept_and_small() -> None:
    octets = {name: sum(path.stat().st_size for path in targets.corpus(name).iterdir()) for name in targets.NAMES}
    assert all(octets.values())
    assert sum(octets.values()) < targets.CORPORA_OCTETS_MAX


def test_every_corpus_has_its_target() -> None:
    assert sorted(path.name for path in (targets.FOLDER / "corpus").iterdir()) == targets.NAMES
