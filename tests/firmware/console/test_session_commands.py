"""Sessions on the console: who is shown, who may end whose session, and what SET SES changes."""

from pathlib import Path

import pytest

from firmware.console import return_codes
from firmware.console.declaration import Role
from firmware.console.report import Pairs
from tests.firmware.accounts.plant import NETWORK, SERIAL, pass_s, run
from tests.firmware.console.plant import console

ROLES = {"guest": Role.GUEST, "bob": Role.OPERATOR, "olga": Role.OPERATOR, "admin": Role.ADMINISTRATOR}


def test_who_is_logged_in(tmp_path: Path) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        box.log_in("admin", Role.ADMINISTRATOR, SERIAL)
        await pass_s(3661)
        bob = box.log_in("bob", Role.OPERATOR, NETWORK)
        bob.settings.reports, bob.settings.machine = False, True
        await pass_s(65)
        shown = (await box.shown(bob, "DSP SES;")).splitlines()
        assert [row.split() for row in shown[-6:-3]] == [
            ["Session", "User", "Role", "Terminal", "For", "Idle", "Reports", "Mode"],
            ["1", "admin", "administrator", *SERIAL.split(), "1:02:06", "1:02:06", "YES", "TERMINAL"],
            ["2*", "bob", "operator", *NETWORK.split(), "0:01:05", "0:01:05", "NO", "MACHINE"],
        ]

    run(scenario())


@pytest.mark.parametrize(
    ("by", "whose", "code"),
    [
        ("admin", "guest", return_codes.OK),
        ("admin", "bob", return_codes.OK),
        ("admin", "admin", return_codes.OK),
        ("bob", "guest", return_codes.OK),
        ("bob", "olga", return_codes.OK),
        ("bob", "bob", return_codes.OK),
        ("bob", "admin", return_codes.NOT_PERMITTED),
        ("guest", "guest", return_codes.NOT_PERMITTED),
        ("guest", "admin", return_codes.NOT_PERMITTED),
    ],
)
def test_who_may_end_whose_session(tmp_path: Path, by: str, whose: str, code: int) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        ending = box.log_in(by, ROLES[by], SERIAL)
        box.log_in(whose, ROLES[whose], NETWORK)
        assert (await box.type(ending, "RMV SES:SN=2,FORCE=YES;")).code == code
        assert (box.sessions.find(2) is None) == (code == return_codes.OK)
        told = {2: f"session ended by {by} from {SERIAL}"} if code == return_codes.OK else {}
        assert box.ended == told

    run(scenario())


def test_before_a_session_is_ended_it_is_said_whose(tmp_path: Path) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        admin = box.log_in("admin", Role.ADMINISTRATOR, SERIAL)
        box.log_in("bob", Role.OPERATOR, NETWORK)
        await pass_s(12)
        shown = await box.shown(admin, "RMV SES:SN=2;")
        assert f"RETCODE = {return_codes.NOT_CONFIRMED}" in shown
        assert f"session 2 of bob on {NETWORK}, idle for 0:00:12" in shown
        assert box.sessions.find(2)

    run(scenario())


def test_ones_own_session_and_one_that_is_not_there(tmp_path: Path) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        admin = box.log_in("admin", Role.ADMINISTRATOR, SERIAL)
        assert (await box.type(admin, "RMV SES:SN=1,FORCE=YES;")).code == return_codes.WRONG_STATE
        assert (await box.type(admin, "RMV SES:SN=7;")).code == return_codes.NO_SUCH_OBJECT

    run(scenario())


def test_the_manners_of_a_session(tmp_path: Path) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        guest = box.log_in("guest", Role.GUEST, SERIAL)
        other = box.log_in("guest", Role.GUEST, NETWORK)
        answer = await box.type(guest, "SET SES:REPORTS=NO,PAGING=NO,ROWS=50,MODE=MACHINE;")
        settings = guest.settings
        assert (settings.reports, settings.paging, settings.machine) == (False, False, True)
        assert (settings.rows, settings.columns) == (50, 0)
        (pairs,) = answer.blocks
        assert isinstance(pairs, Pairs)
        assert dict(pairs.pairs) == {
            "REPORTS": "NO",
            "PAGING": "NO",
            "ROWS": 50,
            "COLUMNS": "as the terminal says",
            "MODE": "MACHINE",
        }
        await box.type(guest, "SET SES:REPORTS=YES,MODE=TERMINAL,ROWS=0,COLUMNS=132;")
        assert (settings.reports, settings.paging, settings.machine) == (True, False, False)
        assert (settings.rows, settings.columns) == (0, 132)
        assert (await box.type(guest, "SET SES;")).code == return_codes.MISSING_PARAMETER
        assert other.settings.paging

    run(scenario())


def test_an_ended_session_sets_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        guest = box.log_in("guest", Role.GUEST, SERIAL)
        box.sessions.close(guest)
        assert (await box.type(guest, "SET SES:PAGING=NO;")).code == return_codes.NOT_LOGGED_IN
        assert guest.settings.paging

    run(scenario())
