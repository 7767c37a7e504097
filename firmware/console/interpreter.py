"""Takes a line of commands, checks it against the declared ones, asks, carries it out, audits every command."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from drivers.bus import BusError
from drivers.engine import EngineError, PortError
from drivers.errors import UserError
from drivers.stores.storage import StorageError, StoreError
from firmware.console import echo, refusals, return_codes
from firmware.console import help as help_pages
from firmware.console.answer import BEGUN, Answer, AuditEntry, Dialogue
from firmware.console.declaration import (
    FORCE,
    WATCH,
    Command,
    CommandError,
    CommandSet,
    Invocation,
    Role,
    Secret,
    Session,
)
from firmware.console.kinds import STARS
from firmware.console.questions import confirm, fill_in
from firmware.console.report import Lines, Report
from firmware.runtime import WallClock
from protocols import mml
from protocols.mml import MmlError, Parsed

# What a handler may let through of the drivers: the disk or the hardware said no, in one clear line.
STORE_ERRORS = (StorageError, StoreError)
ENGINE_ERRORS = (EngineError, PortError, BusError, UserError)

Outcome = Report | CommandError


@dataclass
class _Work:
    """A command on its way through: what was typed, and what asking has added."""

    parsed: Parsed
    session: Session
    dialogue: Dialogue | None
    command: Command[Any] | None = None
    every_s: int = 0
    again: Callable[[], Any] | None = None


class Interpreter:
    """The commands of one box, for all its sessions.

    `box` tells what report headers say ("qm1/Bern"). `audit` is called before a command's answer is given, and
    before one that changes something is carried out: there alone it may raise, CommandError, where it cannot
    record it. `serials` numbers the box's reports, those that nobody asked for among them.
    """

    def __init__(
        self,
        box: Callable[[], str],
        command_sets: Sequence[CommandSet[Any]],
        audit: Callable[[AuditEntry], None],
        wall_clock: WallClock,
        serials: Iterator[int],
    ) -> None:
        self._box = box
        self._audit = audit
        self._wall_clock = wall_clock
        self._serials = serials
        self._subjects: dict[str, Any] = {}
        self._commands: dict[str, Command[Any]] = {}
        for each in command_sets:
            for command in each.commands:
                self._add(each.subject, command)

    def _add(self, subject: Any, command: Command[Any]) -> None:
        if command.name in self._commands:
            raise ValueError(f"{command.name} is declared twice")
        self._commands[command.name] = command
        self._subjects[command.name] = subject

    def commands(self, role: Role) -> tuple[Command[Any], ...]:
        """What this role may give, by verb and object."""
        order = sorted(self._commands.values(), key=lambda each: each.name)
        return tuple(command for command in order if command.role <= role)

    def find(self, verb: str, object_name: str) -> Command[Any] | None:
        """The command of this name, whoever may give it."""
        return self._commands.get(f"{verb} {object_name}")

    def starred(self, line: str) -> str:
        """A line as a history may keep it: as it was typed if there is no secret in it."""
        try:
            parsed = mml.parse(line)
        except MmlError:
            return self._line_echo(line)
        safe = [self._echo(each) for each in parsed]
        return " ".join(safe) if any(STARS in each for each in safe) else line

    async def execute(
        self, line: str | bytes, session: Session, dialogue: Dialogue | None = None
    ) -> AsyncIterator[Answer]:
        """Carries the commands of a line out, an answer each, up to the first that fails; a wrong line does none.

        Without a dialogue nothing is asked: what is missing is refused. Errors that are bugs pass through.
        """
        try:
            text = mml.decode(line) if isinstance(line, bytes) else line
            asked = mml.help_asked(text)
            commands = [] if asked is not None else mml.parse(text)
        except MmlError as error:
            yield self._refuse_line(line, error, session)
            return
        if asked is not None:
            yield self._help_at(asked, session)
        for number, parsed in enumerate(commands, 1):
            answer = await self._carry_out(_Work(parsed, session, dialogue))
            failed = answer.code != return_codes.OK
            yield replace(answer, left_out=len(commands) - number if failed else 0)
            if failed:
                return

    def _refuse_line(self, line: str | bytes, error: MmlError, session: Session) -> Answer:
        too_long = isinstance(error, mml.LineTooLongError)
        code = return_codes.LINE_TOO_LONG if too_long else return_codes.SYNTAX
        text = line if isinstance(line, str) else line[: mml.LINE_OCTETS_MAX].decode(errors="replace")
        shown = self._line_echo(text[: mml.LINE_OCTETS_MAX])
        if too_long:
            return self._answer(shown, session, CommandError(code, str(error)))
        if STARS in shown:  # what was unexpected may be a piece of the secret
            where = mml.place(text, error.position)
            reason = f"{where}: a mistake near a secret; texts with blanks or marks go in quotes"
            return self._answer(shown, session, CommandError(code, reason))
        blocks = (Lines("", echo.pointed(text, error.position)),)
        return self._answer(shown, session, CommandError(code, str(error), blocks))

    def _help_at(self, line: str, session: Session) -> Answer:
        shown = self._line_echo(f"{line}?")
        lines = help_pages.at(line, self.commands(session.role))
        return self._answer(shown, session, Report(blocks=(Lines("", lines),)))

    async def _carry_out(self, work: _Work) -> Answer:
        try:
            outcome: Outcome = await self._outcome(work)
        except CommandError as error:
            outcome = error
        except BaseException as error:
            shown = self._echo(work.parsed)
            self._audit(AuditEntry(work.session, shown, None, f"broken off: {type(error).__name__}"))
            raise
        answer = self._answer(self._echo(work.parsed), work.session, outcome)
        return self._watched(answer, work) if isinstance(outcome, Report) else answer

    async def _outcome(self, work: _Work) -> Report:
        if work.parsed.verb == mml.HELP:
            return self._help(work)
        command = self._permitted(work)
        filled, values = await fill_in(command, work.parsed.arguments, work.dialogue)
        work.parsed = work.parsed._replace(arguments=tuple(filled))
        own = {parameter.name for parameter in command.parameters}
        invocation = Invocation(work.session, {name: values[name] for name in values if name in own})
        subject = self._subjects[command.name]
        work.every_s = values.get(WATCH.name, 0) if command.watch else 0
        work.again = lambda: self._run(command, subject, invocation)
        if command.interrupts and values.get(FORCE.name) != "YES":
            interrupted = command.interrupts(subject, invocation)
            if interrupted:
                await confirm(interrupted, work.dialogue)
        if command.changes:  # nothing is changed that the audit log does not take
            self._audit(AuditEntry(work.session, self._echo(work.parsed), None, BEGUN))
        return await self._run(command, subject, invocation)

    def _permitted(self, work: _Work) -> Command[Any]:
        parsed, role = work.parsed, work.session.role
        command = self.find(parsed.verb, parsed.object)
        if command is None:
            raise refusals.unknown((parsed.verb, parsed.object), self.commands(role))
        if command.role > role:
            raise refusals.not_permitted(command, work.session)
        return command

    def _help(self, work: _Work) -> Report:
        topic = work.parsed.topic
        lines = help_pages.page(topic, self.commands(work.session.role))
        if lines is None:
            raise refusals.unknown(topic, self.commands(work.session.role))
        return Report(blocks=(Lines("", lines),))

    @staticmethod
    async def _run(command: Command[Any], subject: Any, invocation: Invocation) -> Report:
        try:
            return await command.handler(subject, invocation)
        except STORE_ERRORS as error:
            raise CommandError(return_codes.STORE_FAILED, str(error)) from error
        except ENGINE_ERRORS as error:
            raise CommandError(return_codes.ENGINE_REFUSED, str(error)) from error

    def _watched(self, answer: Answer, work: _Work) -> Answer:
        """The answer, marked as one to be repeated if it is; repetitions are not audited again."""
        run = work.again
        if not work.every_s or run is None:
            return answer

        async def again() -> Answer:
            try:
                outcome: Outcome = await run()
            except CommandError as error:
                return self._laid_out(answer.command, error)
            return replace(self._laid_out(answer.command, outcome), every_s=work.every_s, again=again)

        return replace(answer, every_s=work.every_s, again=again)

    def _answer(self, shown: str, session: Session, outcome: Outcome) -> Answer:
        answer = self._laid_out(shown, outcome)
        self._audit(AuditEntry(session, shown, answer.code, answer.text))
        return answer

    def _laid_out(self, shown: str, outcome: Outcome) -> Answer:
        time = self._wall_clock.now()[:19].replace("T", " ")
        code = outcome.code if isinstance(outcome, CommandError) else return_codes.OK
        return Answer(next(self._serials), self._box(), time, shown, code, outcome.text, outcome.blocks)

    def _line_echo(self, line: str) -> str:
        secrets = [
            (command, parameter.name)
            for command in self._commands.values()
            for parameter in command.parameters
            if isinstance(parameter.kind, Secret)
        ]
        commands = {(command.verb.name, command.object) for command, _ in secrets}
        return echo.line_echo(line, {name for _, name in secrets}, commands)

    def _echo(self, parsed: Parsed) -> str:
        """Where a secret may have been typed under a wrong name, unknown names have stars."""
        command = self.find(parsed.verb, parsed.object)
        alike = (
            [command] if command else [each for each in self._commands.values() if each.verb.name == parsed.verb]
        )
        secret = any(isinstance(parameter.kind, Secret) for each in alike for parameter in each.parameters)
        return echo.command_echo(parsed, command, careful=secret or not alike)
