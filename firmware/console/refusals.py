"""Refusals of commands that are not there, or not for this user; they name what is near."""

import difflib
from collections.abc import Sequence
from typing import Any

from firmware.console import return_codes
from firmware.console.completion import of_verb
from firmware.console.declaration import Command, CommandError, Session
from protocols.mml import HELP


def unknown(words: Sequence[str], commands: Sequence[Command[Any]]) -> CommandError:
    """There is no such command among those the user may give."""
    name = " ".join(words)
    near = difflib.get_close_matches(name, [command.name for command in commands], n=3)
    if near:
        hint = f"near it: {', '.join(near)}"
    elif of_verb(words[0], commands):
        hint = f"{HELP} {words[0]}; lists what there is"
    else:
        hint = f"{HELP}; lists the verbs"
    return CommandError(return_codes.UNKNOWN_COMMAND, f"There is no command {name}; {hint}")


def not_permitted(command: Command[Any], session: Session) -> CommandError:
    """The command is for a higher role."""
    text = (
        f"{command.name} needs the role {command.role.name.lower()}; {session.user} is {session.role.name.lower()}"
    )
    return CommandError(return_codes.NOT_PERMITTED, text)
