"""The voice box's configuration: its boards and its message service."""

from typing import Annotated

from firmware.configuration.common import BoxConfiguration, Branch
from firmware.configuration.fields import Effect, setting

SCHEMA = 2


class ServiceConfiguration(Branch, frozen=True, kw_only=True):
    """The message service."""

    prompt: Annotated[
        str,
        setting(
            "WAV file (8 kHz mono, 16-bit linear or A-law); empty: the one in the image", effect=Effect.NEXT_CALL
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


class VoiceBoxConfiguration(BoxConfiguration, frozen=True, kw_only=True):
    """The tree of a voice box."""

    schema: int = SCHEMA
    boards: Annotated[
        int, setting("voice boards of 32 channels each", effect=Effect.BOX_RESTART, low=1, high=16)
    ] = 1
    service: ServiceConfiguration = ServiceConfiguration()
