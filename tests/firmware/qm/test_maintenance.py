"""Loops, bit-error tests and errors on purpose, by their commands; counters; faults that the line has."""

import asyncio
from pathlib import Path

import pytest

from drivers.engine import Impairments, Injection, Maintenance, Span
from firmware.configuration.common import AlarmConfiguration
from firmware.console import return_codes
from firmware.qm.configuration import ClockConfiguration, PortConfiguration
from hil.exchange import ExchangeLine
from tests.firmware.plants import CUT, LINE_UP_S, PROMPT_S, WHOLE, Plant, long_caller

CHANNEL_BITS_A_S = 64_000


def test_bit_error_test_in_a_local_loop_counts_what_was_put_in(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(1)
        await plant.ok("LOP PORT:PN=2,LOOP=LOCAL;")
        await asyncio.sleep(LINE_UP_S)
        await plant.ok("STR BERT:PN=2,PATTERN=PRBS15,TS=1&&5;")
        assert {"PORT_LOOPED", "TEST_RUNNING"} <= plant.heard["qm1"].on("port 2")
        await asyncio.sleep(2)
        await plant.ok("TST PORT:PN=2,ERROR=BIT,COUNT=7;")
        await asyncio.sleep(1)
        result = await plant.pairs("DSP BERT:PN=2;")
        assert (result["Synchronised"], result["Bit errors"], result["Elapsed (s)"]) == ("yes", 7, "3.0")
        assert result["Bits compared"] == pytest.approx(3 * 5 * CHANNEL_BITS_A_S, rel=0.02)
        assert float(result["Bit error ratio"]) == pytest.approx(7 / (3 * 5 * CHANNEL_BITS_A_S), rel=0.02)
        stopped = await plant.pairs("STP BERT:PN=2;")
        await asyncio.sleep(10)
        assert await plant.pairs("DSP BERT:PN=2;") == stopped
        await plant.ok("LOP PORT:PN=2,LOOP=NONE;")
        await asyncio.sleep(LINE_UP_S)
        assert plant.heard["qm1"].on("port 2") == set()
        await plant.call(2, 1, long_caller(2))  # the timeslots take calls again

    plant.run(scenario)
    assert [record.failure for record in plant.records] == [""]


def test_far_end_counts_the_crc_errors_that_are_sent(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(2)
        far = plant.exchange.lines[1].span
        before = far.status().crc_errors
        await plant.ok("RST PORTCNT:PN=1;")
        await plant.ok("TST PORT:PN=1,ERROR=CRC,COUNT=5;")
        await asyncio.sleep(1.5)
        assert far.status().crc_errors - before == 5
        # It says so in its E bits: five errored blocks, all in one second of the far end.
        counters = await plant.pairs("DSP PORTCNT:PN=1;")
        assert counters["E bits (far end's block errors)"] == 5
        rows = {row["End"]: row for row in await plant.rows("DSP PORTCNT:PN=1,PERIOD=NOW;")}
        assert (rows["far"]["ES"], rows["far"]["SES"], rows["far"]["BBE"]) == (1, 0, 5)
        assert (rows["near"]["ES"], rows["near"]["BBE"]) == (0, 0)

    plant.run(scenario)


def test_periods_of_the_counters(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run", ports={1: PortConfiguration()})

    async def scenario(plant: Plant) -> None:
        assert await plant.rows("DSP PORTCNT:PN=1,PERIOD=15M;") == []  # there is no whole one yet
        await asyncio.sleep(2)
        await plant.ok("RST PORTCNT:PN=1;")
        await asyncio.sleep(0.2)
        for quarter in range(2):
            plant.exchange.lines[1].span.inject(Injection.CRC, quarter + 1)
            await asyncio.sleep(900)
        seconds = {
            (row["End"], row["Period"]): (row["Seconds"], row["BBE"])
            for period in ("NOW", "15M", "24H", "TOTAL")
            for row in await plant.rows(f"DSP PORTCNT:PN=1,PERIOD={period};")
        }
        assert seconds["near", "15M"] == (900, 2)
        assert seconds["near", "24H"] == seconds["near", "TOTAL"]
        assert seconds["near", "24H"][1] == 3
        history = await plant.rows("DSP PORTCNT:PN=1,HISTORY=96;")
        near = {row["Period"]: row["BBE"] for row in history if row["End"] == "near"}
        assert near == {"-1 x 15M": 2, "-2 x 15M": 1}

    plant.run(scenario)


def test_busy_timeslots_are_not_tested_unless_their_calls_are_released(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        call = plant.call(1, 4, long_caller())
        await asyncio.sleep(PROMPT_S + 3)
        refused = await plant.give("STR BERT:PN=1,PATTERN=PRBS15;")
        assert refused.code == return_codes.WRONG_STATE and "busy timeslots: 4" in refused.text
        assert plant.qm.ports[1].test is None
        await plant.ok("STR BERT:PN=1,PATTERN=PRBS15,TS=5&6;")  # others are free
        await plant.ok("STR BERT:PN=1,PATTERN=PRBS9,TS=4,RELEASE=YES;")
        await call
        assert plant.qm.ports[1].channels[5].holds == set()

    plant.run(scenario)
    assert [record.failure for record in plant.records] == ["port 1 is under test"]


def test_whole_line_is_tested_between_two_ends(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(1)
        assert (await plant.give("STR BERT:PN=2,PATTERN=PRBS23,FULL=YES;", force=False)).code != 0
        plant.exchange.lines[2].span.maintain(Maintenance.LOOP_LINE)
        await asyncio.sleep(LINE_UP_S)
        await plant.ok("STR BERT:PN=2,PATTERN=PRBS23,FULL=YES;")
        await asyncio.sleep(1)
        result = await plant.pairs("DSP BERT:PN=2;")
        assert (result["Timeslots"], result["Bit errors"]) == ("every bit of the line", 0)
        assert result["Bits compared"] == pytest.approx(2_048_000, rel=0.05)

    plant.run(scenario)


def test_loop_ends_the_calls_on_what_it_loops_and_no_others(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        calls = [plant.call(1, timeslot, long_caller(20)) for timeslot in (4, 5)]
        await asyncio.sleep(PROMPT_S + 3)
        refused = await plant.give("LOP PORT:PN=1,TS=4;", force=False)
        assert refused.code != 0 and plant.qm.ports[1].looped_timeslots == ()
        await plant.ok("LOP PORT:PN=1,TS=4;")
        assert (await plant.pairs("DSP PORT:PN=1;"))["Loops"] == "timeslots 4"
        await asyncio.gather(*calls, return_exceptions=True)

    plant.run(scenario)
    failures = {record.timeslot: record.failure for record in plant.records}
    assert failures == {4: "port 1 was looped", 5: ""}


def test_far_end_loop_is_suspected_when_our_own_signals_come_back(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        await plant.ok("BLK PORT:PN=2;")
        await asyncio.sleep(1)
        assert (await plant.pairs("DSP PORT:PN=2;"))["Far-end loop"] == "no sign of one"
        plant.exchange.lines[2].span.maintain(Maintenance.LOOP_LINE)
        await asyncio.sleep(LINE_UP_S)
        assert (await plant.pairs("DSP PORT:PN=2;"))["Far-end loop"].startswith("suspected")

    plant.run(scenario)


AILING = {
    "LOS": CUT,
    "AIS": Impairments(ais=True),
    "CRC_EXCESSIVE": Impairments(bit_error_ratio=5e-4),
    "CODE_VIOLATIONS": Impairments(violation_ratio=1e-4),
}


@pytest.mark.parametrize("name", AILING)
def test_what_ails_the_line_is_a_fault_until_it_does_not(tmp_path: Path, name: str) -> None:
    plant = Plant(tmp_path / "run", ports={1: PortConfiguration()}, clock=ClockConfiguration(sources=()))

    async def scenario(plant: Plant) -> None:
        heard = plant.heard["qm1"]
        await asyncio.sleep(3)
        assert heard.on("port 1") == set()
        plant.qm.ports[1].span.impair(AILING[name])
        await asyncio.sleep(5)
        assert name in heard.on("port 1")
        plant.qm.ports[1].span.impair(WHOLE)
        await asyncio.sleep(15)
        assert heard.on("port 1") == set()

    plant.run(scenario)


def test_far_end_that_does_not_hear_is_a_fault(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(1)
        plant.exchange.lines[1].span.impair(CUT)
        await asyncio.sleep(1)
        assert {"RAI", "CAS_RAI"} <= plant.heard["qm1"].on("port 1")
        assert (await plant.rows("DSP PORT;"))[0]["Alarms"] == "RAI CAS_RAI"

    plant.run(scenario)


def test_port_whose_far_end_is_gone_is_out_of_frame_from_the_start(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run", ports={1: PortConfiguration()})

    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(1)
        plant.exchange.lines[1].span.unplug()
        await plant.ok("RST PORT:PN=1;")
        assert "LOF" in plant.heard["qm1"].on("port 1")  # before the line has told of anything
        await asyncio.sleep(1)
        assert {"LOS", "LOF"} <= plant.heard["qm1"].on("port 1")

    plant.run(scenario)


def test_slips_are_told_each_and_do_not_stand(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run", ports={1: PortConfiguration()}, clock=ClockConfiguration(sources=()))

    def join(port: int, span: Span) -> None:
        line = plant.exchange.lines[port] = ExchangeLine(plant.bench.shelf, span.options)
        span.join(line.span, far_end_offset_ppb=50_000)

    plant.exchange.join = join  # type: ignore[method-assign]

    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(60)

    plant.run(scenario)
    # 8 000 frames a second times 50 ppm: a slip every 2.5 s, once the store has been left.
    slips = [told for told in plant.heard["qm1"].told if told == ("fault", "SLIPS", "port 1")]
    assert len(slips) == pytest.approx(24, abs=2)
    assert "SLIPS" not in plant.heard["qm1"].on("port 1")


def test_hold_off_of_the_alarms_outlasts_a_boot() -> None:
    """A port is out of frame until it has aligned: that must not be an alarm at every boot."""
    assert AlarmConfiguration().hold_off_ms / 1000 > 3 * LINE_UP_S
