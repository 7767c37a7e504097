"""The register of running shelves: what lives is told, what is dead is not, and nobody else writes there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from drivers import running_shelves
from drivers.errors import UserError
from drivers.running_shelves import RunningShelf, announced, running

ANNOUNCE = """
import sys
from pathlib import Path
from drivers.running_shelves import announced
with announced(Path(sys.argv[1]), ("qm1", "vp1")):
    print("announced", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "trunkshelf"


def test_shelves_are_told_as_long_as_their_process_lives(tmp_path: Path, runtime: Path) -> None:
    with announced(tmp_path / "state", ("hw1",)):
        command = [sys.executable, "-c", ANNOUNCE, str(tmp_path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout is not None
            other.stdout.readline()
            expected = {
                RunningShelf(os.getpid(), str(tmp_path / "state"), ("hw1",)),
                RunningShelf(other.pid, str(tmp_path), ("qm1", "vp1")),
            }
            assert set(running()) == expected
            other.kill()
        assert [shelf.process for shelf in running()] == [os.getpid()]
        assert [path.name for path in runtime.iterdir()] == [f"{os.getpid()}.json"]
    assert running() == []
    assert list(runtime.iterdir()) == []


def test_a_folder_others_can_write_is_refused(runtime: Path) -> None:
    runtime.mkdir()
    runtime.chmod(0o777)
    with pytest.raises(UserError, match="you alone"):
        running_shelves.folder()
    runtime.rmdir()
    runtime.symlink_to("/tmp")
    with pytest.raises(UserError, match="you alone"):
        running_shelves.folder()
