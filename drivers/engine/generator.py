"""Framed line bits out of nothing: our transmitter and a line with whatever ails it, without a shelf."""

from random import Random
from typing import Any

from drivers._native import ffi, lib
from drivers.engine.errors import EngineError, check
from drivers.engine.span import Framing, Impairments
from protocols.e1 import CAS_TIMESLOT

BLOCK_FRAMES = int(lib.BLOCK_FRAMES)
BLOCK_OCTETS = int(lib.LINE_BLOCK_OCTETS)
DOUBLE_FRAME_BITS = 512


def _port_free(port: Any) -> None:
    port.operations.free(port)


class Generator:
    """Line bits of one E1 with random payload from `chance`; `block` gives the next eight frames as 256 octets.

    `bit_phase` (0-511) is where in the first two frames' worth of bits a frame with FAS begins.
    """

    def __init__(self, framing: Framing, chance: Random, bit_phase: int = 0, cas: bool = True) -> None:
        made = lib.framer_transmitter_new(framing)
        if made == ffi.NULL:
            raise EngineError("generator", lib.ENGINE_NO_MEMORY)
        self._transmitter = ffi.gc(made, lib.framer_transmitter_free)
        self._chance = chance
        self._cas = ffi.new("cas_transmitter *") if cas else None
        if self._cas is not None:
            lib.cas_transmitter_init(self._cas)
        for half in range(2):
            lib.framer_transmitter_set_e_bit(self._transmitter, half, False)
        self._near, self._far = self._line(bit_phase, chance.getrandbits(63))
        self._stream, self._marks = ffi.new("stream_block *"), ffi.new("line_block *")
        self._marks.bit_count = lib.BLOCK_BITS

    @staticmethod
    def _line(bit_phase: int, seed: int) -> tuple[Any, Any]:
        options = ffi.new("line_options *", {"seed": seed, "delay_bits": [bit_phase, 0]})
        ends = ffi.new("port *[2]")
        check("generator's line", lib.line_new(options, ends, ends + 1))
        return ffi.gc(ends[0], _port_free), ffi.gc(ends[1], _port_free)

    def start(self) -> None:
        """To be called once, when everything is set as the first frames are to be: the spaces of the line's delay
        go before the first block."""
        for _ in range(2):
            self.block()

    def set_sa_bits(self, sa_bits: int) -> None:
        """Sends Sa4-Sa8 (five bits, Sa4 most significant)."""
        lib.framer_transmitter_set_sa_bits(self._transmitter, sa_bits)

    def set_remote_alarm(self, raised: bool) -> None:
        """Sends bit A."""
        lib.framer_transmitter_set_remote_alarm(self._transmitter, raised)

    def set_cas(self, timeslot: int, abcd: int) -> None:
        """Sends abcd for a timeslot; nothing without CAS."""
        if self._cas is not None:
            self._cas.abcd[timeslot] = abcd

    def inject_fas_errors(self, count: int) -> None:
        """Sends the next `count` frame alignment signals with an error."""
        lib.framer_transmitter_inject_fas_errors(self._transmitter, count)

    def inject_crc_errors(self, count: int) -> None:
        """Sends the next `count` sub-multiframes with a wrong CRC-4."""
        lib.framer_transmitter_inject_crc_errors(self._transmitter, count)

    def impair(self, impairments: Impairments) -> None:
        """What ails the line from the next block on."""
        check("line", lib.line_impair(self._far, ffi.new("line_impairments *", impairments._asdict())))

    def block(self) -> bytes:
        """The next 2 048 bits as they arrive."""
        for _ in range(self._near.operations.blocks_wanted(self._near)):
            self._transmit()
        received = ffi.new("line_block *")
        self._far.operations.receive(self._far, received)
        return bytes(ffi.buffer(received.positive, BLOCK_OCTETS))

    def _transmit(self) -> None:
        ffi.buffer(self._stream)[:] = self._chance.randbytes(BLOCK_OCTETS)
        if self._cas is not None:
            lib.cas_transmit(self._cas, self._stream.octet[CAS_TIMESLOT])
        lib.framer_transmit(self._transmitter, self._stream, self._marks.positive)
        self._near.operations.transmit(self._near, self._marks)
