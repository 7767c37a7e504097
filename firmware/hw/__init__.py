"""HW box: cross-connects highways and hands out voice channels."""

from firmware.hw.box import HighwayBox

__all__ = ["HighwayBox"]
