"""VP, the voice processing box: answers calls on its voice channels."""

from firmware.vp.box import VoiceBox

__all__ = ["VoiceBox"]
