"""The event loop's two clocks: the shelf's own (virtual time), or the machine's (real time).

Everything above waits on the loop and never reads a clock, so the same code runs under both.
"""

import asyncio
import os
import selectors
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from drivers.engine import Shelf

NS_PER_S = 1_000_000_000
SILENCE_LIMIT_NS = 3600 * NS_PER_S

Result = TypeVar("Result")


class NothingScheduledError(Exception):
    """In virtual time everybody waits for something that nothing on the shelf brings about."""


class _ShelfSelector(selectors.DefaultSelector):
    """Waiting, in virtual time, is running the shelf: up to the loop's next timer or the shelf's next event."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self._shelf = shelf

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        # To the nearest nanosecond, which the loop takes for due: a float's last digit must not cost a block.
        wait_ns = SILENCE_LIMIT_NS if timeout is None else round(timeout * NS_PER_S)
        if self._shelf.run(self._shelf.now_ns + wait_ns):
            self._shelf.dispatch()
        elif timeout is None:
            raise NothingScheduledError("an hour of line time passed with nothing scheduled and no event")
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is the shelf's clock: it jumps from event to timer as fast as the engine runs."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__(_ShelfSelector(shelf))
        self._shelf = shelf

    def time(self) -> float:
        """The shelf's clock in seconds."""
        return self._shelf.now_ns / NS_PER_S


def now_ns() -> int:
    """The clock that shelves in real time are paced by (CLOCK_MONOTONIC)."""
    return time.monotonic_ns()


class RealTime:
    """A shelf's own thread beside an event loop, which hears the shelf's events; `stop` ends both."""

    def __init__(self, shelf: Shelf, loop: asyncio.AbstractEventLoop, origin_ns: int) -> None:
        self._shelf = shelf
        self._loop = loop
        self._event_descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        loop.add_reader(self._event_descriptor, self._pump)
        shelf.start(origin_ns, self._event_descriptor)

    def stop(self) -> None:
        """Ends real time after the block in progress."""
        self._shelf.stop()
        self._loop.remove_reader(self._event_descriptor)
        os.close(self._event_descriptor)

    def _pump(self) -> None:
        os.eventfd_read(self._event_descriptor)
        self._shelf.dispatch()


class RealTimeLoop(asyncio.SelectorEventLoop):
    """An event loop beside the shelf's own thread; its time counts from the instant the shelf started."""

    def __init__(self, shelf: Shelf) -> None:
        self._real_time: RealTime | None = None
        super().__init__()
        self._origin_ns = now_ns() - shelf.now_ns
        self._real_time = RealTime(shelf, self, self._origin_ns)

    def time(self) -> float:
        """Seconds since the shelf's clock stood at 0."""
        return (now_ns() - self._origin_ns) / NS_PER_S

    def close(self) -> None:
        """Stops the shelf's thread and closes the loop."""
        real_time, self._real_time = self._real_time, None
        if real_time is not None:
            real_time.stop()
        super().close()


async def _supervise(main: Coroutine[Any, Any, Result], failures: list[BaseException]) -> Result:
    """Awaits `main`; an exception in a callback of the loop, which asyncio would only log, cancels it."""
    task = asyncio.current_task()

    def fail(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        failures.append(context.get("exception") or RuntimeError(context["message"]))
        if task is not None:
            task.cancel()

    asyncio.get_running_loop().set_exception_handler(fail)
    return await main


def run(shelf: Shelf, main: Coroutine[Any, Any, Result], real_time: bool) -> Result:
    """Runs `main` to its end, in real or in virtual time; Ctrl-C cancels it, so does a failing event handler.

    Raises what `main` raises, or the first exception of an event handler.
    """
    kind = RealTimeLoop if real_time else VirtualTimeLoop
    failures: list[BaseException] = []
    supervised = _supervise(main, failures)
    try:
        with asyncio.Runner(loop_factory=lambda: kind(shelf)) as runner:
            result = runner.run(supervised)
    except asyncio.CancelledError:
        if failures:
            raise failures[0] from None
        raise
    finally:
        # Ctrl-C may come before either has begun: then they are left as they are, without a word about it.
        supervised.close()
        main.close()
    # `main` may have come to its end all the same, before the cancellation or in spite of it.
    if failures:
        raise failures[0]
    return result
