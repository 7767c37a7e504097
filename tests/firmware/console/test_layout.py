"""Reports on paper: the whole form by hand, tables too wide, lazy rows, text that would play tricks."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth

from firmware.console import layout
from firmware.console import return_codes as codes
from firmware.console.answer import Answer
from firmware.console.declaration import CommandError
from firmware.console.report import Block, Lines, Pairs, Table
from protocols.mml_record import RecordDecoder

SEEDED = settings(max_examples=200, deadline=None, derandomize=True)


def answer(*blocks: Block, text: str = "Operation succeeded", code: int = 0, left_out: int = 0) -> Answer:
    return Answer(17, "qm1/Bern", "2026-11-25 01:02:03", "LST PORT:;", code, text, blocks, left_out)


def body(block: Block, columns: int = 80) -> list[str]:
    return list(layout.block_lines(block, columns))


def test_a_report_whole() -> None:
    table = Table("Ports", ("Port", "State", "Frames"), [(1, "aligned", 1.5), (16, "LOS", 1e-07)])
    pairs = Pairs("Clock", [("Source", "port 1"), ("Offset (ppb)", -3)])
    lines = Lines("", ["as it\tstands"])
    assert "\n".join(layout.lines(answer(table, pairs, lines, left_out=2))) == (
        """\
+++    qm1/Bern   2026-11-25 01:02:03
O&M    #17
%%LST PORT:;%%
RETCODE = 0  Operation succeeded

Ports
-----
Port  State    Frames
1     aligned  1.5
16    LOS      1e-07
(Number of results = 2)

Clock
-----
Source        =  port 1
Offset (ppb)  =  -3

as it   stands

(Commands of the line not carried out = 2)

---    END"""
    )


def test_a_table_without_rows() -> None:
    assert body(Table("", ("Port", "State"), [])) == ["Port  State", "(Number of results = 0)"]


def test_a_table_wider_than_the_terminal_becomes_blocks_of_pairs() -> None:
    table = Table("", ("Port", "Where it goes"), [(1, "to the exchange in Bern"), (2, "nowhere")])
    assert body(table, 30)[0] == "Port  Where it goes"
    assert body(table, 28) == [
        "Port           =  1",
        "Where it goes  =  to the",
        "                  exchange",
        "                  in Bern",
        "",
        "Port           =  2",
        "Where it goes  =  nowhere",
        "",
        "(Number of results = 2)",
    ]


def test_columns_are_as_wide_as_they_look() -> None:
    table = Table("", ("Site", "N"), [("漢字", 1), ("Zürich", 2)])
    assert body(table)[:3] == ["Site    N", "漢字    1", "Zürich  2"]


def test_a_late_wide_cell_pushes_its_row_only() -> None:
    rows = [(1, "a")] * layout.LOOKED_AT_ROWS + [(1_000_000, "b"), (2, "c")]
    lines = body(Table("", ("Port", "X"), rows))
    assert lines[-3:] == ["1000000  b", "2     c", f"(Number of results = {len(rows)})"]


def test_rows_are_pulled_as_they_are_printed() -> None:
    pulled = itertools.count()
    table = Table("", ("N",), ((next(pulled),) for _ in range(10**12)))
    lines = layout.lines(answer(table))
    for _ in range(layout.LOOKED_AT_ROWS * 2):
        next(lines)
    assert next(pulled) <= layout.LOOKED_AT_ROWS * 2


def test_a_report_of_10_mb_is_counted() -> None:
    rows = ((number, "x" * 95) for number in range(100_000))
    lines = list(layout.lines(answer(Table("", ("N", "X"), rows)), 120))
    assert sum(map(len, lines)) > 10_000_000
    assert "(Number of results = 100000)" in lines[-3:]


def test_a_report_that_breaks_off_says_so() -> None:
    def rows() -> Iterator[tuple[int]]:
        yield (1,)
        raise CommandError(codes.STORE_FAILED, "cannot read the history")

    lines = list(layout.lines(answer(Table("", ("N",), rows()))))
    assert lines[-3:] == ["The report breaks off here: RETCODE = 3006  cannot read the history", "", "---    END"]


TRICKS = "a\x1b[2Jb\r\x00\x07\u202e\x85\udcff"


def test_nothing_plays_tricks_on_a_terminal() -> None:
    blocks = (
        Table(TRICKS, ("N",), [(TRICKS,)]),
        Pairs(TRICKS, [(TRICKS, TRICKS)]),
        Lines(TRICKS, [TRICKS]),
    )
    report = Answer(1, TRICKS, "", TRICKS, 3001, TRICKS, blocks)
    assert all(line.isprintable() for line in layout.lines(report))
    assert "\n".join(layout.lines(report)).encode()


def test_long_texts_are_wrapped() -> None:
    lines = list(layout.lines(answer(text="word " * 30 + "end", code=3001)))
    assert lines[3].startswith("RETCODE = 3001  word word")
    assert lines[4].startswith("  word")
    assert max(map(len, lines)) <= 80
    assert " ".join(" ".join(lines[3:-2]).split()) == "RETCODE = 3001 " + "word " * 30 + "end"


texts = st.text(max_size=60)
tables = st.integers(1, 4).flatmap(
    lambda size: st.builds(
        Table,
        texts,
        st.lists(st.text(st.characters(codec="ascii"), min_size=1, max_size=9), min_size=size, max_size=size),
        st.lists(st.lists(texts | st.integers() | st.floats(), min_size=size, max_size=size), max_size=5),
    )
)
pair_blocks = st.builds(Pairs, texts, st.lists(st.tuples(st.text(max_size=30), texts), max_size=5))


@SEEDED
@given(tables | pair_blocks, st.integers(20, 200))
def test_no_line_is_wider_than_the_terminal(block: Block, columns: int) -> None:
    for line in list(layout.block_lines(block, columns))[2 if block.title else 0 :]:
        assert get_cwidth(line) <= max(columns, len("(Number of results = 5)"))


@pytest.mark.parametrize("rows", [0, 1, 2000])
def test_machine_records_carry_the_report(rows: int) -> None:
    def report() -> Answer:
        return answer(Table("Numbers", ("N", "X"), ((number, "x" * 50) for number in range(rows))), code=0)

    octets = b"".join(layout.machine_records(report()))
    records = RecordDecoder().feed(octets)
    assert {(record.serial, record.retcode) for record in records} == {(17, 0)}
    assert "".join(record.text for record in records).splitlines() == list(layout.lines(report()))


def pieces(text: str, width: int) -> Iterator[str]:
    """The naive reference: measures all that is left for every piece."""
    while get_cwidth(text) > width:
        fits = max(number for number in range(len(text)) if number == 1 or get_cwidth(text[:number]) <= width)
        blank = text.rfind(" ", 1, fits + 1)
        cut = blank if blank > 0 else fits
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    yield text


@given(st.text(st.sampled_from("ab  電é̀"), min_size=1, max_size=200).map(str.strip), st.integers(20, 40))
def test_values_break_where_they_should(text: str, columns: int) -> None:
    indent = len("Name  =  ")
    lines = list(layout.block_lines(Pairs("", [("Name", text)]), columns))
    assert [line[indent:] for line in lines] == [piece.rstrip() for piece in pieces(text, columns - indent)]


@pytest.mark.parametrize("text", ["x" * 20_000, "word " * 4000])
def test_a_long_value_is_measured_once(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = 0

    def counting(part: str) -> int:
        nonlocal measured
        measured += len(part)
        return get_cwidth(part)

    monkeypatch.setattr(layout, "get_cwidth", counting)
    assert len(list(layout.block_lines(Pairs("", [("Name", text)]), 80))) > 200
    assert measured < 2 * len(text)
