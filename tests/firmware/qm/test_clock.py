"""A box's clock in virtual time: two trunks whose far ends run at rates of their own, and what becomes of them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import pytest

from drivers import clock
from drivers.engine import Event, EventKind, Impairments, Shelf, Span
from firmware.qm.clock import BoxClock
from firmware.qm.configuration import ClockConfiguration
from firmware.runtime import Unheard
from protocols.clock_selection import Clock, ClockState
from protocols.synchronization_status import QualityLevel

OFFSETS_PPB = (20_000, -10_000)
NEAR_PPB = 2_500  # lines deliver in steps of 64 bits: 20 ppb a bit make 1 280 ppb of them, either way
LOCK_S = 120
CUT, WHOLE = Impairments(cut=True), Impairments()
ON_FIRST, ON_SECOND = Clock(ClockState.LOCKED, "port 1"), Clock(ClockState.LOCKED, "port 2")


class Plant(NamedTuple):
    shelf: Shelf
    box: BoxClock
    near: list[Span]
    far: list[Span]
    slips: list[int]

    @property
    def steer_ppb(self) -> int:
        return self.shelf.clock_status().steer_ppb


def run(scenario: Callable[[Plant], Awaitable[None]], configuration: ClockConfiguration) -> None:
    """Runs a scenario on two trunks whose box clock has just booted."""
    with Shelf(8) as shelf:
        near, far = [Span(shelf) for _ in OFFSETS_PPB], [Span(shelf) for _ in OFFSETS_PPB]
        slips = [0 for _ in OFFSETS_PPB]

        async def main() -> None:
            box = BoxClock(shelf, lambda number: near[number - 1], configuration, Unheard())

            def handle(number: int, event: Event) -> None:
                slips[number] += event.kind is EventKind.SLIP
                box.handle(number + 1, event)

            for number, span in enumerate(near):
                span.listen(lambda event, number=number: handle(number, event))  # type: ignore[misc]
                span.join(far[number], 100, 200, far_end_offset_ppb=OFFSETS_PPB[number])
            await scenario(Plant(shelf, box, near, far, slips))

        clock.run(shelf, main(), real_time=False)


def test_locked_line_does_not_slip_and_the_other_slips_by_the_difference() -> None:
    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(LOCK_S)
        assert plant.box.clock == ON_FIRST
        assert plant.steer_ppb == pytest.approx(OFFSETS_PPB[0], abs=NEAR_PPB)
        before = list(plant.slips)
        await asyncio.sleep(100)
        # 8 000 frames a second times 30 ppm, for 100 s.
        assert plant.slips[0] == before[0]
        assert plant.slips[1] - before[1] == pytest.approx(24, abs=1)

    run(scenario, ClockConfiguration(sources=(1, 2)))


def test_failover_and_revert() -> None:
    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(LOCK_S)
        plant.near[0].impair(CUT)
        await asyncio.sleep(0.2)
        assert plant.box.clock.state is ClockState.HOLDOVER  # within the hold-off nothing else is chosen
        await asyncio.sleep(0.2)
        assert plant.box.clock == ON_SECOND
        await asyncio.sleep(LOCK_S)
        assert plant.steer_ppb == pytest.approx(OFFSETS_PPB[1], abs=NEAR_PPB)
        plant.near[0].impair(WHOLE)
        await asyncio.sleep(9)
        assert plant.box.clock == ON_SECOND  # it waits to restore
        await asyncio.sleep(2)
        assert plant.box.clock == ON_FIRST

    run(scenario, ClockConfiguration(sources=(1, 2), wait_to_restore_s=10))


def test_without_revert_it_stays() -> None:
    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(LOCK_S)
        plant.near[0].impair(CUT)
        await asyncio.sleep(1)
        plant.near[0].impair(WHOLE)
        await asyncio.sleep(60)
        assert plant.box.clock == ON_SECOND

    run(scenario, ClockConfiguration(sources=(1, 2), wait_to_restore_s=10, revertive=False))


def test_holdover_keeps_the_frequency_until_it_is_too_old() -> None:
    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(LOCK_S)
        plant.near[0].impair(CUT)
        await asyncio.sleep(30)
        assert plant.box.clock == Clock(ClockState.HOLDOVER)
        held_ppb = plant.steer_ppb
        assert held_ppb == pytest.approx(OFFSETS_PPB[0], abs=NEAR_PPB)
        await asyncio.sleep(300)
        assert plant.steer_ppb == held_ppb
        await asyncio.sleep(60)
        assert (plant.box.clock.state, plant.steer_ppb) == (ClockState.FREE_RUN, 0)

    run(scenario, ClockConfiguration(sources=(1,), holdover_h=0.1))


def test_no_sources_run_free() -> None:
    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(10)
        assert (plant.box.clock.state, plant.steer_ppb) == (ClockState.FREE_RUN, 0)

    run(scenario, ClockConfiguration(sources=()))


def test_far_end_that_says_not_to_use_it_is_left() -> None:
    async def scenario(plant: Plant) -> None:
        for span in plant.far:
            span.set_sa_code(4, QualityLevel.PRC.value)
        await asyncio.sleep(1)
        assert plant.box.clock == ON_FIRST
        plant.far[0].set_sa_code(4, QualityLevel.DO_NOT_USE.value)
        await asyncio.sleep(1)
        assert plant.box.clock == ON_SECOND
        plant.far[0].set_sa_code(4, QualityLevel.PRC.value)
        await asyncio.sleep(1)
        assert plant.box.clock == ON_FIRST

    run(scenario, ClockConfiguration(sources=(1, 2), ssm_bit=4))


def test_reconfigured_the_lock_on_a_source_that_stays_is_kept() -> None:
    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(LOCK_S)
        followed = plant.steer_ppb
        plant.box.reconfigure(ClockConfiguration(sources=(1, 2), hold_off_ms=0))
        assert (plant.box.clock, plant.steer_ppb) == (ON_FIRST, followed)
        # The new source was good all the time: no event will tell of it.
        plant.near[0].impair(CUT)
        await asyncio.sleep(0.2)
        assert plant.box.clock == ON_SECOND

    run(scenario, ClockConfiguration(sources=(1,)))


def test_reconfigured_to_another_source_it_follows_that() -> None:
    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(LOCK_S)
        plant.box.reconfigure(ClockConfiguration(sources=(2,)))
        assert plant.box.clock == ON_SECOND
        await asyncio.sleep(LOCK_S)
        assert plant.steer_ppb == pytest.approx(OFFSETS_PPB[1], abs=NEAR_PPB)
        plant.box.reconfigure(ClockConfiguration(sources=()))
        assert plant.box.clock.state is ClockState.HOLDOVER
        assert plant.steer_ppb == pytest.approx(OFFSETS_PPB[1], abs=NEAR_PPB)

    run(scenario, ClockConfiguration(sources=(1,)))


def test_reconfigured_to_heed_quality_it_knows_what_was_said_before() -> None:
    async def scenario(plant: Plant) -> None:
        plant.far[0].set_sa_code(5, QualityLevel.SSU_B.value)
        plant.far[1].set_sa_code(5, QualityLevel.PRC.value)
        await asyncio.sleep(1)
        assert plant.box.clock == ON_FIRST
        plant.box.reconfigure(ClockConfiguration(sources=(1, 2), ssm_bit=5))
        assert plant.box.clock == ON_SECOND

    run(scenario, ClockConfiguration(sources=(1, 2)))


def test_forced_source_is_kept_though_another_is_better() -> None:
    async def scenario(plant: Plant) -> None:
        await asyncio.sleep(1)
        plant.box.force(2)
        assert plant.box.clock == ON_SECOND
        plant.near[1].impair(CUT)
        await asyncio.sleep(1)
        assert plant.box.clock.state is ClockState.HOLDOVER
        plant.box.force(None)
        assert plant.box.clock == ON_FIRST

    run(scenario, ClockConfiguration(sources=(1, 2)))
