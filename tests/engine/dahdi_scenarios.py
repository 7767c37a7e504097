"""Scenarios of the dahdi: port; test_dahdi_port.py runs them in a process in which hil/dahdi_shim.c is DAHDI."""

import ctypes
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers._native import ffi, lib
from drivers.engine import AdaptorMaintenance, EngineError, LineCode, Shelf, Span, SpanOptions
from drivers.port_statistics import port_statistics
from drivers.ports import SLACK_FRAMES, open_port

SHIM = ctypes.CDLL(None)
CLEAR, CAS, HDLC_FCS = 0x80, 0x8000, 0x380
BLOCK = 8
FIRST_CHANNEL = 32  # span 2: channels are numbered through


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class Plant:
    """Span 1 of a T1, span 2 an E1 with channels 32-62; a port on it, moved a millisecond at a time."""

    def __init__(self) -> None:
        SHIM.dahdi_shim_reset()
        SHIM.dahdi_shim_span(1, 1, 24)
        SHIM.dahdi_shim_span(2, FIRST_CHANNEL, 31)
        for timeslot in range(1, 32):
            self.configure(timeslot, CLEAR)
        self.port: Any = ffi.NULL
        chance = random.Random(2)
        self.down = chance.randbytes(32 * BLOCK * 4000)  # frames the line brings
        self.up = chance.randbytes(32 * BLOCK * 4000)
        self.down_at = self.up_at = 0
        self.runs: list[bytes] = []  # frames received, cut where the port says it began anew
        self._beginnings: tuple[int, int] | None = None
        self.heard = b""  # frames the line was sent
        self.wanted: list[int] = []

    @staticmethod
    def configure(timeslot: int, signalling: int) -> None:
        SHIM.dahdi_shim_configure(FIRST_CHANNEL - 1 + timeslot, signalling)

    def open(self, span: int = 2, timeslots: int = 0) -> str:
        """The error, empty if it was opened."""
        error = ffi.new("char[200]")
        options = ffi.new("dahdi_options *", {"span": span, "timeslots": timeslots})
        self.port = lib.dahdi_port_open(options, error)
        return "" if self.port != ffi.NULL else bytes(ffi.string(error)).decode()

    def tick(self, timeslots: range = range(1, 32)) -> None:
        """The driver's millisecond, of all timeslots or some."""
        frames = self.down[self.down_at : self.down_at + 32 * BLOCK]
        columns = [b"\xff" * BLOCK] * 32
        for timeslot in timeslots:
            to_line = ctypes.create_string_buffer(BLOCK)
            SHIM.dahdi_shim_tick(FIRST_CHANNEL - 1 + timeslot, frames[timeslot::32], to_line)
            columns[timeslot] = to_line.raw
        if timeslots.stop == 32:
            self.down_at += 32 * BLOCK
        self.heard += bytes(octet for frame in zip(*columns, strict=True) for octet in frame)

    def receive(self) -> bool:
        block = ffi.new("stream_block *")
        if not self.port.operations.receive_frames(self.port, block):
            return False
        beginnings = (self.counters.restarts, self.status.reconnections)
        if beginnings != self._beginnings:
            self.runs.append(b"")
        self._beginnings = beginnings
        columns = bytes(ffi.buffer(block.octet))
        self.runs[-1] += b"".join(columns[frame::BLOCK] for frame in range(BLOCK))
        return True

    def send(self) -> None:
        self.wanted.append(self.port.operations.blocks_wanted(self.port))
        for _ in range(self.wanted[-1]):
            frames = self.up[self.up_at : self.up_at + 32 * BLOCK]
            self.up_at += 32 * BLOCK
            block = ffi.new("stream_block *")
            ffi.buffer(block.octet)[:] = b"".join(frames[timeslot::32] for timeslot in range(32))
            self.port.operations.transmit_frames(self.port, block)

    def millisecond(self) -> None:
        while self.receive():
            pass
        self.send()

    def run(self, milliseconds: int) -> None:
        for _ in range(milliseconds):
            self.tick()
            self.millisecond()

    def listen(self) -> None:
        """A millisecond without a tick in which nothing is sent."""
        self.receive()
        self.port.operations.blocks_wanted(self.port)

    @property
    def status(self) -> Any:
        status = ffi.new("port_status *")
        self.port.operations.read_status(self.port, status)
        return status

    @property
    def counters(self) -> Any:
        counters = ffi.new("dahdi_counters *")
        lib.dahdi_port_read_counters(self.port, counters)
        return counters


@pytest.fixture
def plant() -> Iterator[Plant]:
    before = descriptors()
    plant = Plant()
    yield plant
    if plant.port != ffi.NULL:
        plant.port.operations.free(plant.port)
    assert descriptors() == before, "descriptors leaked"


def keep(frames: bytes, timeslots: int) -> bytes:
    octets = bytearray(frames)
    for timeslot in range(32):
        if not timeslots >> timeslot & 1:
            octets[timeslot::32] = b"\xff" * (len(octets) // 32)
    return bytes(octets)


def place(run: bytes, source: bytes, timeslots: int = 0xFFFFFFFE) -> int:
    """The frame of the source at which a run begins, all of which the run must repeat."""
    masked = keep(source, timeslots)
    at = masked.find(run[: 32 * BLOCK])
    while at >= 0 and at % 32:
        at = masked.find(run[: 32 * BLOCK], at + 1)
    assert at >= 0, "frames that were never sent"
    assert run == masked[at : at + len(run)], "octets lost, repeated, or out of step"
    return at // 32


def last_run(heard: bytes) -> bytes:
    """What the line heard last, up to idle frames."""
    idle = b"\xff" * 32
    frames = [heard[k : k + 32] for k in range(0, len(heard), 32)]
    while frames and frames[-1] == idle:
        frames.pop()
    begin = max((k + 1 for k, frame in enumerate(frames) if frame == idle), default=0)
    return b"".join(frames[begin:])


# -- opening ---------------------------------------------------------------------------------------------------


def test_refusals_name_what_and_where(plant: Plant) -> None:
    assert plant.open(span=1) == "dahdi span 1: it has 24 channels; an E1 has 31"
    assert plant.open(span=3) == "dahdi span 3: the driver has no such span: Invalid argument"
    assert plant.open(span=0) == "dahdi span 0: spans are numbered 1-128"
    assert plant.open(timeslots=3) == "dahdi span 2: timeslot 0 is the driver's own"
    plant.configure(16, HDLC_FCS)
    assert plant.open() == "dahdi span 2: timeslot 16 must be clear or cas in the driver, not signalling 380h"
    plant.configure(16, 0)
    assert plant.open(timeslots=1 << 16) == "dahdi span 2: timeslot 16 is not configured in the driver (dahdi_cfg)"
    for timeslot in range(1, 32):
        plant.configure(timeslot, 0)
    assert plant.open() == "dahdi span 2: no channel is configured in the driver (dahdi_cfg)"
    SHIM.dahdi_shim_reset()
    assert plant.open() == "dahdi span 2: /dev/dahdi/ctl: No such file or directory (is DAHDI loaded?)"


def test_a_channel_in_use_is_told_and_the_others_are_given_back(plant: Plant) -> None:
    assert plant.open(timeslots=1 << 20) == ""
    first, before = plant.port, descriptors()
    assert plant.open() == "dahdi span 2: timeslot 20, channel 51: in use by another program"
    assert descriptors() == before
    assert plant.open(timeslots=1 << 19) == ""
    first.operations.free(first)


def test_channels_that_are_not_configured_are_left_out(plant: Plant) -> None:
    plant.configure(16, 0)
    assert plant.open() == ""
    assert plant.counters.timeslots == 0xFFFFFFFE & ~(1 << 16)
    assert plant.port.operations.kind == lib.PORT_FRAMED
    assert plant.port.operations.real_time
    assert plant.port.operations.receive_cas == ffi.NULL


# -- octets ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("timeslots", [0xFFFFFFFE, 0x8001_0002])
def test_octets_are_exact_and_in_step_both_ways(plant: Plant, timeslots: int) -> None:
    assert plant.open(timeslots=timeslots) == ""
    plant.run(600)
    status = plant.status
    assert (status.alarms, status.underruns, status.overruns, plant.counters.restarts) == (0, 0, 0, 0)
    assert len(plant.runs) == 1
    assert len(plant.runs[0]) >= 32 * BLOCK * 590
    place(plant.runs[0], plant.down, timeslots)
    sent = last_run(plant.heard)
    assert len(sent) >= 32 * BLOCK * 590
    place(sent, plant.up, timeslots)
    assert all(SHIM.dahdi_shim_lost_octets(channel) == 0 for channel in range(32, 63))


def test_a_look_in_the_middle_of_a_tick_shifts_nothing(plant: Plant) -> None:
    assert plant.open() == ""
    plant.run(10)
    for turn in range(300):
        half = 1 + turn % 30
        plant.tick(range(1, half))
        if turn % 3 == 0:
            plant.listen()
        plant.tick(range(half, 32))
        plant.millisecond()
        plant.port.operations.blocks_wanted(plant.port)
    assert plant.counters.restarts == 0
    place(plant.runs[0], plant.down)


def test_ticks_that_fall_into_looks_again_and_again_are_not_taken_for_losses(plant: Plant) -> None:
    """Driver and shelf both count milliseconds: once they meet they meet for long."""
    assert plant.open() == ""
    handler = ctypes.CFUNCTYPE(None)(plant.tick)
    for _ in range(300):
        SHIM.dahdi_shim_interrupt(20, handler)
        plant.millisecond()
    assert plant.counters.restarts == 0
    assert len(plant.runs[0]) >= 32 * BLOCK * 280
    place(plant.runs[0], plant.down)
    place(last_run(plant.heard), plant.up)


def test_channels_opened_at_different_ticks_are_brought_into_step(plant: Plant) -> None:
    """A tick between the flushes of two channels leaves one half a buffer ahead for ever."""
    assert plant.open() == ""
    plant.listen()
    plant.tick(range(1, 12))
    plant.run(200)
    assert plant.counters.restarts == 1
    assert len(plant.runs) == 1, "nothing was given while they were out of step"
    assert len(plant.runs[0]) >= 32 * BLOCK * 150
    place(plant.runs[0], plant.down)


def test_a_channel_that_loses_octets_does_not_stay_shifted(plant: Plant) -> None:
    assert plant.open() == ""
    plant.run(50)
    plant.tick(range(1, 20))
    plant.run(200)
    assert plant.counters.restarts == 1
    assert len(plant.runs) == 2
    place(plant.runs[1], plant.down)
    place(last_run(plant.heard), plant.up)


def test_a_shelf_that_stalls_begins_anew_in_step(plant: Plant) -> None:
    assert plant.open() == ""
    plant.run(50)
    for _ in range(100):
        plant.tick()
    assert SHIM.dahdi_shim_lost_octets(40) > 0
    plant.run(200)
    assert plant.status.overruns == 64
    assert plant.counters.restarts == 1
    place(plant.runs[1], plant.down)
    place(last_run(plant.heard), plant.up)


def test_a_short_stall_is_made_up_to_the_lead_and_no_further(plant: Plant) -> None:
    assert plant.open() == ""
    plant.run(50)
    for _ in range(20):
        plant.tick()
    plant.wanted.clear()
    plant.run(200)
    assert plant.counters.restarts == 0
    assert sum(plant.wanted) <= 200 + 6, "what was missed is not sent late"
    assert len(plant.runs) == 1
    place(plant.runs[0], plant.down)
    place(last_run(plant.heard), plant.up)


def test_a_silent_driver_counts_underruns_and_becomes_a_lost_signal(plant: Plant) -> None:
    assert plant.open() == ""
    plant.run(50)
    before = plant.status.underruns
    for _ in range(98):  # the last octets came up to a millisecond before
        plant.millisecond()
    assert 90 <= plant.status.underruns - before <= 98
    assert plant.status.alarms == 0
    assert sum(plant.wanted[-90:]) == 0, "a driver that sends nothing wants nothing"
    for _ in range(2):
        plant.millisecond()
    assert plant.status.alarms == lib.PORT_SIGNAL_LOST


# -- alarms, counters, events, maintenance ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of_driver", "of_port"),
    [
        (0x004, ["PORT_REMOTE_ALARM"]),
        (0x008, ["PORT_FRAME_LOST"]),
        (0x010, ["PORT_AIS"]),
        (0x018, ["PORT_AIS", "PORT_FRAME_LOST"]),
        (0x020, ["PORT_SIGNAL_LOST"]),
        (0x108, ["PORT_SIGNAL_LOST"]),
        (0x208, ["PORT_FRAME_LOST"]),
        (0x408, ["PORT_MULTIFRAME_LOST"]),
        (0x003, []),
    ],
)
def test_alarms(plant: Plant, of_driver: int, of_port: list[str]) -> None:
    assert plant.open() == ""
    SHIM.dahdi_shim_alarms(2, of_driver)
    assert plant.status.alarms == sum(getattr(lib, name) for name in of_port)
    SHIM.dahdi_shim_alarms(2, 0)
    assert plant.status.alarms == 0


def test_counters_count_since_the_port_was_made_and_outlive_resets(plant: Plant) -> None:
    def counted() -> tuple[int, ...]:
        status = plant.status
        return (status.bipolar_violations, status.crc_errors, status.e_bit_errors, status.fas_errors)

    SHIM.dahdi_shim_counters(2, 100, 200, 300, 400)
    assert plant.open() == ""
    assert counted() == (0, 0, 0, 0)
    SHIM.dahdi_shim_counters(2, 101, 202, 303, 404)
    assert counted() == (1, 2, 3, 4)
    SHIM.dahdi_shim_counters(2, 5, 6, 7, 8)
    assert counted() == (6, 8, 10, 12)


def test_events_do_not_hold_octets_up(plant: Plant) -> None:
    assert plant.open() == ""
    for turn in range(200):
        for event in (4, 5, 4):
            SHIM.dahdi_shim_event(FIRST_CHANNEL + turn % 31, event)
        plant.run(1)
    assert plant.counters.events == 600
    assert plant.counters.restarts == 0
    place(plant.runs[0], plant.down)
    place(last_run(plant.heard), plant.up)


def test_maintenance(plant: Plant) -> None:
    assert plant.open() == ""
    error = ffi.new("char[200]")
    for command in (1, 2, 6, 7, 8, 9, 11, 14, 0):
        assert lib.dahdi_port_maintain(plant.port, command, error) == 0
        assert SHIM.dahdi_shim_maintenance(2) == command
    assert lib.dahdi_port_maintain(plant.port, lib.DAHDI_LOOP_PAYLOAD, error) == -1
    assert ffi.string(error) == b"dahdi span 2: maintenance 13: the driver cannot"
    SHIM.dahdi_shim_present(2, 0)
    plant.listen()
    assert lib.dahdi_port_maintain(plant.port, 1, error) == -1
    assert ffi.string(error) == b"dahdi span 2: it is gone"


def test_a_span_passes_maintenance_on_and_says_what_its_port_counts(plant: Plant) -> None:
    del plant  # what it sets up is what is wanted
    with Shelf(1) as shelf:
        span = Span(shelf, SpanOptions(line_code=LineCode.NONE, slack_frames=SLACK_FRAMES))
        with pytest.raises(EngineError, match="use its own loops"):
            span.maintain_adaptor(AdaptorMaintenance.LOOP_LOCAL)
        span.plug(open_port("dahdi:2"))
        for command in (AdaptorMaintenance.LOOP_LOCAL, AdaptorMaintenance.ERROR_CRC, AdaptorMaintenance.LOOP_NONE):
            span.maintain_adaptor(command)
            assert SHIM.dahdi_shim_maintenance(2) == command
        with pytest.raises(EngineError, match="dahdi span 2: maintenance 13: the driver cannot"):
            span.maintain_adaptor(AdaptorMaintenance.LOOP_PAYLOAD)
        statistics = port_statistics(span)
        assert (statistics.kind, statistics.framed, statistics.gone) == ("dahdi", True, False)
        assert dict(statistics.pairs)["timeslots open"] == 31


# -- signalling ------------------------------------------------------------------------------------------------


def test_signalling_bits_both_ways(plant: Plant) -> None:
    for timeslot in range(1, 31):
        plant.configure(timeslot, CAS)
    plant.configure(16, 0)
    SHIM.dahdi_shim_received_bits(FIRST_CHANNEL - 1 + 7, 0b1001)
    assert plant.open() == ""
    assert plant.counters.cas_timeslots == 0x7FFFFFFE & ~(1 << 16)
    received = ffi.new("uint8_t[32]")
    plant.port.operations.receive_cas(plant.port, received)
    assert list(received) == [0b1001 if timeslot == 7 else 0 for timeslot in range(32)]
    SHIM.dahdi_shim_received_bits(FIRST_CHANNEL - 1 + 30, 0b0100)
    SHIM.dahdi_shim_received_bits(FIRST_CHANNEL - 1 + 7, 0b0101)
    plant.run(2)
    plant.port.operations.receive_cas(plant.port, received)
    assert (received[7], received[30]) == (0b0101, 0b0100)
    sent = ffi.new("uint8_t[32]", [timeslot % 15 + 1 for timeslot in range(32)])
    plant.port.operations.transmit_cas(plant.port, sent)
    channels = {timeslot: SHIM.dahdi_shim_sent_bits(FIRST_CHANNEL - 1 + timeslot) for timeslot in range(1, 32)}
    assert channels == {timeslot: 0 if timeslot in (16, 31) else timeslot % 15 + 1 for timeslot in range(1, 32)}


# -- the card goes and comes -----------------------------------------------------------------------------------


def attempts_of(plant: Plant, milliseconds: int) -> list[int]:
    failed, found = plant.counters.failed_attempts, []
    for millisecond in range(milliseconds):
        plant.listen()
        if plant.counters.failed_attempts > failed:
            failed = plant.counters.failed_attempts
            found.append(millisecond)
    return found


def test_a_card_that_goes_is_found_again(plant: Plant) -> None:
    for timeslot in range(1, 16):
        plant.configure(timeslot, CAS)
    assert plant.open() == ""
    sent = ffi.new("uint8_t[32]", [0b1101] * 32)
    plant.port.operations.transmit_cas(plant.port, sent)
    plant.run(50)
    alone = descriptors()
    SHIM.dahdi_shim_present(2, 0)
    plant.listen()
    assert plant.status.alarms == lib.PORT_SIGNAL_LOST
    assert plant.counters.timeslots == 0
    assert descriptors() < alone
    pauses = [100, 200, 400, 800, 1600, 3200, 6400, 6400]
    assert attempts_of(plant, sum(pauses)) == [sum(pauses[: k + 1]) - 1 for k in range(8)]
    SHIM.dahdi_shim_present(2, 1)
    assert attempts_of(plant, 6399) == []
    plant.run(100)
    assert plant.status.reconnections == 1
    assert plant.status.alarms == 0
    assert descriptors() == alone
    place(plant.runs[-1], plant.down)
    place(last_run(plant.heard), plant.up)
    plant.port.operations.transmit_cas(plant.port, sent)
    assert SHIM.dahdi_shim_sent_bits(FIRST_CHANNEL - 1 + 3) == 0b1101, "the card has forgotten them"
    SHIM.dahdi_shim_present(2, 0)
    plant.listen()
    assert attempts_of(plant, 700) == [99, 299, 699], "pauses are short again"
