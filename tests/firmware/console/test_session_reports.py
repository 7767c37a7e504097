"""Reports on a terminal: pages, watching, what nobody asked for, terminals slow or stuck, records."""

import asyncio

import pytest

from firmware.console.pager import QUESTION, STOPPED, WIPE
from protocols.mml_record import Record, RecordDecoder, RecordKind
from tests.console.memory_terminal import AHEAD_S, MemoryTerminal
from tests.console.plant import Plant
from tests.firmware.console.test_session import run, settled


@pytest.mark.parametrize(("size", "rows"), [("", 24), ("10;80", 10)])
def test_a_long_report_comes_in_pages(size: str, rows: int) -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        await made.logged_in(terminal, size)
        terminal.type("LST LOG:COUNT=60;\r")
        await terminal.expect("+++")
        page = await terminal.expect(QUESTION)
        assert page.count("\r\n") == rows - 1
        terminal.type(" ")
        page = await terminal.expect(QUESTION)
        assert page.removeprefix(WIPE).count("\r\n") == rows - 1
        terminal.type("\r")
        page = await terminal.expect(QUESTION)
        assert page.removeprefix(WIPE).count("\r\n") == 1
        terminal.type("xq")
        await terminal.expect(f"{STOPPED}\r\n")
        await terminal.expect("qm1>")

    run(scenario, jumping=not size)


def test_lines_longer_than_the_screen_count_as_the_rows_they_take() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        await made.logged_in(terminal, "10;40")
        terminal.type("LST LOG:COUNT=60;\r")
        await terminal.expect("+++")
        await terminal.expect(QUESTION)
        terminal.type(" ")
        page = await terminal.expect(QUESTION)
        assert page.removeprefix(WIPE).count("\r\n") == 4  # of 79 characters: two rows each, in 9

    run(scenario, jumping=False)


def test_paging_can_be_turned_off() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        await made.logged_in(terminal)
        terminal.type("SET SES:PAGING=NO;\rLST LOG:COUNT=500;\r")
        report = await terminal.expect("00000499")
        assert QUESTION not in report

    run(scenario)


@pytest.mark.parametrize("key", ["\x03", "q"])
def test_a_long_report_stops_when_it_is_told_to(key: str) -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal(octets_per_s=960)
        await made.logged_in(terminal)
        terminal.type("SET SES:PAGING=NO;\rLST LOG:COUNT=1000000;\r")
        await terminal.expect("00000010", limit_s=60)
        terminal.type(key)
        before = asyncio.get_running_loop().time()
        await terminal.expect(STOPPED)
        assert asyncio.get_running_loop().time() - before < 1
        assert made.box.samples < 200  # a report is made as it is printed
        terminal.type("DSP PORT:PN=1;\r")
        await terminal.expect("(Number of results = 1)")

    run(scenario)


def test_ten_megabytes_do_not_hold_up_the_loop() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        terminal.keep_octets = 10_000
        await made.logged_in(terminal)
        terminal.type("SET SES:PAGING=NO;\r")
        await terminal.expect("qm1>")
        await settled(0.05)
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        other = asyncio.create_task(others())
        terminal.type("LST LOG:COUNT=130000;\r")
        await terminal.expect("00129999", limit_s=120)
        other.cancel()
        assert turns > 5000  # a turn for 2 kB

    run(scenario, jumping=False)


def test_watching_repeats_until_a_key() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        await made.logged_in(terminal)
        terminal.type("DSP PORT:WATCH=2;\r")
        before = asyncio.get_running_loop().time()
        for sample in (1, 2, 3):
            await terminal.expect(f"Sample  =  {sample}")
        assert 4 <= asyncio.get_running_loop().time() - before < 5
        terminal.type("x")
        await terminal.expect("qm1> ")
        terminal.type("DSP PORT:PN=2;\r")
        await terminal.expect("(Number of results = 2)")
        assert len([entry for entry in made.audited if "WATCH" in entry.command]) == 1

    run(scenario)


def test_at_a_low_speed_a_refresh_waits_for_the_one_before() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal(octets_per_s=100)
        await made.logged_in(terminal)
        terminal.type("DSP PORT:WATCH=1;\r")
        for sample in (1, 2, 3):
            await terminal.expect(f"Sample  =  {sample}", limit_s=100)
            await terminal.expect("END\r\n", limit_s=100)
            before = asyncio.get_running_loop().time()
            await terminal.expect("+++", limit_s=100)
            # All that the terminal still held, then the period; then the first piece of the next has to leave.
            assert AHEAD_S + 1 <= asyncio.get_running_loop().time() - before < AHEAD_S + 1.5

    run(scenario)


def test_a_watcher_who_hangs_up_is_gone() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        session = await made.logged_in(terminal)
        terminal.type("DSP PORT:WATCH=1;\r")
        await terminal.expect("Sample  =  2")
        terminal.hang_up()
        await session
        samples = made.box.samples
        await settled(10)
        assert made.box.samples == samples

    run(scenario)


def test_what_nobody_asked_for_stands_above_the_line_being_typed() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        await made.logged_in(terminal)
        terminal.type("DSP PO")
        await terminal.expect("DSP PO")
        made.registry.tell(7, ["*** ALARM ***", "LOS\x1b[2J on port 1"])
        assert await terminal.expect("qm1> DSP PO") == "\r\n*** ALARM ***\r\nLOS.[2J on port 1\r\nqm1> DSP PO"
        terminal.type("RT:PN=1;\r")
        await terminal.expect("(Number of results = 1)")

    run(scenario)


def test_it_does_not_stand_within_another_report_and_not_at_all_where_it_is_turned_off() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        await made.logged_in(terminal)
        terminal.type("LST LOG:COUNT=40;\r")
        await terminal.expect(QUESTION)
        made.registry.tell(7, ["*** ALARM ***"])
        await settled()
        terminal.type(" ")
        await terminal.expect(QUESTION)
        terminal.type(" ")
        rest = await terminal.expect("qm1> ")
        assert rest.index("---    END") < rest.index("*** ALARM ***")
        terminal.type("SET SES:REPORTS=NO;\r")
        await terminal.expect("qm1> ")
        made.registry.tell(8, ["*** ANOTHER ***"])
        terminal.type("DSP PORT;\r")
        assert "ANOTHER" not in await terminal.expect("qm1> ")

    run(scenario)


def test_of_too_many_only_the_number_is_told() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        await made.logged_in(terminal)
        terminal.type("TST BOX;\r")
        await settled()
        for number in range(137):
            made.registry.tell(number, [f"*** ALARM {number} ***", ""])
        made.box.hold.set()
        shown = await terminal.expect("37 reports not shown")
        assert "ALARM 99 " in shown
        assert "ALARM 100 " not in shown

    run(scenario)


def test_who_does_not_read_is_dropped_and_stalls_nobody() -> None:
    async def scenario(made: Plant) -> None:
        stuck, other = MemoryTerminal(), MemoryTerminal("serial other")
        session = await made.logged_in(stuck)
        await made.logged_in(other)
        stuck.stalled = True
        for number in range(10_000):
            made.registry.tell(number, ["*** ALARM ***"] * 10)
        await other.expect("reports not shown")
        await settled(250)
        assert not session.done()
        await settled(100)
        assert session.done()
        assert [live.session.terminal for live in made.registry.all()] == ["serial other"]

    run(scenario)


async def _records(terminal: MemoryTerminal, decoder: RecordDecoder, count: int) -> list[Record]:
    found: list[Record] = []
    async with asyncio.timeout(100):
        while len(found) < count:
            found += decoder.feed(terminal.take())
            await asyncio.sleep(0.01)
    return found


async def _machine(made: Plant, terminal: MemoryTerminal) -> RecordDecoder:
    await made.logged_in(terminal)
    terminal.type("SET SES:MODE=MACHINE;\r")
    await terminal.expect("MACHINE;\r\n")
    decoder = RecordDecoder()
    (record,) = await _records(terminal, decoder, 1)
    assert (record.kind, record.retcode, record.more) == (RecordKind.REPORT, 0, False)
    return decoder


def test_machine_mode_answers_in_records_and_nothing_else() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        decoder = await _machine(made, terminal)
        made.box.interrupted = ["3 calls in progress"]
        terminal.type("DSP PORT:PN=1;\r\n\nRST BOX;\nSET PWD;\nDSP \xc3\x28;\n".encode("latin-1"))
        records = await _records(terminal, decoder, 4)
        assert [record.retcode for record in records] == [0, 2003, 1004, 1001]
        assert records[0].text.endswith("---    END\n")
        made.registry.tell(99, ["*** ALARM ***"])
        (notice,) = await _records(terminal, decoder, 1)
        assert notice == Record(RecordKind.NOTICE, 99, 0, 1, False, "*** ALARM ***\n")
        assert decoder.idle

    run(scenario)


def test_machine_mode_sends_long_reports_in_parts_and_refuses_long_lines() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        decoder = await _machine(made, terminal)
        terminal.type("LST LOG:COUNT=2000;\n" + "x" * 1_000_000 + "\nDSP PORT;\n")
        records: list[Record] = []
        while sum(not record.more for record in records) < 3:
            records += await _records(terminal, decoder, 1)
        parts = records[:-2]
        assert len(parts) > 5
        assert "".join(part.text for part in parts).count("xxx\n") == 2000
        assert [record.retcode for record in records[-2:]] == [1006, 0]

    run(scenario)
