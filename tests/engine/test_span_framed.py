"""Spans on adaptors that frame the line themselves: alarms, signalling and counters, with or without frames."""

from typing import Any

import pytest

from drivers._native import ffi, lib
from drivers.engine import TOTAL, Alignment, EngineError, Event, EventKind, PerformanceEnd, SecondAilment, Span
from drivers.engine.port import Port
from tests.engine.spans import Bench, uncoded

SIGNAL_LOST, AIS, FRAME_LOST = lib.PORT_SIGNAL_LOST, lib.PORT_AIS, lib.PORT_FRAME_LOST
REMOTE_ALARM = lib.PORT_REMOTE_ALARM
BLOCK_OCTETS, TIMESLOTS, CAS_TIMESLOT = 256, 32, 16
IDLE = 0b1101


class FramedPort(Port):
    """An adaptor: eight frames a millisecond while `frames` is set, all octets `octet`; `status` is what it knows
    of its line. With `own_cas` it reads timeslot 16 itself: `abcd` is what it says, `sent_cas` what it is told."""

    def __init__(self, own_cas: bool = False, sets_sa: bool = False) -> None:
        self.frames, self.octet = True, 0x55
        self.status: dict[str, int] = {"sa_bits": 0b11111}
        self.abcd = bytearray([IDLE] * TIMESLOTS)
        self.sent, self.sent_cas, self.sent_sa = 0, b"", [0] * 0
        self._asked = False
        self._callbacks = self._line() | (self._cas() if own_cas else {}) | (self._sa() if sets_sa else {})
        self._operations = ffi.new("port_operations *", {"kind": lib.PORT_FRAMED, **self._callbacks})
        self._object = ffi.new("port *", {"operations": self._operations})
        super().__init__(self._object, "framed")

    def _line(self) -> dict[str, Any]:
        def receive_frames(_: Any, block: Any) -> bool:
            self._asked = not self._asked  # every other time it is asked again for the same millisecond
            if self.frames and self._asked:
                ffi.memmove(block, bytes([self.octet]) * BLOCK_OCTETS, BLOCK_OCTETS)
            return self.frames and self._asked

        def transmit_frames(_: Any, __: Any) -> None:
            self.sent += 1

        def blocks_wanted(_: Any) -> int:
            self._asked = False
            return 1

        def read_status(_: Any, status: Any) -> None:
            status[0] = ffi.new("port_status *", self.status)[0]

        return {
            "receive_frames": ffi.callback("bool(port *, stream_block *)", receive_frames),
            "transmit_frames": ffi.callback("void(port *, const stream_block *)", transmit_frames),
            "blocks_wanted": ffi.callback("unsigned(port *)", blocks_wanted),
            "read_status": ffi.callback("void(port *, port_status *)", read_status),
            "free": ffi.callback("void(port *)", lambda _: None),
        }

    def _cas(self) -> dict[str, Any]:
        def transmit_cas(_: Any, abcd: Any) -> None:
            self.sent_cas = bytes(ffi.buffer(abcd, TIMESLOTS))

        return {
            "receive_cas": ffi.callback(
                "void(port *, uint8_t *)", lambda _, abcd: ffi.memmove(abcd, self.abcd, TIMESLOTS)
            ),
            "transmit_cas": ffi.callback("void(port *, const uint8_t *)", transmit_cas),
        }

    def _sa(self) -> dict[str, Any]:
        return {
            "set_sa_bits": ffi.callback("void(port *, unsigned)", lambda _, sa_bits: self.sent_sa.append(sa_bits))
        }


def plugged(bench: Bench, port: FramedPort, **options: Any) -> Span:
    """A span in service on the port, its first events forgotten."""
    span = bench.span(**uncoded(**options))
    bench.plug(span, port)
    bench.run(1000)
    assert span.status().in_service
    bench.events[span].clear()
    return span


def told(bench: Bench, span: Span) -> list[tuple[EventKind, int, int]]:
    return [(event.kind, event.timeslot, event.value) for event in bench.events[span]]


def test_an_adaptor_that_dies_is_a_lost_signal() -> None:
    with Bench() as bench:
        port = FramedPort()
        span = plugged(bench, port, cas=False)
        port.frames, port.status = False, {"alarms": SIGNAL_LOST, "sa_bits": 0b11111}
        bench.run(20_000)
        status = span.status()
        assert (status.in_service, status.signal_lost) == (False, True)
        assert (status.alignment, status.alignment_losses) == (Alignment.SEARCHING, 1)
        assert status.near_end_unavailable
        assert told(bench, span) == [
            (EventKind.SIGNAL_LOST, 0, 1),
            (EventKind.ALIGNMENT_LOST, 0, 0),
            (EventKind.SECOND, 0, SecondAilment.UNAVAILABLE),
        ]
        assert status.store_restarts == 0
        port.frames, port.status = True, {"sa_bits": 0b11111}
        bench.run(2)
        assert span.status().in_service and not span.status().signal_lost
        assert told(bench, span)[2:] == [(EventKind.SIGNAL_LOST, 0, 0), (EventKind.FRAME_ALIGNED, 0, 0)]


def test_what_an_adaptor_says_is_taken_in_without_frames() -> None:
    with Bench() as bench:
        port = FramedPort()
        span = plugged(bench, port, cas=False)
        before = span.status()
        port.frames = False
        port.status = {
            "sa_bits": 0b00101,
            "fas_errors": 3,
            "crc_errors": 4,
            "e_bit_errors": 5,
            "alarms": REMOTE_ALARM,
        }
        bench.run(10)
        status = span.status()
        assert (status.sa_bits, status.fas_errors, status.crc_errors, status.e_bit_errors) == (0b00101, 3, 4, 5)
        assert status.in_service and status.remote_alarm
        assert (status.bits, status.frames) == (before.bits, before.frames)
        changes = bench.of_kind(span, EventKind.REMOTE_ALARM, EventKind.SA_BITS)
        assert [(event.kind, event.value) for event in changes] == [
            (EventKind.REMOTE_ALARM, 1),
            (EventKind.SA_BITS, 0b00101),
        ]


@pytest.mark.parametrize("alarm", [SIGNAL_LOST, AIS, FRAME_LOST])
def test_a_remote_alarm_is_cleared_with_the_frames_that_carried_it(alarm: int) -> None:
    with Bench() as bench:
        port = FramedPort()
        span = plugged(bench, port, cas=False)
        port.status = {"alarms": REMOTE_ALARM}
        bench.run(10)
        for alarms, stands in ((REMOTE_ALARM | alarm, False), (alarm, False), (REMOTE_ALARM, True)):
            port.status = {"alarms": alarms}
            bench.run(10)
            assert span.status().remote_alarm == stands
        values = [event.value for event in bench.of_kind(span, EventKind.REMOTE_ALARM)]
        assert values == [1, 0, 1]


def test_ais_of_an_adaptor_is_counted_in_frames() -> None:
    with Bench() as bench:
        port = FramedPort()
        span = plugged(bench, port, cas=False)
        port.status = {"alarms": AIS}
        bench.run(100)
        port.status = {}
        bench.run(100)
        assert span.status().ais_frames == 8 * 100
        assert [(kind, value) for kind, _, value in told(bench, span) if kind == EventKind.AIS] == [
            (EventKind.AIS, 1),
            (EventKind.AIS, 0),
        ]


def test_timeslot_16_of_an_adaptor_with_its_own_cas_is_not_read() -> None:
    """All ones there is no signalling multiframe; it is the adaptor that says what is signalled."""
    with Bench() as bench:
        port = FramedPort(own_cas=True)
        port.octet = 0xFF
        span = bench.span(**uncoded())
        bench.plug(span, port)
        bench.run(1000)
        cas = [EventKind.CAS_ALIGNED, EventKind.CAS_LOST]
        assert [event.kind for event in bench.of_kind(span, *cas)] == [EventKind.CAS_ALIGNED]
        status = span.status()
        assert (status.cas_aligned, status.cas_losses, status.cas_word_errors) == (True, 0, 0)
        bits = bench.of_kind(span, EventKind.CAS_BITS)
        assert [(event.timeslot, event.value) for event in bits] == [
            (timeslot, IDLE) for timeslot in range(1, TIMESLOTS) if timeslot != CAS_TIMESLOT
        ]


def test_signalling_of_an_adaptor_is_lost_once_with_its_line_and_stays_as_it_was() -> None:
    with Bench() as bench:
        port = FramedPort(own_cas=True)
        span = plugged(bench, port)
        port.status = {"alarms": FRAME_LOST, "sa_bits": 0b11111}
        port.abcd[7] = 0b0001
        bench.run(1000)
        assert [kind for kind, _, _ in told(bench, span)] == [EventKind.ALIGNMENT_LOST, EventKind.CAS_LOST]
        assert (span.status().cas_aligned, span.status().cas_losses) == (False, 1)
        bench.events[span].clear()
        port.status = {"sa_bits": 0b11111}
        bench.run(1000)
        assert told(bench, span) == [
            (EventKind.FRAME_ALIGNED, 0, 0),
            (EventKind.CAS_ALIGNED, CAS_TIMESLOT, 0),
            (EventKind.CAS_BITS, 7, 0b0001),
        ]
        assert span.status().cas_aligned


def changes_told(bench: Bench, span: Span, port: FramedPort, abcd: int, for_ms: int) -> list[Event]:
    """What is told of timeslot 5 when it says `abcd` for so long and then is idle again."""
    bench.events[span].clear()
    port.abcd[5] = abcd
    bench.run(for_ms)
    port.abcd[5] = IDLE
    bench.run(1000)
    return bench.of_kind(span, EventKind.CAS_BITS)


@pytest.mark.parametrize("multiframes", [1, 2, 3, 200])
def test_signalling_of_an_adaptor_is_debounced(multiframes: int) -> None:
    with Bench() as bench:
        port = FramedPort(own_cas=True)
        span = plugged(bench, port, cas_debounce_multiframes=multiframes)
        assert changes_told(bench, span, port, 0b0101, 2 * multiframes - 1) == []
        told = changes_told(bench, span, port, 0b0101, 2 * multiframes)
        assert [(event.timeslot, event.value) for event in told] == [(5, 0b0101), (5, IDLE)]


def test_signalling_of_an_adaptor_is_left_alone_where_the_span_has_none() -> None:
    with Bench() as bench:
        port = FramedPort(own_cas=True)
        span = bench.span(**uncoded(cas=False))
        bench.plug(span, port)
        bench.run(100)
        assert not span.status().cas_aligned
        assert bench.of_kind(span, EventKind.CAS_ALIGNED, EventKind.CAS_BITS) == []


def test_a_span_takes_the_adaptor_s_counters_and_alarms_into_its_seconds() -> None:
    with Bench() as bench:
        port = FramedPort()
        span = plugged(bench, port, cas=False)
        span.reset_performance()
        port.status = {"crc_errors": 7, "e_bit_errors": 2}
        bench.run(1000)
        port.status = {"crc_errors": 7, "e_bit_errors": 2, "alarms": REMOTE_ALARM}
        bench.run(1000)
        port.frames, port.status = False, {"crc_errors": 7, "e_bit_errors": 2, "alarms": SIGNAL_LOST}
        bench.run(1000)
        assert span.performance(PerformanceEnd.NEAR, TOTAL)[:5] == (3, 2, 1, 0, 7)
        assert span.performance(PerformanceEnd.FAR, TOTAL)[:5] == (2, 2, 1, 0, 2)


def test_sa_bits_go_to_an_adaptor_that_can_send_them() -> None:
    with Bench() as bench:
        port = FramedPort(sets_sa=True)
        span = plugged(bench, port, cas=False)
        span.set_sa_bits(0b10010)
        assert port.sent_sa == [0b10010]
        with pytest.raises(EngineError, match="value out of range"):
            span.set_sa_bits(32)
        with pytest.raises(EngineError, match="Sa4: the adaptor frames this line"):
            span.set_sa_code(4, 2)
        assert port.sent_sa == [0b10010]


def test_sa_bits_are_refused_where_the_adaptor_cannot_send_them() -> None:
    with Bench() as bench:
        span = plugged(bench, FramedPort(), cas=False)
        with pytest.raises(EngineError, match="Sa bits: the adaptor frames this line"):
            span.set_sa_bits(0b10010)
        with pytest.raises(EngineError, match="Sa4: the adaptor frames this line"):
            span.set_sa_code(4, 2)


def test_events_that_find_no_room_are_counted() -> None:
    """Nobody takes the events of 600 changes; what came first is kept."""
    options = ffi.new("receiver_options *", lib.receiver_options_default(lib.FRAMING_CRC4))
    receiver = ffi.gc(lib.receiver_new(options), lib.receiver_free)
    status, read = ffi.new("port_status *"), ffi.new("receiver_status *")
    for change in range(600):
        status.sa_bits = 1 + change % 2
        status.alarms = SIGNAL_LOST
        lib.receiver_put_alarms(receiver, status)
    lib.receiver_read_status(receiver, read)
    events = ffi.new("line_event[]", 1000)
    kept = lib.receiver_events(receiver, events, 1000)
    assert kept + read.events_dropped == 600 + 1  # and the lost signal
    assert kept > 64 and read.events_dropped > 0
    assert [event.kind for event in events[0:3]] == [
        EventKind.SIGNAL_LOST,
        EventKind.SA_BITS,
        EventKind.SA_BITS,
    ]


def test_a_span_says_how_many_events_its_line_has_dropped() -> None:
    with Bench() as bench:
        assert plugged(bench, FramedPort()).status().events_dropped == 0
