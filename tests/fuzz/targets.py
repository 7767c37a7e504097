"""Fuzz targets: every .c of this folder, linked with all of the engine, and a folder of corpus/ by its name.

A target defines LLVMFuzzerTestOneInput and calls abort() where something is not as it must be. One that is slow
may say `enum { FUZZ_RUNS = 2000 };`: how many inputs the suite tries.
"""

import fcntl
import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
CLONE = FOLDER.parents[1]
BUILD = CLONE / "build" / "fuzz"

NAMES = sorted(path.stem for path in FOLDER.glob("*.c"))
RUNS = 20_000
CORPORA_OCTETS_MAX = 200_000  # of all targets together
INPUT_OCTETS_MAX = 600  # of what a campaign tries, so that what is kept stays small

FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-Wextra", f"-I{CLONE / 'csrc'}"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def missing() -> str | None:
    """What this machine lacks to fuzz, or None."""
    if not shutil.which("clang"):
        return "clang is not installed"
    runtime = subprocess.run(
        ["clang", "-print-file-name=libclang_rt.fuzzer-x86_64.a"], capture_output=True, text=True, check=True
    ).stdout.strip()
    resources = subprocess.run(["clang", "-print-resource-dir"], capture_output=True, text=True, check=True).stdout
    if Path(runtime).is_absolute() or any(Path(resources.strip()).rglob("libclang_rt.fuzzer*.a")):
        return None
    return "clang's libFuzzer is not installed (libclang-rt-14-dev)"


def corpus(name: str) -> Path:
    """The kept inputs of a target."""
    return FOLDER / "corpus" / name


def runs(name: str) -> int:
    """How many inputs the suite tries."""
    declared = re.search(r"FUZZ_RUNS = (\d+)", (FOLDER / f"{name}.c").read_text(encoding="utf-8"))
    return int(declared[1]) if declared else RUNS


@contextmanager
def _alone() -> Iterator[None]:
    """The suite runs in several processes: one builds, the others wait and find it done."""
    BUILD.parent.mkdir(exist_ok=True)
    with BUILD.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(name: str) -> Path:
    """The target's program, made again only if its sources changed."""
    with _alone():
        return _built(name)


def _built(name: str) -> Path:
    engine = _engine()
    source = FOLDER / f"{name}.c"
    program = engine.with_name(f"{name}-{_digest([source])}")
    if not program.exists():
        _compile([*SANITIZERS, "-fsanitize=fuzzer", "-o", program, source, engine, "-lm", "-pthread", "-ldl"])
    return program


def _engine() -> Path:
    """All of csrc/ as one library, ready for any target."""
    headers, sources = (sorted((CLONE / "csrc").rglob(pattern)) for pattern in ("*.h", "*.c"))
    folder = BUILD / _digest([*headers, *sources, Path(__file__)])
    library = folder / "engine.a"
    if not library.exists():
        shutil.rmtree(BUILD, ignore_errors=True)
        folder.mkdir(parents=True)
        objects = []
        for source in sources:
            objects.append(folder / f"{source.parent.name}-{source.stem}.o")
            _compile([*SANITIZERS, "-fsanitize=fuzzer-no-link", "-c", "-o", objects[-1], source])
        subprocess.run(["ar", "rc", library, *objects], check=True)
    return library


def _compile(arguments: list[str | Path]) -> None:
    subprocess.run(["clang", *FLAGS, *arguments], check=True)


def _digest(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(bytes(path) + path.read_bytes())
    return digest.hexdigest()[:16]
