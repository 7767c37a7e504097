"""What Tab and ? tell while a command is typed: the interpreter's commands, for the editors."""

from firmware.console import completion
from firmware.console import help as help_pages
from firmware.console.declaration import Role
from firmware.console.interpreter import Interpreter
from firmware.console.line_editor import Candidates
from protocols import mml


class CommandAssistance:
    """Knows the commands that a role may give. `before` holds the lines that the one being typed continues."""

    def __init__(self, interpreter: Interpreter, role: Role) -> None:
        self._interpreter = interpreter
        self._role = role
        self.before = ""

    def candidates(self, line: str) -> Candidates:
        """How the line may go on."""
        found = completion.complete(self.before + line, self._interpreter.commands(self._role))
        start = max(found.start - len(self.before), 0)
        return Candidates(start, [candidate.text for candidate in found.candidates])

    def help(self, line: str) -> list[str]:
        """What may stand at its end."""
        return help_pages.at(self.before + line, self._interpreter.commands(self._role))

    def is_text(self, line: str) -> bool:
        """A ? there would belong to a string or a comment."""
        try:
            return mml.help_asked(f"{self.before}{line}?") is None
        except mml.MmlError:
            return True
