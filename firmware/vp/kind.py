"""The voice box as the configuration service knows it."""

from firmware.configuration.common_checks import COMMON_CHECKS
from firmware.configuration.kind import BoxKind
from firmware.vp.configuration import VoiceBoxConfiguration
from firmware.vp.migrations import MIGRATIONS

VOICE_BOX = BoxKind(
    name="vp",
    tree_type=VoiceBoxConfiguration,
    failsafe=VoiceBoxConfiguration(),
    checks=COMMON_CHECKS,
    migrations=MIGRATIONS,
)
