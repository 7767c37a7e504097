"""A terminal in memory: what a test types, and what came of it."""

import asyncio
from collections.abc import Callable

AHEAD_S = 0.5  # of output that a paced terminal holds


class MemoryTerminal:
    """Takes everything at once, unless it is `stalled`; a paced one so many octets in a second."""

    def __init__(self, name: str = "serial memory", present: bool = True, octets_per_s: int = 0) -> None:
        self.name = name
        self.present = present
        self.octets_per_s = octets_per_s
        self.on_break: Callable[[], None] = lambda: None
        self.output = bytearray()
        self.speed = 0
        self.stalled = False
        self.closed = False
        self._sent_at_s = 0.0
        self.keep_octets = 0  # of the output, the last; 0: all
        self._input: asyncio.Queue[bytes] = asyncio.Queue()
        self._changed = asyncio.Event()

    async def read(self) -> bytes:
        return await self._input.get()

    async def write(self, octets: bytes) -> None:
        while self.stalled:
            await asyncio.sleep(1)
        if self.octets_per_s:
            now_s = asyncio.get_running_loop().time()
            self._sent_at_s = max(self._sent_at_s, now_s) + len(octets) / self.octets_per_s
            await asyncio.sleep(self._sent_at_s - AHEAD_S - now_s)
        self.output += octets
        if self.keep_octets:
            del self.output[: -self.keep_octets]
        self._changed.set()

    async def drained(self) -> None:
        await asyncio.sleep(self._sent_at_s - asyncio.get_running_loop().time())

    def discard_output(self) -> None:
        pass

    def next_speed(self) -> None:
        self.speed += 1

    def close(self) -> None:
        self.closed = True

    def type(self, text: str | bytes) -> None:
        self._input.put_nowait(text.encode() if isinstance(text, str) else text)

    def hang_up(self) -> None:
        self._input.put_nowait(b"")

    @property
    def text(self) -> str:
        return self.output.decode(errors="replace")

    def take(self) -> bytes:
        """The output so far, and begins anew."""
        octets = bytes(self.output)
        self.output.clear()
        return octets

    async def expect(self, text: str, limit_s: float = 20) -> str:
        """Waits until this has been shown; everything up to its end, which is taken."""
        async with asyncio.timeout(limit_s):
            while (at := self.output.find(text.encode())) < 0:
                self._changed.clear()
                await self._changed.wait()
        end = at + len(text.encode())
        shown = self.output[:end].decode(errors="replace")
        del self.output[:end]
        return shown
