"""A state folder belongs to one process (drivers/running_shelves.py)."""

import subprocess
import sys
from pathlib import Path

import pytest

from drivers.errors import UserError
from drivers.running_shelves import claimed

HOLDER = """
import sys
from pathlib import Path
from drivers.running_shelves import claimed
with claimed(Path(sys.argv[1])):
    print("mine", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_refused_until_the_first_has_died(tmp_path: Path) -> None:
    state = tmp_path / "some" / "state"
    command = [sys.executable, "-c", HOLDER, str(state)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mine\n"
        with pytest.raises(UserError, match="state: another process runs boxes there"), claimed(state):
            pass
        holder.kill()
    with claimed(state):
        pass
