"""Nobody types others' records out of the audit log: refusals are kept short, and givers without end wait."""

import asyncio
from pathlib import Path

import pytest

from firmware.console import return_codes
from firmware.console.answer import BEGUN, AuditEntry
from firmware.console.auditing import REFUSED_CHARACTERS
from firmware.console.declaration import Role
from firmware.console.sessions import BURST, PER_S
from tests.console.memory_terminal import MemoryTerminal
from tests.console.plant import Plant
from tests.firmware.accounts.plant import SERIAL
from tests.firmware.accounts.plant import run as run_alone
from tests.firmware.console.plant import console
from tests.firmware.console.test_session import run, settled

LONG = "x" * 4000
GIVEN_S = 600


def test_of_a_refused_command_the_beginning_and_the_length_are_kept(tmp_path: Path) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        guest = box.log_in("guest", Role.GUEST, SERIAL)
        command = f'SET SES:ROWS="{LONG}";'
        assert (await box.type(guest, command)).code == return_codes.BAD_VALUE
        (record,) = box.auditor.log.newest(1)
        assert record.command == f"{command[:REFUSED_CHARACTERS]}... ({len(command)} characters)"

    run_alone(scenario())


@pytest.mark.parametrize("code", [None, return_codes.OK])
def test_a_command_that_is_carried_out_is_kept_whole(tmp_path: Path, code: int | None) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        admin = box.log_in("admin", Role.ADMINISTRATOR, SERIAL)
        box.auditor(AuditEntry(admin.session, LONG, code, BEGUN))
        (record,) = box.auditor.log.newest(1)
        assert record.command == LONG

    run_alone(scenario())


@pytest.mark.parametrize(
    ("user", "bound"), [("eve", BURST + GIVEN_S * PER_S), ("bob", BURST + GIVEN_S * PER_S), ("admin", None)]
)
@pytest.mark.parametrize("line", ["NO SUCH;", "DSP PORT;"])
def test_who_gives_commands_without_end_waits_but_administrators(
    user: str, bound: float | None, line: str
) -> None:
    """Two sessions of a user, with more than they may give in ten minutes."""
    count = 1000

    async def scenario(made: Plant) -> None:
        terminals = [MemoryTerminal(f"serial {number}") for number in range(2)]
        for terminal in terminals:
            await made.logged_in(terminal, user=user)
            terminal.type("SET SES:MODE=MACHINE;\r")
            await terminal.expect("MACHINE;\r\n")
        await settled()
        before = len(made.audited)
        for terminal in terminals:
            terminal.type(f"{line}\n" * count)
        await asyncio.sleep(GIVEN_S)
        given = len(made.audited) - before
        if bound is None:
            assert given == 2 * count
        else:
            assert bound - 10 <= given <= bound + 10

    run(scenario)
