"""The event loop's clocks (drivers/clock.py): timers to the millisecond, and every way in which a run ends."""

import asyncio
import os
import random
import signal
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers import clock
from drivers.clock import NothingScheduledError
from drivers.engine import Event, Shelf, VoiceBoard

MS = 1_000_000
BOTH = pytest.mark.parametrize("real_time", [False, True], ids=["virtual", "real"])


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with Shelf(8) as made:
        yield made


def run(shelf: Shelf, main: Coroutine[Any, Any, Any], real_time: bool = False) -> Any:
    return clock.run(shelf, main, real_time)


def test_timers_are_exact_to_the_millisecond(shelf: Shelf) -> None:
    """Whatever a float makes of it: a thousand delays, each from where the last one ended."""
    chance = random.Random(1)
    delays = [chance.randrange(1, 2000) for _ in range(1000)]

    async def main() -> list[int]:
        times = []
        for delay in delays:
            await asyncio.sleep(delay / 1000)
            times.append(shelf.now_ns)
        return times

    assert run(shelf, main()) == [MS * sum(delays[: count + 1]) for count in range(1000)]


def test_timers_far_from_now_are_exact(shelf: Shelf) -> None:
    """Set all at once, so that they are far apart when they are due."""
    due = random.Random(2).sample(range(1, 3_000_000), 300)

    async def main() -> dict[int, int]:
        times: dict[int, int] = {}

        async def wait(milliseconds: int) -> None:
            await asyncio.sleep(milliseconds / 1000)
            times[milliseconds] = shelf.now_ns

        await asyncio.gather(*map(wait, due))
        return times

    assert run(shelf, main()) == {milliseconds: milliseconds * MS for milliseconds in due}


def test_loops_time_is_the_shelfs(shelf: Shelf) -> None:
    async def main() -> None:
        for _ in range(10):
            assert asyncio.get_running_loop().time() == shelf.now_ns / 1e9
            await asyncio.sleep(0.123)

    shelf.run(5 * MS)
    run(shelf, main())
    assert shelf.now_ns == 1_235 * MS


def test_work_without_waiting_takes_no_time(shelf: Shelf) -> None:
    async def main() -> None:
        for _ in range(1000):
            await asyncio.sleep(0)

    run(shelf, main())
    assert shelf.now_ns == 0


def test_timeout_and_event_in_order(shelf: Shelf) -> None:
    """An event comes in its own millisecond, before the timers that are due later."""
    board = VoiceBoard(shelf)
    happened: list[tuple[str, int]] = []
    board.listen(lambda event: happened.append(("played", event.time_ns // MS)))
    board.play_silence(0, 8 * 30, 1)

    async def main() -> None:
        for delay in (0.01, 0.015, 0.01, 0.005):
            await asyncio.sleep(delay)
            happened.append(("timer", shelf.now_ns // MS))

    run(shelf, main())
    assert happened == [("timer", 10), ("timer", 25), ("played", 30), ("timer", 35), ("timer", 40)]


def test_waiting_for_nothing_is_an_error_in_virtual_time(shelf: Shelf) -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(NothingScheduledError, match="an hour of line time"):
        run(shelf, main())


def failing(shelf: Shelf) -> VoiceBoard:
    """A board whose event handler raises."""
    board = VoiceBoard(shelf)

    def fail(_: Event) -> None:
        raise ZeroDivisionError("handler")

    board.listen(fail)
    board.play_silence(0, 8, 1)
    return board


@BOTH
def test_exception_in_an_event_handler_ends_the_run(shelf: Shelf, real_time: bool) -> None:
    failing(shelf)
    ended: list[str] = []

    async def main() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            ended.append("cleaned up")

    with pytest.raises(ZeroDivisionError, match="handler"):
        run(shelf, main(), real_time)
    assert ended == ["cleaned up"]


@BOTH
def test_exception_in_a_callback_ends_the_run(shelf: Shelf, real_time: bool) -> None:
    async def main() -> None:
        asyncio.get_running_loop().call_later(0.001, lambda: 1 // 0)
        await asyncio.sleep(10)

    with pytest.raises(ZeroDivisionError):
        run(shelf, main(), real_time)


@BOTH
def test_exception_in_a_callback_is_not_lost_when_the_run_ends_with_it(shelf: Shelf, real_time: bool) -> None:
    """The callback fails in the very round in which main comes to its end."""

    async def main() -> str:
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        loop.call_soon(done.set)
        loop.call_soon(lambda: 1 // 0)
        try:
            await done.wait()
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            return "cancelled"
        return "done"

    with pytest.raises(ZeroDivisionError):
        run(shelf, main(), real_time)


@BOTH
@pytest.mark.parametrize("error", [ZeroDivisionError("main"), asyncio.CancelledError()])
def test_what_main_raises_comes_out(shelf: Shelf, real_time: bool, error: BaseException) -> None:
    async def main() -> None:
        await asyncio.sleep(0.001)
        raise error

    with pytest.raises(type(error)):
        run(shelf, main(), real_time)


@BOTH
def test_ctrl_c_cancels_and_cleans_up(shelf: Shelf, real_time: bool) -> None:
    ended: list[str] = []

    async def main() -> None:
        asyncio.get_running_loop().call_later(0.002, os.kill, os.getpid(), signal.SIGINT)
        try:
            await asyncio.sleep(10)
        finally:
            ended.append("cleaned up")

    with pytest.raises(KeyboardInterrupt):
        run(shelf, main(), real_time)
    assert ended == ["cleaned up"]


@BOTH
def test_result_comes_back_and_the_clock_stops(shelf: Shelf, real_time: bool) -> None:
    async def main() -> str:
        await asyncio.sleep(0.005)
        return "result"

    assert run(shelf, main(), real_time) == "result"
    assert not shelf.clock_status().running
    assert shelf.now_ns >= 5 * MS
    # The shelf can go on in the other kind of time.
    assert run(shelf, main(), not real_time) == "result"


@BOTH
def test_nothing_is_left_open(shelf: Shelf, real_time: bool) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    async def main() -> None:
        await asyncio.sleep(0.001)

    before = descriptors()
    for _ in range(3):
        run(shelf, main(), real_time)
    failing(shelf)
    with pytest.raises(ZeroDivisionError):
        run(shelf, asyncio_sleep(), real_time)
    assert descriptors() == before


async def asyncio_sleep() -> None:
    await asyncio.sleep(1)


def test_real_time_wakes_for_events_without_timers(shelf: Shelf) -> None:
    board = VoiceBoard(shelf)

    async def main() -> int:
        played = asyncio.get_running_loop().create_future()
        board.listen(lambda event: played.set_result(event.value))
        board.play_silence(0, 8 * 3, 42)
        return int(await played)

    assert run(shelf, main(), real_time=True) == 42
