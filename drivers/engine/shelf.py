"""The shelf: everything on it advances together, in virtual or in real time."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, Self

from drivers._native import ffi, lib
from drivers.engine.errors import EngineError, check, check_made
from drivers.engine.events import Event, EventKind

EVENTS_AT_ONCE = 1024

EventHandler = Callable[[Event], None]


class ClockStatus(NamedTuple):
    """How the real-time clock has kept up (csrc/shelf/shelf.h)."""

    blocks: int
    late_blocks: int
    worst_late_ns: int
    running: bool
    fifo: bool
    steer_ppb: int


class Shelf:
    """Owner of a C shelf with room for `streams` streams (a span or a port of a board sends one each).

    Spans and boards are made by their own classes, which keep their shelf alive. A context manager; `close` frees
    everything on it.
    """

    def __init__(self, streams: int) -> None:
        made = lib.shelf_new(streams)
        if made == ffi.NULL:
            raise EngineError("shelf", lib.ENGINE_NO_MEMORY)
        self._native = made
        self._events = ffi.new("shelf_event[]", EVENTS_AT_ONCE)
        self._handlers: dict[int, EventHandler] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stops the clock and frees the shelf with all that is on it."""
        native, self._native = self._native, None
        if native is not None:
            lib.shelf_free(native)

    @property
    def native(self) -> Any:
        """The C object, for the boards of this package."""
        if self._native is None:
            raise EngineError("shelf is closed", lib.ENGINE_BAD_VALUE)
        return self._native

    @property
    def now_ns(self) -> int:
        """The shelf's clock, in ns since it was made."""
        return int(lib.shelf_now_ns(self.native))

    def run(self, until_ns: int) -> int:
        """Virtual time: runs until the clock reads `until_ns` or events wait; returns how many."""
        return check("shelf", lib.shelf_run(self.native, until_ns))

    def start(self, origin_ns: int, event_descriptor: int) -> None:
        """Real time: runs a block a millisecond of CLOCK_MONOTONIC since `origin_ns`, in a thread of its own."""
        check("shelf clock", lib.shelf_start(self.native, origin_ns, event_descriptor))

    def stop(self) -> None:
        """Ends real time."""
        lib.shelf_stop(self.native)

    def steer(self, ppb: int) -> None:
        """Follows no span any more; runs so much faster than nominal (parts per billion; 0: free run)."""
        check("shelf clock", lib.shelf_steer(self.native, ppb))

    def hold_clock(self) -> None:
        """Follows no span any more, at the last good frequency (holdover)."""
        lib.shelf_hold_clock(self.native)

    def clock_status(self) -> ClockStatus:
        """How real time has kept up since `start`."""
        status = ffi.new("shelf_clock_status *")
        lib.shelf_read_clock(self.native, status)
        return ClockStatus(
            status.blocks,
            status.late_blocks,
            status.worst_late_ns,
            bool(status.running),
            bool(status.fifo),
            status.steer_ppb,
        )

    def handle(self, object_number: int, handler: EventHandler) -> None:
        """Sends the events of one span or board to `handler` from now on."""
        self._handlers[object_number] = handler

    def dispatch(self) -> None:
        """The pump: hands every waiting event to its object's handler, oldest first."""
        while taken := lib.shelf_take_events(self.native, self._events, EVENTS_AT_ONCE):
            for event in self._events[0:taken]:
                if event.kind == EventKind.EVENTS_LOST:
                    raise EngineError(
                        f"{event.value} events were lost: the event ring overran", lib.ENGINE_QUEUE_FULL
                    )
                handler = self._handlers.get(event.object)
                if handler is not None:
                    handler(
                        Event(
                            event.time_ns,
                            event.bit,
                            event.object,
                            EventKind(event.kind),
                            event.timeslot,
                            event.value,
                            event.sequence,
                        )
                    )


class ShelfElement:
    """Base of spans and boards: keeps the shelf alive, and refuses to use what a closed shelf has freed."""

    def __init__(self, shelf: Shelf, name: str, made: Any) -> None:
        self._shelf = shelf
        self._made = check_made(name, made)

    @property
    def native(self) -> Any:
        """The C object; raises EngineError once the shelf is closed."""
        _ = self._shelf.native
        return self._made
