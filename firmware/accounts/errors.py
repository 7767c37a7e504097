"""What can be wrong with a change to the accounts: one line each, with the RETCODE a command answers."""

from typing import ClassVar

from firmware.console import return_codes


class AccountsError(Exception):
    """A change that is refused; nothing was changed."""

    code: ClassVar[int]


class NameRefusedError(AccountsError):
    """No name a user can have."""

    code = return_codes.BAD_VALUE


class PasswordRefusedError(AccountsError):
    """A new password that is too easily guessed, or cannot be typed again."""

    code = return_codes.BAD_VALUE


class WrongPasswordError(AccountsError):
    """The old password is not that."""

    code = return_codes.NOT_PERMITTED


class UnknownUserError(AccountsError):
    """No such user."""

    code = return_codes.NO_SUCH_OBJECT


class UserExistsError(AccountsError):
    """The name is taken, be it in other case."""

    code = return_codes.ALREADY_EXISTS


class TooManyUsersError(AccountsError):
    """As many users as the store takes."""

    code = return_codes.LIMIT_REACHED


class LastAdministratorError(AccountsError):
    """Without this user nobody could administer the machine."""

    code = return_codes.WRONG_STATE


class NotFactoryError(AccountsError):
    """There are users: a first password is no longer to be set, or not from this access."""

    code = return_codes.WRONG_STATE
