"""Earlier schemas of the voice box's configuration, as they were, and the way up from each."""

from typing import Annotated, Any

import msgspec

from firmware.configuration.fields import Effect, setting
from firmware.configuration.migration import Migration


def _old(text: str, **limits: Any) -> msgspec.Meta:
    return setting(text, effect=Effect.BOX_RESTART, **limits)


class VoiceBox1(msgspec.Struct, frozen=True):
    """[vp] of schema 1."""

    schema: Annotated[int, _old("schema")] = 1
    boards: Annotated[int, _old("voice boards", low=1, high=16)] = 1
    prompt: Annotated[str, _old("WAV file, from the file's own folder")] = ""
    digit_timeout_s: Annotated[float, _old("patience for a digit", unit="s", low=1, high=60)] = 10.0
    maximum_message_s: Annotated[float, _old("longest message", unit="s", low=1, high=3600)] = 900.0


def _upgrade_1(old: VoiceBox1) -> dict[str, Any]:
    """The message service has a table of its own."""
    service = {
        "prompt": old.prompt,
        "digit_timeout_s": old.digit_timeout_s,
        "maximum_message_s": old.maximum_message_s,
    }
    return {"schema": 2, "boards": old.boards, "service": service}


MIGRATIONS = (Migration(VoiceBox1, _upgrade_1),)
