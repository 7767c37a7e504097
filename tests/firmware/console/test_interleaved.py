"""Sessions that type over one another: no exception, no mixing, nothing stored but what is committed."""

import asyncio
import re
import tempfile
import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from firmware.accounts.accounts import Accounts
from firmware.accounts.hashing import Hasher, run_at_once
from firmware.console import return_codes as codes
from firmware.console.box_console import BoxConsole
from firmware.console.session import ConsoleSession
from firmware.plant import PlantConfiguration
from firmware.runtime import WallClock
from hil.exchange import Exchange
from hil.managed_shelf import ManagedShelf
from tests.console.memory_terminal import MemoryTerminal
from tests.console.plant import CHEAP, PASSWORD, add_users
from tests.firmware.accounts.plant import EPOCH, MemoryStore, Told

# To shrink an example of whole sessions takes long and helps little.
SEEDED = settings(max_examples=30, deadline=None, derandomize=True, phases=[Phase.generate])
USERS = ("admin", "bob", "olga")
SETTLED_S = 0.05

KNOWN_SEQUENCES = r"\x1b7|\x1b8|\x1b\[999;999H|\x1b\[6n"  # of the question for the terminal's size

# What somebody types, {0}: his name, {1}: any number. What is changed and why says who did it.
LINES = (
    'SET SITE:NAME="{0} {1}";',
    'SET SITE:CONTACT="{0} {1}";',
    'MOD PORT:PN=1,NAME="{0} {1}";',
    'ADD PORT:PN=3,NAME="{0} {1}";',
    "RMV PORT:PN=3;",
    *['CMT CFG:WHY="{0}";'] * 4,
    'CMT CFG:CONFIRM=86400,WHY="{0}";',
    "CMT CFG;",
    'RBK CFG:REV=1,WHY="{0}";',
    "RMV CFGEDIT;",
    "RST CFGEDIT;",
    "STR CFGEDIT:EXCLUSIVE=YES;",
    "SAV CFG;",
    "ADD CFG;",
    "ADD PORT;",
    "MOD PORT;",
    "SET PWD;",
    "RST PORT:PN=1;",
    "LST CFG;",
    "DSP CFG:?",
    "DSP ALM:WATCH=1;",
    "LST AUDIT:LAST=50;",
    "SET SES:MODE=MACHINE;",
    "SET SES:PAGING=NO;",
    "LGO",
)
NOISE = (
    *(b"\x00", b"\x03", b"\x04", b"\x07", b"\x08\x08\x08", b"\x15", b"\x1b", b"\x1b[A", b"\x7f", b"\x9b2J"),
    *(
        b"\xc3",
        b"\xe2\x80",
        b"\xff\xfe",
        b"\t",
        b"?",
        b" ",
        b"q",
        b"y\r",
        b"\r",
        b"\n",
        b"\\\r",
        b";",
        b'"',
        b"/*",
    ),
    *(b"1&&16", b"x" * 5000, "\u202e\u2067é文".encode()),
)

Typed = bytes | None  # None: hangs up
Step = tuple[int, Typed]

# Ctrl-C first: whatever was begun there is broken off, so that more lines are whole.
whole = st.builds(
    lambda start, line, end: start + line.encode() + end,
    st.sampled_from([b"\x03", b"\x03", b""]),
    st.sampled_from(LINES),
    st.sampled_from([b"\r", b"\r", b"\r\n", b""]),
)
cut = st.builds(lambda line, length: line.encode()[:length], st.sampled_from(LINES), st.integers(1, 20))
noise = st.sampled_from(NOISE) | st.binary(max_size=6)
typed = st.sampled_from([*[whole] * 8, cut, noise, noise, st.none()]).flatmap(lambda kind: kind)
steps = st.lists(st.tuples(st.integers(0, len(USERS) - 1), typed), min_size=30, max_size=50)


class Desk:
    """A user at his terminal: one of a known size has the rich editor."""

    def __init__(self, user: str, console: BoxConsole, size: str) -> None:
        self.user = user
        self.shown = ""
        self._console = console
        self._size = size

    async def log_in(self) -> None:
        self._terminal = MemoryTerminal(f"unix uid=0 pid={USERS.index(self.user)}")
        self._session = asyncio.create_task(ConsoleSession(self._terminal, self._console).run())
        await self._terminal.expect("\x1b[6n")
        self._terminal.type(f"\x1b[{self._size}R" if self._size else "\r")
        await self._terminal.expect("login: ")
        self._terminal.type(f"{self.user}\r")
        await self._terminal.expect("password: ")
        self._terminal.type(f"{PASSWORD}\r")
        await self._terminal.expect("qm1>")

    async def type(self, octets: Typed, number: int) -> None:
        if octets is None or self._session.done():
            await self.leave()
            await self.log_in()
        if octets is not None:
            self._terminal.type(octets.replace(b"{0}", self.user.encode()).replace(b"{1}", str(number).encode()))

    async def leave(self) -> None:
        """In the middle of whatever he was at; raises what his session has raised."""
        self._terminal.hang_up()
        async with asyncio.timeout(60):
            await self._session
        self.shown += self._terminal.text


class Record(NamedTuple):
    """Of the audit log, what matters here."""

    user: str
    command: str
    code: int

    @property
    def stores(self) -> bool:
        return self.code == codes.OK and self.command.startswith(("CMT CFG", "RBK CFG"))


class Office:
    """The box with its desks, and a watch on its store."""

    def __init__(self, shelf: ManagedShelf, console: BoxConsole, state: Path) -> None:
        self.box = shelf.installation.qm
        self.desks = [Desk(user, console, size) for user, size in zip(USERS, ("", "24;80", ""), strict=True)]
        self.done: Counter[str] = Counter()
        self._log = shelf.installation.machine.audit_log
        self._state = state

    def _stored(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self._state / "qm1" / "configuration").iterdir()}

    def _records(self, after: int) -> list[Record]:
        return [
            Record(one.user, one.command, one.retcode) for one in self._log.between(after + 1, self._log.serial)
        ]

    async def play(self, taken: list[Step]) -> None:
        for desk in self.desks:
            await desk.log_in()
        for number, (who, octets) in enumerate(taken):
            before, serial = self._stored(), self._log.serial
            await self.desks[who].type(octets, number)
            await asyncio.sleep(SETTLED_S)
            records = self._records(serial)
            assert (self._stored() != before) == any(record.stores for record in records), records
            assert {record.user for record in records} <= {USERS[who]}
            self.done.update(record.command[:7] for record in records if record.code == codes.OK)
            self.done["refused"] += sum(record.code > codes.OK for record in records)
        for desk in self.desks:
            await desk.leave()
        self._check_what_is_left()
        self._check_revisions()
        for desk in self.desks:
            self._check_shown(desk)

    def _check_what_is_left(self) -> None:
        """Nobody is there any more, nobody edits, the log is whole."""
        assert self.box.console.registry.all() == []
        assert self.box.service.editors.candidates() == []
        assert self._log.verify().intact

    def _check_revisions(self) -> None:
        """A revision is what its author, and nobody else, has made of the one before."""
        store = self.box.service.revisions.store
        for summary in store.history():
            if summary.kind != "commit":
                continue
            now, base = (_leaves(store.read(number).octets) for number in (summary.number, summary.base))
            said = {
                text for path, text in now.items() if base.get(path) != text and re.fullmatch(r"\w+ \d+", text)
            }
            assert {text.split()[0] for text in said} <= {summary.who}
            assert summary.why in ("", summary.who)

    def _check_shown(self, desk: Desk) -> None:
        refusals = [int(code) for code in re.findall(r"RETCODE = (\d+)  \S", desk.shown) if int(code)]
        assert set(refusals) <= set(codes.TEXTS)
        plain = re.sub(KNOWN_SEQUENCES, "", desk.shown) if desk.user != "bob" else ""
        assert not [
            character for character in plain if not character.isprintable() and character not in "\r\n\b\a"
        ]


def _leaves(octets: bytes) -> dict[str, str]:
    """The values of a stored tree, as the standard library reads TOML."""

    def below(value: Any, path: str) -> dict[str, str]:
        if not isinstance(value, dict):
            return {path: str(value)}
        return {deeper: text for name in value for deeper, text in below(value[name], f"{path}.{name}").items()}

    return below(tomllib.loads(octets.decode()), "")


def run(taken: list[Step]) -> Counter[str]:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        shelf = ManagedShelf(PlantConfiguration(), state, Path(folder) / "calls", seed=1)
        done: Counter[str] = Counter()

        async def scenario(_: Exchange) -> None:
            told = Told()
            accounts = Accounts(
                MemoryStore(), Hasher(run_at_once, CHEAP), WallClock(EPOCH), told, told, owner_uid=0
            )
            await add_users(accounts)
            office = Office(shelf, replace(shelf.installation.qm.console, accounts=accounts), state)
            await office.play(taken)
            done.update(office.done)
            accounts.close()

        shelf.run(scenario, lambda _: None, real_time=False)
    return done


def test_sessions_typing_over_one_another() -> None:
    done: Counter[str] = Counter()

    @SEEDED
    @given(steps)
    def try_one(taken: list[Step]) -> None:
        done.update(run(taken))

    try_one()
    assert min(done[what] for what in ("CMT CFG", "SET SIT", "ADD POR", "refused")) > 5, done
