"""Ports that come, change and go while calls are up beside them."""

import asyncio
import contextlib
import threading
from pathlib import Path
from typing import Any

import pytest

from drivers.engine import PortError
from drivers.wav_file import read_speech
from firmware.configuration.target import PreparationError
from firmware.qm import opening
from firmware.qm.configuration import ClockConfiguration, PortConfiguration, QueuingMachineConfiguration
from firmware.qm.port import INTERRUPTION_S
from protocols.e1 import CHANNEL_TIMESLOTS
from protocols.line_signalling import IncomingState
from tests.calls.conftest import speech_of
from tests.firmware.plants import CUT, LINE_UP_S, PROMPT_S, WHOLE, Plant, caller, long_caller

PORT = PortConfiguration()
DOUBLE_FRAME = PortConfiguration(framing="double-frame")


def test_port_added_at_run_time_carries_calls_to_the_octet(tmp_path: Path) -> None:
    plant, speech = Plant(tmp_path / "run"), speech_of(3, seed=1)

    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(1)
        await plant.commit(p7=DOUBLE_FRAME)
        await plant.call(7, 31, caller(speech))

    plant.run(scenario)
    (record,) = plant.records
    assert (record.span, record.timeslot, record.failure) == (7, 31, "")
    assert read_speech(plant.recording(record)).count(speech) == 1


def test_box_without_ports_takes_its_first(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run", ports={})

    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(1)
        await plant.change(QueuingMachineConfiguration(ports={16: PORT}, clock=ClockConfiguration(sources=(16,))))
        await plant.call(16, 1, caller())
        assert plant.qm.clock.following == 16

    plant.run(scenario)
    assert [record.failure for record in plant.records] == [""]


def test_calls_of_a_port_that_goes_are_recorded_and_leave_nothing_behind(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        calls = [plant.call(port, 4, long_caller()) for port in (1, 2)]
        await asyncio.sleep(PROMPT_S + 4)
        new = plant.with_ports(p2=None)
        assert plant.qm.interrupts(plant.qm.configuration, new) == [
            "1 call in progress on port 2, which is removed"
        ]
        await plant.change(new)
        await plant.until(lambda: len(plant.records) == 1)
        assert [connection.call for connection in plant.bench.boxes.hw.connections] == ["qm1-00000001"]
        assert len(plant.bench.boxes.vp.sessions) == 1
        await plant.until(lambda: plant.exchange.lines[2].span.status().signal_lost, 1)
        assert plant.heard["qm1"].on("port 2") == set()
        await plant.commit(p2=PORT)
        await plant.call(2, 4, caller())
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    plant.run(scenario)
    ended, *others = plant.records
    assert (ended.span, ended.failure) == (2, "port 2 was removed")
    assert ended.recorded_octets > 8000 and plant.recording(ended).exists()
    assert [record.failure for record in others] == ["", ""]


@pytest.mark.parametrize("restart", ["command", "configuration"])
def test_restarted_port_takes_calls_again_on_the_timeslots_that_had_some(tmp_path: Path, restart: str) -> None:
    """The far end may not notice a restart: it thinks its call is up until it sees it released."""
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        calls = [plant.call(1, timeslot, long_caller()) for timeslot in (1, 2, 3)]
        await asyncio.sleep(PROMPT_S + 4)
        if restart == "command":
            await plant.ok("RST PORT:PN=1;")
        else:
            await plant.commit(p1=DOUBLE_FRAME)
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert len(results) == 3
        await asyncio.sleep(LINE_UP_S)  # an exchange leaves a channel idle for long enough to be seen so
        await asyncio.gather(*(plant.exchange.call(1, timeslot, caller()) for timeslot in (1, 2, 3)))

    plant.run(scenario)
    failures = [record.failure for record in plant.records]
    reason = "port 1 was restarted" + (" with another configuration" if restart == "configuration" else "")
    assert sorted(failures) == sorted([reason] * 3 + [""] * 3)  # and no phantom of a call


def test_name_is_only_a_name(tmp_path: Path) -> None:
    plant, speech = Plant(tmp_path / "run"), speech_of(3, seed=2)

    async def scenario(plant: Plant) -> None:
        call = plant.call(1, 1, caller(speech))
        await asyncio.sleep(PROMPT_S + 2)
        new = plant.with_ports(p1=PortConfiguration(name="to the exchange"))
        assert plant.qm.interrupts(plant.qm.configuration, new) == []
        await plant.change(new)
        await call
        assert (await plant.pairs("DSP PORT:PN=1;"))["Name"] == "to the exchange"

    plant.run(scenario)
    (record,) = plant.records
    assert record.failure == "" and read_speech(plant.recording(record)).count(speech) == 1


def test_what_does_not_open_is_told_with_its_path_and_nothing_has_changed(tmp_path: Path) -> None:
    plant, speech = Plant(tmp_path / "run"), speech_of(3, seed=3)
    replay = tmp_path / "line.e1"
    replay.write_bytes(bytes(2048))

    async def scenario(plant: Plant) -> None:
        call = plant.call(1, 1, caller(speech))
        await asyncio.sleep(PROMPT_S + 2)
        new = plant.with_ports(
            p1=DOUBLE_FRAME,
            p3=PortConfiguration(url=f"file:{replay}"),
            p4=PortConfiguration(url="e1d:/nowhere/e1d.ctl/0/0"),
            p5=PortConfiguration(url="file:/nowhere"),
        )
        with pytest.raises(PreparationError) as refusal:
            await plant.qm.prepare(plant.qm.configuration, new)
        assert [problem.path for problem in refusal.value.problems] == ["ports.4.url", "ports.5.url"]
        assert sorted(plant.qm.ports) == [1, 2]
        await call

    plant.run(scenario)
    (record,) = plant.records
    assert record.failure == "" and read_speech(plant.recording(record)).count(speech) == 1


def test_aborted_change_closes_what_it_opened(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")
    record = tmp_path / "sent.e1"

    async def scenario(plant: Plant) -> None:
        new = plant.with_ports(p3=PortConfiguration(url=f"file:?record={record}"))
        prepared = await plant.qm.prepare(plant.qm.configuration, new)
        before = open_files(record)
        prepared.abort()
        assert (before, open_files(record)) == (1, 0)
        assert sorted(plant.qm.ports) == [1, 2]

    plant.run(scenario)


def open_files(path: Path) -> int:
    count = 0
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            count += each.readlink() == path
    return count


def test_port_of_the_outside_world_has_no_place_in_virtual_time(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        new = plant.with_ports(p3=PortConfiguration(url="satop://127.0.0.1:9?local=127.0.0.1:0"))
        with pytest.raises(PreparationError, match="virtual time"):
            await plant.qm.prepare(plant.qm.configuration, new)
        await asyncio.sleep(1)  # the shelf still runs

    plant.run(scenario)


def test_port_that_does_not_open_at_boot_is_an_alarm_and_is_tried_again(tmp_path: Path) -> None:
    replay = tmp_path / "line.e1"
    plant = Plant(tmp_path / "run", ports={1: PORT, 2: PortConfiguration(url=f"file:{replay}")}, must_open=False)

    async def scenario(plant: Plant) -> None:
        heard = plant.heard["qm1"]
        assert "No such file" in heard.standing["PORT_NOT_OPENED", "port 2"]
        assert (await plant.pairs("DSP PORT:PN=2;"))["Operational state"] == "no line"
        await plant.call(1, 1, caller())
        replay.write_bytes(bytes(2048 * 100))
        await plant.until(lambda: "PORT_NOT_OPENED" not in heard.on("port 2"), 11)
        assert plant.qm.ports[2].plugged

    plant.run(scenario)
    assert [record.failure for record in plant.records] == [""]


def test_port_that_must_open_ends_the_plant_before_it_begins(tmp_path: Path) -> None:
    with pytest.raises(PortError, match="No such file"):
        Plant(tmp_path / "run", ports={1: PortConfiguration(url=f"file:{tmp_path / 'gone'}")})
    assert not (tmp_path / "run").exists()


def test_opening_that_takes_long_does_not_hold_up_the_box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant = Plant(tmp_path / "run")
    allowed = threading.Event()

    def slow(url: str) -> Any:
        assert allowed.wait(60)
        raise PortError(f"{url}: not there")

    async def scenario(plant: Plant) -> None:
        monkeypatch.setattr(opening, "open_port", slow)
        new = plant.with_ports(p3=PortConfiguration(url="e1d:/0/0"))
        preparing = asyncio.ensure_future(plant.qm.prepare(plant.qm.configuration, new))
        await asyncio.sleep(0.01)
        assert not preparing.done()
        assert len(await plant.rows("DSP PORT;")) == 2
        allowed.set()
        with pytest.raises(PreparationError, match="not there"):
            await preparing

    plant.run(scenario, real_time=True)


def test_hundred_calls_go_on_while_ports_beside_them_come_change_and_go(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run", ports=dict.fromkeys((1, 2, 3, 4), PORT), boards=4)
    speeches = [speech_of(3 + call / 50, seed=call) for call in range(100)]

    async def unrest(plant: Plant) -> None:
        while True:
            await plant.commit(p5=PORT, p6=DOUBLE_FRAME, p7=PORT)
            await asyncio.sleep(0.5)
            await plant.ok("RST PORT:PN=5;")
            await plant.commit(p6=PORT, p7=PortConfiguration(line_code="ami"))
            await asyncio.sleep(0.5)
            await plant.commit(p5=None, p6=None, p7=None)
            await asyncio.sleep(0.2)

    async def scenario(plant: Plant) -> None:
        restless = asyncio.ensure_future(unrest(plant))
        places = [(call % 4 + 1, CHANNEL_TIMESLOTS[call // 4]) for call in range(100)]
        await asyncio.gather(
            *(plant.exchange.call(*place, caller(speech)) for place, speech in zip(places, speeches, strict=True))
        )
        restless.cancel()
        await asyncio.gather(restless, return_exceptions=True)

    plant.run(scenario)
    records = plant.records
    assert [record.failure for record in records] == [""] * 100
    for record in records:
        call = CHANNEL_TIMESLOTS.index(record.timeslot) * 4 + record.span - 1
        assert read_speech(plant.recording(record)).count(speeches[call]) == 1


def test_line_that_comes_back_in_time_has_kept_its_call(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        call = plant.call(1, 1, caller(speech_of(150, seed=4)))
        await asyncio.sleep(PROMPT_S + 4)
        plant.qm.ports[1].span.impair(CUT)
        await asyncio.sleep(INTERRUPTION_S / 2)
        plant.qm.ports[1].span.impair(WHOLE)
        await call

    plant.run(scenario)
    (record,) = plant.records
    assert record.failure == "" and record.recorded_octets > 140 * 8000


def test_line_that_stays_dead_ends_its_calls_and_serves_again_when_it_is_back(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        call = plant.call(1, 1, long_caller(300))
        await asyncio.sleep(PROMPT_S + 4)
        plant.qm.ports[1].span.impair(CUT)
        await asyncio.sleep(INTERRUPTION_S - 1)
        assert plant.records == []
        await asyncio.sleep(1.5)
        assert len(plant.records) == 1
        assert plant.bench.boxes.hw.connections == [] and plant.bench.boxes.vp.sessions == []
        channel = plant.qm.ports[1].channels[1]
        assert channel.state is IncomingState.ANSWERED and channel.state_text == "released, far end to clear"
        plant.qm.ports[1].span.impair(WHOLE)
        await call  # the caller has heard nothing of it, and hangs up in the end
        await plant.until(lambda: channel.state is IncomingState.IDLE, 1)
        await plant.exchange.call(1, 1, caller())

    plant.run(scenario)
    first, second = plant.records
    assert first.failure == f"port 1 was out of service for {INTERRUPTION_S:g} s"
    assert second.failure == ""


def test_caller_who_clears_while_the_line_is_dead_is_noticed_when_it_is_back(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "run")

    async def scenario(plant: Plant) -> None:
        call = plant.call(1, 1, caller(speech_of(3, seed=5)))
        await asyncio.sleep(PROMPT_S + 4)
        plant.qm.ports[1].span.impair(CUT)
        await asyncio.sleep(10)
        assert plant.records == []
        plant.qm.ports[1].span.impair(WHOLE)
        await call
        await asyncio.sleep(LINE_UP_S)

    plant.run(scenario)
    assert [record.failure for record in plant.records] == [""]
