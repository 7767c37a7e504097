"""What a field of a configuration tree says of itself: text, unit, range, and when a change of it takes effect."""

import enum
from typing import Any

import msgspec

FILE_PATTERN = "^(/.*)?$"  # a box's working folder is nobody's business


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
    file: bool = False,
) -> msgspec.Meta:
    """Stands in a field's Annotated: what it is for, its unit, its range, and when a change of it takes effect.

    `file`: the name of a file, from the root; in a configuration file it may count from that file's own folder.
    """
    limits: dict[str, Any] = {
        "ge": low,
        "le": high,
        "multiple_of": multiple_of,
        "max_length": most_characters,
        "pattern": FILE_PATTERN if file else pattern,
    }
    return msgspec.Meta(description=text, extra={"unit": unit, "effect": effect, "file": file}, **limits)


SCHEMA_SETTING = setting("number of the tree's shape; not for changing", effect=Effect.AT_ONCE)


def keys(low: int, high: int) -> msgspec.Meta:
    """Stands in the Annotated of the numbers that tables of a kind are kept under."""
    return msgspec.Meta(ge=low, le=high)
