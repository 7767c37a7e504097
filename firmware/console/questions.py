"""What a command lacks is asked for: mandatory parameters one by one, and whether service may be interrupted."""

from collections.abc import Mapping, Sequence
from typing import Any

from firmware.console import return_codes
from firmware.console.answer import Dialogue
from firmware.console.arguments import Fault, check, missing_fault, refusal
from firmware.console.declaration import Command, CommandError, Parameter, Secret
from firmware.console.help import parameter_lines
from firmware.console.kinds import permitted, typed_at_prompt
from firmware.console.report import Lines
from protocols.mml import Argument


async def fill_in(
    command: Command[Any], arguments: Sequence[Argument], dialogue: Dialogue | None
) -> tuple[list[Argument], Mapping[str, Any]]:
    """The arguments, asked for where they are missing, and their values; raises CommandError with every fault."""
    filled = list(arguments)
    while True:
        values, faults, missing = check(command, filled)
        if faults or (missing and dialogue is None):
            raise refusal([*faults, *map(missing_fault, missing)])
        if not missing or dialogue is None:
            return filled, values
        filled.append(await _ask_for(command, missing[0], filled, dialogue))


async def _ask_for(
    command: Command[Any], parameter: Parameter, filled: Sequence[Argument], dialogue: Dialogue
) -> Argument:
    """One parameter, asked for until it is right; an empty line gives up."""
    secret = isinstance(parameter.kind, Secret)
    prompt = f"{parameter.name} ({permitted(parameter.kind)}): "
    while True:
        line = await dialogue.ask(prompt, secret=secret)
        typed = (line or "") if secret else (line or "").strip()
        if not typed:
            raise refusal([missing_fault(parameter)])
        if typed == "?" and not secret:
            await dialogue.show(parameter_lines(parameter))
            continue
        argument = Argument(parameter.name, typed_at_prompt(parameter.kind, typed))
        faults = check(command, [*filled, argument]).faults
        if not faults:
            return argument
        await dialogue.show(_reasons(faults))


async def confirm(interrupted: Sequence[str], dialogue: Dialogue | None) -> None:
    """Asks whether this may be interrupted; raises CommandError if it may not."""
    if dialogue is None:
        raise _unconfirmed("and nobody can be asked; FORCE=YES does it unasked", interrupted)
    question = f"This interrupts {'; '.join(interrupted)}. Continue? (Y/N) "
    while True:
        typed = (await dialogue.ask(question) or "N").strip().upper()
        if typed in ("Y", "YES"):
            return
        if typed in ("N", "NO", ""):
            raise _unconfirmed("and was not confirmed", interrupted)


def _unconfirmed(why: str, interrupted: Sequence[str]) -> CommandError:
    text = f"The command interrupts service {why}"
    return CommandError(return_codes.NOT_CONFIRMED, text, (Lines("It would interrupt", interrupted),))


def _reasons(faults: Sequence[Fault]) -> list[str]:
    return [str(fault) for fault in faults]
