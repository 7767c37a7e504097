"""Rules for new passwords, and the one form in which they are compared."""

import unicodedata
from pathlib import Path

from firmware.accounts.errors import PasswordRefusedError

LEAST_CHARACTERS = 8
MOST_CHARACTERS = 128
MOST_TYPED = 4 * MOST_CHARACTERS  # what composes to fewer; longer ones are not looked at

_WORST = frozenset(Path(__file__).with_name("worst_passwords.txt").read_text(encoding="utf-8").split())


def normalised(password: str) -> str:
    """A password as it is hashed: composed (NFC), since keyboards and systems differ in how they send an umlaut.
    One that nobody can have typed becomes the empty one, which nobody has."""
    if len(password) > MOST_TYPED or not password.isprintable():
        return ""
    return unicodedata.normalize("NFC", password)


def checked(password: str, user: str) -> str:
    """A new password, normalised; PasswordRefusedError says which rule it breaks."""
    if not password.isprintable():
        raise PasswordRefusedError("the password has a character that cannot be typed everywhere")
    composed = normalised(password)
    if not LEAST_CHARACTERS <= len(composed) <= MOST_CHARACTERS:
        raise PasswordRefusedError(f"a password has {LEAST_CHARACTERS} to {MOST_CHARACTERS} characters")
    folded = composed.casefold()
    if not folded.replace(user.casefold(), ""):
        raise PasswordRefusedError("the password is the user's name")
    if folded in _WORST or len(set(folded)) == 1:
        raise PasswordRefusedError("the password is one of those that are tried first")
    return composed
