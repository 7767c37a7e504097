"""The `trunkshelf` command: subcommands come from every layer through entry points, so nothing imports upward."""

import argparse
import importlib.metadata
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Protocol

from drivers.errors import UserError

GROUP = "trunkshelf.commands"
EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


class Command(Protocol):
    """What an entry point of the group names: a module with these."""

    HELP: str

    @staticmethod
    def configure(parser: argparse.ArgumentParser) -> None:
        """Adds the command's arguments."""

    @staticmethod
    def execute(arguments: argparse.Namespace) -> int:
        """Does it; returns the exit code. A UserError becomes one line and exit code 1."""


def _commands() -> dict[str, Command]:
    points = importlib.metadata.entry_points(group=GROUP)
    return {point.name: point.load() for point in sorted(points, key=lambda point: point.name)}


def _parser(commands: dict[str, Command]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="trunkshelf", description="Control firmware for board-level call-centre gear, and its bench."
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in commands.items():
        subparser = subparsers.add_parser(name, help=command.HELP, description=command.HELP)
        command.configure(subparser)
        subparser.set_defaults(execute=command.execute)
    return parser


def _user_lines(error: BaseException) -> Iterator[str]:
    """A line for each of the user's errors in an exception or a group; raises the rest."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _user_lines(inner)
    elif isinstance(error, UserError):
        yield str(error)
    elif isinstance(error, OSError):
        yield f"{error.filename}: {error.strerror}" if error.filename is not None else str(error.strerror)
    else:
        raise error


def _abandon_output() -> None:
    """What is still buffered for a reader that has left, or a disk that is full, must not raise again at exit."""
    with suppress(io.UnsupportedOperation):  # not a file: then nothing of it is buffered, either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line; returns the exit code: 0, 1 failed, 2 not understood, 130 interrupted."""
    name = "trunkshelf"
    try:
        parsed = _parser(_commands()).parse_args(arguments)
        name = f"trunkshelf {parsed.command}"
        code = int(parsed.execute(parsed))
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _abandon_output()
        return EXIT_FAILED
    except (UserError, OSError, BaseExceptionGroup) as error:
        for line in dict.fromkeys(_user_lines(error)):
            print(f"{name}: {line}", file=sys.stderr)
        _abandon_output()
        return EXIT_FAILED
