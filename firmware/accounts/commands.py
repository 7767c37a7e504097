"""Commands on users: list, add, modify, remove, passwords, locks. Their subject: the accounts of the machine."""

from collections.abc import Iterator
from contextlib import contextmanager

from drivers.stores.storage import StoreError
from firmware.accounts import passwords
from firmware.accounts.accounts import Accounts
from firmware.accounts.errors import AccountsError
from firmware.accounts.keeping import Author
from firmware.accounts.users import MOST_USERS, User
from firmware.console import return_codes
from firmware.console.declaration import (
    Choice,
    Command,
    CommandError,
    Invocation,
    Parameter,
    Role,
    Secret,
    Session,
    Text,
    Verb,
)
from firmware.console.report import Report, Table

_SECRET = Secret(passwords.MOST_CHARACTERS)
_USER = Parameter("USER", Text(32, 1), "name of the user, in either case", mandatory=True)
_ROLE = Parameter("ROLE", Choice(tuple(role.name for role in Role)), "what the user may do", mandatory=True)
_NEW = Parameter(
    "NEW",
    _SECRET,
    f"the new password, {passwords.LEAST_CHARACTERS} to {passwords.MOST_CHARACTERS} characters",
    mandatory=True,
)
_AGAIN = Parameter("AGAIN", _SECRET, "the new password, typed once more", mandatory=True)
_OWN = Parameter("OWN", _SECRET, "your own password as it is now", mandatory=True)


@contextmanager
def _refusals() -> Iterator[None]:
    """What the accounts refuse, as the command's answer."""
    try:
        yield
    except AccountsError as error:
        raise CommandError(error.code, str(error)) from error
    except StoreError as error:
        raise CommandError(return_codes.STORE_FAILED, f"the users were not kept: {error}") from error


def _author(session: Session) -> Author:
    return Author(session.user, session.terminal)


def _typed_twice(invocation: Invocation) -> str:
    if invocation["NEW"] != invocation["AGAIN"]:
        raise CommandError(return_codes.BAD_VALUE, "the new password was not typed twice alike")
    return str(invocation["NEW"])


def _role(invocation: Invocation) -> Role:
    return Role[invocation["ROLE"]]


async def _list(accounts: Accounts, invocation: Invocation) -> Report:
    with _refusals():
        name = invocation.get("USER")
        users = accounts.users() if name is None else [accounts.find(name)]
    columns = ("User", "Role", "Password", "Locked", "Sessions")
    return Report(blocks=(Table("Users", columns, [_row(accounts, user) for user in users]),))


def _row(accounts: Accounts, user: User) -> tuple[str, str, str, str, int]:
    locks = ", ".join(f"{scope} {left_s:.0f} s" for scope, left_s in accounts.locked(user).items())
    password = "to be changed" if user.must_change else "set"
    return user.name, user.role, password, locks or "no", len(accounts.sessions_of(user))


async def _add(accounts: Accounts, invocation: Invocation) -> Report:
    password = _typed_twice(invocation)
    with _refusals():
        await accounts.add(invocation["USER"], _role(invocation), password, _author(invocation.session))
    return Report(f"User {invocation['USER']} added; the password is to be changed at the first login")


async def _modify(accounts: Accounts, invocation: Invocation) -> Report:
    with _refusals():
        accounts.modify(invocation["USER"], _role(invocation), _author(invocation.session))
    return Report()


async def _remove(accounts: Accounts, invocation: Invocation) -> Report:
    with _refusals():
        accounts.remove(invocation["USER"], _author(invocation.session))
    return Report()


async def _set_password(accounts: Accounts, invocation: Invocation) -> Report:
    session, new = invocation.session, _typed_twice(invocation)
    with _refusals():
        user = _whose(accounts, invocation)
        if user.name == session.user:
            await accounts.change_own_password(user.name, invocation["OWN"], new, session.terminal)
            return Report()
        await accounts.check_own_password(session.user, invocation["OWN"], session.terminal)
        await accounts.set_password(user.name, new, _author(session))
    return Report(f"Password of {user.name} set; it is to be changed at the next login")


def _whose(accounts: Accounts, invocation: Invocation) -> User:
    user = accounts.find(invocation.get("USER", invocation.session.user))
    if user.name != invocation.session.user and invocation.session.role is not Role.ADMINISTRATOR:
        raise CommandError(return_codes.NOT_PERMITTED, "only an administrator sets the password of somebody else")
    return user


async def _unlock(accounts: Accounts, invocation: Invocation) -> Report:
    with _refusals():
        accounts.unlock(invocation["USER"], _author(invocation.session))
    return Report()


def _sessions_of_user(accounts: Accounts, invocation: Invocation) -> list[str]:
    with _refusals():
        return accounts.sessions_of(accounts.find(invocation["USER"]))


def _sessions_of_new_role(accounts: Accounts, invocation: Invocation) -> list[str]:
    with _refusals():
        user = accounts.find(invocation["USER"])
    return [] if user.rank is _role(invocation) else accounts.sessions_of(user)


def _sessions_of_password(accounts: Accounts, invocation: Invocation) -> list[str]:
    with _refusals():
        user = _whose(accounts, invocation)
    return [] if user.name == invocation.session.user else accounts.sessions_of(user)


COMMANDS: tuple[Command[Accounts], ...] = (
    Command(
        Verb.LST,
        "USER",
        "List the users of this machine: role, state of the password, locks, sessions.",
        _list,
        Role.ADMINISTRATOR,
        parameters=(Parameter("USER", Text(32, 1), "only this user", default="all"),),
        example="LST USER;",
        refused="LST USER:USER=nobody;",
        refused_code=return_codes.NO_SUCH_OBJECT,
    ),
    Command(
        Verb.ADD,
        "USER",
        f"Add a user; {MOST_USERS} at most.",
        _add,
        Role.ADMINISTRATOR,
        parameters=(_USER, _ROLE, _NEW, _AGAIN),
        effect="at once, on all boxes of the machine; the user changes the password at the first login",
        example='ADD USER:USER=bob,ROLE=OPERATOR,NEW="a long way home",AGAIN="a long way home";',
        refused='ADD USER:USER=bob,ROLE=OPERATOR,NEW="bob",AGAIN="bob";',
        refused_code=return_codes.BAD_VALUE,
    ),
    Command(
        Verb.MOD,
        "USER",
        "Give a user another role.",
        _modify,
        Role.ADMINISTRATOR,
        parameters=(_USER, _ROLE),
        effect="at once, on all boxes of the machine; the user's sessions end",
        example="MOD USER:USER=bob,ROLE=GUEST,FORCE=YES;",
        refused="MOD USER:USER=nobody,ROLE=GUEST;",
        refused_code=return_codes.NO_SUCH_OBJECT,
        interrupts=_sessions_of_new_role,
    ),
    Command(
        Verb.RMV,
        "USER",
        "Remove a user. The last administrator stays.",
        _remove,
        Role.ADMINISTRATOR,
        parameters=(_USER,),
        effect="at once, on all boxes of the machine; the user's sessions end",
        example="RMV USER:USER=bob,FORCE=YES;",
        refused="RMV USER:USER=nobody;",
        refused_code=return_codes.NO_SUCH_OBJECT,
        interrupts=_sessions_of_user,
    ),
    Command(
        Verb.SET,
        "PWD",
        "Set your own password; an administrator may set that of another user.",
        _set_password,
        Role.GUEST,
        parameters=(
            Parameter("USER", Text(32, 1), "whose password; not your own: administrators", default="your own"),
            _OWN,
            _NEW,
            _AGAIN,
        ),
        effect="at once, on all boxes; another user's sessions end, and he changes it at the next login",
        example='SET PWD:OWN="a long way home",NEW="a longer way home",AGAIN="a longer way home";',
        refused='SET PWD:OWN="a long way home",NEW="12345678",AGAIN="12345678";',
        refused_code=return_codes.BAD_VALUE,
        interrupts=_sessions_of_password,
    ),
    Command(
        Verb.UBL,
        "USER",
        "Lift the locks of a user whose password was typed wrong too often.",
        _unlock,
        Role.ADMINISTRATOR,
        parameters=(_USER,),
        effect="at once; the terminal that was typed at may stay locked, for 15 minutes at most",
        example="UBL USER:USER=bob;",
        refused="UBL USER:USER=nobody;",
        refused_code=return_codes.NO_SUCH_OBJECT,
    ),
)
