"""The highway box as the configuration service knows it."""

from firmware.configuration.common_checks import COMMON_CHECKS
from firmware.configuration.kind import BoxKind
from firmware.hw.configuration import HighwayBoxConfiguration
from firmware.hw.migrations import MIGRATIONS

HIGHWAY_BOX = BoxKind(
    name="hw",
    tree_type=HighwayBoxConfiguration,
    failsafe=HighwayBoxConfiguration(),
    checks=COMMON_CHECKS,
    migrations=MIGRATIONS,
)
