"""`trunkshelf test`: lint, types, import rules, the suite, and the engine's tests under sanitizers."""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from drivers.errors import UserError

HELP = "run the whole test suite (from a clone)"

CLONE = Path(__file__).resolve().parents[1]
SANITIZED = CLONE / "build" / "sanitized"

ALL_CORES = ["-n", "auto", "--dist", "worksteal"]
PYTHON_FOLDERS = ["protocols", "drivers", "firmware", "hil", "tests"]
SANITIZERS = "-fsanitize=address,undefined -fno-sanitize-recover=all"


class NoCloneError(UserError):
    """The suite belongs to a clone, not to an installed package."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument(
        "pytest_arguments", nargs="*", metavar="ARGUMENT", help="run only pytest, with these (after --)"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Runs every step, stops at the first that fails and returns its exit code."""
    if not (CLONE / "tests").is_dir() or not (CLONE / "pyproject.toml").is_file():
        raise NoCloneError(f"no clone here ({CLONE} has no tests/): run ./trunkshelf test in one")
    pytest = [sys.executable, "-m", "pytest"]
    if arguments.pytest_arguments:
        return _run("pytest", [*pytest, *arguments.pytest_arguments])
    steps = [
        ("lint", [sys.executable, "-m", "ruff", "check", "--quiet", "."]),
        ("format", [sys.executable, "-m", "ruff", "format", "--check", "--quiet", "."]),
        ("types", [sys.executable, "-m", "mypy", "--no-error-summary", *PYTHON_FOLDERS]),
        ("import rules", [str(Path(sys.executable).with_name("lint-imports")), "--no-logo"]),
        ("suite", [*pytest, *ALL_CORES]),
    ]
    for name, command in steps:
        code = _run(name, command)
        if code:
            return code
    return _sanitized()


def _run(name: str, command: list[str], environment: dict[str, str] | None = None, folder: Path = CLONE) -> int:
    print(f"== {name}", flush=True)
    code = subprocess.run(
        command, cwd=folder, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, check=False
    ).returncode
    if code:
        print(f"trunkshelf test: {name} failed", file=sys.stderr)
    return code


def _sanitized() -> int:
    """Builds a second copy with -Werror and sanitizers, and runs the engine's tests and a call on it."""
    shutil.rmtree(SANITIZED, ignore_errors=True)
    flags = {"CFLAGS": f"-Werror -O1 {SANITIZERS}", "LDFLAGS": SANITIZERS}
    build = [sys.executable, "setup.py", "--quiet", "build", "--build-base", str(SANITIZED), "--build-lib"]
    code = _run("C with -Werror and sanitizers", [*build, str(SANITIZED / "lib")], flags)
    if code:
        return code
    library = subprocess.run(
        ["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    environment = {
        "PYTHONPATH": str(SANITIZED / "lib"),
        "LD_PRELOAD": library,
        # Python itself leaks at exit; tests/engine/test_leaks.py looks for the engine's leaks without it.
        "ASAN_OPTIONS": "detect_leaks=0",
    }
    tests = [str(CLONE / "tests" / name) for name in ("engine", "calls/test_first_call.py")]
    pytest = [sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(CLONE), *ALL_CORES]
    command = [*pytest, "--import-mode=importlib", *tests]
    return _run("engine under sanitizers", command, environment, SANITIZED)
