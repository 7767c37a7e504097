"""Earlier schemas of the highway box's configuration, as they were, and the way up from each."""

from typing import Annotated, Any

import msgspec

from firmware.configuration.fields import Effect, setting
from firmware.configuration.migration import Migration


class HighwayBox1(msgspec.Struct, frozen=True):
    """[hw] of schema 1: it had nothing to set."""

    schema: Annotated[int, setting("schema", effect=Effect.BOX_RESTART)] = 1


def _upgrade_1(_: HighwayBox1) -> dict[str, Any]:
    return {"schema": 2}


MIGRATIONS = (Migration(HighwayBox1, _upgrade_1),)
