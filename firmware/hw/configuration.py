"""The highway box's configuration. Its connections are made by calls; it has no settings of its own."""

from firmware.configuration.common import BoxConfiguration

SCHEMA = 2


class HighwayBoxConfiguration(BoxConfiguration, frozen=True, kw_only=True):
    """The tree of a highway box."""

    schema: int = SCHEMA
