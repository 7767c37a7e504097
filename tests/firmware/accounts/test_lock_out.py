"""Lock-out against a naive model: who waits how long, whatever is tried, from where, restarts among it."""

from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.accounts.accounts import Accounts
from firmware.accounts.login import Authenticated, Denied
from firmware.accounts.users import decode
from tests.firmware.accounts.plant import (
    ADMIN_PASSWORD,
    BOB_PASSWORD,
    BY_ADMIN,
    EPOCH,
    NETWORK,
    SERIAL,
    WRONG,
    Plant,
    pass_s,
    run,
)

# After how many failures in a row one waits how long, in seconds: as the design says it.
WAITS_S = (0, 0, 0, 5, 10, 20, 40, 80, 160, 320, 640)
LONGEST_S, FORGOTTEN_S = 900, 3600

PASSWORDS = {"admin": ADMIN_PASSWORD, "bob": BOB_PASSWORD}
NEIGHBOUR = "tcp 192.0.2.8:1"
ODD_S = 0.013  # added to every pause, so that no attempt falls on the instant at which a lock ends

TRY, PAUSE, RESTART, UNLOCK = "try", "pause", "restart", "unlock"
WRONG_TRIES = st.tuples(
    st.just(TRY),
    st.sampled_from(("bob", "bob", "admin", "nobody")),
    st.sampled_from((NETWORK, NETWORK, SERIAL, NEIGHBOUR)),
)
RIGHT_TRIES = st.tuples(st.just("right"), st.sampled_from(("bob", "admin")), st.sampled_from((NETWORK, SERIAL)))
PAUSES = st.tuples(st.just(PAUSE), st.sampled_from(("1", "6", "50", "901", "901", "5000")), st.none())
OTHERS = st.sampled_from(((RESTART, "", ""), (UNLOCK, "bob", "")))
# Mostly wrong tries and pauses: long rows of failures are what is looked for.
OPERATIONS = st.one_of(WRONG_TRIES, WRONG_TRIES, PAUSES, PAUSES, WRONG_TRIES, RIGHT_TRIES, OTHERS)


@dataclass
class Count:
    failures: int = 0
    until_s: float = 0.0

    def fail(self, now_s: float) -> None:
        if now_s - self.until_s > FORGOTTEN_S:
            self.failures = 0
        self.failures += 1
        self.until_s = now_s + (WAITS_S[self.failures] if self.failures < len(WAITS_S) else LONGEST_S)


@dataclass
class Model:
    """Who failed how often, in the plainest terms."""

    counts: dict[tuple[str, str], Count] = field(default_factory=dict)
    now_s: float = 0.0

    def attempt(self, user: str, terminal: str, right: bool) -> float | None:
        """None: let in; else how long to wait."""
        place = "machine" if terminal == SERIAL else "network"
        mine = [(user, place), ("terminal", terminal)]
        waits = [self.counts[key].until_s - self.now_s for key in mine if key in self.counts]
        if max(waits, default=0) > 0:
            return max(waits)
        if right and user in PASSWORDS:
            for key in mine:
                self.counts.pop(key, None)
            return None
        for key in mine:
            self.counts.setdefault(key, Count()).fail(self.now_s)
        return max(self.counts[key].until_s - self.now_s for key in mine)

    def restart(self) -> None:
        """What users were locked for stays; terminals, strangers and slips of the finger are forgotten."""
        self.counts = {key: it for key, it in self.counts.items() if key[0] in PASSWORDS and it.failures >= 3}

    def unlock(self, user: str) -> None:
        self.counts = {key: it for key, it in self.counts.items() if key[0] != user}


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(OPERATIONS, min_size=10, max_size=60))
def test_who_waits_how_long(operations: list[tuple[str, str, str]]) -> None:
    async def scenario() -> None:
        plant, model = Plant(), Model()
        accounts = await plant.commissioned()
        for what, which, where in operations:
            if what == PAUSE:
                await pass_s(int(which) + ODD_S)
                model.now_s += int(which) + ODD_S
            elif what == RESTART:
                accounts.close()
                accounts = plant.start()
                model.restart()
            elif what == UNLOCK:
                accounts.unlock(which, BY_ADMIN)
                model.unlock(which)
            else:
                await _attempt(accounts, model, which, where, right=what != TRY)
        accounts.close()

    run(scenario())


async def _attempt(accounts: Accounts, model: Model, user: str, terminal: str, *, right: bool) -> None:
    password = PASSWORDS.get(user, WRONG) if right else WRONG
    answer = await accounts.authenticate(user, password, terminal)
    wait_s = model.attempt(user, terminal, right)
    if isinstance(answer, Denied):
        assert wait_s is not None
        assert abs(answer.wait_s - wait_s) < 0.01
    else:
        assert isinstance(answer, Authenticated)
        assert wait_s is None


def test_an_attack_over_the_network_locks_nobody_out_at_the_machine() -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = await plant.commissioned()
        for number in range(50):
            await accounts.authenticate("admin", WRONG, f"tcp 198.51.100.{number}:1")
            await pass_s(901)
        await accounts.authenticate("admin", WRONG, NETWORK)
        assert await accounts.authenticate("admin", ADMIN_PASSWORD, NETWORK) == Denied(900.0)
        assert isinstance(await accounts.authenticate("admin", ADMIN_PASSWORD, SERIAL), Authenticated)
        accounts.close()

    run(scenario())


def test_a_restart_after_a_lock_has_ended_forgets_no_failures() -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = await plant.commissioned()
        for _ in range(4):
            await accounts.authenticate("bob", WRONG, NETWORK)
            await pass_s(60)
        accounts.close()
        again = plant.start()
        assert again.locked(again.find("bob")) == {}
        assert await again.authenticate("bob", WRONG, NEIGHBOUR) == Denied(WAITS_S[5])
        again.close()

    run(scenario())


def test_nobody_waits_longer_than_a_quarter_of_an_hour_for_a_clock_that_was_set_back() -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = await plant.commissioned()
        for _ in range(12):
            await accounts.authenticate("admin", WRONG, SERIAL)
            await pass_s(899.9)
        accounts.close()
        early = plant.start(epoch=EPOCH - timedelta(days=4000))
        answer = await early.authenticate("admin", ADMIN_PASSWORD, "pty /dev/pts/1")
        assert isinstance(answer, Denied)
        assert 0 < answer.wait_s <= 900
        await pass_s(900.1)
        assert isinstance(await early.authenticate("admin", ADMIN_PASSWORD, SERIAL), Authenticated)

    run(scenario())


def test_a_long_attack_is_alarmed_and_writes_and_records_little() -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = await plant.commissioned()
        revisions, records, hashes = len(plant.store.revisions), len(plant.told.records), plant.hashes
        for _ in range(6 * 3600):  # six hours, a try a second, each from elsewhere
            await accounts.authenticate("admin", WRONG, f"tcp 2001:db8:{_:x}::1:1")
            await pass_s(1.0)
        # 3 free, 8 up to 640 s (21 min), then one in 900 s: 33 in six hours.
        assert plant.hashes - hashes == 33
        assert len(plant.store.revisions) - revisions == 31
        assert len(plant.told.records) - records <= 33
        assert "LOGIN_ATTACK" in plant.told.standing
        assert "admin on tcp 2001:db8:" in plant.told.standing["LOGIN_ATTACK"]
        assert "attempts before it not recorded" in plant.told.records[-1]
        await pass_s(901)
        assert plant.told.standing == {}
        assert set(decode(plant.store.revisions[-1]).users["admin"].locks) == {"network"}

    run(scenario())


def test_an_attack_by_many_names_from_everywhere_fills_no_log() -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = await plant.commissioned()
        records = len(plant.told.records)
        for number in range(3600):
            await accounts.authenticate(f"user{number}", WRONG, f"tcp 2001:db8:{number:x}::1:1")
            await pass_s(1.0)
        assert len(plant.told.records) - records <= 60 + 60  # at once, and in an hour
        assert len(plant.store.revisions) == 2
        assert isinstance(await accounts.authenticate("admin", ADMIN_PASSWORD, NETWORK), Authenticated)

    run(scenario())


def test_a_slip_of_the_finger_is_no_alarm() -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = await plant.commissioned()
        for _ in range(3):
            await accounts.authenticate("bob", WRONG, SERIAL)
        await pass_s(6)
        assert isinstance(await accounts.authenticate("bob", BOB_PASSWORD, SERIAL), Authenticated)
        assert plant.told.standing == {}
        assert decode(plant.store.revisions[-1]).users["bob"].locks == {}

    run(scenario())
