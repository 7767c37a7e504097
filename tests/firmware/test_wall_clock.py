"""The date that histories and logs are written with follows the machine's, which may be set while boxes run."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

from drivers import clock
from drivers.engine import Shelf
from firmware.runtime import WallClock

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SET_TO = datetime(2026, 11, 25, 3, 0, tzinfo=timezone(timedelta(hours=1)))


def test_a_date_that_is_set_later_is_followed() -> None:
    told: list[str] = []

    async def main() -> None:
        wall_clock = WallClock(EPOCH)
        loop = asyncio.get_running_loop()
        machine = [EPOCH]
        following = asyncio.create_task(wall_clock.follow(lambda: machine[0] + timedelta(seconds=loop.time())))
        await asyncio.sleep(65)
        told.append(wall_clock.now())
        machine[0] = SET_TO  # by NTP
        await asyncio.sleep(15)
        told.append(wall_clock.now())
        told.append(wall_clock.text(0))
        following.cancel()

    with Shelf(8) as shelf:
        clock.run(shelf, main(), real_time=False)
    assert told == ["1970-01-01T00:01:05.000Z", "2026-11-25T02:01:20.000Z", "2026-11-25T02:00:00.000Z"]
