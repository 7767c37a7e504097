"""How a command is declared. Parser, help, completion, prompting, permissions and the command book come from it.

A module of commands declares a tuple of Command[T]; T is what its handlers work on (a box, a service). A box puts
(subject, commands) pairs together as its CommandSets.
"""

import enum
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from firmware.console.report import Block, Report

Subject = TypeVar("Subject")


class Role(enum.IntEnum):
    """Who may give a command; each may do what those before it may."""

    GUEST = 1
    OPERATOR = 2
    ADMINISTRATOR = 3


class Verb(enum.Enum):
    """The verbs switch technicians know."""

    LST = "list what is configured or recorded"
    DSP = "display the present state"
    ADD = "add"
    MOD = "modify"
    RMV = "remove"
    SET = "set"
    ACT = "activate"
    DEA = "deactivate"
    BLK = "block"
    UBL = "unblock"
    STR = "start"
    STP = "stop"
    RST = "restart or reset"
    LOP = "loop"
    TST = "test"
    CHK = "check"
    CMT = "commit"
    RBK = "roll back"
    SAV = "save"
    ACK = "acknowledge"

    @property
    def changes(self) -> bool:
        """Whether its commands change anything."""
        return self not in (Verb.LST, Verb.DSP, Verb.CHK)


@dataclass(frozen=True)
class Integer:
    """A whole number; typed in decimal. Arrives as int."""

    low: int
    high: int
    unit: str = ""


@dataclass(frozen=True)
class Decimal:
    """A number with or without a fraction. Arrives as float."""

    low: float
    high: float
    unit: str = ""


@dataclass(frozen=True)
class IntegerSet:
    """Numbers, ranges and sets of them: 1, 1&&5, 1&3&7, 1&&5&9. Arrives as a sorted tuple of int."""

    low: int
    high: int


@dataclass(frozen=True)
class Choice:
    """One of a few identifiers, typed in either case. Arrives as it is declared."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class Text:
    """A quoted string, or an identifier where that suffices. Arrives as str."""

    most_characters: int
    least_characters: int = 0


@dataclass(frozen=True)
class Secret:
    """A password: prompted for without echo where it is left out, shown and logged as ****. Arrives as str."""

    most_characters: int = 128


Kind = Integer | Decimal | IntegerSet | Choice | Text | Secret

FLAG = Choice(("NO", "YES"))
WATCH_MAX_S = 60


@dataclass(frozen=True)
class Parameter:
    """NAME=VALUE of a command. `only_with`: may be given only where another parameter has this value."""

    name: str
    kind: Kind
    text: str
    mandatory: bool = False
    default: str = ""  # as shown in help; the handler sees the parameter missing
    only_with: tuple[str, str] | None = None


# What the interpreter itself heeds; handlers do not see them.
FORCE = Parameter("FORCE", FLAG, "YES: do not ask before service is interrupted", default="NO")
WATCH = Parameter("WATCH", Integer(1, WATCH_MAX_S, "s"), "repeat the report so often, until a key is pressed")


@dataclass(frozen=True)
class Session:
    """Who gives a command, and from where; `terminal` is the access: "serial /dev/ttyS0", "unix"."""

    number: int
    user: str
    role: Role
    terminal: str


@dataclass(frozen=True)
class Invocation:
    """A command as it was given, checked: every value is of its kind and in its range."""

    session: Session
    arguments: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        """A parameter's value; KeyError if it was not given."""
        return self.arguments[name]

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter's value, or the default."""
        return self.arguments.get(name, default)


class CommandError(Exception):
    """A command that cannot be carried out: its RETCODE (firmware/console/return_codes.py), one clear text.

    `blocks` say more where one line does not: every fault of a configuration.
    """

    def __init__(self, code: int, text: str, blocks: Sequence[Block] = ()) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.blocks = blocks


@dataclass(frozen=True)
class Command(Generic[Subject]):
    """One command, whole.

    `interrupts` makes it dangerous: it says what the command would interrupt ("3 calls in progress"), a line each,
    asked for confirmation; an empty list asks nothing. `effect` says what changes and when, for help and the book.
    `example` runs in a test; `refused` is one that a test sees refused with `refused_code`.
    """

    verb: Verb
    object: str
    text: str
    handler: Callable[[Subject, Invocation], Awaitable[Report]]
    role: Role
    example: str
    refused: str
    refused_code: int
    parameters: tuple[Parameter, ...] = ()
    effect: str = ""
    interrupts: Callable[[Subject, Invocation], list[str]] | None = None
    watch: bool = False  # WATCH=1 repeats the report until a key is pressed
    own_session: bool = False  # changes nothing but the session it is given in

    @property
    def name(self) -> str:
        """VERB OBJECT."""
        return f"{self.verb.name} {self.object}"

    @property
    def changes(self) -> bool:
        """Whether it changes anything of the box: then it is carried out only once the audit log has it."""
        return self.verb.changes and not self.own_session

    @property
    def all_parameters(self) -> tuple[Parameter, ...]:
        """The declared ones, and those that every dangerous and every watched command has."""
        forced = (FORCE,) if self.interrupts else ()
        watched = (WATCH,) if self.watch else ()
        return (*self.parameters, *forced, *watched)


@dataclass(frozen=True)
class CommandSet(Generic[Subject]):
    """Commands with what they work on."""

    subject: Subject
    commands: tuple[Command[Subject], ...]
