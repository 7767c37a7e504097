"""The `trunkshelf` command: subcommands come from every layer through entry points, so nothing imports upward."""

import argparse
import importlib.metadata
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Protocol

from drivers.errors import UserError

GROUP = "trunkshelf.commands"
EXIT_FAILED = 1
EXIT_USAGE = 2
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


def _user_errors(error: BaseException) -> Iterator[UserError]:
    """The user's errors in an exception or a group; raises the rest."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _user_errors(inner)
    elif isinstance(error, UserError):
        yield error
    else:
        raise error


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line; returns the exit code: 0, 1 failed, 2 wrong usage, 130 interrupted."""
    commands = _commands()
    parsed = _parser(commands).parse_args(arguments)
    try:
        return int(parsed.execute(parsed))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left; what is still buffered must not raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except (UserError, BaseExceptionGroup) as error:
        for line in dict.fromkeys(str(found) for found in _user_errors(error)):
            print(f"trunkshelf {parsed.command}: {line}", file=sys.stderr)
        return EXIT_FAILED
