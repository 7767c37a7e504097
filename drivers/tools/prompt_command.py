"""`trunkshelf prompt`: makes the sounds of spoken fragments that nobody has recorded yet."""

import argparse
import subprocess
import tempfile
from pathlib import Path

from drivers.errors import UserError
from drivers.fragment_table import Fragment, fragment_files, read_fragment_table
from drivers.stores.whole_file import WholeFile

HELP = "make the sounds of spoken numbers, amounts and dates (espeak-ng)"

# Without the breath before and after, so that parts follow each other as in speech.
TRIM = ["silence", "1", "0.005", "0.5%", "reverse"]
EFFECTS = ["rate", "8000", "highpass", "200", *TRIM, *TRIM, "norm", "-6", "pad", "0.01", "0.03"]
ENCODING = ["-t", "wav", "-e", "a-law", "-b", "8", "-c", "1"]
WORDS_A_MINUTE = "150"


class SynthesisError(UserError):
    """A fragment cannot be made."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's verbs and their options."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    make = verbs.add_parser("make", help="speak what a folder's fragments.toml names and no WAV file is there for")
    make.set_defaults(verb_execute=_make)
    make.add_argument("--again", action="store_true", help="replace the WAV files that are there")
    make.add_argument("folder", type=Path, metavar="FOLDER", help="with fragments.toml, as firmware/sounds/en")


def execute(arguments: argparse.Namespace) -> int:
    """Carries the verb out."""
    result: int = arguments.verb_execute(arguments)
    return result


def _make(arguments: argparse.Namespace) -> int:
    table = read_fragment_table(arguments.folder)
    made = 0
    for name, path in fragment_files(arguments.folder, table).items():
        if arguments.again or not path.exists():
            _synthesize(table.voice, table.fragments[name], path)
            made += 1
    print(f"{arguments.folder}: {made} of {len(table.fragments)} fragments made")
    return 0


def _synthesize(voice: str, fragment: Fragment, path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        spoken = Path(folder) / "spoken.wav"
        words = fragment.say or fragment.text
        _run(["espeak-ng", "-v", voice, "-s", WORDS_A_MINUTE, "-w", str(spoken), "--", words])
        made = Path(folder) / "made.wav"  # not a pipe: its length must stand in the header
        _run(["sox", "-D", str(spoken), *ENCODING, str(made), *EFFECTS])
        octets = made.read_bytes()
    with WholeFile(path) as file:
        file.write(octets)


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, capture_output=True, check=True)
    except FileNotFoundError:
        raise SynthesisError(f"{command[0]} is not installed: apt-get install espeak-ng sox") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").splitlines() or ["it said nothing"]
        raise SynthesisError(f"{command[0]} failed: {said[0]}") from None
