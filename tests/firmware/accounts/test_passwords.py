"""Which new passwords are taken, which refused and why."""

import pytest

from firmware.accounts.errors import PasswordRefusedError
from firmware.accounts.passwords import checked


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short 7", "8 to 128 characters"),
        ("", "8 to 128 characters"),
        ("x1" * 65, "8 to 128 characters"),
        ("e\u0301" * 7, "8 to 128 characters"),  # fourteen code points, seven characters
        ("technici", "user's name"),
        ("TECHNICI", "user's name"),
        ("technicitechnici", "user's name"),
        ("password", "tried first"),
        ("PassWord", "tried first"),
        ("12345678", "tried first"),
        ("trunkshelf", "tried first"),
        ("zzzzzzzzz", "tried first"),
        ("        ", "tried first"),
        ("tab\tinside it", "cannot be typed"),
        ("line\nin it ok", "cannot be typed"),
        ("\x1b[2Jescape!", "cannot be typed"),
        ("half \udcff utf-8", "cannot be typed"),
        ("right\u202eto left", "cannot be typed"),
    ],
)
def test_refused(password: str, why: str) -> None:
    with pytest.raises(PasswordRefusedError, match=why):
        checked(password, "Technici")


@pytest.mark.parametrize("password", ["8 letter", "x1" * 64, "technici2", "Пароль у моря", "e\u0301" * 4 + "1234"])
def test_taken(password: str) -> None:
    assert len(checked(password, "technici")) in range(8, 129)
