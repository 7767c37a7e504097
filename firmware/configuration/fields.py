"""What a field of a configuration tree says of itself: text, unit, range, and when a change of it takes effect."""

import enum
from typing import Any

import msgspec


class Effect(enum.Enum):
    """When a changed value counts."""

    AT_ONCE = "at once"
    NEXT_CALL = "next call"
    SPAN_RESTART = "span restart"  # the commit restarts the span: calls on it are lost
    BOX_RESTART = "box restart"  # counts when the box is started again: RST BOX


def setting(
    text: str,
    *,
    effect: Effect,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    multiple_of: float | None = None,
    most_characters: int | None = None,
    pattern: str | None = None,
) -> msgspec.Meta:
    """Stands in a field's Annotated: what it is for, its unit, its range, and when a change of it takes effect."""
    limits: dict[str, Any] = {
        "ge": low,
        "le": high,
        "multiple_of": multiple_of,
        "max_length": most_characters,
        "pattern": pattern,
    }
    return msgspec.Meta(description=text, extra={"unit": unit, "effect": effect}, **limits)
