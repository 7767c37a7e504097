"""The audit log on the console: what it records, who reads it, that changes to it are found, and a full disk."""

import subprocess
from pathlib import Path

from drivers.stores.audit_log import AuditLog
from drivers.stores.storage import FolderStorage
from firmware.console import return_codes
from firmware.console.answer import BEGUN, AuditEntry
from firmware.console.auditing import Auditor
from firmware.console.declaration import Role, Session
from firmware.console.report import Table
from firmware.runtime import WallClock
from tests.firmware.accounts.plant import ADMIN_PASSWORD, BOB_PASSWORD, EPOCH, NETWORK, SERIAL, WRONG, Told, run
from tests.firmware.console.plant import Console, console


def commands(auditor: Auditor) -> list[tuple[str, int]]:
    """What is recorded, oldest first."""
    return [(record.command, record.retcode) for record in auditor.log.newest(1000)][::-1]


def test_every_command_is_recorded_and_what_changes_something_before_it_is_done(tmp_path: Path) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        admin = box.log_in("admin", Role.ADMINISTRATOR, SERIAL)
        await box.type(admin, "dsp ses;")
        await box.type(admin, "rmv user:user=bob;")
        await box.type(admin, "rmv user:user=carol;")
        await box.type(admin, "jump;")
        await box.accounts.authenticate("admin", WRONG, NETWORK)
        assert commands(box.auditor) == [
            ("first password set", return_codes.OK),
            ("DSP SES;", return_codes.OK),
            ("RMV USER:USER=bob;", -1),
            ("RMV USER:USER=bob;", return_codes.OK),
            ("RMV USER:USER=carol;", return_codes.NO_SUCH_OBJECT),
            ("jump;", return_codes.SYNTAX),
            ("login failed", return_codes.NOT_LOGGED_IN),
        ]
        newest = next(box.auditor.log.newest(1))
        assert (newest.user, newest.terminal, newest.box) == ("admin", "tcp 192.0.2.7", "qm1")
        assert newest.time == "2026-11-25T00:00:00.000Z"

    run(scenario())


def test_no_password_is_recorded(tmp_path: Path) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        admin = box.log_in("admin", Role.ADMINISTRATOR, SERIAL)
        typed = (
            'ADD USER:USER=carol,ROLE=GUEST,NEW="hush hush 1",AGAIN="hush hush 1";',
            'ADD USER:USER=carol,ROLE=GUEST,NEW=hush_hush_2,AGAIN="hush hush 3";',
            'SET PWD:OWN="hush hush 4",NEW="hush hush 5",AGAIN="hush hush 5";',
            'SET PWD:OWN="hush hush 6,NEW="hush hush 7",AGAIN="hush hush 7";',
            'ADD USERS:USER=carol,NEW="hush hush 8";',
            'SET PWD:NEWW="hush hush 9";',
            'SET PWD "hush hush 10";',
            "set  pwd hush_hush_11;",
            "SET PWD:hush_hush_12,NEW=hush_hush_13;",
            "SET PWD:USER=carol,hush_hush_14;",
            "DSP SES; SET PWD hush_hush_15;",
            "SET PWD:OWN=hush_hush_16?",
        )
        for line in typed:
            await box.type(admin, line)
        await box.accounts.authenticate("hush hush 17", "hush hush 18", NETWORK)
        octets = b"".join(path.read_bytes() for path in (tmp_path / "audit").iterdir())
        assert b"ADD USER" in octets
        assert b"hush" not in octets
        assert not any(b"hush" in revision for revision in box.store.revisions)

    run(scenario())


def test_a_name_or_a_line_forges_no_record(tmp_path: Path) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        admin = box.log_in("admin", Role.ADMINISTRATOR, SERIAL)
        before = box.auditor.log.serial
        forged = '0000 {"serial":1,"user":"bob"}'
        for line in (
            f'LST USER:USER="x\n{forged}";',
            f"LST USER;\r\n{forged}",
            f"\x1b[2J{forged}\n",
            "\x85\u2028;",
        ):
            await box.type(admin, line)
        for name in (f"x\n{forged}", "\x1b[2J"):
            await box.accounts.authenticate(name, WRONG, NETWORK)
        shown = await box.shown(admin, "LST AUDIT:LAST=100;")
        assert "\x1b" not in shown
        octets = b"".join(path.read_bytes() for path in (tmp_path / "audit").glob("*.log"))
        assert octets.count(b"\n") == box.auditor.log.serial
        assert b"\x1b" not in octets
        assert box.auditor.log.serial > before
        assert (await box.type(admin, "CHK AUDIT;")).code == return_codes.OK

    run(scenario())


async def serials(box: Console, line: str) -> list[object]:
    live = box.sessions.all()[0]
    answer = await box.type(live, line)
    assert answer.code == return_codes.OK
    (table,) = answer.blocks
    assert isinstance(table, Table)
    return [row[0] for row in table.rows]


def test_what_is_listed(tmp_path: Path) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        box.log_in("admin", Role.ADMINISTRATOR, SERIAL)
        carol = Session(9, "carol", Role.GUEST, NETWORK)
        for number in range(2, 402):
            code = return_codes.BAD_VALUE if number % 100 == 0 else return_codes.OK
            box.auditor(AuditEntry(carol, f"DSP THING:NO={number};", code, ""))
        box.auditor(AuditEntry(carol, "SET THING;", None, BEGUN))
        box.auditor(AuditEntry(carol, "SET THING;", None, "broken off: CancelledError"))
        assert await serials(box, "LST AUDIT:TO=401;") == list(range(401, 381, -1))
        assert await serials(box, "LST AUDIT:TO=401,LAST=3;") == [401, 400, 399]
        assert await serials(box, "LST AUDIT:FROM=10,TO=39;") == list(range(39, 9, -1))
        assert await serials(box, "LST AUDIT:FAILED=YES,TO=401;") == [400, 300, 200, 100]
        assert await serials(box, "LST AUDIT:FAILED=YES,TO=401,LAST=2;") == [400, 300]
        assert await serials(box, 'LST AUDIT:TEXT="no=77";') == [77]
        assert await serials(box, "LST AUDIT:USER=CAROL,FROM=300,TO=302;") == [302, 301, 300]
        assert await serials(box, "LST AUDIT:USER=carol,LAST=3,TO=401;") == [401, 400, 399]
        assert await serials(box, "LST AUDIT:USER=nobody;") == []
        assert await serials(box, "LST AUDIT:FAILED=YES,FROM=401,TO=403;") == [403]
        shown = await box.shown(box.sessions.all()[0], "LST AUDIT:FROM=402,TO=403;")
        assert "qm1  begun       SET THING;" in shown
        assert "qm1  broken off  SET THING;" in shown
        answer = await box.type(box.sessions.all()[0], "LST AUDIT:FROM=9,TO=8;")
        assert answer.code == return_codes.BAD_VALUE

    run(scenario())


def test_only_administrators_read_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        bob = box.log_in("bob", Role.OPERATOR, NETWORK)
        for line in ("LST AUDIT;", "CHK AUDIT;"):
            assert (await box.type(bob, line)).code == return_codes.NOT_PERMITTED

    run(scenario())


def test_a_record_somebody_changed_is_named_and_alarmed(tmp_path: Path) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        admin = box.log_in("admin", Role.ADMINISTRATOR, SERIAL)
        for _ in range(5):
            await box.type(admin, "DSP SES;")
        assert (await box.type(admin, "CHK AUDIT;")).code == return_codes.OK
        (log,) = (tmp_path / "audit").glob("*.log")
        whole = log.read_bytes()
        rows = whole.split(b"\n")
        rows[3] = rows[3].replace(b"admin", b"nobody")
        log.write_bytes(b"\n".join(rows))
        answer = await box.type(admin, "CHK AUDIT;")
        assert answer.code == return_codes.AUDIT_BROKEN
        assert "line 4" in answer.text
        assert "3 records before it are good" in answer.text
        assert "line 4" in box.told.standing["AUDIT_BROKEN"]

    run(scenario())


def test_the_log_is_verified_by_hand_as_the_book_says(tmp_path: Path) -> None:
    """The chain, with Debian's own tools: sha256sum over the line before's hash, a blank and the record."""

    async def scenario() -> None:
        box = await console(tmp_path)
        admin = box.log_in("admin", Role.ADMINISTRATOR, SERIAL)
        await box.type(admin, 'LST USER:USER="Zoë";')

    run(scenario())
    script = """
        before=$(printf '%064d' 0)
        while IFS= read -r line; do
            hash=${line%% *} record=${line#* }
            [ "$(printf '%s %s' "$before" "$record" | sha256sum)" = "$hash  -" ] || exit 1
            before=$hash
        done
    """
    (log,) = (tmp_path / "audit").glob("*.log")
    assert log.read_bytes().count(b"\n") == 2
    subprocess.run(["bash", "-c", script], input=log.read_bytes(), check=True)


def test_what_cannot_be_recorded_is_not_done_and_reading_goes_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        admin = box.log_in("admin", Role.ADMINISTRATOR, SERIAL)
        revisions = len(box.store.revisions)
        (tmp_path / "audit").rename(tmp_path / "away")
        (tmp_path / "audit").write_bytes(b"no folder")
        answer = await box.type(admin, "RMV USER:USER=bob;")
        assert answer.code == return_codes.STORE_FAILED
        assert answer.text.startswith("not carried out, it cannot be recorded")
        assert len(box.store.revisions) == revisions
        assert box.accounts.find("bob")
        assert (await box.type(admin, "LST USER;")).code == return_codes.OK
        assert "AUDIT_FAILED" in box.told.standing
        answer = await box.type(
            admin, f'SET PWD:OWN="{ADMIN_PASSWORD}",NEW="{BOB_PASSWORD}",AGAIN="{BOB_PASSWORD}";'
        )
        assert answer.code == return_codes.STORE_FAILED
        (tmp_path / "audit").unlink()
        (tmp_path / "away").rename(tmp_path / "audit")
        assert (await box.type(admin, "RMV USER:USER=bob;")).code == return_codes.OK
        assert box.told.standing == {}
        assert (await box.type(admin, "CHK AUDIT;")).code == return_codes.OK

    run(scenario())


def test_damage_found_at_start_is_alarmed(tmp_path: Path) -> None:
    async def scenario() -> None:
        await console(tmp_path)
        for path in (tmp_path / "audit").glob("audit-head*"):
            path.write_bytes(b"\x00" * path.stat().st_size)
        told = Told()
        Auditor(AuditLog.open(FolderStorage(tmp_path / "audit")), "qm1", WallClock(EPOCH), told)
        assert "AUDIT_BROKEN" in told.standing

    run(scenario())
