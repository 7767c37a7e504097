"""The table of a language's spoken fragments: a TOML file, and a WAV file beside it for each fragment."""

import re
from pathlib import Path

import msgspec

from drivers.errors import UserError
from drivers.stores.named_file import NamedFileError, read_named_file
from protocols.spoken import LANGUAGES

TABLE_NAME = "fragments.toml"
TABLE_OCTETS_MAX = 1 << 20
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")  # also a file's name


class FragmentTableError(UserError):
    """A table of fragments cannot be used."""


class Fragment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said, and how a synthesizer wants it written where that differs."""

    text: str
    say: str = ""


class FragmentTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """fragments.toml: the language (ISO 639), espeak-ng's voice for what nobody recorded, the fragments."""

    language: str
    voice: str
    fragments: dict[str, Fragment]


def read_fragment_table(folder: Path) -> FragmentTable:
    """The table in `folder`, complete for its language; raises FragmentTableError."""
    path = folder / TABLE_NAME
    try:
        table = msgspec.toml.decode(read_named_file(path, TABLE_OCTETS_MAX), type=FragmentTable)
    except (NamedFileError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FragmentTableError(f"{path}: {error}") from None
    if table.language not in LANGUAGES:
        raise FragmentTableError(f"{path}: language {table.language!r}: {', '.join(LANGUAGES)} can be spoken")
    unfit = sorted(name for name in table.fragments if not NAME.fullmatch(name))
    if unfit:
        raise FragmentTableError(f"{path}: {unfit[0]!r} is no name: small letters, digits and hyphens make one")
    lacking = sorted(LANGUAGES[table.language].fragments() - set(table.fragments))
    if lacking:
        raise FragmentTableError(f"{path}: lacks {', '.join(lacking)}")
    return table


def fragment_files(folder: Path, table: FragmentTable) -> dict[str, Path]:
    """Where each fragment's sound is, or is to be."""
    return {name: folder / f"{name}.wav" for name in table.fragments}
