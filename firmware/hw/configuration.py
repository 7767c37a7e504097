"""The highway box's configuration. Its connections are made by calls; it has no settings of its own."""

from typing import Annotated, Final, Literal

from firmware.configuration.common import BoxConfiguration
from firmware.configuration.fields import SCHEMA_SETTING

SCHEMA: Final = 2


class HighwayBoxConfiguration(BoxConfiguration, frozen=True, kw_only=True):
    """The tree of a highway box."""

    schema: Annotated[Literal[2], SCHEMA_SETTING] = SCHEMA
