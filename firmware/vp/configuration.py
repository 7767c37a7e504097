"""The voice box's configuration: its boards and its message service."""

from pathlib import Path
from typing import Annotated, Final, Literal

from firmware.configuration.common import FILE_CHARACTERS_MAX, BoxConfiguration, Branch
from firmware.configuration.fields import SCHEMA_SETTING, Effect, setting

SCHEMA: Final = 2
BOARDS_MAX = 16
DEFAULT_PROMPT = Path(__file__).parent.parent / "sounds" / "welcome.wav"


class ServiceConfiguration(Branch, frozen=True, kw_only=True):
    """The message service."""

    prompt: Annotated[
        str,
        setting(
            "WAV file (8 kHz mono, 16-bit linear or A-law); empty: the one in the image",
            effect=Effect.NEXT_CALL,
            most_characters=FILE_CHARACTERS_MAX,
            file=True,
        ),
    ] = ""
    digit_timeout_s: Annotated[
        float,
        setting("patience for the next digit", effect=Effect.NEXT_CALL, unit="s", low=1, high=60),
    ] = 10.0
    maximum_message_s: Annotated[
        float,
        setting("a message is cut off after so long", effect=Effect.NEXT_CALL, unit="s", low=1, high=3600),
    ] = 900.0

    @property
    def prompt_file(self) -> Path:
        """The WAV file to play."""
        return Path(self.prompt) if self.prompt else DEFAULT_PROMPT


class VoiceBoxConfiguration(BoxConfiguration, frozen=True, kw_only=True):
    """The tree of a voice box."""

    schema: Annotated[Literal[2], SCHEMA_SETTING] = SCHEMA
    boards: Annotated[
        int, setting("voice boards of 32 channels each", effect=Effect.BOX_RESTART, low=1, high=BOARDS_MAX)
    ] = 1
    service: ServiceConfiguration = ServiceConfiguration()
