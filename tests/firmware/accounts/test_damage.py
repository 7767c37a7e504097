"""A store whose users cannot be read opens the box to nobody over a network, and to who stands at it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.accounts.errors import NotFactoryError
from firmware.accounts.login import Authenticated, Denied
from firmware.accounts.users import User, Users, UsersDamagedError, decode, encode
from tests.firmware.accounts.plant import ADMIN_PASSWORD, NETWORK, SERIAL, Plant, run

HASH = "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
USERS = Users().with_user(User(name="admin", role="administrator", hash=HASH))

DAMAGED = {
    "empty": b"",
    "no TOML": b"\x00\xff\xfe",
    "no administrator": encode(USERS).replace(b"administrator", b"guest"),
    "no such role": encode(USERS).replace(b"administrator", b"emperor"),
    "a newer schema": encode(USERS).replace(b"schema = 1", b"schema = 2"),
    "no hash": encode(USERS).replace(b"$argon2id$", b"$md5$"),
    "another key": encode(USERS).replace(b"[users.admin]", b"[users.bob]"),
    "an unknown field": encode(USERS) + b'colour = "red"\n',
    "a name that plays tricks": encode(USERS).replace(b'name = "admin"', b'name = "\\u001b[2J"'),
}


@pytest.mark.parametrize("octets", DAMAGED.values(), ids=DAMAGED.keys())
def test_only_who_stands_at_the_machine_makes_a_new_administrator(octets: bytes) -> None:
    async def scenario() -> None:
        plant = Plant()
        plant.store.revisions.append(octets)
        accounts = plant.start()
        assert accounts.factory
        assert len(plant.told.standing["ACCOUNTS_DAMAGED"].splitlines()) == 1
        for terminal in (NETWORK, "unix uid=1001 pid=7"):
            assert not accounts.admits_first_password(terminal)
            with pytest.raises(NotFactoryError):
                await accounts.set_first_password(ADMIN_PASSWORD, terminal)
            assert isinstance(await accounts.authenticate("admin", ADMIN_PASSWORD, terminal), Denied)
        assert accounts.admits_first_password(SERIAL)
        await accounts.set_first_password(ADMIN_PASSWORD, "unix uid=0 pid=7")
        assert plant.told.standing == {}
        assert isinstance(await accounts.authenticate("admin", ADMIN_PASSWORD, NETWORK), Authenticated)

    run(scenario())


def test_a_store_of_which_nothing_can_be_read_is_alarmed() -> None:
    async def scenario() -> None:
        plant = Plant()
        plant.store.faults.append("pointer: both copies are damaged")
        assert plant.start().factory
        assert plant.told.standing == {"ACCOUNTS_DAMAGED": "pointer: both copies are damaged"}

    run(scenario())


def test_a_factory_store_is_no_damage() -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = plant.start()
        assert accounts.factory
        assert plant.told.standing == {"FACTORY_STATE": ""}
        await accounts.set_first_password(ADMIN_PASSWORD, SERIAL)
        assert plant.told.standing == {}

    run(scenario())


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.data())
def test_any_file_is_read_or_refused_in_one_line(data: st.DataObject) -> None:
    octets = bytearray(encode(USERS))
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert decode(bytes(octets)).has_administrator()
    except UsersDamagedError as error:
        assert len(str(error).splitlines()) == 1
