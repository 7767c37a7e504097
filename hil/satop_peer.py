"""A SAToP far end for tests and benches: generates, hears or loops back, over a network that loses and delays."""

import asyncio
import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import cast

from protocols.satop import LINE_OCTETS_PER_S, PAYLOAD_OCTETS, Packet, Rtp, SatopError, build, parse

LINE_OCTETS_PER_MS = LINE_OCTETS_PER_S // 1000
HEARD_KEPT = 4096
AIS = 0xFF

Source = Callable[[int], bytes]


@dataclass(frozen=True)
class Impairments:
    """What the network does to packets: chances from 0 to 1, times in milliseconds."""

    loss: float = 0.0
    duplication: float = 0.0
    reordering: float = 0.0  # delayed by `reordering_ms` more, so that others overtake
    reordering_ms: int = 3
    delay_ms: int = 0
    jitter_ms: int = 0  # up to so much more delay, evenly spread


class Network:
    """One direction: datagrams in, and out when they are due, on a clock that is passed in."""

    def __init__(self, impairments: Impairments, seed: int) -> None:
        self._impairments = impairments
        self._chance = random.Random(seed)
        self._order = count()
        self._under_way: list[tuple[int, int, bytes]] = []

    def _due_ms(self, now_ms: int) -> int:
        ways = self._impairments
        delay_ms = ways.delay_ms + self._chance.randint(0, ways.jitter_ms)
        if self._chance.random() < ways.reordering:
            delay_ms += ways.reordering_ms
        return now_ms + delay_ms

    def send(self, now_ms: int, datagram: bytes) -> None:
        """Takes a datagram at the near end."""
        if self._chance.random() < self._impairments.loss:
            return
        copies = 2 if self._chance.random() < self._impairments.duplication else 1
        for _ in range(copies):
            heapq.heappush(self._under_way, (self._due_ms(now_ms), next(self._order), datagram))

    def arrived(self, now_ms: int) -> list[bytes]:
        """The datagrams that have reached the far end by now."""
        datagrams = []
        while self._under_way and self._under_way[0][0] <= now_ms:
            datagrams.append(heapq.heappop(self._under_way)[2])
        return datagrams


class SatopPeer:
    """The far end without a socket: `hear` takes datagrams, `tick` passes a millisecond and returns those to send.

    `source(n)` gives the n-th packet's octets of line; without one it loops back what it hears.
    """

    def __init__(
        self,
        source: Source | None = None,
        *,
        payload_octets: int = PAYLOAD_OCTETS,
        rtp: Rtp | None = None,
        first_sequence: int = 0,
        impairments: Impairments | None = None,
        seed: int = 0,
    ) -> None:
        self.local_defect = False
        self.remote_defect = False
        self.omit_invalid_payload = False
        self.heard: deque[Packet] = deque(maxlen=HEARD_KEPT)
        self.malformed = 0
        self._source = source
        self._payload_octets = payload_octets
        self._rtp = rtp
        self._first_sequence = first_sequence
        self._network = Network(impairments or Impairments(), seed)
        self._to_loop: deque[bytes] = deque()
        self._now_ms = 0
        self._made = 0

    def hear(self, datagram: bytes) -> None:
        """Takes a datagram from our port."""
        try:
            packet = parse(datagram, self._payload_octets, self._rtp)
        except SatopError:
            self.malformed += 1
            return
        self.heard.append(packet)
        if self._source is None:
            self._to_loop.append(packet.payload or bytes([AIS]) * self._payload_octets)

    def restart(self, first_sequence: int) -> None:
        """Begins again as after a power cycle: at another sequence number; the source goes on."""
        self._first_sequence = first_sequence - self._made

    def tick(self) -> list[bytes]:
        """A millisecond passes: the datagrams that arrive at our port in it."""
        self._now_ms += 1
        for payload in self._payloads_due():
            self._network.send(self._now_ms, self._packet(payload))
        return self._network.arrived(self._now_ms)

    def _payloads_due(self) -> list[bytes]:
        if self._source is None:
            payloads = list(self._to_loop)
            self._to_loop.clear()
            return payloads
        due = self._now_ms * LINE_OCTETS_PER_MS // self._payload_octets
        return [self._source(number) for number in range(self._made, due)]

    def _packet(self, payload: bytes) -> bytes:
        omitted = self.local_defect and self.omit_invalid_payload
        clock_hz = self._rtp.timestamp_hz if self._rtp else 0
        packet = Packet(
            sequence=(self._first_sequence + self._made) % 65536,
            payload=b"" if omitted else payload,
            local_defect=self.local_defect,
            remote_defect=self.remote_defect,
            timestamp=self._made * self._payload_octets * clock_hz // LINE_OCTETS_PER_S % 2**32,
        )
        self._made += 1
        return build(packet, self._rtp)


class SatopEndpoint(asyncio.DatagramProtocol):
    """A peer on a UDP socket, on the event loop's clock; it sends to where it last heard from, or to `remote`."""

    def __init__(self, peer: SatopPeer, remote: tuple[str, int] | None = None) -> None:
        self._peer = peer
        self._remote = remote
        self._transport: asyncio.DatagramTransport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Starts the millisecond."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        self._next_tick(asyncio.get_running_loop().time())

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops it."""
        if self._timer:
            self._timer.cancel()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Hands a datagram to the peer."""
        self._remote = addr
        self._peer.hear(data)

    def error_received(self, exc: Exception) -> None:
        """Our port is not there (yet): nothing to do but go on sending."""

    def _next_tick(self, due_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_at(due_s, self._tick, due_s)

    def _tick(self, due_s: float) -> None:
        for datagram in self._peer.tick():
            if self._remote and self._transport:
                self._transport.sendto(datagram, self._remote)
        self._next_tick(due_s + 0.001)
