"""A terminal that understands ECMA-48: what stands on its screen (by pyte), and what each key costs."""

import asyncio

import pyte
import pytest

from firmware.console.pager import QUESTION
from tests.console.memory_terminal import MemoryTerminal
from tests.console.plant import Plant
from tests.firmware.console.test_session import run

OCTETS_A_KEY_MAX = 500  # the bar: half a second at 9 600 bit/s
QUIET_S = 1.0  # of time that jumps

LEFT, RIGHT, UP, DOWN, HOME, END, DELETE = "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B", "\x1b[H", "\x1b[F", "\x1b[3~"
LONG = "LST OBJECT01:KIND=" + "ab-" * 120


class Screen:
    """A terminal with a screen to look at."""

    def __init__(self, rows: int = 24, columns: int = 80) -> None:
        self.terminal = MemoryTerminal()
        self._size = f"{rows};{columns}" if columns else ""  # does not tell
        self._screen = pyte.Screen(columns or 80, rows)
        self._stream = pyte.ByteStream(self._screen)

    async def log_in(self, made: Plant) -> None:
        await made.logged_in(self.terminal, self._size)
        self._stream.feed(b"qm1>")
        await self.press("")

    async def press(self, keys: str | bytes) -> int:
        """Types, waits until nothing more comes; how many octets came."""
        if keys:
            self.terminal.type(keys)
        await asyncio.sleep(QUIET_S)
        octets = 0
        while came := self.terminal.take():
            octets += len(came)
            self._stream.feed(came)
            await asyncio.sleep(QUIET_S)
        return octets

    @property
    def rows(self) -> list[str]:
        """Down to the cursor's."""
        return [row.rstrip() for row in self._screen.display[: self._screen.cursor.y + 1]]

    @property
    def cursor(self) -> tuple[int, str]:
        """The cursor's column, and its row."""
        return self._screen.cursor.x, self.rows[-1]


def on_screen(keys: list[str | bytes], expected: tuple[int, str]) -> None:
    async def scenario(made: Plant) -> None:
        screen = Screen()
        await screen.log_in(made)
        for key in keys:
            await screen.press(key)
        assert screen.cursor == expected

    run(scenario)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["DSP PORT"], (13, "qm1> DSP PORT")),
        (["DSP PORT", LEFT, LEFT, "X"], (12, "qm1> DSP POXRT")),
        (["DSP PORT", HOME, DELETE, "T"], (6, "qm1> TSP PORT")),
        (["DSP PORT\x17BOX"], (12, "qm1> DSP BOX")),
        (["DSP PORT\x15"], (5, "qm1>")),
        (["dsp po\t"], (13, "qm1> dsp PORT")),
        (["dsp portc\t"], (17, "qm1> dsp PORTCNT:")),
        (["DSP B\xc3\xa4rn".encode("latin-1")], (13, "qm1> DSP Bärn")),
        ([b"DSP \xc3", b"\xa4", b"\xff\x9b"], (12, "qm1> DSP ä\ufffd\ufffd")),
        (["DSP PORT;\r", UP, DOWN, UP], (14, "qm1> DSP PORT;")),
        (["DSP PORT;\rRST BOX;\r", "\x12port"], (23, "(reverse-i-search)`port': DSP PORT;")),
        (["SET PWD:PWD=secret1;\r", UP], (22, "qm1> SET PWD:PWD=****;")),
        (['SET X:Y="what?'], (19, 'qm1> SET X:Y="what?')),
        (["DSP\x03"], (5, "qm1>")),
    ],
)
def test_keys_do_what_they_do_everywhere(keys: list[str | bytes], expected: tuple[int, str]) -> None:
    on_screen(keys, expected)


def test_the_help_of_a_question_mark_stands_above_the_line() -> None:
    async def scenario(made: Plant) -> None:
        screen = Screen()
        await screen.log_in(made)
        await screen.press("DSP PO?")
        assert screen.rows[-3].startswith("  PORT ")
        assert screen.rows[-2].startswith("  PORTCNT ")
        assert screen.cursor == (11, "qm1> DSP PO")
        await screen.press("RT;\r")
        assert "(Number of results = 4)" in screen.rows
        assert screen.cursor == (5, "qm1>")

    run(scenario)


def test_a_notice_stands_above_the_line_and_does_not_tear_it() -> None:
    async def scenario(made: Plant) -> None:
        screen = Screen()
        await screen.log_in(made)
        await screen.press("DSP PORT" + LEFT * 4)
        made.registry.tell(1, ["*** ALARM ***", "LOS on port 1"])
        await screen.press("")
        assert screen.rows[-3:] == ["*** ALARM ***", "LOS on port 1", "qm1> DSP PORT"]
        await screen.press("X")
        assert screen.cursor == (10, "qm1> DSP XPORT")

    run(scenario)


def test_a_watched_report_stays_in_its_place() -> None:
    async def scenario(made: Plant) -> None:
        screen = Screen()
        await screen.log_in(made)
        await screen.press("DSP PORT:WATCH=9;\r")
        while made.box.samples < 3:
            await asyncio.sleep(1)
        await screen.press("")
        rows = screen.rows
        assert rows[0].startswith("+++ ")
        assert [row for row in rows if row.startswith("Sample")] == ["Sample  =  3"]
        await screen.press("x")
        assert screen.cursor == (5, "qm1>")

    run(scenario)


# What stands on the line before the key, and the key.
KEYS = {
    "a letter": ("DSP POR", "T"),
    "a letter before a long line": (LONG + HOME, "X"),
    "a letter that scrolls": (LONG, "X"),
    "a wide letter before wide letters": ("ab中" * 100 + HOME, "文"),
    "a wide letter that scrolls": ("文" * 200, "字"),
    "letters of three octets": ("–—" * 200 + HOME, "…"),
    "backspace": ("DSP POR", "\x7f"),
    "backspace in a long line": ("x" * 60 + LONG + HOME + RIGHT, "\x7f"),
    "delete": ("DSP PORT" + HOME, DELETE),
    "left": ("DSP PORT", LEFT),
    "left that scrolls": (LONG + LEFT * 75, LEFT),
    "home": (LONG, HOME),
    "end": (LONG + HOME, END),
    "a word left": (LONG, "\x1bb"),
    "Ctrl-U": (LONG, "\x15"),
    "Ctrl-W": (LONG, "\x17"),
    "Ctrl-K": (LONG + HOME, "\x0b"),
    "Ctrl-Y": (LONG + "\x15", "\x19"),
    "Ctrl-T": ("DSP PORT", "\x14"),
    "Ctrl-L": (LONG, "\x0c"),
    "undo": (LONG + "\x17", "\x1f"),
    "Ctrl-C": (LONG, "\x03"),
    "up": (f"{LONG}\x03DSP PORT;\r", UP),
    "down": (f"DSP PORT;\r{UP}", DOWN),
    "Ctrl-R": ("DSP PORT;\r", "\x12"),
    "Ctrl-R of a long line": (f"{LONG};\r\x12", "b"),
    "Tab, unique": ("DSP PORTC", "\t"),
    "Tab, a beginning": ("DSP P", "\t"),
    "Tab, a choice": ("DSP PORT", "\t"),
    "Tab, a choice of 60": ("LST OBJECT", "\t"),
    "Tab, a choice of 60 behind a long line": (f"{LONG};LST OBJECT", "\t"),
    "Tab, a choice of 60 behind wide letters": (f'LST X:Y="{"文" * 100}";LST OBJECT', "\t"),
    "? of 60 behind wide letters": (f'LST X:Y="{"文" * 100}";LST ', "?"),
    "? of 60 behind wide letters, next": (f'LST X:Y="{"文" * 100}";LST ?', " "),
    "Tab, nothing": ("XYZ", "\t"),
    "Tab on nothing": ("", "\t"),
    "?": ("DSP ", "?"),
    "? on nothing": ("", "?"),
    "? of 60": ("LST ", "?"),
    "? of 60, its next page": ("LST ?", " "),
    "Enter on nothing": ("", "\r"),
    "Escape": (LONG, "\x1b"),
    "quoted insert": (LONG, "\x11"),
    "insert": (LONG, "\x1b[2~"),
    "F1": (LONG, "\x1bOP"),
    "a repetition": (LONG, "\x1b9"),
    "Ctrl-X Ctrl-E": ("DSP PORT\x18", "\x05"),
    "Ctrl-Z": ("DSP PORT", "\x1a"),
}


@pytest.mark.parametrize("columns", [0, 80])
def test_no_key_costs_more_than_half_a_second_at_9600_bit_s(columns: int) -> None:
    async def scenario(made: Plant) -> None:
        costs = {}
        for name, (before, key) in KEYS.items():
            screen = Screen(24, columns)
            await screen.log_in(made)
            await screen.press(before)
            costs[name] = await screen.press(key)
            screen.terminal.hang_up()
        print(f"octets a key on {columns} columns: {costs}")
        assert {name: octets for name, octets in costs.items() if octets > OCTETS_A_KEY_MAX} == {}
        assert costs["a letter"] < 60

    run(scenario)


def test_the_whole_help_is_shown_piece_by_piece() -> None:
    async def scenario(made: Plant) -> None:
        screen = Screen()
        await screen.log_in(made)
        await screen.press("LST OBJECT?")
        for _ in range(20):
            assert screen.rows[-1] == QUESTION
            await screen.press(" ")
            if any(row.startswith("  OBJECT59") for row in screen.rows):
                break
        assert screen.rows[-1] == "qm1> LST OBJECT"

    run(scenario)
