"""The alarm manager in virtual time: hold-offs, hiding, acknowledging, events, storms, restarts."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.stores.alarm_history import AlarmHistory
from firmware.alarms.alarm import AlarmReport
from firmware.alarms.catalogue import CATALOGUE
from firmware.alarms.kind import Severity
from firmware.alarms.manager import BURST, PER_S, AlarmError
from firmware.configuration.common import AlarmConfiguration
from tests.firmware.alarms.plant import CONFIGURATION, PORT, Plant, after, kind, run

LOS = ("LOS", PORT)
AT_ONCE = AlarmConfiguration(hold_off_ms=0, clear_hold_off_ms=0)


def test_raised_and_cleared_after_the_hold_offs(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        plant.manager.fault(*LOS)
        await after(499)
        assert (plant.told, plant.active) == ([], [])
        await after(2)
        assert plant.told == [("raised", *LOS)]
        assert plant.active == [LOS]
        await after(1000)
        plant.manager.recover(*LOS)
        await after(1999)
        assert plant.active == [LOS]
        await after(2)
        assert plant.told == [("raised", *LOS), ("cleared", *LOS)]
        assert plant.active == []

    (record,) = run(scenario, tmp_path)
    # The times are those of the fault, not of the hold-offs' ends.
    assert (record.raised_at, record.cleared_at) == ("2026-11-25T01:02:03.000Z", "2026-11-25T01:02:04.501Z")
    assert (record.serial, record.cleared_by, record.occurrences) == (1, "recovered", 1)


def test_line_a_technician_reads(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        plant.manager.fault(*LOS, "trunk to Osnabrueck")
        await after(501)
        plant.manager.acknowledge(1, "eva")
        for _ in range(2):
            plant.manager.recover(*LOS)
            await after(100)
            plant.manager.fault(*LOS)
        plant.manager.recover(*LOS)
        await after(2001)
        plant.manager.event("CFG_UNDONE")
        text = "no signal on the receive pair (trunk to Osnabrueck)"
        assert plant.lines == [
            f"ALM #1 MAJOR LOS port 3: {text}. Next: DSP PORT:PN=3;",
            f"ALM #1 ACKNOWLEDGED by eva LOS port 3: {text}",
            f"ALM #1 CLEARED LOS port 3: {text}, came 3 times",
            "EVT #2 MINOR CFG_UNDONE box: a configuration on trial was not confirmed, and has been undone. "
            "Next: LST CFGHIS;",
        ]

    run(scenario, tmp_path)


def test_fault_shorter_than_the_hold_off_is_no_alarm(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        for _ in range(10):
            plant.manager.fault(*LOS)
            await after(490)
            plant.manager.recover(*LOS)
            await after(20)
        assert plant.told == []

    assert run(scenario, tmp_path) == []


def test_flapping_fault_is_one_alarm_that_counts(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        plant.manager.fault(*LOS)
        await after(600)
        for _ in range(7):
            plant.manager.recover(*LOS)
            await after(1900)
            plant.manager.fault(*LOS)
            await after(10)
        assert [alarm.occurrences for alarm in plant.manager.active()] == [8]
        plant.manager.recover(*LOS)
        await after(2100)
        assert plant.told == [("raised", *LOS), ("cleared", *LOS)]

    assert [record.occurrences for record in run(scenario, tmp_path)] == [8]


def test_a_fault_told_again_changes_only_the_detail(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        plant.manager.fault(*LOS, "first")
        await after(400)
        plant.manager.fault(*LOS, "second")
        await after(101)
        plant.manager.fault(*LOS)
        (alarm,) = plant.manager.active()
        assert (alarm.detail, alarm.occurrences, len(plant.told)) == ("second", 1, 1)

    run(scenario, tmp_path)


def test_kinds_own_hold_offs_come_before_the_configured_ones(tmp_path: Path) -> None:
    catalogue = {"A": kind(1, "A", raise_ms=0, clear_ms=300), **CATALOGUE}

    async def scenario(plant: Plant) -> None:
        plant.manager.fault("A", PORT)
        assert plant.told == [("raised", "A", PORT)]
        plant.manager.recover("A", PORT)
        await after(299)
        assert len(plant.told) == 1
        await after(2)
        assert len(plant.told) == 2

    run(scenario, tmp_path, catalogue=catalogue)


def test_new_hold_offs_count_for_what_begins_then(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        plant.manager.fault(*LOS)
        plant.manager.configure(AlarmConfiguration(hold_off_ms=50, clear_hold_off_ms=70))
        plant.manager.fault("LOS", "port 4")
        await after(51)
        assert plant.told == [("raised", "LOS", "port 4")]
        plant.manager.recover("LOS", "port 4")
        await after(71)
        assert plant.told[-1] == ("cleared", "LOS", "port 4")
        await after(400)
        assert plant.told[-1] == ("raised", *LOS)

    run(scenario, tmp_path)


@pytest.mark.parametrize(
    ("name", "place", "message"),
    [
        ("LOST", PORT, "LOST is not in the catalogue"),
        ("LOS", "", 'alarm LOS is of "port ...", not of ""'),
        ("LOS", "board 3", 'not of "board 3"'),
        ("LOS", "port 3 4", 'not of "port 3 4"'),
        ("CFG_TRIAL", PORT, 'alarm CFG_TRIAL is of "", not of "port 3"'),
        ("CFG_UNDONE", "", "alarm CFG_UNDONE is an event"),
    ],
)
def test_what_is_not_in_the_catalogue_is_refused(tmp_path: Path, name: str, place: str, message: str) -> None:
    async def scenario(plant: Plant) -> None:
        with pytest.raises(ValueError, match=message):
            plant.manager.fault(name, place)
        with pytest.raises(ValueError, match=message):
            plant.manager.recover(name, place)
        with pytest.raises(ValueError, match="alarm LOS stands"):
            plant.manager.event(*LOS)
        await after(1000)
        assert plant.told == []

    run(scenario, tmp_path)


# Hiding.


def test_los_hides_its_consequences_and_they_are_told_when_it_goes_and_they_stay(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        for name in ("CAS_LOSS", "LOF", "LOS", "RAI"):
            plant.manager.fault(name, PORT)
        plant.manager.fault("LOF", "port 4")
        await after(501)
        assert sorted(plant.told) == [("raised", "LOF", "port 4"), ("raised", *LOS)]
        hidden = {
            alarm.kind.name: alarm.hidden for alarm in plant.manager.active(hidden=True) if alarm.object == PORT
        }
        assert hidden == {"LOS": False, "LOF": True, "CAS_LOSS": True, "RAI": True}
        plant.manager.recover(*LOS)
        plant.manager.recover("CAS_LOSS", PORT)
        await after(2001)
        # LOF stands and hides RAI; CAS_LOSS has gone without a word.
        assert plant.told[2:] == [("cleared", *LOS), ("raised", "LOF", PORT)]
        plant.manager.recover("LOF", PORT)
        await after(2001)
        assert plant.told[4:] == [("cleared", "LOF", PORT), ("raised", "RAI", PORT)]

    records = run(scenario, tmp_path)
    assert [record.name for record in records if record.object == PORT] == ["LOS", "LOF", "RAI"]


def test_consequence_that_was_told_first_is_hidden_shown_again_and_not_told_twice(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        plant.manager.fault("LOF", PORT)
        await after(600)
        plant.manager.fault(*LOS)
        await after(499)
        assert plant.active == [("LOF", PORT)]
        await after(2)
        assert plant.active == [LOS]
        plant.manager.recover(*LOS)
        await after(2001)
        assert plant.active == [("LOF", PORT)]
        plant.manager.fault(*LOS)
        await after(501)
        plant.manager.recover("LOF", PORT)
        await after(2001)
        assert plant.told == [
            ("raised", "LOF", PORT),
            ("raised", *LOS),
            ("cleared", *LOS),
            ("raised", *LOS),
            ("cleared", "LOF", PORT),
        ]

    run(scenario, tmp_path)


def test_consequence_waits_for_a_cause_that_is_about_to_stand(tmp_path: Path) -> None:
    """LOF comes a little before LOS, and its hold-off ends a little before."""

    async def scenario(plant: Plant) -> None:
        plant.manager.fault("LOF", PORT)
        await after(100)
        plant.manager.fault(*LOS)
        await after(300)
        plant.manager.recover("LOF", PORT)
        plant.manager.fault("LOF", PORT)
        await after(1000)
        assert plant.told == [("raised", *LOS)]
        # Another port, where LOS was but a flicker.
        plant.manager.fault("LOF", "port 4")
        await after(450)
        plant.manager.fault("LOS", "port 4")
        await after(100)
        assert len(plant.told) == 1
        plant.manager.recover("LOS", "port 4")
        assert plant.told[1:] == [("raised", "LOF", "port 4")]

    run(scenario, tmp_path)


def test_alarms_of_an_object_hide_those_of_what_is_placed_within(tmp_path: Path) -> None:
    source = ("CLOCK_SOURCE_FAILED", "clock source 3")

    async def scenario(plant: Plant) -> None:
        plant.manager.place("clock source 3", PORT)
        plant.manager.fault(*source)
        plant.manager.fault(*LOS)
        await after(501)
        assert plant.told == [("raised", *LOS)]
        plant.manager.recover(*LOS)
        await after(2001)
        assert plant.told[1:] == [("cleared", *LOS), ("raised", *source)]
        with pytest.raises(ValueError, match="cannot be within"):
            plant.manager.place(PORT, "clock source 3")

    run(scenario, tmp_path)


def test_what_moves_out_is_told(tmp_path: Path) -> None:
    source = ("CLOCK_SOURCE_FAILED", "clock source 3")

    async def scenario(plant: Plant) -> None:
        plant.manager.place("clock source 3", PORT)
        plant.manager.fault(*source)
        plant.manager.fault(*LOS)
        await after(501)
        plant.manager.place("clock source 3", "port 4")
        assert plant.told == [("raised", *LOS), ("raised", *source)]

    run(scenario, tmp_path)


def test_alarms_of_the_box_hide_those_of_everything(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        plant.manager.fault("CLOCK_FREE_RUN")
        await after(501)
        plant.manager.fault("SLIPS", PORT)
        await after(501)
        assert plant.told == [("raised", "CLOCK_FREE_RUN", "")]
        plant.manager.recover("CLOCK_FREE_RUN")
        await after(2001)
        assert plant.told[1:] == [("cleared", "CLOCK_FREE_RUN", ""), ("raised", "SLIPS", PORT)]

    run(scenario, tmp_path)


def test_object_that_is_removed_takes_its_alarms_with_it(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        plant.manager.place("clock source 3", PORT)
        for name in ("LOS", "RAI"):
            plant.manager.fault(name, PORT)
        plant.manager.fault("CLOCK_SOURCE_FAILED", "clock source 3")
        plant.manager.fault("LOS", "port 4")
        await after(501)
        plant.manager.fault("PORT_BLOCKED", PORT)
        plant.manager.fault("AIS", PORT)  # in its hold-off
        plant.manager.remove(PORT)
        assert plant.active == [("LOS", "port 4")]
        await after(10_000)
        assert ("raised", "RAI", PORT) not in plant.told
        assert sorted(plant.told) == [
            ("cleared", "LOS", PORT),
            ("cleared", "PORT_BLOCKED", PORT),
            ("raised", "LOS", PORT),
            ("raised", "LOS", "port 4"),
            ("raised", "PORT_BLOCKED", PORT),
        ]

    records = run(scenario, tmp_path)
    assert {record.cleared_by for record in records if record.object == PORT} == {"removed"}


def test_removal_tells_no_consequence_of_what_is_removed(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        plant.manager.fault(*LOS)
        for name in ("LOF", "CAS_LOSS"):
            plant.manager.fault(name, PORT)
        await after(501)
        plant.manager.remove(PORT)
        assert plant.told == [("raised", *LOS), ("cleared", *LOS)]

    run(scenario, tmp_path)


# Every state, with what goes beside it.

LOF = ("LOF", PORT)
STATES: dict[str, list[tuple[str, float]]] = {
    "raising": [("fault", 100)],
    "active": [("fault", 600)],
    "clearing": [("fault", 600), ("recover", 100)],
}
HAPPENINGS = ("fault", "recover", "time", "acknowledge", "remove")


async def bring_about(plant: Plant, state: str, hidden: bool, acknowledged: bool) -> None:
    """LOF in this state, with these marks. Hidden: LOS came after LOF was told, or in its hold-off."""
    for what, then_ms in STATES[state]:
        (plant.manager.fault if what == "fault" else plant.manager.recover)(*LOF)
        await after(then_ms)
    if acknowledged:
        plant.manager.acknowledge(1, "eva")
    if hidden:
        plant.manager.configure(AT_ONCE)
        plant.manager.fault(*LOS)
        plant.manager.configure(CONFIGURATION)


async def happen(plant: Plant, happening: str) -> None:
    """One of HAPPENINGS, and the time in which it works."""
    match happening:
        case "fault":
            plant.manager.fault(*LOF)
            await after(450)
        case "recover":
            plant.manager.recover(*LOF)
            await after(2001)
        case "time":
            await after(2001)
        case "acknowledge":
            with suppress(AlarmError):
                plant.manager.acknowledge(1, "otto")
        case "remove":
            plant.manager.remove(PORT)


def expected(state: str, hidden: bool, acknowledged: bool, happening: str) -> tuple[list[str], bool]:
    """What is told of LOF, and whether it is on the list with the hidden ones, by firmware/alarms/life.py."""
    match state, happening:
        case "raising", "fault" | "time":
            return ([] if hidden else ["raised"]), True
        case "raising", "acknowledge":
            return [], False
        case "raising", "recover" | "remove":
            return [], False
        case _, "acknowledge":
            return ([] if acknowledged else ["acknowledged"]), True
        case ("clearing", "time") | (_, "recover" | "remove"):
            return ["cleared"], False
        case _:
            return [], True


@pytest.mark.parametrize("happening", HAPPENINGS)
@pytest.mark.parametrize("hidden", [False, True], ids=["shown", "hidden"])
@pytest.mark.parametrize(
    ("state", "acknowledged"),
    [("raising", False), ("active", False), ("active", True), ("clearing", False), ("clearing", True)],
)
def test_every_state_with_every_mark(
    tmp_path: Path, state: str, hidden: bool, acknowledged: bool, happening: str
) -> None:
    async def scenario(plant: Plant) -> None:
        await bring_about(plant, state, hidden, acknowledged)
        before = len(plant.told)
        await happen(plant, happening)
        told, listed = expected(state, hidden, acknowledged, happening)
        assert [news for news, *which in plant.told[before:] if tuple(which) == LOF] == told
        assert (LOF in plant.active) == (listed and not hidden)
        assert (LOS in plant.active) == (hidden and happening != "remove")
        lof = [alarm for alarm in plant.manager.active(hidden=True) if alarm.kind.name == "LOF"]
        assert [alarm.hidden for alarm in lof] == [hidden] * listed
        who = "eva" if acknowledged else ("otto" if "acknowledged" in told else "")
        assert [alarm.acknowledged_by for alarm in lof] == [who] * listed

    run(scenario, tmp_path)


def test_nobody_acknowledges_what_is_not_told_or_gone(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        plant.manager.event("CFG_UNDONE")
        plant.manager.fault(*LOS)
        await after(501)
        plant.manager.recover(*LOS)
        await after(2001)
        for serial in (0, 1, 2, 3):
            with pytest.raises(AlarmError):
                plant.manager.acknowledge(serial, "eva")

    run(scenario, tmp_path)


def test_acknowledgement_goes_into_the_history_and_with_the_alarm(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        plant.manager.fault(*LOS)
        await after(501)
        plant.manager.acknowledge(1, "eva")
        plant.manager.recover(*LOS)
        await after(2001)
        plant.manager.fault(*LOS)
        await after(501)
        assert [alarm.acknowledged_by for alarm in plant.manager.active()] == [""]

    first, second = run(scenario, tmp_path)
    assert (first.acknowledged_by, first.acknowledged_at) == ("eva", "2026-11-25T01:02:03.501Z")
    assert (second.acknowledged_by, second.serial) == ("", 2)


def test_worst_first_in_the_list(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        for name in ("PORT_BLOCKED", "SLIPS", "LOS"):
            plant.manager.fault(name, "port 1" if name == "LOS" else PORT)
        plant.manager.fault("CFG_FAILSAFE")
        await after(501)
        assert [alarm.kind.severity for alarm in plant.manager.active()] == list(Severity)
        assert list(plant.manager.counts().values()) == [1, 1, 1, 1]

    run(scenario, tmp_path)


# Events and storms.


def test_events_within_a_minute_are_one(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        for _ in range(150):
            plant.manager.event("CFG_UNDONE", detail="span 1")
            await after(1000)
        assert plant.told == [("happened", "CFG_UNDONE", "")] * 3
        assert plant.active == []

    records = run(scenario, tmp_path)
    assert [record.occurrences for record in records[:2]] == [60, 60]
    assert {(record.cleared_by, record.cleared_at == record.raised_at) for record in records} == {("event", True)}


def test_event_that_is_hidden_is_not_told_later(tmp_path: Path) -> None:
    catalogue = {"E": kind(1, "E", stands=False, hidden_by=("LOS",)), **CATALOGUE}

    async def scenario(plant: Plant) -> None:
        plant.manager.fault(*LOS)
        await after(501)
        plant.manager.event("E", PORT)
        plant.manager.recover(*LOS)
        await after(100_000)
        assert ("happened", "E", PORT) not in plant.told

    run(scenario, tmp_path, catalogue=catalogue)


def test_ten_thousand_faults_of_one_object_are_one_alarm(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        plant.manager.fault(*LOS)
        await after(501)
        for _ in range(10_000):
            plant.manager.recover(*LOS)
            plant.manager.fault(*LOS)
        await after(10_000)
        assert plant.told == [("raised", *LOS)]
        assert plant.manager.active()[0].occurrences == 10_001

    assert len(run(scenario, tmp_path)) == 1


def storm(count: int) -> Iterator[tuple[str, str]]:
    return (("LOS", f"port {number}") for number in range(count))


def test_storm_of_ten_thousand_objects_is_told_at_a_pace(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        for each in storm(10_000):
            plant.manager.fault(*each)
        await after(501)
        assert len(plant.active) == 10_001  # all of them stand, told or not; and the storm
        assert len(plant.told) == BURST + 1
        assert ("raised", "ALARM_STORM", "") in plant.told
        await after(10_000)
        assert len(plant.told) == pytest.approx(BURST + 1 + 10 * PER_S, abs=2)
        # Most go as untold as they came.
        for each in storm(10_000):
            plant.manager.recover(*each)
        await after(20_000)
        assert plant.active == []
        raised = plant.told.count(("raised", "ALARM_STORM", ""))
        assert (raised, plant.told.count(("cleared", "ALARM_STORM", ""))) == (1, 1)
        assert len(plant.told) < 2 * (BURST + 12 * PER_S + 2)

    assert len(run(scenario, tmp_path)) < BURST + 12 * PER_S + 2


def test_after_a_storm_all_that_stand_have_been_told_the_first_first(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        for each in storm(300):
            plant.manager.fault(*each)
        await after(501 + 1000 * (300 - BURST) / PER_S)
        told = [place for news, name, place in plant.told if (news, name) == ("raised", "LOS")]
        assert sorted(told) == sorted(place for _, place in storm(300))
        await after(20_000)
        assert plant.told[-1] == ("cleared", "ALARM_STORM", "")

    run(scenario, tmp_path)


def test_storm_without_hold_offs_keeps_the_pace(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        for _ in range(10_000):
            plant.manager.fault(*LOS)
            plant.manager.recover(*LOS)
        await after(60_000)
        assert len(plant.told) == 2 * BURST + 2

    assert len(run(scenario, tmp_path, AT_ONCE)) == BURST + 1


# Those who listen.


def test_reports_come_in_order_also_when_a_listener_brings_an_alarm_about(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        manager, second = plant.manager, list[AlarmReport]()

        def tell_more(report: AlarmReport) -> None:
            if report.alarm.kind.name == "CFG_TRIAL":
                manager.fault("CFG_PENDING_RESTART")

        manager.subscribe(tell_more)
        manager.subscribe(second.append)
        manager.fault("CFG_TRIAL")
        assert [name for _, name, _ in plant.told] == ["CFG_TRIAL", "CFG_PENDING_RESTART"]
        assert second == plant.reports

    run(scenario, tmp_path)


def test_who_has_left_hears_nothing(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        heard: list[AlarmReport] = []
        plant.manager.subscribe(heard.append)()
        plant.manager.fault("CFG_TRIAL")
        assert heard == []
        assert len(plant.told) == 1

    run(scenario, tmp_path)


# Over restarts.


def ends_badly(scenario: Callable[[Plant], Awaitable[None]], folder: Path) -> None:
    """As if the power went: nothing is closed, nothing more written."""

    class PowerCutError(Exception):
        pass

    async def cut(plant: Plant) -> None:
        await scenario(plant)
        raise PowerCutError

    with pytest.raises(PowerCutError):
        run(cut, folder)


def test_alarms_of_before_are_closed_and_serials_go_on(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        plant.manager.fault(*LOS)
        await after(1000)

    ends_badly(scenario, tmp_path)
    first, second = run(scenario, tmp_path)
    assert (first.serial, first.cleared_by, first.cleared_at) == (1, "box restarted", "2026-11-25T01:02:03.000Z")
    assert (second.serial > 1, second.cleared_at) == (True, "")
    # That one ended cleanly: no gap.
    assert run(scenario, tmp_path)[-1].serial == second.serial + 1


def test_serials_never_repeat_whatever_was_told_last(tmp_path: Path) -> None:
    """Also when the process dies before what it told is in the history."""
    seen: set[int] = set()

    async def scenario(plant: Plant) -> None:
        for each in storm(40):
            plant.manager.fault(*each)
        await after(500)  # told just now, not written yet
        serials = {alarm.serial for alarm in plant.manager.active()}
        assert len(serials) == 40
        assert not serials & seen
        seen.update(serials)

    for lost in ("", "alarms.sqlite", "alarms.serials", ""):
        ends_badly(scenario, tmp_path)
        if lost:
            (tmp_path / lost).unlink()
    assert len(seen) == 160


def test_damaged_history_is_set_aside_and_told(tmp_path: Path) -> None:
    async def before(plant: Plant) -> None:
        plant.manager.fault(*LOS)
        await after(1000)

    run(before, tmp_path)
    path = tmp_path / "alarms.sqlite"
    path.write_bytes(b"x" * 4096)

    async def scenario(plant: Plant) -> None:
        await after(500)
        assert [alarm.kind.name for alarm in plant.manager.active()] == []
        plant.manager.fault(*LOS)
        await after(1000)

    damaged, los = run(scenario, tmp_path)
    assert (damaged.name, damaged.serial, los.serial) == ("HISTORY_DAMAGED", 2, 3)
    assert "kept as alarms.sqlite.damaged" in damaged.detail
    assert (tmp_path / "alarms.sqlite.damaged").read_bytes() == b"x" * 4096


def test_disk_that_fails_is_told_once_and_nothing_is_lost_when_it_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "box"

    async def scenario(plant: Plant) -> None:
        for number in range(5):
            plant.manager.fault("LOS", f"port {number}")
            await after(60_000)
        assert plant.told.count(("raised", "HISTORY_FAILED", "")) == 1
        assert plant.active[0] == ("HISTORY_FAILED", "")
        assert len(list(plant.manager.records())) == 6  # not on disk, but there
        folder.mkdir()
        await after(10_001)
        assert plant.told[-1] == ("cleared", "HISTORY_FAILED", "")
        assert len(plant.manager.active()) == 5

    records = run(scenario, folder)
    assert [record.name for record in records] == ["HISTORY_FAILED", *["LOS"] * 5]
    assert [record.serial for record in records] == [1, 2, 3, 4, 5, 6]


def test_full_disk_and_space_again(tmp_path: Path, small_disk: Callable[[int], Path]) -> None:
    folder = small_disk(64)
    ballast = folder / "ballast"

    async def scenario(plant: Plant) -> None:
        plant.manager.fault(*LOS)
        await after(1000)
        with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
            while True:
                file.write(b"x" * 4096)
        plant.manager.fault("LOS", "port 4")
        await after(1000)
        assert ("HISTORY_FAILED", "") in plant.active
        assert "full" in next(line for line in plant.lines if "HISTORY_FAILED" in line)
        ballast.unlink()
        await after(11_000)
        assert ("HISTORY_FAILED", "") not in plant.active

    assert {record.name for record in run(scenario, folder)} == {"LOS", "HISTORY_FAILED"}


def test_few_commits_in_a_storm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commits: list[int] = []
    write = AlarmHistory.write

    def count(history: AlarmHistory, records: list[object]) -> None:
        commits.append(len(records))
        write(history, records)  # type: ignore[arg-type]

    monkeypatch.setattr(AlarmHistory, "write", count)

    async def scenario(plant: Plant) -> None:
        for each in storm(90):
            plant.manager.fault(*each)
            await after(10)
        await after(1000)

    assert len(run(scenario, tmp_path)) == 90
    assert sum(commits) >= 90
    assert len(commits) <= 8


def test_a_disk_that_fails_at_the_end_begins_no_hold_off(tmp_path: Path) -> None:
    async def scenario(plant: Plant) -> None:
        plant.manager.fault("LOS", PORT)
        await after(600)
        (tmp_path / "alarms.sqlite").unlink()
        (tmp_path / "alarms.sqlite").mkdir()
        await plant.manager.close()
        await after(60_000)
        assert plant.told == [("raised", "LOS", PORT)]
        (tmp_path / "alarms.sqlite").rmdir()

    failed = replace(CATALOGUE["HISTORY_FAILED"], raise_ms=500)
    run(scenario, tmp_path, catalogue={**CATALOGUE, "HISTORY_FAILED": failed})
