"""Logging in: the factory state, right and wrong passwords, and what an unknown user is told."""

import asyncio
from dataclasses import replace

import argon2
import msgspec
import pytest

from firmware.accounts.errors import NotFactoryError, PasswordRefusedError, WrongPasswordError
from firmware.accounts.hashing import COST, Hasher, HashThread, run_at_once
from firmware.accounts.login import Authenticated, Denied, origin_of
from firmware.accounts.users import User, Users, decode, encode
from firmware.console.declaration import Role
from tests.firmware.accounts.plant import (
    ADMIN_PASSWORD,
    BOB_PASSWORD,
    BY_ADMIN,
    CHEAP,
    NETWORK,
    OWNER_UID,
    SERIAL,
    WRONG,
    Plant,
    pass_s,
    run,
)

ADMIN = Authenticated("admin", Role.ADMINISTRATOR, must_change=False)

# "password" with the salt "somesalt": src/test.c of argon2's reference implementation (P-H-C/phc-winner-argon2).
REFERENCE_HASH = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"


def test_the_first_login_sets_the_administrators_password() -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = plant.start()
        assert accounts.factory
        assert accounts.admits_first_password(SERIAL)
        assert await accounts.set_first_password(ADMIN_PASSWORD, SERIAL) == ADMIN
        assert not accounts.factory
        assert await accounts.authenticate("ADMIN", ADMIN_PASSWORD, SERIAL) == ADMIN
        assert not plant.start().factory
        assert plant.told.records == [
            "admin on serial /dev/ttyS0: first password set",
            "admin on serial /dev/ttyS0: logged in",
        ]

    run(scenario())


@pytest.mark.parametrize(
    ("terminal", "in_charge"),
    [
        (SERIAL, True),
        ("pty /tmp/console", True),
        ("unix uid=0 pid=7", True),
        (f"unix uid={OWNER_UID} pid=7", True),
        ("unix uid=1001 pid=1000", False),
        ("unix uid=0x0 pid=0", False),
        (NETWORK, False),
        ("tcp 127.0.0.1:1", False),
        ("unheard-of", False),
    ],
)
def test_only_who_is_in_charge_of_the_machine_sets_the_first_password(terminal: str, in_charge: bool) -> None:
    async def scenario() -> None:
        accounts = Plant().start()
        assert accounts.admits_first_password(terminal) == in_charge
        if in_charge:
            assert await accounts.set_first_password(ADMIN_PASSWORD, terminal) == ADMIN
        else:
            with pytest.raises(NotFactoryError, match="at the machine itself"):
                await accounts.set_first_password(ADMIN_PASSWORD, terminal)
            assert accounts.factory

    run(scenario())


def test_of_two_at_once_one_sets_the_first_password() -> None:
    async def scenario() -> None:
        accounts = Plant().start()
        both = (accounts.set_first_password(f"{ADMIN_PASSWORD} {n}", SERIAL) for n in range(2))
        first, second = await asyncio.gather(*both, return_exceptions=True)
        assert first == ADMIN
        assert isinstance(second, NotFactoryError)
        assert await accounts.authenticate("admin", f"{ADMIN_PASSWORD} 0", SERIAL) == ADMIN

    run(scenario())


def test_nobody_logs_in_where_there_are_no_users() -> None:
    async def scenario() -> None:
        accounts = Plant().start()
        for password in ("", "admin", ADMIN_PASSWORD):
            assert isinstance(await accounts.authenticate("admin", password, SERIAL), Denied)

    run(scenario())


def test_an_unknown_user_is_denied_as_a_known_one_is_and_after_as_much_work() -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = await plant.commissioned()
        answers: dict[str, list[tuple[object, int]]] = {}
        for name in ("bob", "nobody"):
            plant.hashes, answers[name] = 0, []
            for _ in range(6):
                answers[name].append((await accounts.authenticate(name, WRONG, f"tcp {name}:1"), plant.hashes))
                await pass_s(3.0)
        assert answers["bob"] == answers["nobody"]
        assert answers["bob"][2] == (Denied(5.0), 3)

    run(scenario())


def test_what_nobody_has_costs_as_much_to_verify_as_what_somebody_has() -> None:
    verified: list[str] = []

    class Spy(Hasher):
        def _verify(self, kept: str, password: str) -> bool:
            verified.append(kept)
            return super()._verify(kept, password)

    async def scenario() -> None:
        hasher = Spy(run_at_once)
        kept = await hasher.hash(BOB_PASSWORD)
        assert await hasher.verify(kept, BOB_PASSWORD)
        assert not await hasher.verify(None, BOB_PASSWORD)

    run(scenario())
    real, nobodys = map(argon2.extract_parameters, verified)
    assert real == nobodys
    # OWASP Password Storage Cheat Sheet, "Argon2id": m=19456 (19 MiB), t=2, p=1 is among the least it recommends.
    assert (real.type, real.memory_cost, real.time_cost, real.parallelism) == (argon2.Type.ID, 19456, 2, 1)


def test_a_hash_of_the_reference_implementation_is_verified_and_made_anew() -> None:
    async def scenario() -> None:
        plant = Plant()
        admin = User(name="admin", role="administrator", hash=REFERENCE_HASH)
        plant.store.revisions.append(encode(Users().with_user(admin)))
        accounts = plant.start()
        assert await accounts.authenticate("admin", "password", SERIAL) == ADMIN
        now = argon2.extract_parameters(accounts.find("admin").hash)
        assert (now.memory_cost, now.time_cost, now.parallelism) == CHEAP
        assert await plant.start().authenticate("admin", "password", SERIAL) == ADMIN
        assert len(plant.store.revisions) == 2

    run(scenario())


def test_a_password_is_the_same_however_its_characters_are_composed() -> None:
    async def scenario() -> None:
        accounts = Plant().start()
        await accounts.set_first_password("Gr\u00fc\u00dfe aus K\u00f6ln", SERIAL)
        assert await accounts.authenticate("admin", "Gru\u0308\u00dfe aus Ko\u0308ln", SERIAL) == ADMIN
        assert isinstance(await accounts.authenticate("admin", "Grusse aus Koln", SERIAL), Denied)

    run(scenario())


@pytest.mark.parametrize("typed", ["", "x" * 100_000, ADMIN_PASSWORD + "\n", ADMIN_PASSWORD + "\x00", "\udcff"])
def test_what_can_be_nobodys_password_is_denied_like_any_other(typed: str) -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = await plant.commissioned()
        plant.hashes = 0
        assert await accounts.authenticate("admin", typed, SERIAL) == Denied(0.0)
        assert await accounts.authenticate("x" * 100_000 + "\x1b", typed, SERIAL) == Denied(0.0)
        assert plant.hashes == 2
        assert not any("\x1b" in record or "xxx" in record for record in plant.told.records)

    run(scenario())


def test_who_tries_many_at_once_is_heard_three_times() -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = await plant.commissioned()
        plant.hashes = 0
        tries = [accounts.authenticate("bob", f"{WRONG} {number}", NETWORK) for number in range(20)]
        answers = await asyncio.gather(*tries, accounts.authenticate("bob", BOB_PASSWORD, NETWORK))
        assert plant.hashes == 3
        assert answers == [Denied(0.0), Denied(0.0)] + [Denied(5.0)] * 19

    run(scenario())


def test_a_new_user_changes_the_password_and_the_old_one_is_asked_for() -> None:
    async def scenario() -> None:
        accounts = await Plant().commissioned()
        bob = Authenticated("bob", Role.OPERATOR, must_change=True)
        assert await accounts.authenticate("Bob", BOB_PASSWORD, NETWORK) == bob
        with pytest.raises(PasswordRefusedError, match="is the old one"):
            await accounts.change_own_password("bob", BOB_PASSWORD, BOB_PASSWORD, NETWORK)
        with pytest.raises(WrongPasswordError):
            await accounts.change_own_password("bob", WRONG, "quite another one", NETWORK)
        accounts.modify("bob", Role.GUEST, BY_ADMIN)  # while he types
        changed = bob._replace(must_change=False, role=Role.GUEST)
        assert await accounts.change_own_password("bob", BOB_PASSWORD, "quite another one", NETWORK) == changed
        assert await accounts.authenticate("bob", "quite another one", NETWORK) == changed
        assert await accounts.authenticate("bob", BOB_PASSWORD, NETWORK) == Denied(0.0)

    run(scenario())


def test_the_old_password_cannot_be_guessed_from_a_session() -> None:
    async def scenario() -> None:
        accounts = await Plant().commissioned()
        for _ in range(3):
            with pytest.raises(WrongPasswordError):
                await accounts.change_own_password("bob", WRONG, "quite another one", NETWORK)
        with pytest.raises(WrongPasswordError, match="in 5 s"):
            await accounts.change_own_password("bob", BOB_PASSWORD, "quite another one", NETWORK)

    run(scenario())


def test_who_is_removed_while_his_password_is_verified_is_denied() -> None:
    async def scenario() -> None:
        accounts = await Plant().commissioned()
        trying = asyncio.ensure_future(accounts.authenticate("bob", BOB_PASSWORD, NETWORK))
        await asyncio.sleep(0)
        accounts.remove("bob", BY_ADMIN)
        assert await trying == Denied(0.0)

    run(scenario())


def test_a_password_that_is_replaced_while_it_is_verified_is_denied() -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = await plant.commissioned()
        another = accounts.find("admin").hash
        trying = asyncio.ensure_future(accounts.authenticate("bob", BOB_PASSWORD, NETWORK))
        await asyncio.sleep(0)
        changed = msgspec.structs.replace(accounts.find("bob"), hash=another)
        accounts._keep_user(changed, BY_ADMIN, "faster than any hash")
        assert await trying == Denied(0.0)

    run(scenario())


def test_a_full_disk_lets_users_in_and_is_told() -> None:
    async def scenario() -> None:
        plant = Plant()
        await plant.commissioned()
        plant.store.full = True
        dearer = replace(plant).start(cost=CHEAP._replace(passes=2))
        assert await dearer.authenticate("admin", ADMIN_PASSWORD, SERIAL) == ADMIN
        assert plant.told.standing == {"ACCOUNTS_STORE_FAILED": "the disk is full"}
        plant.store.full = False
        assert await dearer.authenticate("admin", ADMIN_PASSWORD, SERIAL) == ADMIN
        assert plant.told.standing == {}

    run(scenario())


def test_in_real_time_the_loop_runs_on_while_a_thread_hashes() -> None:
    async def scenario() -> int:
        thread = HashThread()
        hasher = Hasher(thread, COST._replace(memory_kib=65536))
        turns = 0
        hashing = asyncio.ensure_future(hasher.hash(BOB_PASSWORD))
        while not hashing.done():
            await asyncio.sleep(0)
            turns += 1
        assert await hasher.verify(await hashing, BOB_PASSWORD)
        thread.close()
        return turns

    # On the loop's own thread there are two turns at most; beside one that hashes for 100 ms, thousands.
    assert asyncio.run(scenario()) > 10


def test_users_come_back_as_they_were_kept() -> None:
    admin = User(name="Ada.L-1", role="administrator", hash=REFERENCE_HASH, must_change=True)
    users = Users().with_user(admin).with_user(msgspec.structs.replace(admin, name="b.b", role="guest"))
    assert decode(encode(users)) == users
    assert b'[users."ada.l-1"]' in encode(users)


@pytest.mark.parametrize(
    ("terminal", "known_as"),
    [
        ("tcp 192.0.2.7:4711", "tcp 192.0.2.7"),
        ("tcp 2001:db8:1:2:3:4:5:6:4711", "tcp 2001:db8:1:2::/64"),
        ("tcp 2001:db8:1:2:ffff::1:4712", "tcp 2001:db8:1:2::/64"),
        ("unix uid=1001 pid=77", "unix uid=1001"),
    ],
)
def test_lock_out_knows_a_terminal_without_what_changes_with_every_connection(
    terminal: str, known_as: str
) -> None:
    assert origin_of(terminal, OWNER_UID).name == known_as
