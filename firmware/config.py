"""The boxes' configuration: typed trees, read from TOML, each value with its range."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from drivers.engine import Framing, LineCode
from drivers.errors import UserError

DEFAULT_PROMPT = Path(__file__).parent / "sounds" / "welcome.wav"


class ConfigurationError(UserError):
    """A configuration file cannot be read, or a value in it is not allowed."""


class QueuingMachineConfiguration(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[qm] spans: trunk E1s; framing, line_code: of all of them; recognition_ms: how long a line signal must stand
    (Q.422); called_digits: after so many digits the called number is complete; ports: URLs (drivers/ports.py) of
    the first spans' ports, whose lines carry bits or frames: line_code does not count there. The others are lines
    of the bench."""

    spans: Annotated[int, msgspec.Meta(ge=1, le=16)] = 1
    framing: Literal["crc4", "double-frame", "automatic"] = "crc4"
    line_code: Literal["hdb3", "ami"] = "hdb3"
    recognition_ms: Annotated[int, msgspec.Meta(ge=10, le=30, multiple_of=2)] = 20
    called_digits: Annotated[int, msgspec.Meta(ge=1, le=20)] = 5
    ports: list[str] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        """What no single value's range says."""
        if len(self.ports) > self.spans:
            raise ValueError(f"ports: {len(self.ports)} of them for {self.spans} span(s)")

    @property
    def engine_framing(self) -> Framing:
        """The framing as the engine names it."""
        return Framing[self.framing.replace("-", "_").upper()]

    @property
    def engine_line_code(self) -> LineCode:
        """The line code as the engine names it."""
        return LineCode[self.line_code.upper()]


class ClockConfiguration(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[clock] sources: spans the shelf may follow, best first, none = free run; ssm_bit: the Sa bit (4-8) with
    the far ends' synchronization status message, 0 = none is looked at; the times of G.781."""

    sources: list[Annotated[int, msgspec.Meta(ge=1, le=16)]] = msgspec.field(default_factory=lambda: [1])
    revertive: bool = True
    ssm_bit: Literal[0, 4, 5, 6, 7, 8] = 0
    hold_off_ms: Annotated[int, msgspec.Meta(ge=0, le=1800)] = 300
    wait_to_restore_s: Annotated[float, msgspec.Meta(ge=0, le=720)] = 300.0
    holdover_h: Annotated[float, msgspec.Meta(ge=0, le=168)] = 24.0


class VoiceBoxConfiguration(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[vp] boards: of 32 channels each; prompt: WAV file, from the file's own folder; the time limits."""

    boards: Annotated[int, msgspec.Meta(ge=1, le=16)] = 1
    prompt: str = str(DEFAULT_PROMPT)
    digit_timeout_s: Annotated[float, msgspec.Meta(ge=1, le=60)] = 10.0
    maximum_message_s: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 900.0


class ShelfConfiguration(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """All boxes of one shelf."""

    qm: QueuingMachineConfiguration = msgspec.field(default_factory=QueuingMachineConfiguration)
    vp: VoiceBoxConfiguration = VoiceBoxConfiguration()
    clock: ClockConfiguration = msgspec.field(default_factory=ClockConfiguration)

    def __post_init__(self) -> None:
        """What no single value's range says."""
        sources = self.clock.sources
        if len(set(sources)) != len(sources) or any(number > self.qm.spans for number in sources):
            raise ValueError(f"clock.sources: {sources}: each a span of 1-{self.qm.spans}, none twice")


def _allowed(path: str) -> str:
    """What a value of the tree may be, where it is one of a few; empty otherwise."""
    kind: Any = ShelfConfiguration
    for name in path.split("."):
        kind = get_type_hints(kind).get(name) if isinstance(kind, type) else None
    return f"; allowed: {', '.join(map(str, get_args(kind)))}" if get_origin(kind) is Literal else ""


def _readable(error: msgspec.ValidationError) -> str:
    """msgspec's message with the path first: `vp.boards: expected ...`."""
    found = re.fullmatch(r"(.*?)(?: - at `\$\.?(.*)`)?", str(error), re.DOTALL)
    text, path = (found[1], found[2]) if found else (str(error), None)
    return f"{path}: {text[0].lower()}{text[1:]}{_allowed(path)}" if path else f"{text[0].lower()}{text[1:]}"


def load(path: Path) -> ShelfConfiguration:
    """Reads a TOML file; raises ConfigurationError: one line with the file, the value and what is allowed."""
    try:
        configuration = msgspec.toml.decode(path.read_bytes(), type=ShelfConfiguration)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{path}: {_readable(error)}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: not TOML: {error}") from None
    prompt = str(path.parent / configuration.vp.prompt)
    return msgspec.structs.replace(configuration, vp=msgspec.structs.replace(configuration.vp, prompt=prompt))
