"""The `trunkshelf` command as a user calls it: in a process of its own, in a folder of its own."""

import subprocess
import sys
from pathlib import Path

COMMAND = [sys.executable, "-c", "import sys; from drivers.command_line import main; sys.exit(main())"]


def trunkshelf(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command line to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def trunkshelf_started(*arguments: object, folder: Path) -> subprocess.Popen[str]:
    """Starts a command line."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def assert_one_line(result: subprocess.CompletedProcess[str], *says: str) -> None:
    assert result.returncode == 1, result
    (line,) = result.stderr.splitlines()
    for text in says:
        assert text in line
